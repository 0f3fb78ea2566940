"""The workbook's own cells: colours, strikes, merged areas, hidden sheets, and nothing that could be a formula."""

from __future__ import annotations

import datetime as dt
from io import BytesIO

import openpyxl

from web.spreadsheet import Look, Sheet, workbook


def opened(*sheets: Sheet) -> openpyxl.Workbook:
    return openpyxl.load_workbook(BytesIO(b"".join(workbook(sheets))))


def test_a_sheet_without_headings_begins_in_its_first_row_as_it_came() -> None:
    rows = [["特种作业台账", None], ["姓名", "证号"], [Look("王建国", "FFC7CE"), Look(12.5, struck=True)]]
    sheet = opened(Sheet("甲", (), rows, merged=[(0, 0, 0, 1)], hidden_rows={1})).worksheets[0]
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        ["特种作业台账", None], ["姓名", "证号"], ["王建国", 12.5]]
    assert [str(area) for area in sheet.merged_cells.ranges] == ["A1:B1"]
    assert sheet["A3"].fill.fgColor.rgb == "FFFFC7CE" and not sheet["A1"].fill.fill_type
    assert sheet["B3"].font.strike and not sheet["A3"].font.strike
    assert sheet.row_dimensions[2].hidden and not sheet.row_dimensions[3].hidden


def test_coloured_cells_keep_their_kind() -> None:
    moment = dt.datetime.fromisoformat("2026-11-22T10:02")
    row = [Look(dt.date(2026, 11, 22), "FFEB9C"), Look(moment, "FFEB9C"), Look(True, "FFEB9C")]
    cells = next(opened(Sheet("甲", (), [row])).worksheets[0].iter_rows())
    assert [cell.value for cell in cells] == [moment.replace(hour=0, minute=0), moment, True]


def test_a_coloured_cell_is_no_formula_either() -> None:
    cell = opened(Sheet("甲", (), [[Look("=1+1", "FFC7CE")]])).worksheets[0]["A1"]
    assert (cell.value, cell.data_type, cell.quotePrefix) == ("=1+1", "s", True)


def test_a_colour_that_is_none_and_a_day_before_excel_do_no_harm() -> None:
    row = [Look("x", '"/><hack'), dt.date(1850, 1, 1), float("nan")]
    sheet = opened(Sheet("甲", (), [row], hidden=True), Sheet("乙", (), [])).worksheets[0]
    assert [cell.value for cell in sheet[1]] == ["x", "1850-01-01", "nan"]
    assert sheet.sheet_state == "hidden"


def test_every_book_has_sheets_that_a_spreadsheet_opens() -> None:
    long = "年" * 40
    names = ["a/b[1]:*?'\"", "\x01", "", long, long, "甲", "甲"]
    book = opened(*(Sheet(name, (), [["x"]], hidden=True) for name in names))
    assert book.sheetnames == ["a_b_1______", "Sheet2", "Sheet3", "年" * 31, "年" * 29 + "_2", "甲", "甲_2"]
    assert [sheet.sheet_state for sheet in book.worksheets] == ["visible", *["hidden"] * 6]
