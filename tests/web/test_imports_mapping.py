"""What the columns mean: proposed, corrected at their places, remembered for the next ledger."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger import clock as clocks
from tests.founding import SUNDAY
from tests.web.bringing import HEADINGS, Bringing, Kept, book, line
from tests.web.test_imports import bringing, founded, house  # noqa: F401  (fixtures)

STRANGE = ["姓名", "身份证号", "本本", "号码牌", "有效期至"]


def chosen(page: str) -> dict[str, str]:
    """What each select and input of the form stands at."""
    form = page[page.index('<form method="post" action="/imports/'):page.index('class="import-bar"')]
    sent = {}
    for name, body in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
        found = re.search(r'<option value="([^"]*)" selected', body)
        sent[name] = found[1] if found else ""
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and name[1] != "csrf_token" and ("radio" not in tag and "checkbox" not in tag or " checked" in tag):
            sent[name[1]] = html.unescape(value[1]) if value else ""
    return sent


@pytest.fixture(scope="session")
def read_in(founded: Kept, tmp_path_factory: pytest.TempPathFactory) -> Kept:  # noqa: F811
    folder = tmp_path_factory.mktemp("read")
    with clocks.use(clocks.Fixed(SUNDAY)):
        house = founded.opened(folder)  # noqa: F811
        given = Bringing(house, house.browser("custodian"))
        given.upload(book(line(1), line(2)))
        given.work()
        return Kept.of(house, folder)


@pytest.fixture
def asked(read_in: Kept, tmp_path: Path, clock: clocks.Fixed) -> Iterator[Bringing]:
    house = read_in.opened(tmp_path)  # noqa: F811
    yield Bringing(house, house.browser("custodian"), 1)
    house.close()
    house.engine.dispose()


def strange(given: Bringing, serial: int = 1) -> Bringing:
    row: list[Any] = line(serial)
    given.upload(book([row[1], row[2], "某某合格本", "AB-20240001", "2030-03-04"], headings=STRANGE))
    given.work()
    return given


def test_a_ledger_that_is_understood_needs_one_click(asked: Bringing) -> None:
    page = asked.get("/mapping").text
    found = [chosen(page)[f"t0.c{at}"] for at in range(len(HEADINGS))]
    assert found == ["sequence", "name", "id_number", "type", "item", "number", "issued_on", "valid_until",
                     "review_on", "issuer"]
    assert "都已认出" in page and "文件共 4 行 = 数据 2 行" in page
    assert asked.post("/mapping", chosen(page)).status_code == 303 and asked.state() == "judging"


def test_examples_show_no_number_of_a_person_in_full(asked: Bringing) -> None:
    page = asked.get("/mapping").text
    assert line(1)[2] not in page and "320102********" in page


WRONG: list[tuple[dict[str, str], str, str]] = [
    ({"t0.c5": "keep"}, "t0.content", "请指出哪一列是证书编号。"),
    ({"t0.c8": "issued_on"}, "t0.c8", "已有一列是“发证日期”"),
    ({"t0.type": "没有的证"}, "t0.type", "没有这个种类，请从列表中选择。"),
    ({"t0.w0": "P99"}, "t0.w0", "没有这个种类，请从列表中选择。"),
    ({"t0.unit": "别家一建"}, "t0.unit", "没有这个单位，请从列表中选择。"),
    ({"t0.c3": "keep", "t0.c4": "keep"}, "t0.type", "请选择这些都是什么证"),
    ({"t0.c1": "keep", "t0.c2": "keep"}, "t0.content", "请指出哪一列是持有人"),
    ({"t0.content": "loans"}, "t0.content", "请指出哪一列是借用人。"),
    ({"t0.content": "ignored"}, "t0.content", "请至少选一张表"),
]


def test_what_cannot_be_is_said_at_its_place(asked: Bringing) -> None:
    proposed = chosen(asked.get("/mapping").text)
    for changes, place, told in WRONG:
        answer = asked.post("/mapping", {**proposed, **changes})
        assert answer.status_code == 400 and asked.state() == "mapping"
        assert re.search(rf'id="h-{re.escape(place)}">[^<]*{re.escape(told)}', answer.text), changes


def test_what_was_chosen_stays_when_something_else_is_wrong(asked: Bringing) -> None:
    answer = asked.post("/mapping", {**chosen(asked.get("/mapping").text), "t0.c9": "remark", "t0.type": "没有的证"})
    assert chosen(answer.text)["t0.c9"] == "remark"


def test_what_a_person_has_said_once_is_known_the_next_time(bringing: Bringing) -> None:  # noqa: F811
    given = strange(bringing)
    sent = {**chosen(given.get("/mapping").text), "t0.c2": "type", "t0.c3": "number"}
    asked = given.post("/mapping", sent)
    assert asked.status_code == 400 and "请看一眼这一列里的写法各是什么证" in asked.text
    assert given.post("/mapping", {**chosen(asked.text), "t0.w0": "P15"}).status_code == 303
    given.work()
    assert [row.type_code for row in given.rows()] == ["P15"]
    found = chosen(strange(Bringing(given.house, given.browser), 2).get("/mapping").text)
    assert (found["t0.c2"], found["t0.c3"]) == ("type", "number")


def test_the_columns_can_be_said_again_until_the_commit(bringing: Bringing) -> None:  # noqa: F811
    bringing.ready()
    sent = {**chosen(bringing.get("/mapping").text), "t0.c9": "keep"}
    assert bringing.post("/mapping", sent).status_code == 303
    bringing.work()
    assert bringing.state() == "ready" and "江苏省应急管理厅" in bringing.get("/rows").text


def test_what_may_be_chosen_is_asked_once_however_many_tables_a_file_has(asked: Bringing) -> None:
    def units_asked(sheets: int) -> int:
        asked.upload(book(line(sheets), sheets=sheets))
        asked.work()
        page, seen = asked.get("/mapping").text, asked.house.statements()
        assert asked.post("/mapping", chosen(page)).status_code == 303 and asked.state() == "judging"
        return sum("FROM unit " in one.replace("\n", " ") for one in seen)

    assert units_asked(9) <= units_asked(2)
