"""What failed for good waits here for a person."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import Incident, Instance
from ledger import clock
from ledger.actor import SYSTEM, Actor
from ledger.errors import Conflict
from ledger.facts import record


def open(  # noqa: A001 - the word of the trade
    session: Session, instance: Instance, element_id: str, cause: str, *, cause_en: str | None = None,
    token: int | None = None, timer_id: int | None = None, delivery_id: int | None = None,
) -> Incident:
    """Put an incident on an element; the instance goes on where it can."""
    found = Incident(instance_id=instance.id, element_id=element_id, cause=cause, cause_en=cause_en, token=token,
                     timer_id=timer_id, delivery_id=delivery_id, opened_at=clock.now())
    session.add(found)
    session.flush()
    record(session, "incident.opened", ("instance", instance.id), by=SYSTEM, group_id=instance.group_id,
           after={"incident": found.id, "element": element_id})
    return found


def unresolved(session: Session, instance_id: int | None = None, *, limit: int = 100) -> list[Incident]:
    """Open incidents, newest first."""
    wanted = select(Incident).where(Incident.resolved_at.is_(None)).order_by(Incident.id.desc()).limit(limit)
    return list(session.scalars(wanted if instance_id is None else wanted.where(Incident.instance_id == instance_id)))


def close(session: Session, incident_id: int, by: Actor, resolution: str) -> Incident:
    """Mark an incident as settled, in words. Raises Conflict when it is settled already."""
    found = session.get_one(Incident, incident_id, with_for_update=True, populate_existing=True)
    if found.resolved_at is not None:
        raise Conflict()
    found.resolved_at, found.resolved_by, found.resolution = clock.now(), by.name, resolution[:500]
    instance = session.get_one(Instance, found.instance_id)
    record(session, "incident.resolved", ("instance", instance.id), by=by, group_id=instance.group_id,
           after={"incident": found.id, "resolution": found.resolution})
    session.flush()
    return found
