"""The month of what is due: days as a grid on a desk, on a phone the days on which there is something."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass

from flask import request
from flask_babel import gettext as _

from ledger import clock
from web.guard import actor
from web.pages import with_arguments
from web.session import db
from workflows import agenda
from workflows.agenda import Busy, Wanted

YEARS = range(2000, 2101)


@dataclass(frozen=True)
class Month:
    """A month as its page draws it: `days` are all of its days, each with what is due (None: nothing)."""

    first: dt.date
    days: list[tuple[dt.date, Busy | None]]
    total: int
    overdue: int

    @property
    def column(self) -> int:
        """The column of the first day, Monday being 1."""
        return self.first.isoweekday()

    @property
    def title(self) -> str:
        """The month in words."""
        return _("%(year)d 年 %(month)d 月", year=self.first.year, month=self.first.month)

    def beside(self, step: int) -> str | None:
        """The address of the month before (-1) or after (1); None at the end of all calendars."""
        number = self.first.year * 12 + self.first.month - 1 + step
        return with_arguments(month=f"{number // 12:04}-{number % 12 + 1:02}") if number // 12 in YEARS else None

    def of_day(self, day: dt.date) -> str:
        """The address of the list of one day."""
        return with_arguments(view=None, month=None, on=day.isoformat())


def month_of(wanted: Wanted) -> Month:
    """The month that the address asks for (?month=2027-01), else the present one."""
    first = month_in(request.args.get("month", "")) or clock.today().replace(day=1)
    last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    found = {one.day: one for one in agenda.month(db.session(), actor(), wanted, first, last)}
    days = [first + dt.timedelta(days=step) for step in range(last.day)]
    return Month(first, [(day, found.get(day)) for day in days], sum(one.total for one in found.values()),
                 agenda.overdue(db.session(), actor(), wanted))


def month_in(text: str) -> dt.date | None:
    """The first day of a month written as 2027-01; None for anything else."""
    try:
        found = dt.date.fromisoformat(f"{text}-01") if len(text) == 7 else None
    except ValueError:
        return None
    return found if found and found.year in YEARS else None
