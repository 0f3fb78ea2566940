"""Whose instances somebody may look at, and act on: those of the companies at and below which they hold the right."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, literal, select
from sqlalchemy.orm import Session

from engine.model import Delivery, Instance
from ledger.actor import Actor
from ledger.errors import NotAllowed, NotFound
from registry.access.rules import Thing, allowed, can
from registry.people.scope import Visible
from registry.people.units import Unit

READ, ACT = "instance.read", "instance.repair"


class Watched:
    """An instance as rights compare it: the engine knows none."""

    __visible__ = Visible(action=READ)
    unit_path = Instance.unit_path


class Kept:
    """The same of a message that no instance has taken: it belongs to the group of whoever sent it."""

    __visible__ = Visible(action=READ)
    unit_path = literal("/", String) + cast(Delivery.group_id, String) + "/"


def seen(actor: Actor, action: str = READ, model: Any = Watched) -> ColumnElement[bool]:
    """The condition on a query of instances; put it on every list, count, search and export."""
    if actor.kind == "system":
        return literal(True)
    return allowed(model, actor, action)


def may(actor: Actor, action: str, instance: Instance) -> bool:
    """Whether the actor may do this to the instance."""
    return can(actor, action, Thing(instance.unit_path))


def one(session: Session, actor: Actor, instance_id: int) -> Instance:
    """The instance; NotFound where there is none or the actor may not look at it."""
    found = session.scalar(select(Instance).where(Instance.id == instance_id, seen(actor)))
    if found is None:
        raise NotFound
    return found


def to_act(session: Session, actor: Actor, instance_id: int) -> Instance:
    """The same, for a deed. Raises NotAllowed where the actor may look only."""
    found = one(session, actor, instance_id)
    if not may(actor, ACT, found):
        raise NotAllowed
    return found


def companies(session: Session, actor: Actor) -> list[Unit]:
    """The groups and companies whose instances the actor may look at, in tree order."""
    wanted = select(Unit).where(Unit.kind.in_(("group", "company")), Unit.closed_on.is_(None))
    narrowed = wanted if actor.kind == "system" else wanted.where(allowed(Unit, actor, READ))
    return list(session.scalars(narrowed.order_by(Unit.path)))


def below(column: Any, path: str) -> ColumnElement[bool]:
    """At this unit or under it."""
    return and_(column >= path, column < path[:-1] + "0")


__all__ = ["ACT", "READ", "Kept", "Watched", "below", "companies", "may", "one", "seen", "to_act"]
