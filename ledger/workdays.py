"""Working days and the three arithmetics of deadlines (行政许可法 82, 民法典 201-203).

The calendar is a table that people edit: seeded for 2020-2026 from chinesecalendar, which follows the yearly notices
of the State Council. A year without a notice counts weekends only and is marked unconfirmed on each deadline computed
from it.
"""

from __future__ import annotations

import calendar as months
import datetime as dt
from dataclasses import dataclass
from functools import cache
from typing import Literal, NamedTuple

from sqlalchemy import String, func, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger import clock
from ledger.db import Base, Instant

Kind = Literal["off", "work"]
SEEDED = range(2020, 2027)
ONE_DAY = dt.timedelta(days=1)


class CalendarDay(Base):
    """A day that differs from its weekday: a holiday ("off") or a make-up working day ("work", 调休)."""

    __tablename__ = "calendar_day"

    day: Mapped[dt.date] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(4))
    name: Mapped[str] = mapped_column(String(60), default="")


class Exceptional(NamedTuple):
    """What a CalendarDay says, before it is a row."""

    day: dt.date
    kind: Kind
    name: str


class CalendarYear(Base):
    """Whether a year follows an official notice, and which."""

    __tablename__ = "calendar_year"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    confirmed: Mapped[bool] = mapped_column(default=False)
    source: Mapped[str] = mapped_column(String(200), default="")
    revision: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[dt.datetime] = mapped_column(Instant)


@dataclass(frozen=True)
class Deadline:
    """The last day on which something is in time; `confirmed` is False where a year's notice was missing."""

    on: dt.date
    confirmed: bool = True


@dataclass(frozen=True)
class Calendar:
    """Which days are worked. Pure: `off` and `work` are the exceptions, `years` those with an official notice."""

    off: frozenset[dt.date] = frozenset()
    work: frozenset[dt.date] = frozenset()
    years: frozenset[int] = frozenset()

    def is_workday(self, day: dt.date) -> bool:
        """Worked, by the notice where there is one, else Monday to Friday."""
        return day in self.work or (day.weekday() < 5 and day not in self.off)

    def after(self, day: dt.date, count: int) -> dt.date:
        """The `count`-th working day after `day`; the first day is not counted (民法典 201). Zero rolls forward."""
        return self._walk(day, count, ONE_DAY)

    def before(self, day: dt.date, count: int) -> dt.date:
        """The `count`-th working day before `day`. Zero rolls backward."""
        return self._walk(day, count, -ONE_DAY)

    def between(self, start: dt.date, end: dt.date) -> int:
        """Working days after `start` up to and including `end`; negative when `end` is earlier."""
        if end < start:
            return -self.between(end, start)
        weeks, rest = divmod((end - start).days, 7)
        found = weeks * 5 + sum((start.weekday() + n) % 7 < 5 for n in range(1, rest + 1))
        found += sum(start < day <= end and day.weekday() >= 5 for day in self.work)
        return found - sum(start < day <= end and day.weekday() < 5 for day in self.off - self.work)

    def confirmed(self, start: dt.date, end: dt.date) -> bool:
        """Every year touched has an official notice."""
        first, last = sorted((start.year, end.year))
        return all(year in self.years for year in range(first, last + 1))

    def _walk(self, day: dt.date, count: int, step: dt.timedelta) -> dt.date:
        if count < 0:
            return self._walk(day, -count, -step)
        if count > 5000:
            raise ValueError("more than 5000 working days")
        while count:
            day += step
            count -= self.is_workday(day)
        while not self.is_workday(day):
            day += step
        return day


def months_before(day: dt.date, count: int) -> dt.date:
    """The same-numbered day `count` calendar months earlier, or that month's end (民法典 202)."""
    year, month = divmod(day.year * 12 + day.month - 1 - count, 12)
    return dt.date(year, month + 1, min(day.day, months.monthrange(year, month + 1)[1]))


def days_before(day: dt.date, count: int) -> dt.date:
    """`count` calendar days earlier."""
    return day - dt.timedelta(days=count)


def working_days_after(cal: Calendar, day: dt.date, count: int) -> Deadline:
    """The deadline `count` working days after `day` (行政许可法 82: working days, without holidays)."""
    on = cal.after(day, count)
    return Deadline(on, cal.confirmed(day, on))


def roll_back(cal: Calendar, day: dt.date) -> Deadline:
    """A "no later than N before" day that is a holiday moves to the working day before it."""
    on = cal.before(day, 0)
    return Deadline(on, cal.confirmed(on, day))


_cached: dict[str, tuple[object, Calendar]] = {}


def calendar(session: Session) -> Calendar:
    """The calendar as it stands in the database; read again only when a year was changed."""
    bind = session.get_bind()
    place = str(bind.engine.url)
    mark = session.execute(select(func.count(), func.sum(CalendarYear.revision)).select_from(CalendarYear)).one()
    held = _cached.get(place)
    if held and held[0] == tuple(mark):
        return held[1]
    days = session.execute(select(CalendarDay.day, CalendarDay.kind)).all()
    years = session.scalars(select(CalendarYear.year).where(CalendarYear.confirmed)).all()
    made = Calendar(
        frozenset(day for day, kind in days if kind == "off"),
        frozenset(day for day, kind in days if kind == "work"),
        frozenset(years),
    )
    _cached[place] = (tuple(mark), made)
    return made


def touch(session: Session, year: int, *, confirmed: bool, source: str) -> CalendarYear:
    """Note that a year's days were changed, so that every process reads them again."""
    row = session.get(CalendarYear, year) or CalendarYear(year=year)
    return _touched(session, row, confirmed=confirmed, source=source)


def _touched(session: Session, row: CalendarYear, *, confirmed: bool, source: str) -> CalendarYear:
    row.confirmed, row.source = confirmed, source
    row.revision, row.changed_at = (row.revision or 0) + 1, clock.now()
    session.add(row)
    return row


@cache
def exceptions(year: int) -> tuple[Exceptional, ...]:
    """The days of `year` that differ from their weekday, from chinesecalendar (2004-2026)."""
    import chinese_calendar

    found = []
    day = dt.date(year, 1, 1)
    while day.year == year:
        off, name = chinese_calendar.get_holiday_detail(day)
        if off == (day.weekday() < 5):
            found.append(Exceptional(day, "off" if off else "work", name or ""))
        day += ONE_DAY
    return tuple(found)


def seed(session: Session) -> None:
    """Fill the years 2020-2026 where the table is empty; the year after the last stays visibly unconfirmed."""
    there = set(session.scalars(select(CalendarYear.year)))
    missing = [year for year in SEEDED if year not in there]
    if days := [each._asdict() for year in missing for each in exceptions(year)]:
        session.execute(insert(CalendarDay), days)
    source = "国务院办公厅节假日安排通知 (chinesecalendar 1.11.0)"
    for year in missing:
        _touched(session, CalendarYear(year=year), confirmed=True, source=source)
    if SEEDED.stop not in there:
        _touched(session, CalendarYear(year=SEEDED.stop), confirmed=False, source="")
