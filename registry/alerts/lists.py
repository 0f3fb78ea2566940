"""One alert as somebody may see it, and the people whom alerts could not reach."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from sqlalchemy import exists, func, or_, select, text
from sqlalchemy.orm import Session

from ledger.actor import Actor
from ledger.errors import NotFound
from registry.access.rules import allowed, visible
from registry.alerts.model import Alert, AlertPerson
from registry.people.persons import Person


class Missed(NamedTuple):
    """Somebody who has no way to be told: of how many certificates, and the nearest end among them."""

    person: Person
    rung: str
    certificates: int
    nearest: dt.date


def one(session: Session, actor: Actor, alert_id: int) -> Alert:
    """An alert that the actor was told of, or whose certificate they may read; NotFound for any other."""
    told = exists().where(AlertPerson.alert_id == Alert.id, AlertPerson.person_id == actor.id)
    found = session.scalar(select(Alert).where(Alert.id == alert_id, or_(told, allowed(Alert, actor))))
    if found is None:
        raise NotFound
    return found


def unreached(session: Session, actor: Actor, *, limit: int, offset: int = 0) -> tuple[list[Missed], int]:
    """The people who should have been told of alerts that still stand and have no way to be told, of those alerts that
    the actor may see; the nearest end first; and how many people there are in all."""
    query = visible(
        select(AlertPerson.person_id, func.min(AlertPerson.rung), func.count(Alert.certificate_id.distinct()),
               func.min(Alert.term)).join(Alert, AlertPerson.alert_id == Alert.id), actor, model=Alert).where(
        text("alert_person.reach = 'none'"), Alert.silent_at.is_(None)).group_by(AlertPerson.person_id)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    query = query.order_by(func.min(Alert.term), AlertPerson.person_id).limit(limit).offset(offset)
    rows = session.execute(query).all()
    people = {row.id: row for row in session.scalars(select(Person).where(Person.id.in_([row[0] for row in rows])))}
    return [Missed(people[number], rung, count, nearest) for number, rung, count, nearest in rows], total


__all__ = ["Missed", "one", "unreached"]
