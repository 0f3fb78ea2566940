"""A sheet laid out: tables with a heading for each column, and every row that is none with the reason why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from registry.intake.book import Spot, Value

Why = Literal["blank", "title", "heading", "section", "total", "note"]
WHYS: dict[str, str] = {
    "blank": "空行", "title": "标题", "heading": "表头", "section": "小节标题", "total": "合计", "note": "说明",
}


@dataclass(slots=True)
class Record:
    """One row of a ledger, or one block of a vertical sheet; `values` go with the table's `columns` one by one.

    `row` is where it begins, from 0. `spots` names each value's cell where it is not (row, columns[i].place): vertical
    sheets, and values filled forward out of a merged area. `section` is the section title above it, `left` that the
    row is struck through or filled red, which in such ledgers means that the person has left.
    """

    row: int
    values: list[Value]
    spots: dict[int, Spot] | None = None
    section: str = ""
    left: bool = False
    rounded: frozenset[int] = frozenset()
    """Places in `values` of numbers that have lost digits."""
    uncalculated: frozenset[int] = frozenset()
    """Places in `values` of formulas saved without a result."""
    links: dict[int, str] | None = None
    pictures: int = 0
    hidden: bool = False
    """The row is hidden in the sheet."""


@dataclass(slots=True, frozen=True)
class Column:
    """`place` is the sheet's column, from 0 (of a vertical sheet the column of the values); `heading` as written, the
    lines of a heading of several rows joined by a blank."""

    place: int
    heading: str


@dataclass(slots=True)
class Table:
    """Rows under one heading. A two-up sheet gives two tables, a heading that comes again with shifted columns a new
    one only if the headings differ; the same heading again goes on with the table before."""

    sheet: int
    """The sheet's number in the book, from 0."""
    number: int
    """The table's number in the book, from 0."""
    name: str
    """The sheet's name, or the title above the table."""
    shape: Literal["rows", "vertical"]
    columns: list[Column]
    records: list[Record]
    title: str = ""
    hidden: bool = False
    context: dict[str, str] = field(default_factory=dict)
    """What is said once for all of it, as written: 编制单位, 日期, 项目名称."""

    @property
    def signature(self) -> str:
        """The same for tables with the same headings: what a learned mapping is found by."""
        return "|".join(column.heading for column in self.columns)


@dataclass(slots=True, frozen=True)
class Skipped:
    """A row of no table: every row of a file is in a record or here, so that none can be lost unseen."""

    sheet: int
    row: int
    why: Why


@dataclass(slots=True)
class Layout:
    """A whole book laid out."""

    tables: list[Table]
    skipped: list[Skipped]
