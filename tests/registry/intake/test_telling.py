"""What is told of a file before its rows are judged: the control sums."""

from __future__ import annotations

from typing import Any

import pytest

from registry.intake.book import Book, Sheet, Value
from registry.intake.layout import lay_out
from registry.intake.meaning import propose
from registry.intake.preview.telling import _numbers, _sum, tell
from tests.registry.intake.sheets import known


@pytest.mark.parametrize(("cells", "wanted"), [
    ([1, 2.5, "x"], "3.5"), (["149000", " 1,200.50 "], "150200.5"), (["-3", 4], "1"), (["100", "200"], "300"),
    (["007", "8"], None), (["12", "十二"], None),
    (["13912345678"], None), ([float("nan"), 1e300], None), ([True], None),
    ([0.1, 0.2], "0.3"), ([10**17] * 5, "500000000000000000"),
])
def test_a_column_is_summed_up_where_all_its_text_are_amounts(cells: list[Value], wanted: str | None) -> None:
    numbers = _numbers(cells)
    assert (_sum(numbers) if numbers else None) == wanted


def told(rows: list[list[Value]]) -> dict[str, Any]:
    book = Book("ledger.xlsx", "xlsx", [Sheet("台账", rows)])
    layout, on = lay_out(book), known()
    return tell(book, layout, [propose(table, on) for table in layout.tables], on)


def test_numbers_of_people_are_not_added_up_for_one_alone_would_be_given_away() -> None:
    found = told([["姓名", "身份证号", "份数"], ["甲", 3.2010219890515301e17, 2], ["乙", 13812345678, 3]])
    assert [column["sum"] for column in found["tables"][0]["columns"]] == [None, None, "5"]


def test_records_that_share_a_row_are_counted_so_that_the_rows_come_out() -> None:
    heads = ["姓名", "证号", "有效期限"]
    found = told([[*heads, None, *heads], *([f"甲{n}", f"A{n}", "2027-01-01", None, f"乙{n}", f"B{n}", "2027-01-01"]
                                          for n in range(3)), ["丙", "C1", "2027-01-01"]])
    assert (sum(table["rows"] for table in found["tables"]), found["beside"], found["rows"]) == (7, 3, 5)
