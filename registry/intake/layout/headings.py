"""Finding the row that is the heading of a table, and reading it: several lines, groups, tables side by side."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from registry.intake.book import Area, Sheet, Value
from registry.intake.layout.lines import Cell, filled, headings_in
from registry.intake.layout.marks import Marks
from registry.intake.layout.sides import split
from registry.intake.meaning.columns import understood

FIRST = 40
"""A heading begins within so many rows of a sheet."""
WIDEST = 16384
"""Columns that a sheet may have."""
_DIGITS = re.compile(r"[0-9]{5}")


@dataclass
class Head:
    """A heading: its rows, the heading of each column, and which columns make which table (see sides)."""

    top: int
    bottom: int
    texts: dict[int, str]
    sides: list[list[int]] = field(default_factory=list)

    @cached_property
    def shared(self) -> frozenset[int]:
        """The columns that belong to every table, of several."""
        return frozenset(set.intersection(*(set(side) for side in self.sides))) if len(self.sides) > 1 else frozenset()

    @property
    def width(self) -> int:
        """How many columns have a heading."""
        return len(self.texts)

    def _meaning(self, *fields: str) -> frozenset[int]:
        return frozenset(at for at, text in self.texts.items() if any(
            field in fields for field, sure in understood(text)[:1]))

    @cached_property
    def names(self) -> frozenset[int]:
        """The columns of names."""
        return self._meaning("name")

    @cached_property
    def numbers(self) -> frozenset[int]:
        """The columns of certificate and identity numbers."""
        return self._meaning("number", "id_number")

    @cached_property
    def keys(self) -> frozenset[int]:
        """Where a record has what makes it one."""
        return self.names | self.numbers

    @cached_property
    def sequences(self) -> frozenset[int]:
        """The columns that only count."""
        return self._meaning("sequence")

    @cached_property
    def remarks(self) -> frozenset[int]:
        """The columns of remarks."""
        return self._meaning("remark", "keep")


def find(sheet: Sheet, marks: Marks, more: frozenset[str]) -> Head | None:
    """The first heading of a sheet: a row of headings that we know, else a row of distinct short texts over values."""
    lines = [filled(row[:WIDEST]) for row in sheet.rows[:FIRST + 10]]
    for at, cells in enumerate(lines[:FIRST]):
        if is_head(cells, more):
            return read(sheet, marks, at, more)
    most = max((len(cells) for cells in lines), default=0)
    for at, cells in enumerate(lines[:FIRST]):
        if _may_head(cells, most) and _over_values(cells, [each for each in lines[at + 1:at + 11] if each]):
            return read(sheet, marks, at, more)
    return None


def is_head(cells: Sequence[Cell], more: frozenset[str] = frozenset()) -> bool:
    """Whether enough cells of a row are headings that we know."""
    if len(cells) < 2:
        return False
    known = headings_in(cells, more)
    share = known / len(cells)
    if known >= 3 and share >= 0.5:
        return True
    plain = not any(is_value(value) for _, value in cells)
    return plain and (known >= 2 and share >= 0.6 or known >= 3 and share >= 0.4)


def read(sheet: Sheet, marks: Marks, at: int, more: frozenset[str] = frozenset()) -> Head:
    """The heading around a row: lines above and below that belong to it, each column's lines joined."""
    top, bottom = _span(sheet, marks, at, more)
    lines = [_spread(sheet, marks, row, below=row < bottom) for row in range(top, bottom + 1)]
    places = sorted(set().union(*lines))
    texts: dict[int, str] = {}
    for place in places:
        parts = list(dict.fromkeys(line[place] for line in lines if line.get(place)))
        texts[place] = " ".join(parts)[:200]
    return Head(top, bottom, texts, _sides(texts, width(sheet)))


def width(sheet: Sheet) -> int:
    """How many columns a sheet has."""
    return min(WIDEST, max((len(row) for row in sheet.rows), default=0))


