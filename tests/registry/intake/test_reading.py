"""A spreadsheet as its owner sees it: values where they stand, and the marks that mean something in a ledger."""

from __future__ import annotations

import datetime as dt
import io
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.drawing.image import Image
from openpyxl.styles import Font, PatternFill
from openpyxl.styles.colors import Color
from openpyxl.worksheet.worksheet import Worksheet
from PIL import Image as Picture

from bench.hostile_sheets import MAIN, STRINGS, book, compound, number, old, record, sheet
from registry.intake.book import Book, Sheet
from registry.intake.reading import read

MORNING = dt.datetime.fromisoformat("2026-01-02T08:30")
Fill = Callable[[Worksheet], Any]


@pytest.fixture
def written(tmp_path: Path) -> Callable[[Fill], Sheet]:
    """A workbook filled by a function and saved as openpyxl saves; its first sheet as we read it."""

    def write(fill: Fill) -> Sheet:
        workbook = openpyxl.Workbook()
        fill(workbook.worksheets[0])
        workbook.save(tmp_path / "a.xlsx")
        return read(tmp_path / "a.xlsx", "a.xlsx").sheets[0]

    return write


def made(path: Path, rows: str, strings: str = "", **more: str) -> Sheet:
    """A sheet of raw XML as we read it."""
    book(path / "a.xlsx", sheet(rows), STRINGS % strings if strings else "")
    return read(path / "a.xlsx", "a.xlsx").sheets[0]


def set_cells(**cells: Any) -> Fill:
    def fill(page: Worksheet) -> None:
        for place, value in cells.items():
            page[place] = value

    return fill


def test_rows_and_columns_count_from_the_first_of_the_sheet(written: Callable[[Fill], Sheet]) -> None:
    assert written(set_cells(C3="姓名", E4="张三")).rows == [
        [], [], [None, None, "姓名"], [None, None, None, None, "张三"]]


def test_values_keep_their_kinds(written: Callable[[Fill], Sheet]) -> None:
    cells = {"A1": 12, "B1": 1.5, "C1": True, "D1": dt.date(2026, 12, 31), "E1": MORNING,
             "F1": dt.time(8, 30), "G1": "012", "H1": 46387, "I1": dt.timedelta(hours=30)}
    row = written(set_cells(**cells)).rows[0]
    assert row == [12, 1.5, True, dt.date(2026, 12, 31), MORNING, "08:30:00", "012", 46387,
                   "30:00:00"]
    assert [type(value) for value in row[:2]] == [int, float]


def test_days_are_read_by_the_number_format(written: Callable[[Fill], Sheet]) -> None:
    def fill(page: Worksheet) -> None:
        page["A1"], page["B1"] = 46387, 46387
        page["A1"].number_format, page["B1"].number_format = 'yyyy"年"m"月"d"日"', "#,##0"

    assert written(fill).rows == [[dt.date(2026, 12, 31), 46387]]


