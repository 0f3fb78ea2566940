"""Which ends the stages of a day are for. In calendar days that is one day for each stage; in working days it is a span
of ends, from behind the furthest that was covered, so that a calendar that is changed afterwards loses nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, false

from ledger.workdays import ONE_DAY, Calendar
from registry.alerts.rules import Stage

Spans = Mapping[str, tuple[str, str]]
"""For each stage of working days: the ends behind the first day, up to the second (AlertDay.spans)."""


def spans(stages: Iterable[Stage], on: dt.date, cal: Calendar, before: Spans) -> dict[str, tuple[str, str]]:
    """The spans of a day, given those of the day before.

    As the calendar stands, the ends between what yesterday covers and what today covers. Where it was changed so that
    today covers more than a day's worth, the span reaches back to what was really covered; where today covers less,
    some ends come a second time (each is raised once all the same), and the days in between are not lost.
    """
    found = {}
    for stage in stages:
        if stage.days != "work":
            continue
        first, last = stage.covers(on - ONE_DAY, cal), stage.covers(on, cal)
        if held := before.get(stage.key):
            first = min(first, dt.date.fromisoformat(held[1]))
        found[stage.key] = (first.isoformat(), last.isoformat())
    return found


@dataclass(frozen=True)
class Day:
    """A day that is planned; on the `first` one everything that is near its end counts."""

    on: dt.date
    calendar: Calendar
    spans: Spans
    first: bool = False

    def reaches(self, stage: Stage, ends_on: dt.date) -> bool:
        """Whether this is the day for the stage of an end."""
        if stage.days != "work":
            return stage.day(ends_on, self.calendar) == self.on
        span = self.spans.get(stage.key)
        return span is not None and span[0] < ends_on.isoformat() <= span[1]

    def reached_by(self, column: Any, stages: Iterable[Stage]) -> ColumnElement[bool]:
        """The condition that a column of ends is among those that a stage reaches on this day: a list of days, which an
        index answers; on the first day one range."""
        stages = list(stages)
        if not stages:
            return false()
        ends = self.ends(stages)
        condition: ColumnElement[bool] = column.in_(ends)
        if self.first:
            furthest = [stage.covers(self.on, self.calendar) for stage in stages]
            condition = column.between(min(furthest), max(furthest))
        return condition

    def ends(self, stages: Iterable[Stage]) -> list[dt.date]:
        """The ends that stages reach on this day, in order."""
        return sorted({day for stage in stages for day in self._ends(stage)})

    def _ends(self, stage: Stage) -> list[dt.date]:
        if stage.days != "work":
            return [stage.covers(self.on, self.calendar)]
        first, last = (dt.date.fromisoformat(text) for text in self.spans.get(stage.key, ("2000-01-02", "2000-01-01")))
        return [first + ONE_DAY * number for number in range(1, (last - first).days + 1)]


__all__ = ["Day", "Spans", "spans"]
