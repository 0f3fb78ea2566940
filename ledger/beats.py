"""Signs of life of the workers: a row for each process, written every quarter of a minute, beside the work itself.

In the database, so that truth is in one place: with Redis away the workers still work, and are still seen to. A row
tells when each part of the work was last done, how long that took, and what the process is at now.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger import clock
from ledger.db import Base, Id, Instant, Json

EVERY = 15  # seconds between two signs
LATE = dt.timedelta(seconds=60)
GONE = dt.timedelta(minutes=3)
FORGOTTEN = dt.timedelta(days=1)


class WorkerBeat(Base):
    """A worker process: `kind` is "worker" or "imports". `parts` tells of each part of its work {"at": when it was last
    done, "ms": how long that took, "slowest": the longest in this process, "failed": when it last failed, "error"}.
    `doing` is the part it is at, since `doing_since`."""

    __tablename__ = "worker_beat"

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(String(20))
    place: Mapped[str] = mapped_column(String(120))  # machine and process number
    begun_at: Mapped[dt.datetime] = mapped_column(Instant)
    seen_at: Mapped[dt.datetime] = mapped_column(Instant)
    stopped_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    doing: Mapped[str | None] = mapped_column(String(40))
    doing_since: Mapped[dt.datetime | None] = mapped_column(Instant)
    parts: Mapped[dict[str, dict[str, Any]]] = mapped_column(Json)

    def state(self, at: dt.datetime) -> str:
        """What its signs say: "alive", "late" (a minute without one), "gone" (three), or "stopped" (told to)."""
        if self.stopped_at is not None:
            return "stopped"
        quiet = at - self.seen_at
        return "gone" if quiet > GONE else "late" if quiet > LATE else "alive"


def begin(session: Session, kind: str, place: str) -> int:
    """A worker has started; rows of processes that nobody has heard of for a day are forgotten."""
    now = clock.now()
    session.execute(delete(WorkerBeat).where(WorkerBeat.seen_at < now - FORGOTTEN))
    row = WorkerBeat(kind=kind, place=place[:120], begun_at=now, seen_at=now, parts={})
    session.add(row)
    session.flush()
    return row.id


def beat(session: Session, number: int, place: str, parts: Mapping[str, Mapping[str, Any]],
         doing: tuple[str, dt.datetime] | None) -> bool:
    """It is alive; False when its row is gone (the clock jumped, the database was restored): begin again."""
    row = session.get(WorkerBeat, number)
    if row is None or row.place != place[:120]:
        return False
    row.seen_at, row.stopped_at = clock.now(), None
    row.parts = {name: dict(told) for name, told in parts.items()}
    row.doing, row.doing_since = doing or (None, None)
    return True


def stop(session: Session, number: int) -> None:
    """It was told to stop, and does."""
    row = session.get(WorkerBeat, number)
    if row is not None:
        row.seen_at = row.stopped_at = clock.now()


def workers(session: Session) -> Sequence[WorkerBeat]:
    """Every worker of the last day, the latest signs first."""
    return session.scalars(select(WorkerBeat).order_by(WorkerBeat.seen_at.desc(), WorkerBeat.id.desc())).all()
