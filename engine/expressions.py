"""Where the drawing's text becomes FEEL, and what the engine adds to FEEL: its clock, working days and months.

Text that begins with "=" is FEEL; conditions, scripts and loops are FEEL with or without it. Nothing else is run.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import feel
from feel.budget import spend
from feel.values import DaysDuration, YearsMonths
from ledger import clock
from ledger.workdays import Calendar, months_before

Evaluate = Callable[[Mapping[str, Any]], Any]


class Desk:
    """What the working-day functions need in an act; `confirmed` turns False when a year's notice is missing."""

    def __init__(self, calendar: Callable[[], Calendar]) -> None:
        self._calendar, self._read = calendar, None
        self.confirmed = True

    @property
    def calendar(self) -> Calendar:
        if self._read is None:
            self._read = self._calendar()
        return self._read

    def note(self, start: dt.date, end: dt.date) -> None:
        """Remember that a deadline was counted over these days."""
        self.confirmed = self.confirmed and self.calendar.confirmed(start, end)

    _read: Calendar | None


_desk: ContextVar[Desk | None] = ContextVar("engine_desk", default=None)


@contextmanager
def at(desk: Desk) -> Iterator[Desk]:
    """Evaluate with this desk's calendar."""
    token = _desk.set(desk)
    try:
        yield desk
    finally:
        _desk.reset(token)


def _desk_now() -> Desk:
    desk = _desk.get()
    if desk is None:
        raise LookupError("working days are only known inside an act of the engine")
    return desk


def _day(value: Any) -> dt.date | None:
    if isinstance(value, dt.datetime):
        return clock.day_of(value) if value.tzinfo else value.date()
    return value if isinstance(value, dt.date) else None


def _whole(value: Any) -> int | None:
    return int(value) if isinstance(value, (int, Decimal)) and value == int(value) else None


def _working_days_after(start: Any, count: Any) -> dt.date | None:
    day, days, desk = _day(start), _whole(count), _desk_now()
    if day is None or days is None:
        return None
    spend(abs(days))  # it walks day by day
    end = desk.calendar.after(day, days)
    desk.note(day, end)
    return end


def _working_days_between(start: Any, end: Any) -> Decimal | None:
    first, last, desk = _day(start), _day(end), _desk_now()
    if first is None or last is None:
        return None
    desk.note(first, last)
    return Decimal(desk.calendar.between(first, last))


def _months_before(start: Any, count: Any) -> dt.date | None:
    day, number = _day(start), _whole(count)
    return None if day is None or number is None else months_before(day, number)


def _cycle(times: Any, every: Any) -> str | None:
    number = _whole(times)
    return f"R{'' if number is None else number}/{every}" if isinstance(every, (DaysDuration, YearsMonths)) else None


def _now() -> dt.datetime:
    return clock.now().astimezone(clock.SHANGHAI)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "now": _now,
    "today": clock.today,
    "working days after": _working_days_after,
    "working days between": _working_days_between,
    "months before": _months_before,
    "cycle": _cycle,
}


def formula(text: str) -> Evaluate:
    """FEEL text, with or without the leading "=", compiled. Raises feel.FeelError with line and column."""
    written = text.strip()
    return feel.compile(written[1:] if written.startswith("=") else text, functions=FUNCTIONS)


def names(text: str) -> frozenset[str]:
    """The variables that FEEL text reads. Raises feel.FeelError as `formula` does."""
    written = text.strip()
    return feel.compile(written[1:] if written.startswith("=") else text, functions=FUNCTIONS).names


def value(text: str) -> Evaluate:
    """FEEL when the text begins with "=", else always the text itself."""
    return formula(text) if text.strip().startswith("=") else lambda _context: text


def moment(kind: str, text: str) -> Evaluate:
    """A timer's expression: FEEL after "=", else an ISO 8601 date, date-time or duration without quotes."""
    written = text.strip()
    if written.startswith("="):
        return formula(written)
    if kind == "timeCycle":
        return lambda _context: written
    if kind == "timeDuration":
        return formula(f'duration("{written}")')
    return formula(f'date and time("{written}")' if "T" in written else f'date("{written}")')


@dataclass(frozen=True)
class Cycle:
    """A repeating interval of ISO 8601: `times` (None: for ever), from `start` (None: one interval from now)."""

    times: int | None
    start: dt.datetime | None
    every: str

    def after(self, moment: dt.datetime) -> dt.datetime:
        """One interval later; months are counted from the calendar, not as 30 days."""
        later = instant(self.every, moment)
        assert later is not None
        return later

    def first(self, now: dt.datetime) -> dt.datetime:
        """When it comes for the first time."""
        return self.start or self.after(now)


def cycle(found: Any, now: dt.datetime) -> Cycle | None:
    """What "R3/PT1H", "R/P1D" or "R2/2027-01-01T08:00/P1M" says; None for anything else, or less than a second."""
    head, *parts = str(found).split("/")
    if not re.fullmatch(r"R\d{0,6}", head) or not 1 <= len(parts) <= 2 or not parts[-1].startswith("P"):
        return None
    try:
        start = instant(parts[0], now) if len(parts) == 2 else None
        later = instant(parts[-1], now)
    except feel.FeelError:
        return None
    if later is None or later - now < dt.timedelta(seconds=1) or (len(parts) == 2 and start is None) or head == "R0":
        return None
    return Cycle(int(head[1:]) if head[1:] else None, start, parts[-1])


def instant(found: Any, now: dt.datetime) -> dt.datetime | None:
    """The moment a timer's value means; a date is the end of that day in Shanghai, a duration counts from now.

    None for what is none, and for a moment that no calendar has (before year 1, after 9999).
    """
    try:
        return _instant(found, now)
    except (OverflowError, ValueError):
        return None


def _instant(found: Any, now: dt.datetime) -> dt.datetime | None:
    if isinstance(found, dt.datetime):
        return (found if found.tzinfo else found.replace(tzinfo=clock.SHANGHAI)).astimezone(dt.UTC)
    if isinstance(found, dt.date):
        return clock.end_of_day(found)
    if isinstance(found, DaysDuration):
        return now + found.timedelta
    if isinstance(found, YearsMonths):
        here = now.astimezone(clock.SHANGHAI)
        day = months_before(here.date(), -found.months)
        return dt.datetime.combine(day, here.time(), clock.SHANGHAI).astimezone(dt.UTC)
    if isinstance(found, str):
        return instant(moment("timeDuration" if found.startswith("P") else "timeDate", found)({}), now)
    return None
