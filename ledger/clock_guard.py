"""A clock that leaps ahead fires nothing early: what is due by the clock waits until somebody confirms the leap.

The worker reckons for itself: the last moment at which the clock was trusted, and what has passed since by a clock
that nobody can set. Across a restart the last moment stands in the database. A leap that a witness confirms, or a
person, is true; one that ends by itself was none. See docs/decisions/0025.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger import clock
from ledger.actor import Actor
from ledger.clock_witness import Witness
from ledger.db import Base, Instant, reading, unit
from ledger.facts import record

log = logging.getLogger("licet.clock")
LEAP = dt.timedelta(hours=1)
"""A running worker doubts a clock that is further ahead than this."""
AWAY = dt.timedelta(days=3)
"""So long the house may have stood still between two runs without a question."""
SETTLED = dt.timedelta(days=1)
"""A clock that was set back and stays so for a day is right."""
NOTED = 60.0  # seconds between two notes of the last moment
Part = Callable[[Engine], int]


class ClockWatch(Base):
    """The clock of a machine: trusted last at `seen_at`. While it is in doubt, what it showed first and what was
    expected then; `confirmed_at` is when a person said that it is right."""

    __tablename__ = "clock_watch"

    place: Mapped[str] = mapped_column(String(120), primary_key=True)
    seen_at: Mapped[dt.datetime] = mapped_column(Instant)
    doubted_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    expected_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    confirmed_at: Mapped[dt.datetime | None] = mapped_column(Instant)

    @property
    def ahead(self) -> dt.timedelta:
        """How far it leapt."""
        return self.doubted_at - self.expected_at if self.doubted_at and self.expected_at else dt.timedelta()


@dataclass(frozen=True)
class Reckoning:
    """A moment at which the clock was trusted, and how the steady clock stood then. `bound`: how far ahead of it the
    clock may be, `behind_since` (by the steady clock): it was set back then."""

    at: dt.datetime
    steady: float
    bound: dt.timedelta
    behind_since: float | None = None

    def now(self, steady: float) -> dt.datetime:
        """What time it should be."""
        return self.at + dt.timedelta(seconds=steady - self.steady)

    def believed(self, shown: dt.datetime, steady: float) -> Reckoning:
        """The reckoning after a look at a clock that is not too far ahead. One that was set back is waited for: set
        right again, it is no leap."""
        if shown - self.now(steady) >= -LEAP:
            return Reckoning(shown, steady, LEAP)
        since = steady if self.behind_since is None else self.behind_since
        if steady - since >= SETTLED.total_seconds():
            return Reckoning(shown, steady, LEAP)
        return Reckoning(self.at, self.steady, self.bound, since)


class Guard:
    """Watches over the clock of this process; `place` names the machine, `witness` says whether a leap is true."""

    def __init__(self, database: Engine, place: str, witness: Callable[[dt.datetime], bool] | None = None) -> None:
        self.database, self.place, self.witness = database, place[:120], witness or Witness(database)
        self.doubted = False
        self._known: Reckoning | None = None
        self._noted: float | None = None
        self._turn = threading.Lock()

    def over(self, parts: Mapping[str, Part], *, but: Collection[str] = ()) -> dict[str, Part]:
        """The parts of the work; those that are due by the clock (all `but` some) under this guard."""
        return {name: part if name in but else self.timed(part) for name, part in parts.items()}

    def timed(self, part: Part) -> Part:
        """A part of the work that is due by the clock: not done while the clock is in doubt, and whatever happens to
        the clock meanwhile, it reads none that leaps."""
        def while_trusted(database: Engine) -> int:
            if not self.look():
                return 0
            with clock.within(self.now):
                return part(database)

        return while_trusted

    def now(self) -> dt.datetime:
        """What the clock shows; where that leapt since the last look, what it should show."""
        shown, known = clock.shown(), self._known
        if known is None:
            return shown
        expected = known.now(clock.steady())
        return expected if shown - expected > known.bound else shown

    def look(self) -> bool:
        """Whether the clock can be trusted. False too while the database is away: nothing can be done then."""
        with self._turn:
            try:
                return self._look()
            except Exception as error:  # the next look asks again
                log.warning("the clock was not judged: %s", type(error).__name__)
                return False

    def _look(self) -> bool:
        known, shown, steady = self._known, clock.shown(), clock.steady()
        if known is None:
            known = self._known = self._last(shown, steady)
        if shown - known.now(steady) > known.bound:
            if not self.witness(shown) and not self._confirmed(shown, known.now(steady)):
                return False
            known = Reckoning(shown, steady, LEAP)
        self._known = known = known.believed(shown, steady)
        if self.doubted or self._noted is None or steady - self._noted >= NOTED:
            self._note(known.now(steady))
            self._noted = steady
        return True

    def _last(self, shown: dt.datetime, steady: float) -> Reckoning:
        """Where the run before this one ended, on whatever machine. One that ended in doubt goes on in doubt: the clock
        may be ahead by less than it leapt then."""
        with reading(self.database) as session:
            rows = session.scalars(select(ClockWatch)).all()
            last = max((row.seen_at for row in rows), default=shown)
            return Reckoning(last, steady, min([AWAY, *(row.ahead for row in rows if row.doubted_at)]))

    def _confirmed(self, shown: dt.datetime, expected: dt.datetime) -> bool:
        """Whether a person has said that the clock is right since we asked; asks where nobody did."""
        with unit(self.database) as session:
            row = self._row(session, expected)
            if self.doubted and row.doubted_at is None and row.confirmed_at is not None:
                return True
            if not self.doubted or row.doubted_at is None:
                log.error("the clock leapt ahead by %s; what is due by it waits", shown - expected)
                row.doubted_at, row.expected_at, row.confirmed_at = shown, expected, None
            self.doubted = True
            return False

    def _note(self, at: dt.datetime) -> None:
        with unit(self.database) as session:
            row = self._row(session, at)
            row.seen_at, row.doubted_at, row.expected_at = at, None, None
        if self.doubted:
            log.warning("the clock is trusted again")
        self.doubted = False

    def _row(self, session: Session, at: dt.datetime) -> ClockWatch:
        row = session.get(ClockWatch, self.place, with_for_update=True)
        if row is None:
            row = ClockWatch(place=self.place, seen_at=at)
            session.add(row)
        return row


def doubts(session: Session) -> Sequence[ClockWatch]:
    """The machines whose clock leapt ahead and was not confirmed."""
    return session.scalars(select(ClockWatch).where(ClockWatch.doubted_at.is_not(None)).order_by(
        ClockWatch.place)).all()


def confirm(session: Session, *, by: Actor) -> int:
    """Somebody says that the clocks in doubt are right; how many there were."""
    found = doubts(session)
    for row in found:
        assert row.doubted_at is not None and row.expected_at is not None
        record(session, "clock.confirmed", ("person", by.id or 0), by=by, after={
            "place": row.place, "shown": row.doubted_at.isoformat(), "expected": row.expected_at.isoformat()})
        row.doubted_at, row.expected_at, row.confirmed_at = None, None, clock.now()
    return len(found)


__all__ = ["AWAY", "LEAP", "ClockWatch", "Guard", "Reckoning", "confirm", "doubts"]
