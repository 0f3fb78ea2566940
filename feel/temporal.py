"""Dates, times and durations: reading, writing and their arithmetic (10.3.2.3.4 to 10.3.2.3.8)."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from feel.values import DAY, SECOND, DaysDuration, Value, YearsMonths

DATE = re.compile(r"(-?)(\d{4}|[1-9]\d{4,8})-(\d\d)-(\d\d)")
TIME = re.compile(
    r"(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:(Z)|([+-])(\d\d):(\d\d)(?::(\d\d))?|@([A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+)*))?"
)
DURATION = re.compile(
    r"(-?)P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d{1,9}))?S)?)?", re.ASCII
)


@lru_cache(512)
def zone(name: str) -> tzinfo | None:
    """The IANA zone of this name, or None."""
    if name in ("Z", "z"):
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def read_date(text: str) -> date | None:
    found = DATE.fullmatch(text)
    if not found:
        return None
    return make_date(int(found[1] + found[2]), int(found[3]), int(found[4]))


def make_date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except (ValueError, OverflowError):
        return None


def read_time(text: str) -> time | None:
    found = TIME.fullmatch(text)
    if not found:
        return None
    hours, minutes, seconds = int(found[1]), int(found[2]), int(found[3])
    micros = int((found[4] or "0").ljust(9, "0")[:6])
    known, where = _offset(found)
    if not known or hours > 23:
        return None
    try:
        return time(hours, minutes, seconds, micros, tzinfo=where)
    except ValueError:
        return None


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


def read_datetime(text: str) -> datetime | None:
    """`2026-11-22T10:00:00+08:00`; a date alone is its midnight."""
    day, mark, clock = text.partition("T")
    on = read_date(day)
    if on is None:
        return None
    if not mark:
        return datetime.combine(on, time())
    at = read_time(clock)
    return None if at is None else datetime.combine(on, at)


def read_duration(text: str) -> DaysDuration | YearsMonths | None:
    found = DURATION.fullmatch(text)
    if not found or not any(part is not None for part in found.groups()[1:]) or len(text) > 60:
        return None
    sign = -1 if found[1] else 1
    years, months, days, hours, minutes, seconds = (None if p is None else int(p) for p in found.groups()[1:7])
    if years is not None or months is not None:
        if any(part is not None for part in (days, hours, minutes, seconds)) or text.endswith("T"):
            return None
        return YearsMonths(sign * ((years or 0) * 12 + (months or 0)))
    whole = (days or 0) * 86_400 + (hours or 0) * 3600 + (minutes or 0) * 60 + (seconds or 0)
    return DaysDuration(sign * (whole * SECOND + int((found[8] or "0").ljust(9, "0"))))


def read_any(text: str) -> Value:
    """The value of `@"..."`: whichever of the five kinds the text spells, or None."""
    if text.startswith(("P", "-P")):
        return read_duration(text)
    if "T" in text and (moment := read_datetime(text)) is not None:
        return moment
    return read_date(text) or read_time(text)


def duration_text(value: DaysDuration | YearsMonths) -> str:
    """ISO 8601, with as few parts as possible: P1DT2H, PT0S, P1Y2M, P0M."""
    if isinstance(value, YearsMonths):
        years, months = divmod(abs(value.months), 12)
        body = (f"{years}Y" if years else "") + (f"{months}M" if months else "") or "0M"
        return ("-P" if value.months < 0 else "P") + body
    days, rest = divmod(abs(value.nanos), DAY)
    seconds, nanos = divmod(rest, SECOND)
    hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
    fraction = f"{nanos:09d}".rstrip("0")
    tail = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    if seconds or fraction:
        tail += f"{seconds}{'.' + fraction if fraction else ''}S"
    body = (f"{days}D" if days else "") + ("T" + tail if tail else "")
    return ("-P" if value.nanos < 0 else "P") + (body or "T0S")


def time_text(value: time) -> str:
    text = f"{value.hour:02d}:{value.minute:02d}:{value.second:02d}"
    if value.microsecond:
        text += f".{value.microsecond:06d}".rstrip("0")
    return text + zone_text(value)


def zone_text(value: time | datetime) -> str:
    where = value.tzinfo
    if where is None:
        return ""
    if isinstance(where, ZoneInfo):
        return f"@{where.key}"
    offset = value.utcoffset() or timedelta()
    seconds = int(offset.total_seconds())
    if seconds == 0:
        return "Z"
    hours, rest = divmod(abs(seconds), 3600)
    text = f"{'-' if seconds < 0 else '+'}{hours:02d}:{rest // 60:02d}"
    return text + (f":{rest % 60:02d}" if rest % 60 else "")


def date_text(value: date) -> str:
    return f"{value.year:04d}-{value.month:02d}-{value.day:02d}"


def datetime_text(value: datetime) -> str:
    return f"{date_text(value)}T{time_text(value.timetz())}"


def add_months(value: date | datetime, months: int) -> Value:
    """The same day so many months later, or the month's last day; None beyond year 9999."""
    year, month = divmod(value.year * 12 + value.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        return None
    day = min(value.day, monthrange(year, month + 1)[1])
    return value.replace(year=year, month=month + 1, day=day)


def add_nanos(value: date | datetime, nanos: int) -> Value:
    """A moment so much later; a date counts as its midnight UTC and stays a date (10.3.2.12.5)."""
    try:
        if isinstance(value, datetime):
            return value + timedelta(microseconds=nanos // 1000)
        return (datetime.combine(value, time()) + timedelta(microseconds=nanos // 1000)).date()
    except OverflowError:
        return None


def add_to_time(value: time, nanos: int) -> time:
    """Round the clock, keeping the offset."""
    total = (time_nanos(value) + nanos) % DAY
    seconds, rest = divmod(total, SECOND)
    return time(seconds // 3600, seconds // 60 % 60, seconds % 60, rest // 1000, tzinfo=value.tzinfo)


def time_nanos(value: time) -> int:
    return (value.hour * 3600 + value.minute * 60 + value.second) * SECOND + value.microsecond * 1000


def time_offset(value: time | datetime) -> int | None:
    """Seconds east of UTC; a time in a named zone takes the zone's standard offset."""
    if value.tzinfo is None:
        return None
    delta = value.utcoffset()
    if delta is None:
        delta = value.tzinfo.utcoffset(datetime.combine(date(2000, 1, 1), time()))
    return None if delta is None else int(delta.total_seconds())


def between(left: Value, right: Value) -> DaysDuration | None:
    """left - right for two dates or moments; None when only one of them has an offset."""
    if not isinstance(left, datetime):
        left = datetime.combine(left, time(), tzinfo=UTC if _aware(right) else None)
    if not isinstance(right, datetime):
        right = datetime.combine(right, time(), tzinfo=UTC if _aware(left) else None)
    if _aware(left) != _aware(right):
        return None
    if _aware(left):
        left, right = left.astimezone(UTC), right.astimezone(UTC)
    return DaysDuration.of(left - right)


def _aware(value: date | datetime) -> bool:
    return isinstance(value, datetime) and value.tzinfo is not None


def between_times(left: time, right: time) -> DaysDuration | None:
    offsets = time_offset(left), time_offset(right)
    if (offsets[0] is None) != (offsets[1] is None):
        return None
    nanos = time_nanos(left) - time_nanos(right) - ((offsets[0] or 0) - (offsets[1] or 0)) * SECOND
    return DaysDuration(nanos)
