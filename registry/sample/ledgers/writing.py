"""Workbooks and text files out of pages; each line learns where it came to stand."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter

from registry.sample.ledgers.lines import Line, Value
from registry.sample.ledgers.pages import COUNTED, Book, Page, Part

CSV_ENCODING = "gb18030"
STRUCK, RED = Font(strike=True), PatternFill("solid", fgColor="FFFF0000")
Rows = list[list[Value]]


def write(book: Book, file: Path) -> None:
    """Write a book of rows, as .xlsx or .csv."""
    if book.shape == "csv":
        _text(book, file)
        return
    workbook = Workbook(write_only=True)
    for page in book.pages:
        if not any(page.lines()) and len(book.pages) > 1:
            continue
        sheet = workbook.create_sheet(page.name)
        merged: list[str] = []
        for row, left in _rows(page, merged):
            sheet.append([_marked(sheet, value, left[at]) if at in left else value for at, value in enumerate(row)])
        for area in merged:
            sheet.merged_cells.add(area)
    workbook.save(file)


def _text(book: Book, file: Path) -> None:
    with file.open("w", encoding=CSV_ENCODING, newline="") as out:
        lines = csv.writer(out)
        for row, _ in _rows(book.pages[0], []):
            lines.writerow(["" if value is None else value for value in row])


def _marked(sheet: Any, value: Value, how: str) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, value)
    if how == "strike":
        cell.font = STRUCK
    else:
        cell.fill = RED
    if isinstance(value, dt.date):
        cell.number_format = "yyyy-mm-dd"
    return cell


def _rows(page: Page, merged: list[str]) -> Iterator[tuple[list[Value], dict[int, str]]]:
    """The rows of a sheet with the places in them that are struck or red; merged areas are told in `merged`."""
    width = max((len(part.columns) + part.beside for part in page.parts), default=1)
    row = 0
    for number, texts in enumerate(page.above):
        row += 1
        if number == 0:
            merged.append(f"A1:{get_column_letter(width)}1")
        yield [text or None for text in texts], {}
    for part in page.parts:
        if part.section:
            row += 1
            yield [part.section if role == "group" else None for _, role in part.columns], {}
        if part.above:
            row += 1
            yield _above(part, row, merged), {}
        if part.headed:
            row += 1
            yield _headings(part), {}
        for values, left in (_beside if part.beside else _down)(part, row, merged):
            row += 1
            yield values, left
    for texts in page.below:
        row += 1
        yield [text or None for text in texts], {}


def _headings(part: Part) -> list[Value]:
    once: list[Value] = [heading for heading, _ in part.columns]
    return once + [None] * (part.beside - len(once)) + once if part.beside else once


def _above(part: Part, row: int, merged: list[str]) -> list[Value]:
    """The words over several headings, each merged over its columns."""
    found: list[Value] = []
    for word, columns in part.above:
        first, last = len(found) + 1, len(found) + columns
        if columns > 1:
            merged.append(f"{get_column_letter(first)}{row}:{get_column_letter(last)}{row}")
        found += [word, *[None] * (columns - 1)]
    return found


def _down(part: Part, before: int, merged: list[str]) -> Iterator[tuple[list[Value], dict[int, str]]]:
    """One line to a row; the first of equal neighbours in the merged column has the value."""
    if part.again:
        yield from _paged(part, before)
        return
    letter = next((get_column_letter(at) for at, (_, role) in enumerate(part.columns, 1) if role == part.merged), "")
    begun, last = before + 1, None
    for number, line in enumerate(part.lines, 1):
        row = before + number
        values = _placed(line, part, row, 0, number)
        if part.merged:
            at = next(at for at, (_, role) in enumerate(part.columns) if role == part.merged)
            again = number > 1 and line.values[part.merged] == last
            if not again:
                _merge(merged, letter, begun, row - 1)
                begun, last = row, line.values[part.merged]
            values[at] = None if again else values[at]
        yield values, dict.fromkeys(range(len(values)), line.left) if line.left else {}
    if part.merged:
        _merge(merged, letter, begun, before + len(part.lines))


def _paged(part: Part, before: int) -> Iterator[tuple[list[Value], dict[int, str]]]:
    """One line to a row, the headings again at the top of each page."""
    row = before
    for number, line in enumerate(part.lines, 1):
        if number > 1 and number % part.again == 1:
            row += 1
            yield _headings(part), {}
        row += 1
        values = _placed(line, part, row, 0, number)
        yield values, dict.fromkeys(range(len(values)), line.left) if line.left else {}


def _merge(merged: list[str], letter: str, first: int, last: int) -> None:
    if last > first:
        merged.append(f"{letter}{first}:{letter}{last}")


def _beside(part: Part, before: int, merged: list[str]) -> Iterator[tuple[list[Value], dict[int, str]]]:
    """Two lines to a row; the second half of the lines stands on the right."""
    half = (len(part.lines) + 1) // 2
    for number in range(half):
        row: list[Value] = []
        left: dict[int, str] = {}
        for offset, at in ((0, number), (part.beside, number + half)):
            if at < len(part.lines):
                row += [None] * (offset - len(row)) + _placed(part.lines[at], part, before + number + 1, offset, at + 1)
                if part.lines[at].left:
                    left |= dict.fromkeys(range(offset, offset + len(part.columns)), part.lines[at].left)
        yield row, left


def _placed(line: Line, part: Part, row: int, offset: int, number: int) -> list[Value]:
    """The values of a line in the order of the columns; the line learns its cells."""
    line.row = row
    line.cells = {role: (row, offset + at) for at, (_, role) in enumerate(part.columns, 1) if role}
    return [number if role == COUNTED else line.values.get(role) if role else None for _, role in part.columns]
