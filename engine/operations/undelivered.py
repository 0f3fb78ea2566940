"""Messages that nobody has taken: kept until they expire, or failed; what a person does about one."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import run
from engine.model import Delivery, Incident
from engine.operations import incidents
from ledger import clock
from ledger.actor import Actor
from ledger.db import ring_after_commit
from ledger.errors import Conflict, NotFound
from ledger.facts import record
from ledger.failpoints import fp

PENDING = ("waiting", "failed")


class Delivered(Conflict):
    """这条消息已经送达或已过期。"""


def again(session: Session, delivery_id: int, *, by: Actor, reason: str) -> Delivery:
    """Try it with the next sweep, whatever it waited for. Raises Delivered, NotFound."""
    row = _held(session, delivery_id)
    row.state, row.attempts, row.next_try_at = "waiting", 0, clock.now()
    return _noted(session, row, "message.tried_again", by, reason)


def drop(session: Session, delivery_id: int, *, by: Actor, reason: str) -> Delivery:
    """Nobody is to have it any more. Raises Delivered, NotFound."""
    row = _held(session, delivery_id)
    row.state, row.done_at = "missed", clock.now()
    return _noted(session, row, "message.dropped", by, reason)


def _held(session: Session, delivery_id: int) -> Delivery:
    """The row, locked after the instance that it came from or is for, as everywhere."""
    found = session.get(Delivery, delivery_id)
    if found is None:
        raise NotFound()
    owner = found.instance_id or found.from_instance_id
    if owner is not None:
        run.lock(session, owner)
    row = session.get_one(Delivery, delivery_id, with_for_update=True, populate_existing=True)
    if row.state not in PENDING:
        raise Delivered()
    return row


def _noted(session: Session, row: Delivery, kind: str, by: Actor, reason: str) -> Delivery:
    open_ones = select(Incident.id).where(Incident.delivery_id == row.id, Incident.resolved_at.is_(None))
    for incident_id in session.scalars(open_ones).all():
        incidents.close(session, incident_id, by, reason)
    owner = row.instance_id or row.from_instance_id
    record(session, kind, ("delivery", row.id), by=by, group_id=row.group_id,
           about=[("instance", owner)] if owner is not None else [], after={"name": row.name, "reason": reason[:500]})
    session.flush()
    ring_after_commit(session, "timers")
    fp("engine.undelivered.before_commit")
    return row
