"""Reading and writing dates, times and durations as ISO 8601 and XML Schema spell them."""

from __future__ import annotations

import re
from datetime import UTC, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from feel.moments import (
    DAY,
    SECOND,
    Clock,
    Day,
    Moment,
    civil,
    make_date,
    make_moment,
    make_time,
    nanos_of,
    offset_of,
    ordinal_of,
)
from feel.values import DaysDuration, Value, YearsMonths

DATE = re.compile(r"(-?)(\d{4}|[1-9]\d{4,8})-(\d\d)-(\d\d)", re.ASCII)
TIME = re.compile(
    r"(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?"
    r"(?:([Zz])|([+-])(\d\d):(\d\d)(?::(\d\d))?|@([A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+)*))?",
    re.ASCII,
)
DURATION = re.compile(
    r"(-?)P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d{1,9}))?S)?)?", re.ASCII
)


@lru_cache(512)
def zone(name: str) -> tzinfo | None:
    """The IANA zone of this name, or None."""
    try:
        return UTC if name in ("Z", "z") else ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def read_date(text: str) -> Day | None:
    found = DATE.fullmatch(text)
    if not found or found[1] + found[2] == "-0000":
        return None
    return make_date(int(found[1] + found[2]), int(found[3]), int(found[4]))


def read_time(text: str) -> Clock | None:
    parts = _clock(text)
    return None if parts is None else make_time(parts[0] % DAY, parts[1])


def _clock(text: str) -> tuple[int, tzinfo | None] | None:
    """Nanoseconds since midnight and zone; 24:00:00 is the day's end."""
    found = TIME.fullmatch(text)
    if not found:
        return None
    hours, minutes, seconds = int(found[1]), int(found[2]), int(found[3])
    nanos = (hours * 3600 + minutes * 60 + seconds) * SECOND + int((found[4] or "0").ljust(9, "0"))
    known, where = _offset(found)
    if not known or minutes > 59 or seconds > 59 or nanos > DAY:
        return None
    return nanos, where


def _offset(found: re.Match[str]) -> tuple[bool, tzinfo | None]:
    if found[5]:
        return True, UTC
    if found[6]:
        hours, minutes, seconds = int(found[7]), int(found[8]), int(found[9] or 0)
        if hours > 18 or minutes > 59 or seconds > 59:
            return False, None
        delta = timedelta(hours=hours, minutes=minutes, seconds=seconds)
        return True, timezone(-delta if found[6] == "-" else delta)
    if found[10]:
        where = zone(found[10])
        return where is not None, where
    return True, None


def read_datetime(text: str) -> Moment | None:
    """`2026-11-22T10:00:00+08:00`; a date alone is its midnight."""
    day, mark, clock = text.partition("T")
    on = read_date(day)
    if on is None or not mark:
        return None if on is None else make_moment(on, 0, None)
    parts = _clock(clock)
    if parts is None:
        return None
    nanos, where = parts
    if nanos == DAY:
        next_day = make_date(*civil(ordinal_of(on) + 1))
        return None if next_day is None else make_moment(next_day, 0, where)
    return make_moment(on, nanos, where)


def read_duration(text: str) -> DaysDuration | YearsMonths | None:
    found = DURATION.fullmatch(text)
    if not found or len(text) > 60 or text.endswith("T"):
        return None
    sign = -1 if found[1] else 1
    years, months, days, hours, minutes, seconds = (None if p is None else int(p) for p in found.groups()[1:7])
    timed = [part for part in (days, hours, minutes, seconds) if part is not None]
    if years is not None or months is not None:
        return None if timed else YearsMonths(sign * ((years or 0) * 12 + (months or 0)))
    if not timed:
        return None
    whole = (days or 0) * 86_400 + (hours or 0) * 3600 + (minutes or 0) * 60 + (seconds or 0)
    return DaysDuration(sign * (whole * SECOND + int((found[8] or "0").ljust(9, "0"))))


def read_any(text: str) -> Value:
    """The value of `@"..."`: whichever of the five kinds the text spells, or None."""
    if text.startswith(("P", "-P")):
        return read_duration(text)
    if "T" in text and (moment := read_datetime(text)) is not None:
        return moment
    on = read_date(text)
    return read_time(text) if on is None else on


def duration_text(value: DaysDuration | YearsMonths) -> str:
    """With as few parts as possible: P1DT2H, PT0S, P1Y2M, P0M."""
    if isinstance(value, YearsMonths):
        years, months = divmod(abs(value.months), 12)
        body = (f"{years}Y" if years else "") + (f"{months}M" if months else "") or "0M"
        return ("-P" if value.months < 0 else "P") + body
    days, rest = divmod(abs(value.nanos), DAY)
    seconds, nanos = divmod(rest, SECOND)
    hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
    tail = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    if seconds or nanos:
        tail += f"{seconds}{_fraction(nanos)}S"
    body = (f"{days}D" if days else "") + ("T" + tail if tail else "")
    return ("-P" if value.nanos < 0 else "P") + (body or "T0S")


def _fraction(nanos: int) -> str:
    return f".{nanos:09d}".rstrip("0") if nanos else ""


def time_text(value: Clock) -> str:
    fraction = _fraction(nanos_of(value) % SECOND)
    return f"{value.hour:02d}:{value.minute:02d}:{value.second:02d}{fraction}{zone_text(value)}"


def zone_text(value: Clock | Moment) -> str:
    where = value.tzinfo
    if where is None:
        return ""
    if isinstance(where, ZoneInfo):
        return f"@{where.key}"
    seconds = offset_of(value) or 0
    if seconds == 0:
        return "Z"
    hours, rest = divmod(abs(seconds), 3600)
    text = f"{'-' if seconds < 0 else '+'}{hours:02d}:{rest // 60:02d}"
    return text + (f":{rest % 60:02d}" if rest % 60 else "")


def date_text(value: Day | Moment) -> str:
    sign = "-" if value.year < 0 else ""
    return f"{sign}{abs(value.year):04d}-{value.month:02d}-{value.day:02d}"


def datetime_text(value: Moment) -> str:
    return f"{date_text(value)}T{time_text(make_time(nanos_of(value), None))}{zone_text(value)}"