def test_the_calendar_of_1904_is_known(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    workbook.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    workbook.worksheets[0]["A1"] = dt.date(2026, 12, 31)
    workbook.save(tmp_path / "a.xlsx")
    assert read(tmp_path / "a.xlsx", "a.xlsx").sheets[0].rows == [[dt.date(2026, 12, 31)]]


def test_a_number_of_more_digits_than_a_spreadsheet_keeps_is_marked(written: Callable[[Fill], Sheet]) -> None:
    found = written(set_cells(A1=110101199003071234, B1=110101900307123))
    assert found.rounded == {(0, 0)}
    assert isinstance(found.rows[0][0], float) and found.rows[0][1] == 110101900307123


def test_a_formula_gives_the_result_that_was_kept(tmp_path: Path) -> None:
    rows = ('<row r="1"><c r="A1" t="str"><f>IF(H2&lt;TODAY(),"过期","有效")</f><v>有效</v></c><c r="B1">'
            '<f>SUM(C1:C9)</f><v>3</v></c><c r="C1" t="str"><f>IF(A1="","","")</f><v></v></c>'
            '<c r="D1"><f>[1]表!A1</f><v>7</v></c></row>')
    found = made(tmp_path, rows)
    assert found.rows == [["有效", 3, None, 7]]
    assert found.uncalculated == set()


def test_a_formula_without_a_result_is_marked(tmp_path: Path) -> None:
    rows = ('<row r="1"><c r="A1"><f>1+1</f><v></v></c><c r="B1"><f>2+1</f></c><c r="C1" t="e"><f>1/0</f><v>#DIV/0!</v>'
            '</c><c r="D1"><v>1</v></c></row>')
    assert made(tmp_path, rows).uncalculated == {(0, 0), (0, 1), (0, 2)}


def test_merged_areas_hidden_sheets_and_hidden_rows_are_told(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    page = workbook.worksheets[0]
    page["A1"], page["A5"] = "类别", "x"
    page.merge_cells("A1:C3")
    page.row_dimensions[5].hidden = True
    workbook.create_sheet("旧").sheet_state = "hidden"
    workbook.create_sheet("更旧").sheet_state = "veryHidden"
    workbook.save(tmp_path / "a.xlsx")
    sheets = read(tmp_path / "a.xlsx", "a.xlsx").sheets
    assert [each.hidden for each in sheets] == [False, True, True]
    assert (sheets[0].merged, sheets[0].hidden_rows) == ([(0, 0, 2, 2)], {4})


def test_struck_cells_are_told(written: Callable[[Fill], Sheet]) -> None:
    def fill(page: Worksheet) -> None:
        page["A1"], page["A2"] = "在", "走"
        page["A2"].font = Font(strike=True)

    assert written(fill).struck == {(1, 0)}


def test_a_text_struck_from_end_to_end_is_struck_and_one_struck_in_part_is_not(tmp_path: Path) -> None:
    struck = "<r><rPr><strike/></rPr><t>张</t></r>"
    strings = f"<si>{struck}{struck}</si><si>{struck}<r><t>三</t></r></si><si>{struck}<r><t> </t></r></si>"
    rows = "".join(f'<row r="{n}"><c r="B{n}" t="s"><v>{n - 1}</v></c></row>' for n in (1, 2, 3))
    assert made(tmp_path, rows, strings).struck == {(0, 1), (2, 1)}


def test_backgrounds_are_told_in_plain_colours(written: Callable[[Fill], Sheet]) -> None:
    colours = [Color(rgb="FFFF0000"), Color(theme=4), Color(theme=4, tint=0.8), Color(indexed=10),
               Color(rgb="FFFFFFFF")]

    def fill(page: Worksheet) -> None:
        for at, colour in enumerate(colours, 1):
            page.cell(1, at, "x").fill = PatternFill("solid", fgColor=colour)
        page.cell(1, 6, "x").fill = PatternFill("lightGray")

    assert written(fill).fills == {(0, 0): "FF0000", (0, 1): "4F81BD", (0, 2): "DCE6F2", (0, 3): "FF0000"}


def test_links_and_pictures_are_told(written: Callable[[Fill], Sheet]) -> None:
    picture = io.BytesIO()
    Picture.new("RGB", (4, 4)).save(picture, "PNG")

    def fill(page: Worksheet) -> None:
        page["A2"], page["A3"] = "扫描件", "x"
        page["A2"].hyperlink = "scans/a&b.pdf"
        page.add_image(Image(picture), "C3")

    found = written(fill)
    assert (found.links, found.pictures) == ({(1, 0): "scans/a&b.pdf"}, {2: 1})


def test_a_picture_that_wps_keeps_in_a_cell_is_a_picture(tmp_path: Path) -> None:
    formula = '=DISPIMG("ID_1",1)'
    rows = f'<row r="1"><c r="A1" t="str"><f>_xlfn.{formula[1:]}</f><v>{formula}</v></c><c r="B1"><v>1</v></c></row>'
    found = made(tmp_path, rows.replace('"ID_1"', "&quot;ID_1&quot;"))
    assert (found.rows, found.pictures) == ([[None, 1]], {0: 1})


def test_rows_and_cells_without_places_follow_each_other(tmp_path: Path) -> None:
    strings = "<si><r><rPr><strike/></rPr><t>走</t></r></si>"
    rows = ("<row><c><v>1</v></c><c><v>2</v></c></row><row r='5' hidden='1'><c/><c t='s'><v>0</v></c></row>"
            "<row><c><f>1+1</f></c></row>")
    found = made(tmp_path, rows, strings)
    assert found.rows == [[1, 2], [], [], [], [None, "走"]]
    assert (found.struck, found.hidden_rows, found.uncalculated) == ({(4, 1)}, {4}, {(5, 0)})


def test_a_workbook_with_prefixed_names_is_read(tmp_path: Path) -> None:
    rows = ('<x:row r="2" hidden="1"><x:c r="B2"><x:f>1+1</x:f></x:c><x:c r="C2" t="inlineStr"><x:is>'
            '<x:t>张三</x:t></x:is></x:c></x:row>')
    book(tmp_path / "a.xlsx", f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData>{rows}</x:sheetData></x:worksheet>')
    found = read(tmp_path / "a.xlsx", "a.xlsx").sheets[0]
    assert found.rows == [[], [None, None, "张三"]]
    assert (found.hidden_rows, found.uncalculated) == ({1}, {(1, 1)})


def test_an_old_workbook_is_read(tmp_path: Path) -> None:
    text = "张三".encode("utf-16-le")
    label = record(0x204, b"\2\0\1\0\0\0" + b"\2\0\1" + text)
    merged = record(0xE5, b"\1\0" + b"\2\0\3\0\1\0\1\0")
    compound(tmp_path / "a.xls", "Workbook", old(number(0, 0, 7.0) + label + merged))
    found = read(tmp_path / "a.xls", "a.xls")
    assert (found.kind, found.sheets[0].name) == ("xls", "台账")
    assert found.sheets[0].rows == [[7], [], [None, "张三"]]
    assert found.sheets[0].merged == [(2, 1, 3, 1)]


def test_the_marks_of_an_old_workbook_are_told(tmp_path: Path) -> None:
    def font(flags: int) -> bytes:
        return record(0x31, struct.pack("<HHHHHBBBBBB", 200, flags, 8, 400, 0, 0, 0, 0, 0, 0, 0))

    def form(font: int, pattern: int, colour: int) -> bytes:
        return record(0xE0, struct.pack("<HHHBBBBIIH", font, 0, 0, 0, 0, 0, 0, 0, pattern << 26, colour))

    styles = font(0) * 4 + font(8) + form(0, 0, 64) + form(5, 0, 64) + form(0, 1, 10) + form(0, 1, 9)
    styles += record(0x92, struct.pack("<H", 3) + bytes.fromhex("00000000ffffff00c0000000"))
    cells = b"".join(record(0x203, struct.pack("<HHHd", row, 0, row, 1.0)) for row in range(4))
    cells += record(0x208, struct.pack("<HHHHHHI", 1, 0, 1, 255, 0, 0, 0x20)) + record(0x205, struct.pack(
        "<HHHBB", 5, 1, 0, 0x2A, 1)) + record(0xBE, struct.pack("<HHHHH", 4, 2, 1, 2, 3))
    compound(tmp_path / "a.xls", "Workbook", old(cells, styles))
    found = read(tmp_path / "a.xls", "a.xls").sheets[0]
    assert (found.struck, found.fills) == ({(1, 0), (4, 2)}, {(2, 0): "C00000", (4, 3): "C00000"})
    assert (found.hidden_rows, found.uncalculated) == ({1}, {(5, 1)})


def test_the_name_its_sender_gave_is_the_books(tmp_path: Path) -> None:
    (tmp_path / "0f3a").write_text("姓名\n张三\n", encoding="utf-8")
    found = read(tmp_path / "0f3a", "人员台账.csv")
    assert found == Book("人员台账.csv", "csv", [Sheet("人员台账", [["姓名"], ["张三"]])], "utf-8")
