"""Somebody sees to what they were warned of: by taking it on, or by beginning the matter. It climbs no further."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import Actor
from ledger.errors import Conflict, NotFound
from ledger.facts import Fact, record
from registry.alerts.model import TERM, Alert, AlertPerson
from registry.alerts.notices import Notice, mark_opened
from registry.alerts.raising import CLIMBED, RAISED


class AlertOver(Conflict):
    """这条提醒已由 {name} 处理。"""


class AlertSilent(Conflict):
    """这条提醒的事由已经消失，无需处理。"""


def begun(session: Session, certificate_id: int, by_id: int | None, by_name: str) -> int:
    """A matter was begun for a certificate: what stands of it has been acted on; how many alerts."""
    rows = session.scalars(select(Alert).where(
        Alert.certificate_id == certificate_id, Alert.cause.in_(TERM), Alert.silent_at.is_(None),
        Alert.acted_at.is_(None))).all()
    for alert in rows:
        alert.acted_at, alert.acted_how, alert.escalate_at = clock.now(), "request", None
        alert.acted_by, alert.acted_by_name = by_id, by_name
    return len(rows)


def take(session: Session, actor: Actor, alert_id: int) -> Alert:
    """Whoever was told says that they see to it: it climbs no further. Raises NotFound, AlertOver, AlertSilent."""
    alert = session.scalar(select(Alert).join(AlertPerson, AlertPerson.alert_id == Alert.id).where(
        Alert.id == alert_id, AlertPerson.person_id == actor.id).with_for_update(of=Alert)
        .execution_options(populate_existing=True))
    if alert is None:
        raise NotFound
    if alert.silent_at is not None:
        raise AlertSilent
    if alert.acted_at is not None:
        raise AlertOver(name=alert.acted_by_name)
    alert.acted_at, alert.acted_how, alert.escalate_at = clock.now(), "taken", None
    alert.acted_by, alert.acted_by_name = actor.id, actor.name
    record(session, "alert.taken", alert.subject, by=actor, group_id=alert.group_id,
           after={"alert": alert.id, "stage": alert.stage, "type": alert.type_code})
    return alert


def opened(session: Session, actor: Actor, alert: Alert) -> None:
    """The actor has opened an alert that they were told of: its ledger knows, and no notice of it is unread."""
    mark_opened(session, actor, alert.id)
    facts = select(Fact.id).where(Fact.key.in_(
        [f"{kind}:{alert.id}:{level}" for kind in (RAISED, CLIMBED) for level in range(alert.level + 1)]))
    session.execute(update(Notice).where(
        Notice.person_id == actor.id, Notice.read_at.is_(None), Notice.fact_id.in_(facts)).values(read_at=clock.now()),
        execution_options={"synchronize_session": False})


__all__ = ["AlertOver", "AlertSilent", "begun", "opened", "take"]
