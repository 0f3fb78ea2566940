"""How days are written wrongly in old ledgers, or in a way of their own."""

from __future__ import annotations

import datetime as dt
from random import Random

from registry.sample.ledgers.lines import NO, Former, Line, Nothing, Value

EPOCH = dt.date(1899, 12, 30)
"""Day 0 of a spreadsheet."""


def no_review(random: Random, line: Line, role: str, former: Former) -> Value | Nothing:
    """An empty cell, where the review is still to come."""
    return None if line.values.get("reviewed") is None else NO


def review_is_end(random: Random, line: Line, role: str, former: Former) -> Value | Nothing:
    """The end of the term, where the review is still to come and comes before it."""
    end = line.values.get("end")
    return end if isinstance(end, dt.date) and line.values.get("reviewed") is None else NO


def too_early(random: Random, line: Line, role: str, former: Former) -> Value | Nothing:
    """A day before the issue; not where a review in between would be wrong, too."""
    end, issued = line.values["end"], line.values.get("issue")
    if "review" in line.roles or "issue" not in line.roles or not isinstance(issued, dt.date):
        return NO
    return issued - dt.timedelta(days=random.randrange(20, 400)) if isinstance(end, dt.date) else NO


def written(random: Random, line: Line, role: str, former: Former) -> Value | Nothing:
    """One of the forms of facts 6."""
    day = line.values[role]
    if not isinstance(day, dt.date):
        return NO
    forms: list[Value] = [
        f"{day:%Y.%m.%d}", f"{day:%Y/%m/%d}", f"{day:%Y年%m月%d日}", f"{day:%Y%m%d}", (day - EPOCH).days,
        f"{day.year % 100:02d}.{day.month}.{day.day}", f"{day.year}年{day.month}月{day.day}日",
        f"{day.year}.{day.month}.{day.day}",
    ]
    if line.colours:
        forms.append(int(f"{day:%Y%m%d}"))
    issued = line.values.get("issue")
    if role == "end":
        forms.append(f"{day:%Y-%m}")
        if isinstance(issued, dt.date) and issued < day:
            forms += [f"{issued}至{day}"] * 2
    return random.choice(forms)
