"""Sheets and workbooks as they will be written: which lines stand where, under which headings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from registry.sample.ledgers.lines import Line

Columns = tuple[tuple[str, str], ...]
"""Heading and role, column by column; "" is a column without one."""
COUNTED = "sequence"
"""The role of a column that counts the lines."""


@dataclass
class Part:
    """Lines under one heading. `section` is written before it in the column of `merged`, whose equal neighbours are
    merged downwards; `beside` puts a second set of the columns so many columns further right, two lines to a row. The
    headings come `again` after so many lines; `above` them stand words, each over so many columns.
    """

    columns: Columns
    lines: list[Line]
    section: str = ""
    headed: bool = True
    merged: str = ""
    beside: int = 0
    again: int = 0
    above: list[tuple[str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        roles = frozenset(role for _, role in self.columns) - {"", COUNTED}
        for line in self.lines:
            line.roles = roles


@dataclass
class Page:
    """One sheet: rows above the first heading (the first merged over the columns), its parts, rows below."""

    name: str
    parts: list[Part]
    above: list[list[str]] = field(default_factory=list)
    below: list[list[str]] = field(default_factory=list)

    def lines(self) -> Iterator[Line]:
        """Every line of the sheet."""
        for part in self.parts:
            yield from part.lines


@dataclass
class Book:
    """One file, and the code of the unit whose it is. `shape`: rows in sheets, csv, or a vertical sheet per project."""

    name: str
    unit: str
    pages: list[Page]
    shape: str = "xlsx"

    def lines(self) -> Iterator[Line]:
        """Every line of the file."""
        for page in self.pages:
            yield from page.lines()
