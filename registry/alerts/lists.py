"""Lists of alerts: one's own, and those that did not reach somebody."""

from __future__ import annotations

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from ledger.actor import Actor
from registry.access.rules import visible
from registry.alerts.model import Alert, AlertPerson


def mine(session: Session, actor: Actor, *, standing: bool = True, limit: int = 200) -> list[Alert]:
    """What the actor was told of, soonest end first; `standing` leaves out what is silent."""
    query = select(Alert).join(AlertPerson, AlertPerson.alert_id == Alert.id).where(AlertPerson.person_id == actor.id)
    if standing:
        newest = select(func.max(Alert.id)).join(AlertPerson, AlertPerson.alert_id == Alert.id).where(
            AlertPerson.person_id == actor.id, Alert.silent_at.is_(None)).group_by(Alert.certificate_id, Alert.term)
        query = query.where(Alert.id.in_(newest))
    return list(session.scalars(query.order_by(Alert.term, Alert.id).limit(limit)))


def unreached(session: Session, actor: Actor, *, limit: int = 200) -> list[tuple[Alert, AlertPerson]]:
    """Alerts that somebody should have been told of who has no way to be told, of those the actor may see."""
    query = visible(
        select(Alert, AlertPerson).join(AlertPerson, AlertPerson.alert_id == Alert.id), actor, model=Alert)
    rows = session.execute(query.where(text("alert_person.reach = 'none'"), Alert.silent_at.is_(None))
                           .order_by(Alert.term, Alert.id).limit(limit))
    return [(alert, person) for alert, person in rows]


__all__ = ["mine", "unreached"]
