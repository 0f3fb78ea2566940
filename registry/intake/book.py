"""What a spreadsheet says, whatever kind of file it came in. Rows and columns count from 0; A1 is (0, 0)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

Value = str | int | float | bool | dt.date | dt.datetime | None
"""What stands in a cell. A number that a spreadsheet could not keep whole stays a float (see Sheet.rounded)."""
Spot = tuple[int, int]
Area = tuple[int, int, int, int]
"""First row, first column, last row, last column, all included."""


@dataclass(slots=True)
class Sheet:
    """One sheet. `rows[0]` is the sheet's first row, also where the file begins further down; each row ends with its
    last filled cell. Of a merged area only the first cell has a value."""

    name: str
    rows: list[list[Value]]
    hidden: bool = False
    merged: list[Area] = field(default_factory=list)
    struck: set[Spot] = field(default_factory=set)
    """Cells whose text is struck through."""
    fills: dict[Spot, str] = field(default_factory=dict)
    """Background of coloured cells, RRGGBB."""
    hidden_rows: set[int] = field(default_factory=set)
    links: dict[Spot, str] = field(default_factory=dict)
    rounded: set[Spot] = field(default_factory=set)
    """Numbers of more than 15 digits: a spreadsheet keeps no more, the last ones are gone (facts 0.10)."""
    uncalculated: set[Spot] = field(default_factory=set)
    """Formulas that were saved without their result: the cell is empty here."""
    pictures: dict[int, int] = field(default_factory=dict)
    """How many pictures are anchored in a row."""


@dataclass(slots=True)
class Book:
    """One file. `kind` is xlsx, xls or csv; `encoding` is that of a csv."""

    name: str
    kind: str
    sheets: list[Sheet]
    encoding: str = ""


def letter(column: int) -> str:
    """0 -> A, 26 -> AA."""
    name, number = "", column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(65 + rest) + name
    return name


def place(row: int, column: int) -> str:
    """(0, 0) -> A1."""
    return f"{letter(column)}{row + 1}"
