"""On whose behalf the worker acts: the person who asked for it, with the rights they have when it is done."""

from __future__ import annotations

from sqlalchemy.orm import Session

from ledger.actor import SYSTEM, Actor
from ledger.errors import NotAllowed
from registry.access.accounts import actor_for
from registry.access.rules import can
from registry.intake.batch.models import Batch
from registry.people.persons import Person


def actor_of(session: Session, person_id: int | None) -> Actor:
    """Who asked; the system where nobody did."""
    person = session.get(Person, person_id) if person_id is not None else None
    if person is None:
        return SYSTEM
    return actor_for(session, person)


def allowed_for(session: Session, batch: Batch, person_id: int | None) -> Actor:
    """The same, and still allowed to; NotAllowed when the right was taken away meanwhile."""
    actor = actor_of(session, person_id)
    if not can(actor, "import.make", batch):
        raise NotAllowed
    return actor
