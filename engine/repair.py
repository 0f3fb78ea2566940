"""What a person does about an incident. The instance is locked first, as in every act."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import deliveries, halting, incidents, run, timers
from engine.model import Incident
from ledger.actor import Actor
from ledger.errors import NotFound


def retry(session: Session, incident_id: int, *, by: Actor) -> Incident:
    """Settle the incident and let what failed try again, at once. Raises Conflict when it is settled already."""
    owner = session.scalar(select(Incident.instance_id).where(Incident.id == incident_id))
    if owner is None:
        raise NotFound()
    instance = run.active(run.lock(session, owner))
    found = incidents.close(session, incident_id, by, "retry")
    if found.timer_id is not None:
        timers.again(session, found.timer_id)
    elif found.delivery_id is not None:
        deliveries.again(session, found.delivery_id)
    elif found.token is not None:
        with run.act(session, instance, by) as act:
            halting.resume(act.token(found.token))
    return found
