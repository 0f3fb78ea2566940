"""The one clock. Instants are UTC; business days are days in Asia/Shanghai (no daylight saving since 1991)."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
Clock = Callable[[], dt.datetime]


def system() -> dt.datetime:
    """The machine's clock, in UTC."""
    return dt.datetime.now(dt.UTC)


_SLEEPING = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Counts while the machine sleeps: Linux has its own for that, elsewhere the monotonic one does."""

_clock: Clock = system
_within: ContextVar[Clock | None] = ContextVar("licet_clock", default=None)


class Fixed:
    """A clock that stands still until it is moved; for tests and rehearsals."""

    def __init__(self, instant: dt.datetime) -> None:
        if instant.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        self.instant = instant.astimezone(dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.instant

    def advance(self, by: dt.timedelta) -> None:
        """Move forward (or back) by a timedelta."""
        self.instant += by

    def move_to(self, instant: dt.datetime) -> None:
        """Set the clock to an aware instant."""
        self.instant = instant.astimezone(dt.UTC)


@contextmanager
def use(clock: Clock) -> Iterator[Clock]:
    """Everything in this process reads `clock` (threads too) until the block ends."""
    global _clock
    before, _clock = _clock, clock
    try:
        yield clock
    finally:
        _clock = before


@contextmanager
def within(clock: Clock) -> Iterator[Clock]:
    """Only what this thread does in the block reads `clock`: a rehearsal beside work that goes on."""
    token = _within.set(clock)
    try:
        yield clock
    finally:
        _within.reset(token)


def now() -> dt.datetime:
    """The present instant, aware, in UTC."""
    return (_within.get() or _clock)()


def shown() -> dt.datetime:
    """What the clock of this process shows, whatever a block `within` reads."""
    return _clock()


def replaced() -> bool:
    """Whether another clock stands in the place of the machine's."""
    return _clock is not system


def steady() -> float:
    """Seconds that have passed since some moment, sleep included: setting the clock does not move them.

    Where a clock is put in place of the machine's, time passes as that clock says (its own `steady`, if it has one).
    """
    if not replaced():
        return time.clock_gettime(_SLEEPING)
    own: Callable[[], float] | None = getattr(_clock, "steady", None)
    return own() if own else _clock().timestamp()


def today() -> dt.date:
    """The present business day in Asia/Shanghai."""
    return day_of(now())


def day_of(instant: dt.datetime) -> dt.date:
    """The Shanghai day that an instant falls on."""
    return instant.astimezone(SHANGHAI).date()


def end_of_day(day: dt.date) -> dt.datetime:
    """24:00 of a Shanghai day, as a UTC instant: what is due on a day is late from here on."""
    return start_of_day(day + dt.timedelta(days=1))


def start_of_day(day: dt.date) -> dt.datetime:
    """00:00 of a Shanghai day, as a UTC instant."""
    return dt.datetime.combine(day, dt.time(), SHANGHAI).astimezone(dt.UTC)
