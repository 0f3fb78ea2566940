"""A role was revoked: what its holder took by it and may not do any more lies open again to the others who have it."""

from __future__ import annotations

from sqlalchemy import literal, select
from sqlalchemy.orm import Session

from engine.model import DRAWN, OPEN, Task
from engine.usertasks.hands import AFTER
from ledger.actor import SYSTEM
from ledger.facts import Fact
from ledger.outbox import Handler
from registry.access.accounts import actor_for
from registry.people.persons import Person
from workflows.absence import passing
from workflows.handling import duties


def put_back(session: Session, fact: Fact) -> None:
    """What was delegated to them is for whoever delegated it to recall; what others are signing was decided before."""
    person = session.get(Person, fact.subject_id)
    if person is None:
        return
    held = session.scalars(select(Task.id).where(
        Task.assignee_id == person.id, Task.state == literal(OPEN, literal_execute=True), Task.role == DRAWN,
        Task.for_id.is_(None), Task.owner_id.is_(None)).order_by(Task.instance_id, Task.id)).all()
    who = actor_for(session, person)
    for number in held:
        task, instance = passing.locked(session, number) or (None, None)
        if task is None or instance is None or (task.assignee_id, task.owner_id) != (person.id, None):
            continue
        if instance.state == "active" and task.hold != AFTER and not duties.entitled(session, task, who):
            passing.put_back(session, task, instance, by=SYSTEM)


HANDLERS: list[tuple[str, Handler]] = [("role.revoked", put_back)]
