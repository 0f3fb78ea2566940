"""Dates, times and moments as whole numbers, so that FEEL's range fits: years to ±999,999,999 and nanoseconds.

What Python's own types can hold is held by them; `LongDate`, `FineTime` and `LongMoment` hold the rest and look alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

SECOND = 1_000_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
LAST_YEAR = 999_999_999


@dataclass(frozen=True, slots=True)
class LongDate:
    """A date beyond the years 1 to 9999."""

    year: int
    month: int
    day: int


class Clockwise:
    """Hours, minutes and seconds of what counts the nanoseconds of a day."""

    __slots__ = ()
    nanos: int

    @property
    def hour(self) -> int:
        return self.nanos // HOUR

    @property
    def minute(self) -> int:
        return self.nanos // (60 * SECOND) % 60

    @property
    def second(self) -> int:
        return self.nanos // SECOND % 60


@dataclass(frozen=True, slots=True)
class FineTime(Clockwise):
    """A time of day with parts of a microsecond."""

    nanos: int
    tzinfo: tzinfo | None = None


@dataclass(frozen=True, slots=True)
class LongMoment(Clockwise):
    """A moment beyond Python's years or finer than a microsecond."""

    year: int
    month: int
    day: int
    nanos: int
    tzinfo: tzinfo | None = None


Day = date | LongDate
Clock = time | FineTime
Moment = datetime | LongMoment
DAYS = frozenset({date, LongDate})
CLOCKS = frozenset({time, FineTime})
MOMENTS = frozenset({datetime, LongMoment})
DATED = DAYS | MOMENTS


def ordinal(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01 in the proleptic Gregorian calendar, any year."""
    if month <= 2:
        year -= 1
    era, of_era = divmod(year, 400)
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


def civil(days: int) -> tuple[int, int, int]:
    """Year, month and day of an ordinal."""
    era, of_era = divmod(days + 719_468, 146_097)
    year = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    day = of_year - (153 * month + 2) // 5 + 1
    month = month + 3 if month < 10 else month - 9
    return year + era * 400 + (month <= 2), month, day


def days_in(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def make_date(year: int, month: int, day: int) -> Day | None:
    """The date, None when there is no such day."""
    if not (1 <= month <= 12 and abs(year) <= LAST_YEAR and 1 <= day <= days_in(year, month)):
        return None
    return date(year, month, day) if 1 <= year <= 9999 else LongDate(year, month, day)


def make_time(nanos: int, where: tzinfo | None) -> Clock:
    """The time so many nanoseconds after midnight (0 to 24 h)."""
    micros, fine = divmod(nanos, 1000)
    if fine:
        return FineTime(nanos, where)
    seconds, micros = divmod(micros, 1_000_000)
    return time(seconds // 3600, seconds // 60 % 60, seconds % 60, micros, tzinfo=where)


def make_moment(on: Day | Moment, nanos: int, where: tzinfo | None) -> Moment:
    """A day (of `on`) and a time on it."""
    if nanos % 1000 == 0 and 1 <= on.year <= 9999:
        clock = make_time(nanos, where)
        assert isinstance(clock, time)
        return datetime.combine(date(on.year, on.month, on.day), clock)
    return LongMoment(on.year, on.month, on.day, nanos, where)


def nanos_of(value: Clock | Moment) -> int:
    """Nanoseconds since midnight."""
    if isinstance(value, FineTime | LongMoment):
        return value.nanos
    return (value.hour * 3600 + value.minute * 60 + value.second) * SECOND + value.microsecond * 1000


def day_of(value: Day | Moment) -> Day:
    if isinstance(value, datetime):
        return value.date()
    return LongDate(value.year, value.month, value.day) if _long(value) else date(value.year, value.month, value.day)


def _long(value: Day | Moment) -> bool:
    return not 1 <= value.year <= 9999


def clock_of(value: Moment) -> Clock:
    return make_time(nanos_of(value), value.tzinfo)


def ordinal_of(value: Day | Moment) -> int:
    return ordinal(value.year, value.month, value.day)


def twin(value: Day | Moment) -> date:
    """A date Python knows with the same weekday, day of year and week: 400 years are a whole number of weeks."""
    year = value.year if 1 <= value.year <= 9999 else 2000 + value.year % 400
    return date(year, value.month, value.day)


def offset_of(value: Clock | Moment) -> int | None:
    """Seconds east of UTC, None without a zone; a time of day in a named zone takes the zone's standard offset."""
    if value.tzinfo is None:
        return None
    if isinstance(value, time | FineTime):
        probe = datetime.combine(date(2000, 1, 1), time())
    else:
        clock = time(value.hour, value.minute, value.second, fold=getattr(value, "fold", 0))
        probe = datetime.combine(_probe(value), clock)
    delta = value.tzinfo.utcoffset(probe)
    return None if delta is None else round(delta / timedelta(seconds=1))


def instant(value: Moment) -> int:
    """Nanoseconds since 1970 in UTC; without a zone, as if it stood in UTC."""
    return ordinal_of(value) * DAY + nanos_of(value) - (offset_of(value) or 0) * SECOND


def moment_at(nanos: int, where: tzinfo | None) -> Moment | None:
    """The moment of an instant, told in a zone (without one: as UTC tells it); None beyond the last year."""
    utc = _local(nanos, None)
    if utc is None or where is None:
        return utc
    offset, fold = _told(utc, where)
    found = _local(nanos + offset * SECOND, where)
    return found.replace(fold=fold) if isinstance(found, datetime) and fold else found


def _told(utc: Moment, where: tzinfo) -> tuple[int, int]:
    """The offset in seconds that a zone has at this moment of UTC, and which of two equal local times it makes."""
    probe = datetime.combine(_probe(utc), time(utc.hour, utc.minute, utc.second))
    told = where.fromutc(probe.replace(tzinfo=where))
    return round((told.replace(tzinfo=None) - probe) / timedelta(seconds=1)), told.fold


def _probe(value: Moment) -> date:
    """The day itself, or one that Python knows, near the end of its years."""
    year = max(2, min(value.year, 9998))
    return date(year, value.month, value.day if year == value.year else min(value.day, 28))


def _local(nanos: int, where: tzinfo | None) -> Moment | None:
    days, rest = divmod(nanos, DAY)
    year, month, day = civil(days)
    return make_moment(LongDate(year, month, day), rest, where) if abs(year) <= LAST_YEAR else None
