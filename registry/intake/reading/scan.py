"""One pass over a sheet's XML before it is read: how much it holds, what its formulas do, what its marks are.

Everything is counted on the unpacked bytes, a megabyte at a time, so that a sheet which is too large is refused before
it is built. Positions count from 0, as in book.py.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from registry.intake.book import Area, Spot
from registry.intake.reading import limits
from registry.intake.reading.bounds import earn
from registry.intake.reading.chunks import NUMBER, PLACE, chunks, column_of
from registry.intake.reading.formulas import Formulas
from registry.intake.reading.refusals import (
    Broken,
    TooManyCells,
    TooManyColumns,
    TooManyParts,
    TooManyRows,
    TooMuchText,
)
from registry.intake.reading.styles import Marks

FAR_ROW = re.compile(rb' r="[A-Z]+(\d{6,})"[^>]*(?<!/)>')
FAR_COLUMN = re.compile(rb' r="([A-Z]{2,})\d+"[^>]*(?<!/)>(?!</c>)')
TEXT_AT = re.compile(rb' t="s"[^>]*>\s*<v>\s*(\d+)')
ERROR = re.compile(rb'<c\s(?=[^>]* t="e")[^>]*?r="([A-Z]+)(\d+)"')
HIDDEN = re.compile(rb'<row(?=[^>]* hidden="(?:1|true)")[^>]*? r="(\d+)"')
STRUCK = re.compile(rb'<c\s[^>]*?r="([A-Z]+)(\d+)"[^>]*? t="s"[^>]*>\s*<v>\s*(\d+)')
MERGED = re.compile(rb"""<mergeCell\s[^>]*?ref=["']([A-Z]+)(\d+):([A-Z]+)(\d+)["']""")
LINKED = re.compile(rb"<hyperlink\s[^>]*>")
DRAWN = re.compile(rb"""<drawing\s[^>]*?:id=["']([^"']+)["']""")
BACKGROUND = 50_000
"""A colour of more cells than this, and of more than half of them all, is the sheet's background and not a mark."""


@dataclass
class Texts:
    """The shared strings: how many bytes each has, the longest of them, and which are struck through as a whole."""

    sizes: array[int] = field(default_factory=lambda: array("I"))
    longest: int = 0
    struck: set[int] = field(default_factory=set)


@dataclass
class Totals:
    """What a whole book comes to. `area` is that of its largest sheet."""

    rows: int = 0
    cells: int = 0
    text: int = 0
    area: int = 0
    marks: int = 0


@dataclass
class Seen:
    """What the values do not tell of one sheet."""

    struck: set[Spot] = field(default_factory=set)
    fills: dict[Spot, str] = field(default_factory=dict)
    hidden_rows: set[int] = field(default_factory=set)
    uncalculated: set[Spot] = field(default_factory=set)
    merged: list[Area] = field(default_factory=list)
    links: dict[Spot, str] = field(default_factory=dict)
    pictures: Counter[int] = field(default_factory=Counter)
    link_tags: list[bytes] = field(default_factory=list)
    drawing: str = ""


def spot(column: bytes, row: bytes) -> Spot:
    return int(row[:9]) - 1, column_of(column) - 1


def scan(name: str, blocks: Iterable[bytes], totals: Totals, texts: Texts, marks: Marks,
         formulas: Formulas) -> Seen:
    """Go over one sheet. Adds to the book's totals and formulas; refuses as soon as a bound is passed."""
    seen, width, last, before = Seen(), 26, 0, totals.cells
    for chunk in chunks(blocks):
        _count(chunk, totals)
        earn(totals.cells)
        width = max(width, _width(name, chunk))
        last = max(last, _last_row(chunk))
        _weigh(chunk, totals, texts)
        if b"<f" in chunk:
            formulas.look(name, chunk, seen)
        _marks(chunk, seen, marks, texts)
        _tail(chunk, seen, totals)
    totals.area = max(totals.area, width * last)
    if totals.area > limits.MOST_AREA:
        raise TooManyCells(None, limit=limits.MOST_CELLS)
    without_background(seen, totals.cells - before)
    return seen


def _count(chunk: bytes, totals: Totals) -> None:
    totals.rows += chunk.count(b"<row")
    totals.cells += chunk.count(b"<c ")
    if totals.rows > limits.MOST_ROWS:
        raise TooManyRows(None, limit=limits.MOST_ROWS)
    if totals.cells > limits.MOST_CELLS:
        raise TooManyCells(None, limit=limits.MOST_CELLS)


def _width(name: str, chunk: bytes) -> int:
    """The columns that have content, if they are more than 26."""
    widest = max(map(column_of, set(FAR_COLUMN.findall(chunk))), default=0)
    if widest > limits.MOST_COLUMNS:
        raise TooManyColumns(None, sheet=name, limit=limits.MOST_COLUMNS)
    return widest


def _last_row(chunk: bytes) -> int:
    """The highest number of a row with content."""
    start = chunk.rfind(b"<row")
    here = NUMBER.search(chunk, start) if start >= 0 else None
    ends = int(here[1][:9]) if here and b"<c " in chunk[start:] else 0
    farthest = max((int(each[:9]) for each in FAR_ROW.findall(chunk)), default=0)
    if farthest > limits.MOST_ROWS:
        raise TooManyRows(None, limit=limits.MOST_ROWS)
    return max(min(ends, limits.MOST_ROWS), farthest)


def _weigh(chunk: bytes, totals: Totals, texts: Texts) -> None:
    """Bytes of the texts that the cells repeat."""
    times = chunk.count(b' t="s"')
    if texts.longest <= 40:
        totals.text += times * texts.longest
    elif times:
        try:
            totals.text += sum(map(texts.sizes.__getitem__, map(int, TEXT_AT.findall(chunk))))
        except (IndexError, ValueError) as error:
            raise Broken from error
    if totals.text > limits.MOST_TEXT:
        raise TooMuchText


def _marks(chunk: bytes, seen: Seen, marks: Marks, texts: Texts) -> None:
    if b" hidden=" in chunk:
        seen.hidden_rows.update(int(row[:9]) - 1 for row in HIDDEN.findall(chunk))
    if b't="e"' in chunk:
        seen.uncalculated.update(spot(*found) for found in ERROR.findall(chunk))
    if texts.struck:
        seen.struck.update(spot(column, row) for column, row, at in STRUCK.findall(chunk) if int(at) in texts.struck)
    for found in marks.styled.finditer(chunk) if marks.styled else ():
        begin = chunk.rfind(b"<", 0, found.start())
        place = PLACE.search(chunk, begin, chunk.find(b">", begin)) if chunk[begin:begin + 3] == b"<c " else None
        if place:
            at, mark = spot(place[1], place[2]), marks.by_style[found[1]]
            if mark.struck:
                seen.struck.add(at)
            if mark.colour:
                seen.fills[at] = mark.colour


def _tail(chunk: bytes, seen: Seen, totals: Totals) -> None:
    start = chunk.find(b"</sheetData>")
    if start < 0:
        return
    tail = chunk[start:]
    for left, top, right, bottom in MERGED.findall(tail):
        (row, column), (last_row, last_column) = spot(left, top), spot(right, bottom)
        seen.merged.append((row, column, min(last_row, limits.MOST_ROWS), min(last_column, limits.MOST_COLUMNS)))
    seen.link_tags = LINKED.findall(tail)
    drawn = DRAWN.search(tail)
    seen.drawing = drawn[1].decode("utf-8", "replace") if drawn else ""
    totals.marks += len(seen.merged) + len(seen.link_tags)
    if totals.marks > limits.MOST_MARKS:
        raise TooManyParts


def without_background(seen: Seen, cells: int) -> None:
    """Leave out a colour that is the ground of a large sheet."""
    commonest, times = next(iter(Counter(seen.fills.values()).most_common(1)), ("", 0))
    if times > BACKGROUND and times > cells // 2:
        seen.fills = {at: colour for at, colour in seen.fills.items() if colour != commonest}
