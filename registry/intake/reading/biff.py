"""An old .xls, in the child: its records are counted before calamine reads them. Its colours are not read."""

from __future__ import annotations

import struct
from pathlib import Path

from registry.intake.reading import limits
from registry.intake.reading.bounds import widen
from registry.intake.reading.compound import Compound
from registry.intake.reading.refusals import (
    HasMacros,
    HasPassword,
    TooManyCells,
    TooManyColumns,
    TooManyRows,
    TooManySheets,
)
from registry.intake.reading.scan import Totals
from registry.intake.reading.told import Tell
from registry.intake.reading.workbooks import tell_sheets

FILEPASS, BOUNDSHEET, BOF, ROW = 0x2F, 0x85, 0x809, 0x208
MACROS = 1  # the kind of a sheet of Excel 4 macros
VALUES = {0x06, 0x18, 0xD6, 0xFD, 0x203, 0x204, 0x205, 0x27E, 0xBD}
"""Records that give a cell a value: FORMULA, RSTRING, LABELSST, NUMBER, LABEL, BOOLERR, RK, MULRK."""


def read_xls(path: Path, tell: Tell) -> None:
    """Tell the whole workbook, or refuse it."""
    with path.open("rb") as file:
        bare = not file.read(4).startswith(b"\xd0\xcf")
    stream = path.read_bytes() if bare else Compound(path).stream("Workbook", "Book")
    totals = count(stream)
    widen(cells=totals.cells, area=totals.area, text=len(stream))
    tell("book", "xls", "")
    tell_sheets(path, tell, {})


def count(stream: bytes) -> Totals:
    """What the workbook holds, by a walk over its records. HasPassword, HasMacros, or a bound that is passed."""
    totals, at, sheets, last, widest = Totals(), 0, 0, 0, 0
    unpack, end = struct.Struct("<HH").unpack_from, len(stream)
    while at + 4 <= end:
        kind, length = unpack(stream, at)
        if kind in VALUES and length >= 4:
            row, column = unpack(stream, at + 4)
            totals.cells += 1 if kind != 0xBD else max(1, (length - 6) // 6)
            last, widest = max(last, row + 1), max(widest, column + 1)
        elif kind == ROW:
            totals.rows += 1
        elif kind == FILEPASS:
            raise HasPassword
        elif kind == BOUNDSHEET and length >= 6:
            sheets += 1
            if stream[at + 9] == MACROS:
                raise HasMacros
        elif kind == BOF:
            last = widest = 0
        totals.area = max(totals.area, last * widest)
        at += 4 + length
    _check(totals, sheets, widest)
    return totals


def _check(totals: Totals, sheets: int, widest: int) -> None:
    if sheets > limits.MOST_SHEETS:
        raise TooManySheets(None, limit=limits.MOST_SHEETS)
    if totals.rows > limits.MOST_ROWS:
        raise TooManyRows(None, limit=limits.MOST_ROWS)
    if totals.cells > limits.MOST_CELLS or totals.area > limits.MOST_AREA:
        raise TooManyCells(None, limit=limits.MOST_CELLS)
    if widest > limits.MOST_COLUMNS:
        raise TooManyColumns(None, sheet="", limit=limits.MOST_COLUMNS)
