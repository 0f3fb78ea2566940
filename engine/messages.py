"""Messages from outside to an instance that waits for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import run
from engine.model import Subscription
from ledger.actor import Actor
from ledger.errors import Conflict
from ledger.facts import record
from ledger.failpoints import fp


class NobodyWaits(Conflict):
    """该流程现在不等待“{name}”。"""


def waiting(session: Session, instance_id: int) -> list[str]:
    """The names of the messages an instance waits for, each once, oldest wait first."""
    names = session.scalars(
        select(Subscription.name).where(Subscription.instance_id == instance_id).order_by(Subscription.id))
    return list(dict.fromkeys(names))


def send(session: Session, instance_id: int, name: str, payload: Mapping[str, Any] | None = None, *, by: Actor) -> None:
    """Give a message to the instance; its oldest waiting event takes it. Only what that event maps becomes variables.

    Raises NobodyWaits (a Conflict) when no event waits for this name, NotFound for an unknown instance.
    """
    instance = run.active(run.lock(session, instance_id))
    wanted = select(Subscription).where(Subscription.instance_id == instance_id, Subscription.name == name)
    found = session.scalars(wanted.order_by(Subscription.id).limit(1)).first()
    if found is None:
        raise NobodyWaits(name=name)
    number, element_id = found.token, found.element_id
    session.delete(found)
    session.flush()
    record(session, "message.received", ("instance", instance.id), by=by, group_id=instance.group_id,
           after={"name": name, "element": element_id})
    with run.act(session, instance, by) as act:
        token = act.token(number)
        token.task_spec.trigger(token, element_id, payload or {})
    fp("engine.message.before_commit")


def publish(session: Session, name: str, key: str, payload: Mapping[str, Any] | None = None, *, by: Actor) -> list[int]:
    """Give a message to every instance that waits for this name with this correlation key; their ids in order."""
    wanted = select(Subscription.instance_id).where(Subscription.name == name, Subscription.key == key).distinct()
    return [number for number in sorted(session.scalars(wanted)) if _reaches(session, number, name, payload, by)]


def _reaches(session: Session, instance_id: int, name: str, payload: Mapping[str, Any] | None, by: Actor) -> bool:
    """Whether the instance still waited when its turn came: another may have told or ended it meanwhile."""
    if run.lock(session, instance_id).state != "active":
        return False
    try:
        send(session, instance_id, name, payload, by=by)
    except NobodyWaits:
        return False
    return True
