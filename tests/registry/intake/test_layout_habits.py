"""Habits of those who keep ledgers: groups above headings, also further down, and lines to be signed below."""

from __future__ import annotations

import pytest

from registry.intake.book import Book, Sheet, Value
from registry.intake.layout import lay_out
from registry.intake.meaning.columns import field_of

HEADINGS: list[Value] = ["姓名", "身份证号", "类别", "证书编号", "发证日期", "有效期", "单位"]
GROUPS: list[Value] = ["人员信息", None, "证件信息", None, None, None, None]
MERGED = [(0, 0, 0, 1), (0, 2, 0, 6)]


def row(serial: int) -> list[Value]:
    return [f"张{serial}", f"11010119900307{serial:04d}", "施工员", f"苏建教{serial:05d}", "2025-01-02", "2028-01-01",
            "某公司"]


def sheet(*rows: list[Value], merged: list[tuple[int, int, int, int]] | None = None) -> Book:
    return Book("台账.xlsx", "xlsx", [Sheet("八大员", list(rows), merged=merged or [])])


def test_a_line_to_be_signed_is_no_record() -> None:
    laid = lay_out(sheet(HEADINGS, row(1), row(2), ["制表人：", None, "审核人：", None, "日期："]))
    assert [record.row for record in laid.tables[0].records] == [1, 2]
    assert [(skipped.row, skipped.why) for skipped in laid.skipped] == [(0, "heading"), (3, "note")]


def test_groups_above_headings_that_come_again_belong_to_them() -> None:
    shifted: list[Value] = [HEADINGS[0], HEADINGS[2], HEADINGS[1], *HEADINGS[3:]]
    book = sheet(GROUPS, HEADINGS, row(1), row(2), GROUPS, shifted, row(3),
                 merged=[*MERGED, *((first + 4, left, last + 4, right) for first, left, last, right in MERGED)])
    laid = lay_out(book)
    assert [[record.row for record in table.records] for table in laid.tables] == [[2, 3], [6]]
    assert {skipped.row for skipped in laid.skipped if skipped.why == "heading"} == {0, 1, 4, 5}


@pytest.mark.parametrize(("heading", "field"), [
    ("证件信息 类别", "category"), ("人员信息 单位", "company"), ("证件信息 工种", "trade"), ("基本情况 姓名", "name"),
    ("发证 日期", "issued_on"),
])
def test_of_a_heading_in_lines_the_last_counts_where_the_whole_is_not_known(heading: str, field: str) -> None:
    assert field_of(heading).field == field
