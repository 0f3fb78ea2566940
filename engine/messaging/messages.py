"""Messages and signals from outside: to one instance that waits for them, or to whoever does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import run
from engine.messaging import sending
from engine.model import Delivery, Subscription
from ledger.actor import Actor
from ledger.errors import Conflict
from ledger.facts import record
from ledger.failpoints import fp


class NobodyWaits(Conflict):
    """该流程现在不等待“{name}”。"""


def waiting(session: Session, instance_id: int) -> list[str]:
    """The names of the messages an instance waits for, each once, oldest wait first."""
    names = session.scalars(
        select(Subscription.name).where(Subscription.instance_id == instance_id, Subscription.kind == "message")
        .order_by(Subscription.id))
    return list(dict.fromkeys(names))


def send(session: Session, instance_id: int, name: str, payload: Mapping[str, Any] | None = None, *, by: Actor) -> None:
    """Give a message to the instance; its oldest waiting event takes it. Only what that event maps becomes variables.

    Raises NobodyWaits (a Conflict) when no event waits for this name, NotFound for an unknown instance.
    """
    instance = run.active(run.lock(session, instance_id))
    wanted = select(Subscription).where(
        Subscription.instance_id == instance_id, Subscription.name == name, Subscription.kind == "message")
    found = session.scalars(wanted.order_by(Subscription.id).limit(1)).first()
    if found is None:
        raise NobodyWaits(name=name)
    number, element_id = found.token, found.element_id
    session.delete(found)
    session.flush()
    record(session, "message.received", ("instance", instance.id), by=by, group_id=instance.group_id,
           after={"name": name, "element": element_id})
    with run.act(session, instance, by) as act:
        run.trigger(act, number, element_id, "message", name, payload or {})
    fp("engine.message.before_commit")


def publish(session: Session, name: str, key: str | None, payload: Mapping[str, Any] | None = None, *,
            by: Actor) -> Delivery:
    """Send a message from outside to whoever waits for it: one instance, or the process it starts.

    Delivered by the next sweep, in a transaction of its own; kept for a day when nobody waits for it yet.
    """
    sent = sending.Sent("message", name, key, payload or {})
    return sending.dispatch(session, sent, group_id=by.group_id or 0)[0]


def broadcast(session: Session, name: str, payload: Mapping[str, Any] | None = None, *, by: Actor) -> list[Delivery]:
    """A signal from outside to every instance that waits for it now, and to every process that it starts."""
    return sending.dispatch(session, sending.Sent("signal", name, None, payload or {}), group_id=by.group_id or 0)
