"""Hands over messages and signals, each in a transaction of its own: one that fails never holds up the others.

A message goes to the oldest waiting instance with its name and key, else to the process that it starts; else it is kept
until it expires.
"""

from __future__ import annotations

import logging

from sqlalchemy import ColumnElement, Engine, and_, or_, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from engine import causes, instances, run
from engine.messaging.sending import places
from engine.messaging.start_events import starts
from engine.model import Delivery, Instance, StartTrigger, Subscription
from engine.operations import halting, incidents
from ledger import clock
from ledger.actor import SYSTEM
from ledger.db import reading, unit
from ledger.facts import record
from ledger.failpoints import fp

log = logging.getLogger("licet.engine")
ATTEMPTS = 3


def due(session: Session, limit: int = 100) -> list[int]:
    """The ids of deliveries to try now, the oldest first."""
    wanted = select(Delivery.id).where(Delivery.state == "waiting", Delivery.next_try_at <= clock.now())
    return list(session.scalars(wanted.order_by(Delivery.next_try_at, Delivery.id).limit(limit)))


def sweep(engine: Engine, *, limit: int = 100) -> int:
    """Try up to `limit` deliveries, each in a transaction of its own; how many arrived."""
    with reading(engine) as session:
        wanted = due(session, limit)
    return sum(_attempt(engine, delivery_id) for delivery_id in wanted)


def _attempt(engine: Engine, delivery_id: int) -> bool:
    try:
        with unit(engine) as session:
            arrived = deliver(session, delivery_id)
            fp("engine.delivery.before_commit")
        fp("engine.delivery.after_commit")
        return arrived
    except OperationalError:
        return False  # the database made us wait too long; the next sweep looks again
    except Exception as error:
        log.warning("delivery %s failed: %s", delivery_id, causes.trail(error))
        with unit(engine) as session:
            _failed(session, delivery_id, error)
        return False


def deliver(session: Session, delivery_id: int) -> bool:
    """Hand over one delivery; False when its receiver is busy, gone, or not there yet."""
    row = session.get(Delivery, delivery_id)
    if row is None or row.state != "waiting":
        return False
    found = _receiver(session, row)
    if found is None:
        return _begin(session, row) or _nobody(session, row)
    locked = select(Instance).where(Instance.id == found.instance_id).with_for_update(skip_locked=True)
    instance = session.scalar(locked, execution_options={"populate_existing": True})
    row = session.get_one(Delivery, delivery_id, with_for_update=True, populate_existing=True)
    still = session.get(Subscription, found.id, populate_existing=True)
    if instance is None or row.state != "waiting":
        return False
    if instance.state == "suspended":
        row.next_try_at = clock.now() + halting.PAUSE  # its resumption wakes it; until then others come first
        session.flush()
        return False
    if still is None or instance.state != "active":
        return _nobody(session, row) if row.instance_id is not None else False
    number, element_id = still.token, still.element_id
    session.delete(still)
    _done(session, row, instance.id)
    record(session, f"{row.kind}.received", ("instance", instance.id), by=SYSTEM, group_id=instance.group_id,
           after={"name": row.name, "element": element_id, "from": row.from_instance_id}, key=f"delivery:{row.id}")
    with run.act(session, instance, SYSTEM) as act:
        run.trigger(act, number, element_id, row.kind, row.name, row.payload)
    return True


def _receiver(session: Session, row: Delivery) -> Subscription | None:
    same: ColumnElement[bool] = and_(Subscription.kind == row.kind, Subscription.name == row.name)
    wanted = select(Subscription).where(same).order_by(Subscription.id).limit(1)
    if row.kind == "signal":
        return session.scalar(wanted.where(
            Subscription.instance_id == row.instance_id, Subscription.token == row.token))
    key = Subscription.key.is_(None) if row.key is None else or_(
        Subscription.key == row.key, Subscription.key.is_(None))
    active = Instance.state.in_(("active", "suspended"))
    return session.scalar(wanted.where(key).join(Instance, Instance.id == Subscription.instance_id).where(active))


def _begin(session: Session, row: Delivery) -> bool:
    """Start the process that this message or signal starts, if there is one."""
    here = places(session, row)
    if row.start_trigger_id is not None:
        chosen = session.get(StartTrigger, row.start_trigger_id)
    else:
        chosen = next(iter(starts(session, row.kind, row.name, here)), None) if row.kind == "message" else None
    if chosen is None:
        return False
    row = session.get_one(Delivery, row.id, with_for_update=True, populate_existing=True)
    if row.state != "waiting":
        return False
    begun = instances.start_by(session, chosen, payload=row.payload, key=row.key, group_id=row.group_id,
                               places=here)
    _done(session, row, begun.id)
    return True


def _nobody(session: Session, row: Delivery) -> bool:
    """Nobody is there for it: a message is kept for a while, a signal is over."""
    now = clock.now()
    if row.kind == "signal" or row.expires_at is None or row.expires_at <= now:
        row.state, row.done_at = "missed", now
        if row.kind == "message" and row.from_instance_id is not None:
            record(session, "message.missed", ("instance", row.from_instance_id), by=SYSTEM, group_id=row.group_id,
                   after={"name": row.name}, key=f"delivery:{row.id}")
    else:
        row.next_try_at = row.expires_at
    session.flush()
    return False


def _done(session: Session, row: Delivery, instance_id: int) -> None:
    row.state, row.done_at, row.instance_id = "delivered", clock.now(), instance_id
    session.flush()


def _failed(session: Session, delivery_id: int, error: Exception) -> None:
    found = session.get_one(Delivery, delivery_id)
    owner = found.instance_id or found.from_instance_id  # neither changes while it waits
    instance = None if owner is None else run.lock(session, owner)  # before the delivery, as everywhere
    row = session.get_one(Delivery, delivery_id, with_for_update=True, populate_existing=True)
    if row.state != "waiting":
        return
    row.attempts, row.last_error = row.attempts + 1, halting.brief(error)[:500]
    row.next_try_at = clock.now() + halting.PAUSE * 2 ** (row.attempts - 1)
    if row.attempts >= ATTEMPTS:
        row.state = "failed"
        if instance is not None:
            zh, en = halting.told(error)
            incidents.open(session, instance, "", f"“{row.name}”没有送达：{zh}", cause_en=f"{row.name}: {en}",
                           delivery_id=row.id)


def again(session: Session, delivery_id: int) -> None:
    """Let a failed delivery be tried again."""
    row = session.get_one(Delivery, delivery_id, with_for_update=True, populate_existing=True)
    if row.state == "failed":
        row.state, row.attempts, row.next_try_at = "waiting", 0, clock.now()

