"""The pages of the types: read by some, changed by process owners, every fault at its field, nothing half-written."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from ledger.clock import SHANGHAI, Fixed
from ledger.db import open_database, reading
from registry.certificates.catalogue import shipped, type_of
from registry.certificates.editions import TypeEdition
from tests.databases import SqliteFiles
from tests.founding import Founder
from tests.web.house import Browser, House
from web.catalogue.types_form import flat, type_from, typed

SOON = "2026-12-01"


def inputs(page: str) -> dict[str, Any]:
    """What a browser would send of the form on a page: every named input as it stands."""
    form = page[page.index('id="type-form"'):page.index("</form>", page.index("type-bar"))]
    sent: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ("checkbox" not in tag or " checked" in tag):
            sent.setdefault(html.unescape(name[1]), []).append(html.unescape(value[1]) if value else "on")
    for name, body in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
        sent[html.unescape(name)] = [html.unescape(body)]
    for name, body in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', body) or re.search(r'<option value="([^"]*)"', body)
        sent[html.unescape(name)] = [html.unescape(chosen[1])] if chosen else []
    sent.pop("csrf_token", None)
    return {name: value if len(value) > 1 else value[0] for name, value in sent.items()}


def opened(browser: Browser, code: str = "P02", **arguments: str) -> dict[str, Any]:
    answer = browser.get(f"/types/{code}/editions/new", query_string=arguments)
    assert answer.status_code == 200
    return inputs(answer.text)


def previewed(browser: Browser, sent: dict[str, Any], code: str = "P02") -> dict[str, Any]:
    answer = browser.post(f"/types/{code}/editions/preview", sent)
    assert answer.status_code == 200, re.findall(r"invalid-feedback[^>]*>([^<]*)", answer.text)
    return inputs(answer.text)


def stored(house: House) -> list[TypeEdition]:
    with reading(house.engine) as session:
        found = list(session.scalars(select(TypeEdition).order_by(TypeEdition.id)))
        for one in found:
            assert one.content  # read before the session ends
            session.expunge(one)
        return found


def faults(page: str) -> set[str]:
    return set(re.findall(r'aria-describedby="h-([^"]+)"', page))


@pytest.fixture
def reader(sqlite_files: SqliteFiles, tmp_path: Path, clock: Fixed, founder: Founder) -> Iterator[House]:
    """A house on SQLite alone, for what touches no storage of its own."""
    engine = open_database(sqlite_files.fresh(tmp_path))
    made = House(engine, tmp_path, founder)
    yield made
    made.close()
    engine.dispose()


def test_who_may_read_and_who_may_change(reader: House) -> None:
    seen = {login: reader.browser(login).get("/types/E03").status_code for login in ("owner", "custodian", "worker")}
    assert seen == {"owner": 200, "custodian": 403, "worker": 403}
    assert reader.browser("custodian").get("/types/E03/editions/new").status_code == 403


def test_the_inputs_of_every_type_say_the_type_again() -> None:
    for code, each in shipped().items():
        kept = {f"variants.{at}": "yes" for at in range(len(each.variants))}
        assert type_from(typed(flat(each) | kept), each) == (each, {}), code


def test_a_page_s_form_gives_the_type_back(reader: House) -> None:
    owner = reader.browser("owner")
    for code in ("E03", "J03", "P01", "P02", "P07"):
        assert shipped()[code].name in owner.get(f"/types/{code}").text
        sent = opened(owner, code) | {"effective_from": SOON, "reason": "没有修改"}
        answer = owner.post(f"/types/{code}/editions/preview", sent)
        assert (answer.status_code, faults(answer.text)) == (400, {"reason"}), code


def test_the_list_counts_what_is_not_verified_and_finds_by_alias(reader: House) -> None:
    page = reader.browser("owner").get("/types?q=二建").text
    assert "二级建造师注册证书" in page and "安全生产许可证" not in page
    assert "没有符合条件的种类" in reader.browser("owner").get("/types?q=什么也不是").text


def test_unverified_statements_are_marked_on_the_page(reader: House) -> None:
    page = reader.browser("owner").get("/types/E04").text
    assert page.count("未核实") > 5 and "来源 K" in page


def test_a_change_is_previewed_then_published_and_told_with_its_difference(house: House, clock: Fixed) -> None:
    owner = house.browser("owner")
    sent = opened(owner) | {"window.opens": "4", "effective_from": SOON, "reason": "省厅通知提前受理"}
    preview = previewed(owner, sent)
    assert stored(house) == []
    answer = owner.post("/types/P02/editions", preview)
    assert answer.status_code == 303
    page = owner.get(answer.location).text
    assert "省厅通知提前受理" in page and "办理窗口 · 开放 · 提前几个月" in page and "待生效" in page
    with reading(house.engine) as session:
        session.connection()
        assert type_of("P02").window.opens.months_before == 3
        clock.move_to(dt.datetime(2026, 12, 1, 9, tzinfo=SHANGHAI))
    with reading(house.engine) as session:
        session.connection()
        assert type_of("P02").window.opens.months_before == 4


def test_the_preview_says_how_many_days_would_move(house: House) -> None:
    owner = house.browser("owner")
    sent = opened(owner) | {"window.closes": "10", "window.closes.unit_of": "days", "effective_from": SOON,
                            "reason": "有了截止日"}
    page = owner.post("/types/P02/editions/preview", sent).text
    assert re.findall(r"<li><strong>(\d+)</strong>", page) == ["1", "1"]


NONSENSE: list[tuple[dict[str, str], set[str]]] = [
    ({"window.opens": "30", "window.opens.unit_of": "days", "window.closes": "60", "window.closes.unit_of": "days"},
     {"window.closes"}),
    ({"window.opens": "-3"}, {"window.opens"}),
    ({"window.opens": "三"}, {"window.opens"}),
    ({"validity.months": ""}, {"validity.months"}),
    ({"validity.kind": "for ever"}, {"validity.kind"}),
    ({"number.rule": "nothing"}, {"number.rule"}),
    ({"number.unique_by": "number, nobody"}, {"number.unique_by"}),
    ({"documents[1].key": "identity"}, {"documents[1].key"}),
    ({"fields[0].key": "Not A Key"}, {"fields[0].key"}),
    ({"fields[9].options": ""}, {"fields[9].options"}),
    ({"name": ""}, {"name"}), ({"name": "安全生产许可证"}, {"name"}),
    ({"age.maximum": "17"}, {"age.maximum"}),
    ({"review.year_to": "13-40", "review.year_from": "01-01"}, {"review.year_to"}),
    ({"effective_from": "2026-11-21"}, {"effective_from"}), ({"effective_from": ""}, {"effective_from"}),
    ({"reason": " "}, {"reason"}),
    ({"validity.source": "K", "validity.verified": "yes"}, {"validity.verified"}),
    ({"window.source": "somebody said so"}, {"window.source"}),
    ({"basis[0].law": "", "basis[0].source": ""}, {"basis[0].law", "basis[0].source"}),
    ({"requires[0].types": "E99", "requires[0].source": "D"}, {"requires[0].types"}),
]


def test_nonsense_is_refused_at_its_field_and_what_was_typed_stays(reader: House) -> None:
    owner = reader.browser("owner")
    good = opened(owner) | {"validity.text": "两年六个月", "effective_from": SOON, "reason": "新规定"}
    for changes, expected in NONSENSE:
        answer = owner.post("/types/P02/editions/preview", good | changes)
        assert (answer.status_code, faults(answer.text)) == (400, expected), changes
        assert "两年六个月" in answer.text and 'name="seen"' not in answer.text
    assert owner.post("/types/P02/editions", good | NONSENSE[0][0]).status_code == 400
    assert stored(reader) == []


def test_what_was_not_previewed_is_not_published(house: House) -> None:
    owner = house.browser("owner")
    preview = previewed(owner, opened(owner) | {"validity.months": "36", "effective_from": SOON, "reason": "新规定"})
    answer = owner.post("/types/P02/editions", preview | {"validity.months": "48"})
    assert answer.status_code == 200 and "预览之后内容又有修改" in answer.text
    assert stored(house) == []


def test_the_second_of_two_owners_is_told_who_was_faster_and_keeps_what_was_typed(house: House) -> None:
    first, second = house.browser("owner"), house.browser("owner")
    mine, theirs = ({"validity.months": months, "effective_from": day, "reason": "新规定"}
                    for months, day in (("36", SOON), ("48", "2027-01-01")))
    a, b = previewed(first, opened(first) | mine), previewed(second, opened(second) | theirs)
    assert first.post("/types/P02/editions", a).status_code == 303
    answer = second.post("/types/P02/editions", b)
    assert answer.status_code == 409 and "测试owner" in answer.text and 'value="48"' in answer.text
    assert len(stored(house)) == 1


def test_a_button_pressed_twice_publishes_once(house: House) -> None:
    owner = house.browser("owner")
    preview = previewed(owner, opened(owner) | {"validity.months": "36", "effective_from": SOON, "reason": "新规定"})
    answers = [owner.post("/types/P02/editions", preview) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303] and answers[0].location == answers[1].location
    assert len(stored(house)) == 1


def test_a_day_that_is_taken_is_refused_at_the_day(house: House) -> None:
    owner = house.browser("owner")
    change = {"validity.months": "36", "effective_from": SOON, "reason": "新规定"}
    owner.post("/types/P02/editions", previewed(owner, opened(owner) | change))
    answer = owner.post("/types/P02/editions/preview", opened(owner) | change | {"validity.months": "48"})
    assert answer.status_code == 400 and faults(answer.text) == {"effective_from"}


def test_a_coming_edition_can_be_taken_back_and_stays_in_the_history(house: House) -> None:
    owner = house.browser("owner")
    change = {"validity.months": "36", "effective_from": SOON, "reason": "新规定"}
    owner.post("/types/P02/editions", previewed(owner, opened(owner) | change))
    assert owner.post("/types/P02/editions/1/withdrawal").status_code == 303
    assert "已撤回" in owner.get("/types/P02").text
    assert owner.post("/types/P02/editions/1/withdrawal").status_code == 409


def test_a_wrong_edition_of_today_is_corrected_today_and_both_stay_in_the_history(house: House) -> None:
    owner = house.browser("owner")
    change = {"validity.months": "36", "effective_from": "2026-11-22", "reason": "新规定"}
    owner.post("/types/P02/editions", previewed(owner, opened(owner) | change))
    right = opened(owner) | change | {"validity.months": "30", "reason": "录错"}
    assert owner.post("/types/P02/editions/preview", right).status_code == 400
    owner.post("/types/P02/editions", previewed(owner, right | {"corrects": "1"}))
    page = owner.get("/types/P02").text
    assert "已更正" in page and "生效中" in page and "30" in page
    assert [one.withdrawn_at is None for one in stored(house)] == [False, True]


def test_what_is_no_number_of_an_edition_is_none(reader: House) -> None:
    assert opened(reader.browser("owner"), base="²")["base"] == "²"


def test_rows_are_added_and_removed(house: House) -> None:
    owner = house.browser("owner")
    sent = opened(owner) | {
        "documents[0].remove": "yes", "documents[6].key": "insurance", "documents[6].name": "工伤保险",
        "documents[6].name_en": "Insurance", "documents[6].source": "D", "effective_from": SOON, "reason": "材料调整",
    }
    assert owner.post("/types/P02/editions", previewed(owner, sent)).status_code == 303
    with reading(house.engine) as session:
        keys = [one.key for one in session.scalars(select(TypeEdition)).one().type.documents]
    assert (keys[0], keys[-1], len(keys)) == ("education", "insurance", 6)


def test_a_province_gets_its_own_edition(house: House) -> None:
    owner = house.browser("owner")
    sent = opened(owner, "P07", province="京") | {"window.closes": "20", "effective_from": SOON, "reason": "北京新规"}
    assert sent["window.opens"] == "90"
    assert owner.post("/types/P07/editions", previewed(owner, sent, "P07")).status_code == 303
    assert [one.province for one in stored(house)] == ["京"]
    assert "期满前 20 天" in owner.get(f"/types/P07?on={SOON}&province=京").text


def test_a_new_type_begins_as_a_copy_and_is_listed(house: House) -> None:
    owner = house.browser("owner")
    sent = inputs(owner.get("/types/new?like=P22").text) | {
        "name": "智能建造师证书", "name_en": "Smart builder", "effective_from": "2026-11-22", "reason": "新设"}
    assert (sent["code"], sent["like"]) == ("P24", "P22")
    assert owner.post("/types/P24/editions", previewed(owner, sent, "P24")).status_code == 303
    assert "智能建造师证书" in owner.get("/types?q=P24").text
    assert owner.post("/types/P24/editions/preview", sent).status_code == 409


def test_a_type_is_closed_from_a_day_and_opened_again(house: House) -> None:
    owner = house.browser("owner")
    assert owner.post("/types/P15/closing", {"effective_from": "", "reason": "取消", "after": "0"}).status_code == 400
    done = {"effective_from": "2026-11-22", "reason": "取消该证书", "after": "0"}
    assert owner.post("/types/P15/closing", done).status_code == 303
    assert "已停用" in owner.get("/types?q=P15").text
    sent = opened(owner, "P15") | {"reopened": "yes", "effective_from": SOON, "reason": "恢复"}
    assert owner.post("/types/P15/editions", previewed(owner, sent, "P15")).status_code == 303
    assert stored(house)[-1].type.closed_from is None


def test_examples_follow_the_window_being_typed(reader: House) -> None:
    owner = reader.browser("owner")
    page = owner.get("/types/examples?code=P02&window.opens=90&window.opens.unit_of=days&window.closes=1").text
    assert "2027-12-31" in page and "2027-10-01" in page and "2027-11-30" in page
    wrong = owner.get("/types/examples?code=P02&window.opens=1&window.closes=2").text
    assert "不能早于" in wrong and "2027-12-31" not in wrong


def test_a_number_can_be_tried(reader: House) -> None:
    owner = reader.browser("owner")
    good, bad = (owner.get("/types/number-check", query_string={"number.rule": "USCC", "try": text}).text
                 for text in ("91320100135800013L", "91320100135800013X"))
    assert "符合规则" in good and "符合规则" not in bad
