"""A sheet on its way from the child to its parent: plain values row by row, and the marks after them."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable
from typing import Any

from registry.intake.book import Area, Spot
from registry.intake.reading.frames import ROWS, packed
from registry.intake.reading.scan import Seen

WHOLE = 10**15
"""From here on a spreadsheet keeps no number of full digits (IEEE 754: 15 digits are safe)."""
LOST = "\ufffd"
"""For the one character that no database keeps (a workbook may write it as _x0000_)."""
Tell = Callable[..., None]


def tell_sheet(tell: Tell, name: str, hidden: bool, rows: Iterable[list[Any]], offset: int, seen: Seen) -> None:
    """Tell one sheet. `rows` begin with its first row and with column `offset`."""
    tell("sheet", name.replace("\0", LOST), hidden)
    rounded: list[Spot] = []
    waiting: list[list[Any]] = []
    blanks: list[Any] = [None] * offset
    for number, row in enumerate(rows):
        values = blanks + [value if type(value) is str and value and "\0" not in value else plain(value)
                           for value in row]
        while values and values[-1] is None:
            values.pop()
        rounded += [(number, at) for at, value in enumerate(values)
                    if type(value) is float and abs(value) >= WHOLE]
        waiting.append(values)
        if len(waiting) == ROWS:
            tell("rows", waiting)
            waiting = []
    while waiting and not waiting[-1]:
        waiting.pop()
    tell("rows", waiting)
    tell("marks", marks_of(seen), rounded)


def plain(value: Any) -> Any:
    """A value as msgpack carries it: whole numbers as such, days as extensions, times as text, nothing as None."""
    kind = type(value)
    if kind is float:
        if -WHOLE < value < WHOLE:
            whole = int(value)
            return whole if whole == value else value
        return value if math.isfinite(value) else str(value)
    if kind is str:
        return value.replace("\0", LOST) or None
    if kind is dt.date or kind is dt.datetime:
        return packed(value)
    if kind is dt.timedelta:
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return value if kind is bool or value is None else whole_number(value) if kind is int else str(value)


def whole_number(value: int) -> int | float:
    """A whole number, as long as a spreadsheet can hold it."""
    return value if -WHOLE < value < WHOLE else float(value)


def marks_of(seen: Seen) -> dict[str, Any]:
    """As msgpack carries them."""
    coloured: dict[str, list[Spot]] = {}
    for at, colour in seen.fills.items():
        coloured.setdefault(colour, []).append(at)
    merged: list[Area] = seen.merged
    return {
        "merged": merged, "struck": list(seen.struck), "fills": coloured, "hidden_rows": list(seen.hidden_rows),
        "links": [(*at, link) for at, link in seen.links.items()], "uncalculated": list(seen.uncalculated),
        "pictures": list(seen.pictures.items()),
    }
