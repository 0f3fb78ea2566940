"""How the queue shrinks: what came in and what was settled day by day, and how much was open at the end of each day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import Actor
from ledger.local_day import shanghai_day
from registry.access.rules import visible
from registry.intake.batch.models import Batch, Flaw
from registry.intake.stewardship.queue import Wanted, closed_at, ever, narrowed, opened_at


@dataclass(frozen=True)
class Day:
    """One day of the queue: `left` is what was open when it ended."""

    on: dt.date
    opened: int
    settled: int
    left: int


def days(session: Session, actor: Actor, wanted: Wanted, *, number: int, until: dt.date) -> list[Day]:
    """The `number` days up to and including `until`; `wanted` narrows by kind, unit, type and batch."""
    wanted = replace(wanted, opened=None, settled=None, taken_by=None)
    first = until - dt.timedelta(days=number - 1)
    start, end = clock.start_of_day(first), clock.end_of_day(until)
    opened, closed = opened_at(), closed_at()
    came = _by_day(session, _all(actor, wanted).where(opened >= start, opened < end), opened)
    went = _by_day(session, _all(actor, wanted).where(closed >= start, closed < end), closed)
    before = _all(actor, wanted).where(opened < start, or_(closed.is_(None), closed >= start))
    left = session.scalar(before.with_only_columns(func.count(), maintain_column_froms=True)) or 0
    found = []
    for day in (first + dt.timedelta(days=step) for step in range(number)):
        left += came.get(day, 0) - went.get(day, 0)
        found.append(Day(day, came.get(day, 0), went.get(day, 0), left))
    return found


def _all(actor: Actor, wanted: Wanted) -> Select[Any]:
    query: Select[Any] = ever(visible(select(Flaw).join(Batch, Batch.id == Flaw.batch_id), actor, model=Flaw))
    return query.where(and_(True, *narrowed(wanted)))


def _by_day(session: Session, query: Select[Any], moment: Any) -> dict[dt.date, int]:
    day = shanghai_day(moment)
    grouped = query.with_only_columns(day, func.count(), maintain_column_froms=True).group_by(day)
    return {row[0]: row[1] for row in session.execute(grouped)}
