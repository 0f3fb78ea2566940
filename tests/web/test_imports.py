"""A ledger's way through the pages: brought in, understood, committed, undone; who may see it; what is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from ledger import clock as clocks
from ledger.db import open_database
from registry.intake.batch.models import Batch
from tests.databases import SqliteFiles
from tests.founding import SUNDAY
from tests.web.bringing import Bringing, Kept, book, line, number
from tests.web.house import House


@pytest.fixture(scope="session")
def founded(sqlite_files: SqliteFiles, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """On SQLite alone: what the pages ask of the room below is tried there on both databases."""
    folder = tmp_path_factory.mktemp("house")
    with clocks.use(clocks.Fixed(SUNDAY)):
        return Kept.of(House(open_database(sqlite_files.fresh(folder)), folder), folder)


@pytest.fixture
def house(founded: Kept, tmp_path: Path, clock: clocks.Fixed) -> Iterator[House]:
    made = founded.opened(tmp_path)
    yield made
    made.close()
    made.engine.dispose()


@pytest.fixture
def bringing(house: House) -> Bringing:
    return Bringing(house, house.browser("custodian"))


def listed(bringing: Bringing, serial: int) -> bool:
    """Whether the register's list has the certificate."""
    return "没有符合条件的证件" not in bringing.browser.get(f"/certificates?q=T{number(serial)}").text


def test_who_has_imported_nothing_is_told_what_to_bring_and_where(bringing: Bringing) -> None:
    page = bringing.browser.get("/imports").text
    assert "还没有导入过台账" in page and 'href="/imports/new"' in page
    assert 'href="/imports/new"' in bringing.browser.get("/certificates").text


def test_a_ledger_comes_in_by_four_steps_and_leaves_by_one(bringing: Bringing) -> None:
    assert bringing.upload(book(line(1), line(2))).status_code == 303
    assert "正在读取" in bringing.get().text or "等待读取" in bringing.get().text
    bringing.work()
    assert "确认各列含义" in bringing.get().text
    assert bringing.post("/mapping").status_code == 303
    bringing.work()
    assert "每一行都可以入库" in bringing.get().text
    assert "新入册 2 本证件" in bringing.get("/commit").text and not listed(bringing, 1)
    bringing.post("/commit")
    bringing.work()
    assert "入库。" in bringing.get().text and listed(bringing, 1) and listed(bringing, 2)
    assert "整批撤销" in bringing.get("/undo").text
    bringing.post("/undo")
    bringing.work()
    assert bringing.state() == "undone" and "恢复到入库以前" in bringing.get().text and not listed(bringing, 1)


def test_others_do_not_even_learn_that_a_ledger_is_there(bringing: Bringing, house: House) -> None:
    bringing.ready(line(1, c5="T" + number(2)))
    row, stranger = bringing.rows()[0].id, Bringing(house, house.browser("stranger"), bringing.batch_id)
    reads = ("", "/progress", "/mapping", "/rows", f"/rows/{row}", "/summary", "/commit", "/undo", "/returned")
    assert {stranger.get(rest).status_code for rest in reads} == {404}
    acts = ("/cancel", "/resume", "/mapping", "/commit", "/undo", f"/rows/{row}/corrections", f"/rows/{row}/omission",
            f"/rows/{row}/admission", "/acceptances")
    assert {stranger.post(rest).status_code for rest in acts} == {404}
    assert "台账.xlsx" not in stranger.browser.get("/imports").text and bringing.state() == "ready"


def test_only_who_may_import_is_offered_it(house: House) -> None:
    guard = house.browser("guard")
    assert {guard.get(path).status_code for path in ("/imports", "/imports/new", "/imports/1")} == {403}
    assert "/imports" not in guard.get("/certificates").text


def test_the_same_file_leads_to_where_it_came_in_first(bringing: Bringing) -> None:
    content = book(line(1))
    bringing.upload(content)
    first = bringing.batch_id
    answer = bringing.upload(content, "副本.xlsx")
    assert answer.status_code == 400 and f'href="/imports/{first}"' in answer.text and "副本.xlsx" in answer.text


@pytest.mark.parametrize(("name", "content", "told"), [
    ("台账.pdf", b"%PDF-1.4", "请上传 xlsx、xls 或 csv"), ("台账.xlsx", b"", "文件是空的")])
def test_what_is_no_ledger_is_refused_with_its_name(bringing: Bringing, name: str, content: bytes, told: str) -> None:
    answer = bringing.upload(content, name)
    assert answer.status_code == 400 and told in answer.text and name in answer.text
    assert "还没有导入过台账" in bringing.browser.get("/imports").text


