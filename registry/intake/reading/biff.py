"""An old .xls, in the child: a walk over its records counts them and notes its marks before calamine reads its values.

Links and pictures of such files are not read. Of workbooks older than Excel 97 only the values are."""

from __future__ import annotations

import struct
from pathlib import Path

from registry.intake.reading import limits
from registry.intake.reading.bounds import widen
from registry.intake.reading.compound import Compound
from registry.intake.reading.refusals import (
    Broken,
    HasMacros,
    HasPassword,
    TooManyCells,
    TooManyColumns,
    TooManyRows,
    TooManySheets,
)
from registry.intake.reading.scan import Seen, Totals, without_background
from registry.intake.reading.styles import INDEXED, WHITE, Mark
from registry.intake.reading.told import Tell
from registry.intake.reading.workbooks import tell_sheets

FORMULA, RSTRING, LABELSST, NUMBER, LABEL, BOOLERR, RK = 0x06, 0xD6, 0xFD, 0x203, 0x204, 0x205, 0x27E
MULRK, MULBLANK, BLANK = 0xBD, 0xBE, 0x201
FILEPASS, BOUNDSHEET, BOF, ROW, FONT, XF, PALETTE = 0x2F, 0x85, 0x809, 0x208, 0x31, 0xE0, 0x92
SINGLE = frozenset({FORMULA, RSTRING, LABELSST, NUMBER, LABEL, BOOLERR, RK, 0x18, BLANK})
SEVERAL = {MULRK: 6, MULBLANK: 2}
"""Records of several cells, and the bytes of each."""
MACROS = 1  # the kind of a sheet of Excel 4 macros
_TWO = struct.Struct("<HH").unpack_from


def read_xls(path: Path, tell: Tell) -> None:
    """Tell the whole workbook, or refuse it."""
    with path.open("rb") as file:
        bare = not file.read(4).startswith(b"\xd0\xcf")
    stream = path.read_bytes() if bare else Compound(path).stream("Workbook", "Book")
    walked = Walk(stream)
    totals = walked.totals
    widen(cells=totals.cells, area=totals.area, text=len(stream))
    tell("book", "xls", "")
    tell_sheets(path, tell, {}, walked.sheets())


class Walk:
    """All records of a workbook, one after the other. HasPassword, HasMacros, or a bound that is passed."""

    def __init__(self, stream: bytes) -> None:
        self.stream, self.totals = stream, Totals()
        self._places: list[int] = []
        self._seen: dict[int, Seen] = {}
        self._now = Seen()
        self._last = self._widest = self._cells = 0
        self._fonts: list[bool] = []
        self._formats: list[tuple[int, int, int]] = []
        self._palette = list(INDEXED)
        self._marks: dict[int, Mark] | None = None
        try:
            self._walk()
        except (struct.error, IndexError) as error:
            raise Broken from error
        self._finish()

    def sheets(self) -> list[Seen]:
        """What was seen of each sheet, in the order of their tabs."""
        return [self._seen.get(place, Seen()) for place in self._places]

    def _walk(self) -> None:
        at, end = 0, len(self.stream)
        while at + 4 <= end:
            kind, length = _TWO(self.stream, at)
            if kind in SINGLE:
                self._cell(kind, at + 4)
            elif kind in SEVERAL:
                self._several(kind, at + 4, length)
            elif kind == ROW:
                self._row(at + 4)
            elif kind == BOF:
                self._begin(at)
            else:
                self._other(kind, at + 4, length)
            at += 4 + length

    def _begin(self, at: int) -> None:
        self._finish()
        self._now = self._seen[at] = Seen()
        self._last = self._widest = self._cells = 0

    def _finish(self) -> None:
        self.totals.area = max(self.totals.area, self._last * self._widest)
        if self._widest > limits.MOST_COLUMNS:
            raise TooManyColumns(None, sheet="", limit=limits.MOST_COLUMNS)
        if self.totals.cells > limits.MOST_CELLS or self.totals.area > limits.MOST_AREA:
            raise TooManyCells(None, limit=limits.MOST_CELLS)
        without_background(self._now, self._cells)

    def _cell(self, kind: int, at: int) -> None:
        row, column = _TWO(self.stream, at)
        self._note(row, column, _TWO(self.stream, at + 4)[0])
        if kind == BLANK:
            return
        self.totals.cells, self._cells = self.totals.cells + 1, self._cells + 1
        self._last, self._widest = max(self._last, row + 1), max(self._widest, column + 1)
        failed = (kind == BOOLERR and self.stream[at + 7]) or (
            kind == FORMULA and self.stream[at + 12:at + 14] == b"\xff\xff" and self.stream[at + 6] == 2)
        if failed:
            self._now.uncalculated.add((row, column))

    def _several(self, kind: int, at: int, length: int) -> None:
        size = SEVERAL[kind]
        row, first = _TWO(self.stream, at)
        count = max(0, (length - 6) // size)
        for number in range(count):
            self._note(row, first + number, _TWO(self.stream, at + 4 + number * size)[0])
        if kind == MULRK:
            self.totals.cells, self._cells = self.totals.cells + count, self._cells + count
            self._last, self._widest = max(self._last, row + 1), max(self._widest, first + count)

    def _note(self, row: int, column: int, number: int) -> None:
        if self._marks is None:
            self._marks = self._marked()
        mark = self._marks.get(number)
        if mark is not None:
            if mark.struck:
                self._now.struck.add((row, column))
            if mark.colour:
                self._now.fills[(row, column)] = mark.colour

    def _row(self, at: int) -> None:
        self.totals.rows += 1
        if self.totals.rows > limits.MOST_ROWS:
            raise TooManyRows(None, limit=limits.MOST_ROWS)
        if self.stream[at + 12] & 0x20:
            self._now.hidden_rows.add(_TWO(self.stream, at)[0])

    def _other(self, kind: int, at: int, length: int) -> None:
        if kind == FILEPASS:
            raise HasPassword
        if kind == BOUNDSHEET:
            self._places.append(struct.unpack_from("<I", self.stream, at)[0])
            if self.stream[at + 5] == MACROS:
                raise HasMacros
            if len(self._places) > limits.MOST_SHEETS:
                raise TooManySheets(None, limit=limits.MOST_SHEETS)
        elif kind == FONT:
            self._fonts.append(bool(_TWO(self.stream, at)[1] & 0x08))
        elif kind == XF:
            self._formats.append(_format(self.stream, at) if length == 20 else (0, 0, 0))
        elif kind == PALETTE:
            count = min(_TWO(self.stream, at + 0)[0], 56)
            for number in range(count):
                self._palette[8 + number] = self.stream[at + 2 + 4 * number:at + 5 + 4 * number].hex().upper()

    def _marked(self) -> dict[int, Mark]:
        """The formats that mark, by their numbers. There is no font 4: those after it count one too many."""
        found = {}
        for number, (font, pattern, colour) in enumerate(self._formats):
            place = font - (font > 4)
            struck = place < len(self._fonts) and self._fonts[place]
            plain = self._palette[colour] if pattern == 1 and colour < len(self._palette) else ""
            if struck or plain not in ("", WHITE):
                found[number] = Mark(struck, "" if plain == WHITE else plain)
        return found


def _format(stream: bytes, at: int) -> tuple[int, int, int]:
    """Font, pattern and colour of the fill of a cell format (MS-XLS 2.5.20, 2.4.353)."""
    font, = struct.unpack_from("<H", stream, at)
    borders, colours = struct.unpack_from("<IH", stream, at + 14)
    return font, borders >> 26, colours & 0x7F
