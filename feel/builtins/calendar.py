"""10.3.4.7 and 10.3.4.8: date functions, `now` and `today`.

`now` and `today` here read the machine's clock in UTC; a caller with a clock of its own hands in functions of these
names, which come before the built-in ones.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from time import time as seconds

from feel.moments import Day, Moment, twin
from feel.signatures import builtin

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


@builtin("now()")
def now() -> datetime:
    return datetime.fromtimestamp(seconds(), UTC)


@builtin("today()")
def today() -> date:
    return now().date()


@builtin("day of year(date: date|moment)")
def day_of_year(on: Day | Moment) -> Decimal:
    return Decimal(twin(on).timetuple().tm_yday)


@builtin("day of week(date: date|moment)")
def day_of_week(on: Day | Moment) -> str:
    return DAYS[twin(on).weekday()]


@builtin("month of year(date: date|moment)")
def month_of_year(on: Day | Moment) -> str:
    return MONTHS[on.month - 1]


@builtin("week of year(date: date|moment)")
def week_of_year(on: Day | Moment) -> Decimal:
    """ISO 8601: the first week has the year's first Thursday."""
    return Decimal(twin(on).isocalendar().week)
