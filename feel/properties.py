"""What a path reaches inside a value that is no context (tables 54, 56): parts of times, durations and ranges."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal

from feel.budget import spend
from feel.moments import DAY, SECOND, Clock, FineTime, LongDate, LongMoment, Moment, nanos_of, offset_of, twin
from feel.values import NUMBERS, DaysDuration, Range, Value, YearsMonths

Part = Callable[[Value], Value]


def _offset(value: Clock | Moment) -> Value:
    seconds = offset_of(value)
    return None if seconds is None else DaysDuration(seconds * SECOND)


def _zone(value: Clock | Moment) -> Value:
    return getattr(value.tzinfo, "key", None)


def _signed(total: int, unit: int, wrap: int) -> Decimal:
    part = abs(total) // unit % wrap
    return Decimal(-part if total < 0 else part)


DATE: dict[str, Part] = {
    "year": lambda v: Decimal(v.year),
    "month": lambda v: Decimal(v.month),
    "day": lambda v: Decimal(v.day),
    "weekday": lambda v: Decimal(twin(v).isoweekday()),
}
TIME: dict[str, Part] = {
    "hour": lambda v: Decimal(v.hour),
    "minute": lambda v: Decimal(v.minute),
    "second": lambda v: NUMBERS.divide(Decimal(nanos_of(v) % (60 * SECOND)), Decimal(SECOND)),
    "time offset": _offset,
    "timezone": _zone,
}
PARTS: dict[type, dict[str, Part]] = {
    date: DATE,
    time: TIME,
    datetime: DATE | TIME,
    LongDate: DATE,
    FineTime: TIME,
    LongMoment: DATE | TIME,
    DaysDuration: {
        "days": lambda v: _signed(v.nanos, DAY, 10**12),
        "hours": lambda v: _signed(v.nanos, 3600 * SECOND, 24),
        "minutes": lambda v: _signed(v.nanos, 60 * SECOND, 60),
        "seconds": lambda v: _signed(v.nanos, SECOND, 60),
    },
    YearsMonths: {
        "years": lambda v: _signed(v.months, 12, 10**12),
        "months": lambda v: _signed(v.months, 1, 12),
    },
    Range: {
        "start": lambda v: v.low,
        "end": lambda v: v.high,
        "start included": lambda v: v.low_closed,
        "end included": lambda v: v.high_closed,
    },
}


def member(value: Value, name: str) -> Value:
    """The part of this name; a list gives the list of its items' parts; None where there is none."""
    if type(value) is dict:
        return value.get(name)
    if type(value) is list:
        spend(len(value))
        return [member(item, name) for item in value]
    part = PARTS.get(type(value), {}).get(name)
    return None if part is None else part(value)
