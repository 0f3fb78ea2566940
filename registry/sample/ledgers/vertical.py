"""V4: a sheet for each project, field beside value, with pictures, links to scans, coloured states, hidden sheets."""

from __future__ import annotations

import datetime as dt
import io
import struct
import zlib
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.drawing.image import Image
from openpyxl.styles import PatternFill

from registry.sample.ledgers.lines import Line, Plant
from registry.sample.ledgers.pages import Book, Page

COLOURS = {"有效": "FF92D050", "临期": "FFFFC000", "过期": "FFFF0000"}
HIDDEN, PICTURED = 7, 3
"""Every so manieth sheet is hidden, or has a picture."""


def write(book: Book, file: Path) -> None:
    """Write a book of vertical sheets."""
    workbook = Workbook()
    workbook.remove(workbook.active)
    for number, page in enumerate(book.pages):
        sheet = workbook.create_sheet(page.name)
        hidden = number % HIDDEN == HIDDEN - 1
        if hidden:
            sheet.sheet_state = "hidden"
        _fill(sheet, page, hidden)
        if number % PICTURED == 0:
            sheet.add_image(Image(io.BytesIO(picture())), "D3")
    workbook.save(file)


def _fill(sheet: Any, page: Page, hidden: bool) -> None:
    row = 1
    for texts in page.above:
        for column, text in enumerate(texts, 1):
            sheet.cell(row, column, text)
        row += 1
    sheet.merge_cells("A1:B1")
    for part in page.parts:
        for line in part.lines:
            row += 1  # a blank row between blocks
            line.row = row
            for heading, role in part.columns:
                _field(sheet, line, row, heading, role)
                row += 1
            if hidden:
                line.plants.append(Plant("hidden", "", None))
                line.values[""] = "hidden"


def _field(sheet: Any, line: Line, row: int, heading: str, role: str) -> None:
    sheet.cell(row, 1, heading)
    value = line.values.get(role)
    cell = sheet.cell(row, 2, value)
    line.cells[role] = (row, 2)
    if isinstance(value, dt.date):
        cell.number_format = "yyyy-mm-dd"
    if role == "state":
        cell.fill = PatternFill("solid", fgColor=COLOURS.get(str(value), "FFBFBFBF"))
    elif role == "scan":
        cell.hyperlink = f"扫描件/{line.holder.name}-{line.codes[0]}.pdf"


def picture(side: int = 8) -> bytes:
    """A small grey PNG."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\xc0" * side for _ in range(side))
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
