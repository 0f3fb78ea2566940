"""The figures of a heat map as they are shown: rows of a table, and how each element of the drawing is painted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from engine.figures.reading import Failed, Passed, Waiting
from web.i18n import say

MEASURES: dict[str, Any] = {
    "median": _l("用时（中位数）"), "p90": _l("用时（九成不超过）"), "count": _l("办结次数"),
    "waiting": _l("现在等待"), "failed": _l("异常"),
}
COMPARED = ("median", "p90", "count", "failed")
"""What has a value in a period: who waits, waits now."""
STEPS = (0.1, 0.25, 0.5, 0.75)
"""Shares of the largest value at which the next colour begins: five colours in all."""
CHANGES = (0.05, 0.25, 0.5)
"""Relative changes: less than the first is as before; then little, more, much; either way."""


@dataclass(frozen=True)
class Row:
    """One element: its figures, those of the period before, what of it is measured, and how it is painted.

    `level` is 1 to 5 of the scale, -3 to 3 of a comparison, None where there is nothing to paint.
    """

    element: str
    name: str
    drawn: bool
    passed: Passed | None
    before: Passed | None
    waiting: Waiting | None
    failed: Failed | None
    value: float | None
    was: float | None
    level: int | None

    @property
    def change(self) -> float | None:
        """How much more it is than in the period before, as a share of that; None where one of them is missing."""
        return None if self.value is None or not self.was else self.value / self.was - 1

    @property
    def worth_a_line(self) -> bool:
        """Whether it says anything but that it was passed at once, as gateways are."""
        return bool(self.waiting or self.failed or (self.passed and self.passed.p90)
                    or (self.before and self.before.p90))


@dataclass(frozen=True)
class Gathered:
    """What was read for one period."""

    passed: Mapping[str, Passed]
    failed: Mapping[str, Failed]


def rows(names: Mapping[str, str], drawn: frozenset[str], measure: str, now: Gathered, before: Gathered | None,
         waiting: Mapping[str, Waiting]) -> list[Row]:
    """Every element that has any figure, the largest value of the measure first; `names` of all versions."""
    found = {*now.passed, *now.failed, *waiting, *(before.passed if before else ())}
    values = {one: measured(measure, one, now, waiting) for one in found}
    earlier = {one: measured(measure, one, before, {}) for one in found} if before else {}
    most = max((value for value in values.values() if value), default=0.0)
    made = []
    for one in found:
        value, was = values[one], earlier.get(one)
        level = changed(value, was) if before else graded(value, most)
        made.append(Row(one, names.get(one) or one, one in drawn, now.passed.get(one),
                        before.passed.get(one) if before else None, waiting.get(one), now.failed.get(one), value,
                        was, level))
    return sorted(made, key=lambda row: (-(row.value or 0), row.name, row.element))


def measured(measure: str, element: str, period: Gathered, waiting: Mapping[str, Waiting]) -> float | None:
    """The value of an element by the chosen measure; None: it has none."""
    if measure == "waiting":
        return waiting[element].count if element in waiting else None
    if measure == "failed":
        return period.failed[element].opened if element in period.failed else None
    passed = period.passed.get(element)
    return None if passed is None else getattr(passed, measure)


def graded(value: float | None, most: float) -> int | None:
    """Which of five colours a value has; none where it is nothing."""
    return None if not value else 1 + sum(value > most * step for step in STEPS)


def changed(value: float | None, was: float | None) -> int | None:
    """How a value changed: -3 (much less) to 3 (much more); none where there is nothing to compare."""
    if value is None or not was:
        return None
    share = value / was - 1
    size = sum(abs(share) >= step for step in CHANGES)
    return size if share > 0 else -size


def legend(measure: str, most: float) -> list[tuple[int, str]]:
    """(level, words) of the scale: up to which value each colour goes."""
    if not most:
        return []
    whole = measure not in ("median", "p90")
    bounds = [most * step for step in (*STEPS, 1)]
    if whole:
        return [(level, words(measure, int(bound))) for level, bound in enumerate(bounds, 1)
                if int(bound) >= 1 and (level == 1 or int(bound) > int(bounds[level - 2]))]
    return [(level, words(measure, bound)) for level, bound in enumerate(bounds, 1)]


def words(measure: str, value: float | None) -> str:
    """A value with its unit."""
    if value is None:
        return "–"
    if measure in ("median", "p90"):
        return days(value)
    return str(int(value))


def days(value: float | None) -> str:
    """Working days in words; an hour is the twenty-fourth part of one (engine/time/worktime.py)."""
    if value is None:
        return "–"
    if value < 1 / 24:
        return "0" if value < 1 / 24 / 60 else _("%(n)d 分钟", n=max(1, round(value * 24 * 60)))
    if value < 0.95:
        return _("%(n)s 小时", n=_short(value * 24))
    return _("%(n)s天", n=_short(value))


def _short(value: float) -> str:
    """As many digits as the error of a sketch leaves."""
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}".removesuffix(".0")


def percent(share: float) -> str:
    """A change, with its sign: +35 %."""
    return "0%" if abs(share) < 0.005 else f"{share:+.0%}".replace("-", "−")


def painted(shown: list[Row], measure: str, comparing: bool) -> dict[str, dict[str, Any]]:
    """For the drawing: element -> colour, the text of its badge, and the sentence behind it."""
    found = {}
    for row in shown:
        if not row.drawn or (row.level is None and not row.value):
            continue
        text = percent(row.change) if comparing and row.change is not None else words(measure, row.value)
        found[row.element] = {"level": row.level, "text": text, "title": f"{say(row.name)} · {text}"}
    return found


def period(first: dt.date, last: dt.date) -> tuple[dt.date, dt.date]:
    """The period of the same length that ends where this one begins."""
    length = last - first
    return first - length - dt.timedelta(days=1), first - dt.timedelta(days=1)
