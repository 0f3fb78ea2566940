"""Arithmetic of dates, times and durations (10.3.2.12.5)."""

from __future__ import annotations

from feel.moments import (
    DAY,
    DAYS,
    SECOND,
    Clock,
    Day,
    Moment,
    civil,
    days_in,
    instant,
    make_date,
    make_moment,
    make_time,
    moment_at,
    nanos_of,
    offset_of,
    ordinal_of,
)
from feel.values import DaysDuration, Value


def add_months(value: Day | Moment, months: int) -> Value:
    """The same day so many months later, or that month's last day; None beyond the last year."""
    year, month = divmod(value.year * 12 + value.month - 1 + months, 12)
    on = make_date(year, month + 1, min(value.day, days_in(year, month + 1)))
    if on is None or type(value) in DAYS:
        return on
    return make_moment(on, nanos_of(value), value.tzinfo)  # type: ignore[arg-type, union-attr]


def add_nanos(value: Day | Moment, nanos: int) -> Value:
    """A moment so much later on the time line; a date counts as its midnight and stays a date."""
    if type(value) in DAYS:
        return make_date(*civil((ordinal_of(value) * DAY + nanos) // DAY))
    return moment_at(instant(value) + nanos, value.tzinfo)  # type: ignore[arg-type, union-attr]


def add_to_time(value: Clock, nanos: int) -> Clock:
    """Round the clock, keeping the offset."""
    return make_time((nanos_of(value) + nanos) % DAY, value.tzinfo)


def between(left: Value, right: Value) -> DaysDuration | None:
    """left - right for two dates or moments. A date is its midnight in UTC; with and without zone do not mix."""
    if _zoned(left) != _zoned(right):
        return None
    return DaysDuration(_instant(left) - _instant(right))


def _zoned(value: Value) -> bool:
    return type(value) in DAYS or value.tzinfo is not None


def _instant(value: Value) -> int:
    return ordinal_of(value) * DAY if type(value) in DAYS else instant(value)


def between_times(left: Clock, right: Clock) -> DaysDuration | None:
    offsets = offset_of(left), offset_of(right)
    if (offsets[0] is None) != (offsets[1] is None):
        return None
    return DaysDuration(nanos_of(left) - nanos_of(right) - ((offsets[0] or 0) - (offsets[1] or 0)) * SECOND)