def _sides(texts: dict[int, str], columns: int) -> list[list[int]]:
    """The tables' columns; one without a heading goes with the headed one to its left, those before all with the
    first."""
    sides = split(texts)
    headed = sorted(texts)
    ends = dict(zip(headed, [*headed[1:], max(columns, headed[-1] + 1)], strict=True))
    wider = [[place for each in side for place in range(each, ends[each])] for side in sides]
    wider[0] = [*range(headed[0]), *wider[0]]
    return wider


def _span(sheet: Sheet, marks: Marks, at: int, more: frozenset[str]) -> tuple[int, int]:
    """The first and the last row of a heading. Merged cells say so; without them (csv) the look of the next row."""
    rows, width = sheet.rows, len(filled(sheet.rows[at]))
    top = bottom = at
    for area in marks.areas:
        if area[0] <= at <= area[2] and area[2] > area[0] and not _title(area, width):
            top, bottom = min(top, max(area[0], at - 2)), max(bottom, min(area[2], at + 2))
    if top == at > 0 and any(not _title(area, width) for area in marks.wide(at - 1)) and len(filled(rows[at - 1])) > 1:
        top = at - 1
    grouped = any(not _title(area, width) for area in marks.wide(bottom))
    if bottom + 1 < len(rows) and bottom < at + 2 and _second(sheet, bottom, grouped, more):
        bottom += 1
    return top, min(bottom, len(rows) - 1)


def _title(area: Area, width: int) -> bool:
    """A cell merged over most of the table is a title, not a group."""
    return area[3] - area[1] + 1 >= max(3, 0.8 * width)


def _second(sheet: Sheet, at: int, grouped: bool, more: frozenset[str]) -> bool:
    """Whether the row below goes on with the heading: short texts under a group, some in columns not yet headed."""
    first = {place for place, _ in filled(sheet.rows[at])}
    below = filled(sheet.rows[at + 1])
    if not below or not all(isinstance(value, str) and not is_value(value) for _, value in below):
        return False
    fresh = [place for place, _ in below if place not in first and place < max(first, default=0) + 4]
    known = headings_in(below, more)
    if not fresh or len(below) >= len(first) + len(fresh):
        return False
    return known >= 1 and known >= 0.5 * len(below) or (grouped and known >= 1) or (
        grouped and all(len(str(value).strip()) <= 10 for _, value in below) and len(below) <= len(fresh) * 2)


def _spread(sheet: Sheet, marks: Marks, row: int, below: bool) -> dict[int, str]:
    """A heading's line with the text of a group over all its columns."""
    line = {place: " ".join(str(value).split()) for place, value in filled(sheet.rows[row][:WIDEST])}
    for _, column, _, last in marks.wide(row):
        for place in range(column + 1, min(last, WIDEST) + 1):
            if column in line:
                line[place] = line[column]
    if below and not marks.wide(row) and row + 1 < len(sheet.rows):
        under = {place for place, _ in filled(sheet.rows[row + 1])}
        for place in sorted(under - set(line)):
            before = [each for each in line if each < place]
            if before:
                line[place] = line[max(before)]
    return line


def is_value(value: Value) -> bool:
    """What never stands in a heading: numbers, days, long digits."""
    if isinstance(value, (int, float, dt.date)):
        return True
    return isinstance(value, str) and bool(_DIGITS.search(value))


def _may_head(cells: Sequence[Cell], most: int) -> bool:
    texts = [value.strip() for _, value in cells if isinstance(value, str)]
    return (
        len(texts) == len(cells) >= max(2, 0.6 * most) and len(set(texts)) >= 0.6 * len(texts)
        and all(len(text) <= 60 and not is_value(text) for text in texts)
    )


def _over_values(cells: Sequence[Cell], below: Sequence[Sequence[Cell]]) -> bool:
    """Whether numbers, days or texts with digits stand in most rows below."""
    if not below:
        return False
    places = {place for place, _ in cells}
    typed = sum(any(place in places and (is_value(value) or any(map(str.isdigit, str(value)))) for place, value in line)
                for line in below)
    return typed >= 0.5 * len(below)
