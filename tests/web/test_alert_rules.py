"""提醒规则: who reads and sets them, what is wrong said at its field, tried before it counts, removed again."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.alerts.model import Alert, AlertRule
from registry.alerts.notices import Notice
from tests.web.house import Browser, House

ADDRESS = "/alert-rules"


def inputs(page: str) -> dict[str, Any]:
    """What a browser would send of the form on a page."""
    form = page[page.index('id="rule"'):page.index("</form>", page.index('id="rule"'))]
    sent: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ("checkbox" not in tag or " checked" in tag):
            sent[name[1]] = html.unescape(value[1]) if value else ""
    for name, body in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', body) or re.search(r'<option value="([^"]*)"', body)
        sent[name] = html.unescape(chosen[1]) if chosen else ""
    sent.pop("csrf_token", None)
    return sent


def begun(house: House, owner: Browser, **changes: str) -> dict[str, Any]:
    """The form of a new rule for P02 in the company, filled in."""
    page = owner.get(f"{ADDRESS}/new?unit={house.units['company']}&type=P02&cause=end")
    assert page.status_code == 200
    return inputs(page.text) | changes


def saved(owner: Browser, sent: dict[str, Any]) -> Any:
    """Through the preview, as the page does it."""
    page = owner.post(f"{ADDRESS}/preview", sent)
    assert page.status_code == 200, re.findall(r"invalid-feedback[^>]*>([^<]*)", page.text)
    return owner.post(ADDRESS, inputs(page.text))


def rules(house: House) -> list[tuple[str, list[Any], bool]]:
    with Session(house.engine) as session:
        return [(row.type_code, row.stages, row.removed_at is None) for row in session.scalars(select(AlertRule))]


def test_who_reads_who_sets_and_who_learns_nothing(house: House) -> None:
    seen = [house.browser(login).get(ADDRESS).status_code for login in ("owner", "custodian", "worker")]
    assert seen == [200, 403, 403]
    owner = house.browser("owner")
    sent = begun(house, owner)
    assert house.browser("custodian").post(f"{ADDRESS}/preview", sent).status_code == 403
    assert house.browser("custodian").get(f"{ADDRESS}/trial").status_code == 403
    foreign = owner.post(f"{ADDRESS}/preview", sent | {"unit": str(house.units["other"])})
    assert foreign.status_code == 400 and "请从列表中选择" in foreign.text
    assert owner.get(f"{ADDRESS}/trial?certificate={house.certificates['foreign']}").status_code == 404
    assert owner.get(f"{ADDRESS}/999").status_code == 404


def test_a_new_rule_begins_with_what_holds_and_is_saved_after_its_preview(house: House) -> None:
    owner = house.browser("owner")
    sent = begun(house, owner)
    assert sent["before"].startswith("120、90、60") and sent["after"] == "7、30" and sent["on_day"] == "yes"
    sent |= {"before": "66, 30", "before_work": "5", "within_legal": "66"}
    page = owner.post(f"{ADDRESS}/preview", sent).text
    assert "1 件会收到提醒，共 1 次；按现在的规则是 1 次" in page
    assert "王建国" in page and "2026-11-26" in page and "2027-01-25" in page and "测试legal" in page
    assert rules(house) == []
    assert owner.post(ADDRESS, sent).status_code == 200 and rules(house) == []  # not what a preview has shown
    assert owner.post(ADDRESS, inputs(page)).status_code == 303
    assert rules(house) == [("P02", [[66, "calendar"], [30, "calendar"], [5, "work"], [0, "calendar"], [-7, "calendar"],
                                     [-30, "calendar"]], True)]
    trial = owner.get(f"{ADDRESS}/trial?certificate={house.certificates['trade']}&cause=end").text
    assert "按这条规则" in trial and "到期前 66 天" in trial
    listed = owner.get(ADDRESS).text
    assert "江海一建" in listed and "到期前 5 个工作日" in listed and "测试owner" in listed


NONSENSE: list[tuple[dict[str, str], set[str]]] = [
    ({"before": "三十"}, {"before"}), ({"before": "-5"}, {"before"}), ({"before": "0"}, {"before"}),
    ({"before": "99999999999999999999"}, {"before"}), ({"after": "3651"}, {"after"}),
    ({"before_work": "4.5"}, {"before_work"}),
    ({"patience": "-1"}, {"patience"}), ({"patience": ""}, {"patience"}), ({"patience": "251"}, {"patience"}),
    ({"climbs_within": "x"}, {"climbs_within"}), ({"within_vice": "soon"}, {"within_vice"}),
    ({"quiet_from": "25:00"}, {"quiet_from"}), ({"quiet_until": ""}, {"quiet_until"}),
]


def test_nonsense_is_refused_at_its_field_and_what_was_typed_stays(house: House) -> None:
    owner = house.browser("owner")
    good = begun(house, owner, before="66、33")
    for changes, expected in NONSENSE:
        answer = owner.post(f"{ADDRESS}/preview", good | changes)
        found = set(re.findall(r'aria-invalid="true" aria-describedby="h-([^"]+)"', answer.text))
        assert (answer.status_code, found) == (400, expected), changes
        assert "没有保存" in answer.text and ("66、33" in answer.text or "before" in changes)
    empty = {"before": "", "before_work": "", "after": "", "after_work": "", "on_day": ""}
    assert "请至少填写一个提醒的日子" in owner.post(f"{ADDRESS}/preview", good | empty).text
    many = "、".join(map(str, range(1, 40)))
    assert "最多 30 个提醒的日子" in owner.post(f"{ADDRESS}/preview", good | {"before": many}).text
    nobody = {name: "" for name in good if name.startswith("within_")}
    assert "请至少选择一种要提醒的人" in owner.post(f"{ADDRESS}/preview", good | nobody).text
    assert owner.post(f"{ADDRESS}/preview", {"cause": "x"}).status_code == 400
    assert rules(house) == []


def test_the_second_of_two_owners_is_told_who_was_faster_and_keeps_what_was_typed(house: House) -> None:
    owner = house.browser("owner")
    late = begun(house, owner)
    assert saved(owner, begun(house, owner)).status_code == 303
    with Session(house.engine) as session:
        number = session.scalars(select(AlertRule.id)).one()
    both = [inputs(owner.get(f"{ADDRESS}/{number}").text) | {"before": days} for days in ("45", "46")]
    assert saved(owner, both[0]).status_code == 303
    answer = saved(owner, both[1])
    assert answer.status_code == 409 and "测试owner已于" in answer.text and 'value="46"' in answer.text
    there = owner.get(f"{ADDRESS}/new?unit={house.units['company']}&type=P02&cause=end")
    assert there.location == f"{ADDRESS}/{number}"
    again = saved(owner, late)
    assert again.status_code == 409 and "已有规则" in again.text
    page = owner.get(f"{ADDRESS}/{number}").text
    assert page.count("<tr><td class=\"first\">测试owner") == 2  # its history


def test_what_is_removed_says_before_what_follows(house: House) -> None:
    owner = house.browser("owner")
    saved(owner, begun(house, owner, before="50"))
    with Session(house.engine) as session:
        number = session.scalars(select(AlertRule.id)).one()
    page = owner.get(f"{ADDRESS}/{number}/removal").text
    assert "今后 30 天：1 件会收到提醒，共 1 次；按现在的规则是 1 次" in page
    assert owner.post(f"{ADDRESS}/{number}/removal", {"seen": "9"}).status_code == 409
    assert owner.post(f"{ADDRESS}/{number}/removal", {"seen": "1"}).status_code == 303
    assert [holds for _, _, holds in rules(house)] == [False]
    assert "还没有自己的规则" in owner.get(ADDRESS).text
    assert owner.post(f"{ADDRESS}/{number}/removal", {"seen": "2"}).status_code == 404


def test_a_trial_is_sent_to_nobody_but_oneself_and_marked(house: House) -> None:
    owner = house.browser("owner")
    assert "王建国" in owner.get(f"{ADDRESS}/trial?q=wangjianguo").text
    trade = house.certificates["trade"]
    page = owner.get(f"{ADDRESS}/trial?certificate={trade}&cause=end").text
    assert "没有账号，送不到" in page and "系统通知" in page and "已经过去" not in page.split("到期前 60 天")[1][:80]
    assert "按系统默认" in page and "5 个工作日没人处理上报" in page
    sent = {"cause": "end", "stage": "d30"}
    assert owner.post(f"{ADDRESS}/trial/{trade}/message", sent).status_code == 303
    with Session(house.engine) as session:
        assert list(session.scalars(select(Notice.person_id))) == [house.people["owner"]]
        assert session.scalars(select(Alert)).all() == []
    assert "【测试】" in owner.get("/notices").text and "还有 30 天" in owner.get("/notices").text
    for stage in ("", "x", "d", "w--1", "dddd"):
        assert owner.post(f"{ADDRESS}/trial/{trade}/message", sent | {"stage": stage}).status_code == 404


@pytest.mark.parametrize("address", [
    "", "/new", "/new?unit={company}&type=P02&cause=loan", "/new?unit={company}&type=&cause=task", "/trial",
    "/trial?certificate={trade}&cause=end", "/1", "/1/removal"])
def test_the_pages_are_in_english_for_who_reads_english(house: House, address: str) -> None:
    owner = house.browser("owner")
    saved(owner, begun(house, owner, before_work="3"))
    owner.post("/language", {"language": "en", "next": ADDRESS})
    answer = owner.get(ADDRESS + address.format(**house.units, **house.certificates))
    page = answer.text
    assert answer.status_code == 200
    shown = re.sub(r"<option[^>]*>[^<]*</option>", "", page.split("<main")[1].split("</main")[0])
    for name in ("建筑施工特种作业操作资格证书", "王建国", "江海一建", "江海集团", "滨江路改造", "测试"):
        shown = shown.replace(name, "")
    assert re.findall("[\u4e00-\u9fff]+", shown) == []
