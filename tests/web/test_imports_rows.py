"""The grid of rows: each defect at its cell, personal numbers starred out, put right there or in the returned file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from ledger import clock as clocks
from ledger.actor import SYSTEM
from ledger.db import unit
from registry.access.grants import grant_role
from registry.intake.settlement import settling
from registry.people.persons import Person
from registry.people.units import Unit
from tests.founding import SUNDAY
from tests.web.bringing import Bringing, Kept, book, line, number
from tests.web.test_imports import bringing, founded, house  # noqa: F401  (fixtures)

INSIDE = {"HX-Request": "true"}
BAD = number(1)[:17] + ("1" if number(1)[17] != "1" else "2")


@pytest.fixture(scope="session")
def judged(founded: Kept, tmp_path_factory: pytest.TempPathFactory) -> Kept:  # noqa: F811
    folder = tmp_path_factory.mktemp("judged")
    with clocks.use(clocks.Fixed(SUNDAY)):
        house = founded.opened(folder)  # noqa: F811
        Bringing(house, house.browser("custodian")).ready(
            line(1, c2=BAD, c5="T" + BAD), line(2, c8=""), line(3), line(4, c7="2020-03-04"))
        return Kept.of(house, folder)


@pytest.fixture
def checked(judged: Kept, tmp_path: Path, clock: clocks.Fixed) -> Iterator[Bringing]:
    """Row 1 has a wrong check digit, row 2 no day of review, row 3 nothing wrong, row 4 ends before it begins."""
    house = judged.opened(tmp_path)  # noqa: F811
    yield Bringing(house, house.browser("custodian"), 1)
    house.close()
    house.engine.dispose()


def test_each_defect_stands_at_its_cell_with_sign_and_words(checked: Bringing) -> None:
    page = checked.get("/rows").text
    assert page.count('<tbody id="row-') == 4
    cell = re.search(r'<td class="cell-doubt[^"]*" data-label="应复审日期">(.*?)</td>', page, re.DOTALL)
    assert cell and 'aria-label="缺应复审日期"' in cell[1]
    assert "有效期至早于发证日期" in page and "校验码不符" in page


def test_no_list_shows_a_number_of_a_person_in_full(checked: Bringing) -> None:
    page = checked.get("/rows").text
    assert not [one for one in (BAD, number(2), number(3)) if one in page] and "320102********" in page


def test_full_width_and_blanks_hide_no_number_from_the_mask(bringing: Bringing) -> None:  # noqa: F811
    wide = number(1).translate({48 + digit: 0xFF10 + digit for digit in range(10)})
    bringing.ready(line(1, c2=wide), line(2, c2=f"{number(2)[:6]} {number(2)[6:]}"))
    page = bringing.get("/rows").text
    assert wide not in page and number(2)[6:] not in page and "３２０１０２********" in page


def test_in_the_open_row_the_number_is_whole_and_the_page_says_why(checked: Bringing) -> None:
    page = checked.get(f"/rows/{checked.rows()[0].id}").text
    assert "T" + BAD in page and "号码在这里是完整的" in page


def test_who_may_only_look_sees_no_number_whole_and_no_button(checked: Bringing) -> None:
    with unit(checked.house.engine) as session:
        worker = session.get_one(Person, checked.house.people["worker"])
        grant_role(session, worker, "auditor", session.get_one(Unit, checked.house.units["group"]), by=SYSTEM)
    seen = Bringing(checked.house, checked.house.browser("worker"), checked.batch_id)
    pages = [seen.get(rest).text for rest in ("", "/rows", f"/rows/{checked.rows()[0].id}")]
    assert not [page for page in pages if BAD in page or "采纳" in page or "入库</a>" in page]
    assert seen.post(f"/flaws/{checked.flaw('review_missing').id}/dismissal").status_code == 403
    assert {seen.get(rest).status_code for rest in ("/mapping", "/commit", "/undo", "/returned")} == {403}


NARROWED = {
    "?kind=review_missing": 1, "?outcome=stopped": 2, "?table=0": 4, "?table=7": 0, "?kind=none": 4,
    "?outcome=repeated": 0}


def test_the_list_is_narrowed_by_what_was_clicked(checked: Bringing) -> None:
    for query, shown in NARROWED.items():
        page = checked.get("/rows" + query).text
        assert page.count('<tbody id="row-') == shown and ("没有这样的行" in page) == (shown == 0), query


def test_a_proposal_is_accepted_in_its_row_and_the_numbers_follow(checked: Bringing) -> None:
    flaw = checked.flaw("review_missing")
    answer = checked.post(f"/flaws/{flaw.id}/acceptance", headers=INSIDE)
    assert answer.status_code == 200 and answer.headers["HX-Trigger"] == "import-settled"
    assert answer.text.lstrip().startswith(f'<tbody id="row-{flaw.row_id}"') and "2027-03-05" in answer.text
    assert "缺应复审日期" not in checked.get("/summary").text.split("import-settled")[0].split("import-kind-list")[-1]
    again = checked.post(f"/flaws/{flaw.id}/acceptance", headers=INSIDE)
    assert again.status_code == 409 and "已处理为" in again.text


def test_without_scripts_the_same_buttons_lead_to_pages(checked: Bringing) -> None:
    flaw = checked.flaw("review_missing")
    answer = checked.post(f"/flaws/{flaw.id}/dismissal")
    assert answer.status_code == 303 and "没有待处理的问题" in checked.browser.get(answer.headers["Location"]).text


def test_a_cell_is_written_anew_and_the_row_judged_by_it(checked: Bringing) -> None:
    row = checked.rows()[3]
    assert row.outcome == "stopped"
    answer = checked.post(f"/rows/{row.id}/corrections", {"column": "7", "text": "2030-03-04"}, headers=INSIDE)
    assert answer.status_code == 200 and "新入册" in answer.text and "改过" in answer.text
    assert checked.rows()[3].outcome == "new"


def test_a_correction_that_is_wrong_itself_is_marked_again(checked: Bringing) -> None:
    row = checked.rows()[3]
    answer = checked.post(f"/rows/{row.id}/corrections", {"column": "7", "text": "明年"}, headers=INSIDE)
    assert answer.status_code == 200 and "看不懂的日期" in answer.text


def test_a_cell_that_is_not_there_is_none(checked: Bringing) -> None:
    place = f"/rows/{checked.rows()[0].id}/corrections"
    answers = [checked.post(place, {"column": column, "text": "x"}) for column in ("99", "-1", "x", "")]
    assert {answer.status_code for answer in answers} == {404}


def test_a_row_stays_out_and_comes_in_after_all(checked: Bringing) -> None:
    row = checked.rows()[2].id
    assert "还是导入这一行" in checked.browser.get(
        checked.post(f"/rows/{row}/omission").headers["Location"]).text
    assert checked.rows()[2].outcome == "left_out"
    checked.post(f"/rows/{row}/admission")
    assert checked.rows()[2].outcome == "new"


def test_all_of_a_kind_are_accepted_at_once(bringing: Bringing) -> None:  # noqa: F811
    bringing.ready(*(line(serial, c8="") for serial in range(1, 6)))
    answer = bringing.post("/acceptances", {"kind": "review_missing"})
    assert answer.status_code == 303
    page = bringing.browser.get(answer.headers["Location"]).text
    assert "已采纳 5 处建议" in page and "没有待处理的" in page
    assert bringing.post("/acceptances", {"kind": "nonsense"}).status_code == 404


def test_what_has_no_proposal_stays_open_when_all_are_accepted(bringing: Bringing) -> None:  # noqa: F811
    bringing.ready(line(1, c8=""), line(2, c8="", c6="", c7=""))
    page = bringing.browser.get(bringing.post("/acceptances", {"kind": "review_missing"}).headers["Location"]).text
    assert "已采纳 1 处建议" in page and "1 处待处理" in page


def test_very_many_alike_are_left_to_the_worker_and_the_page_waits(
    bringing: Bringing, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:
    monkeypatch.setattr(settling, "AT_ONCE", 2)
    bringing.ready(*(line(serial, c8="") for serial in range(1, 5)))
    answer = bringing.post("/acceptances", {"kind": "review_missing"})
    assert answer.headers["Location"] == f"/imports/{bringing.batch_id}" and "正在批量处理" in bringing.get().text
    assert bringing.post(f"/rows/{bringing.rows()[0].id}/omission").status_code == 409
    bringing.work()
    assert "每一行都可以入库" in bringing.get().text


def test_changes_show_what_was_and_what_will_be(bringing: Bringing) -> None:  # noqa: F811
    bringing.committed(line(1))
    other = Bringing(bringing.house, bringing.browser).ready(line(1, c7="2033-03-04"))
    page = other.get("/rows?outcome=changed").text
    assert "<del>2030-03-04</del> → <ins>2033-03-04</ins>" in page
    assert f'href="/certificates/{bringing.rows()[0].certificate_id}"' in bringing.get("/rows").text


def sheet(content: bytes) -> Any:
    return openpyxl.load_workbook(BytesIO(content)).worksheets[0]


def test_the_file_goes_back_with_its_defects_coloured_and_named(checked: Bringing) -> None:
    answer = checked.get("/returned")
    found = sheet(answer.data)
    assert "filename*=UTF-8''" in answer.headers["Content-Disposition"]
    assert [cell.value for cell in found[1]][0] == "特种作业人员台账" and found.cell(2, 11).value == "问题与建议"
    assert found["I4"].fill.fgColor.rgb == "FFFFEB9C" and "2027-03-05" in found["K4"].value
    assert found["H6"].fill.fgColor.rgb == "FFFFC7CE" and not found["H5"].fill.fill_type and not found["K5"].value


def test_the_corrected_file_goes_on_in_the_same_batch(checked: Bringing) -> None:
    content = BytesIO(checked.get("/returned").data)
    back = openpyxl.load_workbook(content)
    back.worksheets[0]["H6"] = "2030-03-04"
    out = BytesIO()
    back.save(out)
    answer = checked.post("/returned", {"file": (BytesIO(out.getvalue()), "改好.xlsx")},
                          content_type="multipart/form-data")
    checked.work()
    assert answer.status_code == 303 and checked.state() == "ready"
    assert [row.outcome for row in checked.rows()] == ["stopped", "new", "new", "new"]


def test_what_was_put_right_on_the_page_is_in_the_returned_file(checked: Bringing) -> None:
    row = checked.rows()[3]
    checked.post(f"/rows/{row.id}/corrections", {"column": "7", "text": "2030-03-04"})
    assert sheet(checked.get("/returned").data)["H6"].value == "2030-03-04"


def test_a_file_that_is_none_is_refused_where_it_was_given(checked: Bringing) -> None:
    answer = checked.post("/returned", {"file": (BytesIO(b"x"), "改好.doc")}, content_type="multipart/form-data")
    assert answer.status_code == 400 and "请上传 xlsx、xls 或 csv" in answer.text and checked.state() == "ready"
    assert checked.post("/returned", {}).status_code == 400


def test_after_the_commit_a_row_in_quarantine_can_still_enter(bringing: Bringing) -> None:  # noqa: F811
    bringing.committed(line(1), line(2, c7="2020-03-04"))
    row = bringing.rows()[1]
    assert row.outcome == "stopped" and row.certificate_id is None
    answer = bringing.post(f"/rows/{row.id}/corrections", {"column": "7", "text": "2030-03-04"}, headers=INSIDE)
    assert answer.status_code == 200 and bringing.rows()[1].certificate_id is not None


def test_the_register_shows_just_what_a_ledger_brought(bringing: Bringing) -> None:  # noqa: F811
    bringing.committed(line(1), line(2, c7="2020-03-04"))
    bringing.committed(line(3), line(1))
    shown = [re.findall(r"certificates/([0-9]+)\"", bringing.browser.get(f"/certificates?batch={batch}").text)
             for batch in (1, 2)]
    rows = bringing.rows()
    assert [row.outcome for row in rows] == ["new", "same"] and set(shown[1]) == {str(rows[0].certificate_id)}
    assert set(shown[0]) == {str(rows[1].certificate_id)}
    assert bringing.browser.get("/certificates?batch=99").status_code == 404


def test_the_kinds_tell_what_waits_and_what_is_over(checked: Bringing) -> None:
    page, row = checked.get("/rows").text, checked.rows()[3]
    assert re.search(r"有效期至早于发证日期</a>\s*<span class=\"muted\">1 处待处理</span>", page)
    checked.post(f"/rows/{row.id}/corrections", {"column": "7", "text": "2030-03-04"})
    page = checked.get("/summary").text
    assert re.search(r"有效期至早于发证日期</a>\s*<span class=\"muted\">1 处已整理或已处理</span>", page)


def test_a_ledger_of_formulas_goes_back_as_text(bringing: Bringing) -> None:  # noqa: F811
    bringing.upload(book(line(1, c9="=HYPERLINK(\"http://x\")")))
    bringing.work()
    bringing.post("/mapping")
    bringing.work()
    cell = sheet(bringing.get("/returned").data)["J3"]
    assert cell.data_type == "s" and str(cell.value).startswith("=HYPERLINK")
