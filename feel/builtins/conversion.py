"""10.3.4.1 conversion functions, and `not`, `is`."""

from __future__ import annotations

import re
from datetime import UTC, timedelta, timezone
from decimal import Decimal, DecimalException

from feel.compare import equal
from feel.iso import read_date, read_datetime, read_duration, read_time
from feel.moments import (
    CLOCKS,
    DAYS,
    HOUR,
    LAST_YEAR,
    MOMENTS,
    SECOND,
    Clock,
    Day,
    Moment,
    clock_of,
    day_of,
    make_date,
    make_moment,
    make_time,
    nanos_of,
    offset_of,
)
from feel.signatures import builtin
from feel.text import written
from feel.values import NUMBERS, DaysDuration, Value, YearsMonths

NUMBER = re.compile(r"-?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


@builtin("date(from: string)")
def date_from_text(text: str) -> Day | None:
    return read_date(text)


@builtin("date(from: date|moment)")
def date_of(given: Day | Moment) -> Day:
    return day_of(given)


@builtin("date(year: number, month: number, day: number)")
def date_of_parts(year: Decimal, month: Decimal, day: Decimal) -> Day | None:
    parts = [int(part) for part in (year, month, day) if abs(part) <= LAST_YEAR]
    return make_date(*parts) if len(parts) == 3 else None


@builtin("time(from: string)")
def time_from_text(text: str) -> Clock | None:
    return read_time(text)


@builtin("time(from: date|moment|time)")
def time_of(given: Value) -> Clock:
    if type(given) in CLOCKS:
        return given  # type: ignore[no-any-return]
    return make_time(0, UTC) if type(given) in DAYS else clock_of(given)


@builtin("time(hour: number, minute: number, second: number, offset?: days?)")
def time_of_parts(hour: Decimal, minute: Decimal, second: Decimal, offset: DaysDuration | None = None) -> Clock | None:
    if not (0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60):
        return None
    if offset is not None and abs(offset.nanos) > 18 * HOUR:
        return None
    where = None if offset is None else timezone(timedelta(seconds=offset.nanos // SECOND))
    return make_time((int(hour) * 3600 + int(minute) * 60) * SECOND + int(second * SECOND), where)


@builtin("date and time(from: string)")
def moment_from_text(text: str) -> Moment | None:
    return read_datetime(text)


@builtin("date and time(from: date|moment)")
def moment_of(given: Value) -> Moment:
    return make_moment(given, 0, None) if type(given) in DAYS else given


@builtin("date and time(date: date|moment, time: time)")
def moment_of_parts(on: Day | Moment, at: Clock) -> Moment:
    return make_moment(on, nanos_of(at), at.tzinfo)


@builtin("duration(from: string)")
def duration_from_text(text: str) -> DaysDuration | YearsMonths | None:
    return read_duration(text)


@builtin("duration(from: days|months)")
def duration_of(given: Value) -> Value:
    return given


@builtin("years and months duration(from: date|moment, to: date|moment)")
def months_between(start: Day | Moment, end: Day | Moment) -> YearsMonths:
    months = (end.year - start.year) * 12 + end.month - start.month
    if months > 0 and end.day < start.day:
        months -= 1
    elif months < 0 and end.day > start.day:
        months += 1
    return YearsMonths(months)


@builtin("number(from: string)")
@builtin("number(from: string, grouping separator: string?, decimal separator: string?)")
def number_from_text(text: str, grouping: str | None = None, point: str | None = None) -> Decimal | None:
    if grouping not in (None, " ", ",", ".") or point not in (None, ",", ".") or (grouping and grouping == point):
        return None
    if grouping:
        text = text.replace(grouping, "")
    if point:
        text = text.replace(point, ".")
    try:
        return NUMBERS.create_decimal(text) if NUMBER.fullmatch(text) else None
    except DecimalException:
        return None


@builtin("number(from: number)")
def number_of(given: Decimal) -> Decimal:
    return given


@builtin("string(from: any)")
def text_of(given: Value) -> str | None:
    return None if given is None else written(given)


@builtin("not(negand: any)")
def negation(value: Value) -> bool | None:
    return not value if type(value) is bool else None


@builtin("is(value1: any, value2: any)")
def same_element(one: Value, two: Value) -> bool:
    """The same element of the same domain: moments with different offsets are different (10.3.4.7)."""
    if type(one) is not type(two):
        return False
    if type(one) in CLOCKS | MOMENTS:
        return nanos_of(one) == nanos_of(two) and offset_of(one) == offset_of(two) and equal(one, two) is True
    return equal(one, two) is True
