"""10.3.4.1 conversion functions, and `not`, `is`."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal, DecimalException

from feel.compare import equal
from feel.signatures import builtin
from feel.temporal import (
    make_date,
    read_date,
    read_datetime,
    read_duration,
    read_time,
    time_offset,
)
from feel.text import written
from feel.values import NUMBERS, SECOND, DaysDuration, Value, YearsMonths

NUMBER = re.compile(r"-?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


@builtin("date(from: string)")
def date_from_text(text: str) -> date | None:
    return read_date(text)


@builtin("date(from: date|moment)")
def date_of(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


@builtin("date(year: number, month: number, day: number)")
def date_of_parts(year: Decimal, month: Decimal, day: Decimal) -> date | None:
    return make_date(*map(int, (year, month, day))) if max(map(abs, (year, month, day))) < 10**10 else None


@builtin("time(from: string)")
def time_from_text(text: str) -> time | None:
    return read_time(text)


@builtin("time(from: date|moment|time)")
def time_of(given: Value) -> time:
    if isinstance(given, datetime):
        return given.timetz()
    return given if isinstance(given, time) else time(tzinfo=UTC)


@builtin("time(hour: number, minute: number, second: number, offset?: days?)")
def time_of_parts(hour: Decimal, minute: Decimal, second: Decimal, offset: DaysDuration | None = None) -> time | None:
    whole = int(second) if 0 <= second < 60 else -1
    try:
        where = None if offset is None else timezone(timedelta(seconds=offset.nanos // SECOND))
        return time(int(hour), int(minute), whole, int((second - whole) * 1_000_000), tzinfo=where)
    except (ValueError, OverflowError):
        return None


@builtin("date and time(from: string)")
def moment_from_text(text: str) -> datetime | None:
    return read_datetime(text)


@builtin("date and time(from: date|moment)")
def moment_of(given: date) -> datetime:
    return given if isinstance(given, datetime) else datetime.combine(given, time())


@builtin("date and time(date: date|moment, time: time)")
def moment_of_parts(on: date, at: time) -> datetime:
    return datetime.combine(date_of(on), at)


@builtin("duration(from: string)")
def duration_from_text(text: str) -> DaysDuration | YearsMonths | None:
    return read_duration(text)


@builtin("duration(from: days|months)")
def duration_of(given: Value) -> Value:
    return given


@builtin("years and months duration(from: date|moment, to: date|moment)")
def months_between(start: date, end: date) -> YearsMonths:
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
    if isinstance(one, time | datetime):
        return one.replace(tzinfo=None) == two.replace(tzinfo=None) and time_offset(one) == time_offset(two)
    return equal(one, two) is True