def test_of_several_files_the_good_ones_come_in_and_the_others_are_named(bringing: Bringing) -> None:
    files = [(BytesIO(book(line(1))), "一.xlsx"), (BytesIO(b"x"), "二.doc"), (BytesIO(book(line(2))), "三.xlsx")]
    data = {"files": files, "unit": str(bringing.house.units["company"])}
    answer = bringing.browser.post("/imports", data, content_type="multipart/form-data")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/imports")
    page = bringing.browser.get("/imports").text
    assert "一.xlsx" in page and "三.xlsx" in page and "二.doc：不支持这种文件" in page


def test_a_unit_out_of_reach_is_none(bringing: Bringing) -> None:
    answer = bringing.upload(book(line(1)), unit=str(bringing.house.units["other"]))
    assert answer.status_code == 400 and "请选择单位。" in answer.text


def test_a_form_sent_twice_brings_one_ledger(bringing: Bringing) -> None:
    page = bringing.browser.get("/imports/new").text
    once = re.search(r'name="once" value="([^"]+)"', page)
    assert once
    first = bringing.upload(book(line(1)), once=once[1]).headers["Location"]
    assert bringing.upload(book(line(1)), once=once[1]).headers["Location"] == first


def test_a_file_that_cannot_be_read_says_why_and_takes_another(bringing: Bringing, house: House) -> None:
    bringing.upload(b"this is no workbook", "坏的.xlsx")
    bringing.work()
    page = bringing.get().text
    assert bringing.state() == "refused" and "这个文件不能读取" in page and "换一个文件" in page
    again = bringing.post("/returned", {"file": (BytesIO(book(line(1))), "好的.xlsx")},
                          content_type="multipart/form-data")
    bringing.work()
    assert again.status_code == 303 and bringing.state() == "mapping"


def test_the_progress_asks_again_until_the_state_has_changed(bringing: Bringing) -> None:
    bringing.upload(book(line(1)))
    waiting = bringing.get("/progress?state=received")
    assert 'hx-trigger="every 2s"' in waiting.text and "HX-Refresh" not in waiting.headers
    bringing.work()
    assert bringing.get("/progress?state=received").headers["HX-Refresh"] == "true"


def test_a_cancelled_ledger_goes_on_where_it_was(bringing: Bringing) -> None:
    bringing.ready()
    bringing.post("/cancel")
    assert bringing.state() == "cancelled" and "继续处理" in bringing.get().text
    bringing.post("/resume")
    bringing.work()
    assert bringing.state() == "ready"


def test_who_stops_a_ledger_does_not_wait_for_the_worker_to_finish_writing(
    bringing: Bringing, house: House, clock: clocks.Fixed, monkeypatch: pytest.MonkeyPatch
) -> None:
    bringing.upload(book(line(1)))
    monkeypatch.setattr("ledger.db.PATIENCE", 0.05)
    house.close()  # the site's next connections are impatient
    clock.advance(timedelta(minutes=2))  # the sign-in's last use would be noted again
    with house.engine.connect() as worker:
        worker.exec_driver_sql("select 1")  # BEGIN IMMEDIATE: nobody else can write
        answer, page = bringing.post("/cancel"), bringing.get()
    assert (answer.status_code, page.status_code) == (303, 200) and "已要求停下" in page.text
    bringing.work()
    assert bringing.state() == "cancelled"


def test_a_button_pressed_late_is_answered_with_how_it_stands(bringing: Bringing) -> None:
    bringing.committed()
    answers = [bringing.post("/cancel"), bringing.post("/resume")]
    assert [answer.status_code for answer in answers] == [409, 409] and "已入库" in answers[0].text
    assert bringing.get("/mapping").status_code == bringing.get("/commit").status_code == 303
    assert bringing.post("/commit").status_code == 303 and bringing.state() == "committed"


def test_what_was_built_upon_a_ledger_is_named_before_it_is_undone(bringing: Bringing, clock: clocks.Fixed) -> None:
    bringing.committed(line(1))
    certificate = bringing.rows()[0].certificate_id
    clock.advance(timedelta(minutes=1))
    other = Bringing(bringing.house, bringing.browser).committed(line(1, c7="2033-03-04"))
    page = bringing.get("/undo").text
    assert "还不能撤销" in page
    assert f'href="/certificates/{certificate}"' in page and f'href="/imports/{other.batch_id}"' in page
    assert bringing.post("/undo").status_code == 409 and bringing.state() == "committed"


def test_the_list_finds_a_ledger_by_how_far_it_is(bringing: Bringing) -> None:
    bringing.ready()
    assert "台账.xlsx" in bringing.browser.get("/imports?state=mine").text
    assert "没有这种状态的台账" in bringing.browser.get("/imports?state=over").text


def test_the_pages_of_a_large_ledger_ask_few_questions(bringing: Bringing, house: House) -> None:
    bringing.ready(*(line(serial, c8="") for serial in range(1, 71)))
    statements = house.statements()
    page = bringing.get("/rows").text
    assert page.count('<tbody id="row-') == 50 and "共 70 条" in page
    assert len(statements) < 30
    with Session(house.engine) as session:
        assert session.get_one(Batch, bringing.batch_id).rows_total == 70
