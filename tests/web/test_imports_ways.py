"""Finding one's way with a ledger: what waits and where, the row one has in hand, the batch of last month, what to undo
first."""

from __future__ import annotations

import re
from datetime import timedelta

from ledger import clock as clocks
from tests.web.bringing import Bringing, line
from tests.web.test_imports import bringing, founded, house  # noqa: F401  (fixtures)
from tests.web.test_imports_rows import INSIDE, checked, judged  # noqa: F401  (fixtures)


def rows(page: str) -> list[int]:
    """The rows of the sheet that a page lists."""
    return [int(one) for one in re.findall(r'<span class="visually-hidden">行 </span>(\d+)', page)]


def test_the_page_of_a_ledger_says_how_many_rows_wait_and_leads_to_them(checked: Bringing) -> None:  # noqa: F811
    page = checked.get().text
    assert "有 2 行不能入库" in page and "另有 1 处疑问" in page and "合起来是 4 条。" in page
    assert rows(checked.get("/rows?open=1").text) == [3, 4, 6]
    assert rows(checked.get("/rows?outcome=stopped").text) == [3, 6]


def test_a_row_in_hand_is_found_by_its_number_in_the_sheet(checked: Bringing) -> None:  # noqa: F811
    assert rows(checked.get("/rows?from=5").text) == [5, 6] and rows(checked.get("/rows?open=1&from=5").text) == [6]
    assert "没有这样的行" in checked.get("/rows?from=99999999").text


def test_an_empty_cell_is_asked_about_by_the_name_of_its_field(checked: Bringing) -> None:  # noqa: F811
    assert checked.flaw("review_missing").field == "review_on"


def test_a_batch_is_found_again_by_its_name_with_what_waits_in_it(checked: Bringing) -> None:  # noqa: F811
    browser = checked.browser
    assert '<strong class="text-due">1</strong>' in browser.get("/").text and "等您确认的台账" in browser.get("/").text
    assert "/imports/1/rows?outcome=stopped" in browser.get("/imports?q=台").text
    assert "没有名字里有“%”的台账" in browser.get("/imports?q=%25").text


def test_the_list_is_loaded_anew_when_a_worker_is_done_with_something_on_it(bringing: Bringing) -> None:  # noqa: F811
    bringing.ready()
    bringing.post("/commit")
    assert f"/imports/still?busy={bringing.batch_id}" in bringing.browser.get("/imports").text
    asks = f"/imports/still?busy={bringing.batch_id},x"
    assert "HX-Refresh" not in bringing.browser.get(asks, headers=INSIDE).headers
    bringing.work()
    assert bringing.browser.get(asks, headers=INSIDE).headers["HX-Refresh"] == "true"
    assert "still?busy" not in bringing.browser.get("/imports").text


def test_what_relies_on_a_ledger_leads_to_the_ledger_to_be_undone_first(
    bringing: Bringing, clock: clocks.Fixed  # noqa: F811
) -> None:
    first = bringing.committed(line(1)).batch_id
    clock.advance(timedelta(minutes=5))
    bringing.committed(line(1, c3="建筑施工特种作业操作资格证", c4="建筑电工", c5="苏A012025000001", c7="2026-12-31",
                           c8="", c9="江苏省住房和城乡建设厅"))
    page = bringing.browser.get(f"/imports/{first}/undo").text
    assert "先撤销它们" in page and f'href="/imports/{bringing.batch_id}/undo"' in page


def test_what_a_commit_will_do_is_not_told_as_it_was_before_somebody_left_a_row_out(
    bringing: Bringing,  # noqa: F811
) -> None:
    bringing.ready()
    assert "新入册 2 本证件，新登记 2 个人" in bringing.get("/commit").text
    assert bringing.post(f"/rows/{bringing.rows()[0].id}/omission").status_code == 303
    page = bringing.get("/commit").text
    assert "新入册 1 本证件" in page and "个人" not in page and "1 行不导入" in page
