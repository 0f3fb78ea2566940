"""Starts processes whose timer start event is due: once for each occurrence, each in a transaction of its own."""

from __future__ import annotations

import logging

from sqlalchemy import Engine, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from engine import catalog, causes, instances
from engine.messaging import start_events
from engine.model import StartTrigger
from engine.releases import coming
from ledger import clock
from ledger.db import reading, unit
from ledger.failpoints import fp

log = logging.getLogger("licet.engine")


def due(session: Session, limit: int = 100) -> list[int]:
    """The ids of timer start events to start now, the longest overdue first."""
    wanted = select(StartTrigger.id).where(StartTrigger.due_at <= clock.now())
    return list(session.scalars(wanted.order_by(StartTrigger.due_at, StartTrigger.id).limit(limit)))


def sweep(engine: Engine, *, limit: int = 100) -> int:
    """Start what is due, each in a transaction of its own, once for each occurrence; how many started."""
    with reading(engine) as session:
        wanted = due(session, limit)
    return sum(_attempt(engine, trigger_id) for trigger_id in wanted)


def _attempt(engine: Engine, trigger_id: int) -> bool:
    try:
        with unit(engine) as session:
            begun = begin(session, trigger_id)
            fp("engine.starting.before_commit")
        fp("engine.starting.after_commit")
        return begun
    except OperationalError:
        return False  # the database made us wait too long; the next sweep looks again
    except Exception as error:
        log.error("timer start %s failed, looked at again with the next sweep: %s", trigger_id, causes.trail(error))
        return False


def begin(session: Session, trigger_id: int) -> bool:
    """Start the process of a timer start event that is due, and set its next occurrence.

    False when it is not due, or when a release that came into force before has not set the clocks yet."""
    locked = select(StartTrigger).where(StartTrigger.id == trigger_id).with_for_update(skip_locked=True)
    row = session.scalar(locked, execution_options={"populate_existing": True})
    if row is None or row.due_at is None or row.due_at > clock.now() or coming.awaited(session, row):
        return False
    instances.start_by(session, row)
    row.remaining = None if row.remaining is None else row.remaining - 1
    plan = catalog.plan(session, row.definition_id)
    row.due_at = None if row.remaining == 0 else start_events.next_due(session, plan.blueprint, row)
    if row.until_at is not None and (row.due_at is None or row.due_at >= row.until_at):
        session.delete(row)  # another version's from here on
    session.flush()
    return True
