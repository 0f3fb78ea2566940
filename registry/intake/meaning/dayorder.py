"""In which order day and month are written where a date such as 12/6/10 does not say it itself."""

from __future__ import annotations

import re
from collections.abc import Iterable

from registry.intake.book import Value
from registry.intake.mapping import DayOrder

_SHORT = re.compile(r"\s*([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4}|[0-9]{2})(?:\s.*)?")


def day_order(values: Iterable[Value]) -> DayOrder:
    """The order that (nearly) all values of a table's date columns allow: ymd, the usual one, unless they say no.

    A part above 12 cannot be the month, one above 31 not the day; a year of four digits stands last only in the other
    two. Where both remain possible, the month comes first: a day first would have shown itself among many dates.
    """
    parts = [match.groups() for value in values if isinstance(value, str) and (match := _SHORT.fullmatch(value))]
    if not parts:
        return "ymd"
    ymd = sum(len(year) == 2 and 1 <= int(second) <= 12 and 1 <= int(year) <= 31 for _, second, year in parts)
    mdy = sum(1 <= int(first) <= 12 and 1 <= int(second) <= 31 for first, second, _ in parts)
    dmy = sum(1 <= int(first) <= 31 and 1 <= int(second) <= 12 for first, second, _ in parts)
    if max(mdy, dmy) > ymd or (mdy == ymd and _years_last(parts)):
        return "dmy" if dmy > mdy else "mdy"
    return "ymd"


def _years_last(parts: list[tuple[str, ...]]) -> bool:
    """Where all three orders are possible: years vary little, days vary much, so the last part of few values is it."""
    firsts, lasts = {first for first, _, _ in parts}, {last for _, _, last in parts}
    return len(parts) >= 20 and max(map(int, firsts)) <= 12 and len(lasts) * 3 < len(firsts)
