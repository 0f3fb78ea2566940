"""An absence is over: its appointment ends by itself, and what the substitute still holds goes back to its holder."""

from __future__ import annotations

from sqlalchemy import Engine, literal, select
from sqlalchemy.orm import Session

from engine.model import OPEN, Task
from engine.usertasks.hands import Addressee
from ledger import clock
from ledger.actor import SYSTEM
from ledger.db import reading, unit
from ledger.facts import Fact
from ledger.outbox import Handler
from registry.access import substitutions
from registry.access.substitutions import AlreadyOver, Substitution
from registry.alerts.notices import notify
from registry.people.persons import Person, person_of
from workflows.absence import passing

MADE = ("{from} 至 {until}，请您代 {person} 办理待办。", "{from} 至 {until}，由 {substitute} 代您办理待办。")
OVER = ("您代 {person} 办理待办的安排已结束。", "{substitute} 代您办理待办的安排已结束。")
"""What the substitute is told, and what the one who is away."""


def sweep(database: Engine, *, limit: int = 20) -> int:
    """End appointments whose time is over, each in a transaction of its own; how many there were."""
    with reading(database) as session:
        due = [row.id for row in substitutions.lapsed(session, limit)]
    return sum(_end(database, number) for number in due)


def _end(database: Engine, number: int) -> int:
    try:
        with unit(database) as session:
            substitutions.end(session, session.get_one(Substitution, number), by=SYSTEM)
    except AlreadyOver:  # somebody ended it by hand in between
        return 0
    return 1


def give_back(session: Session, fact: Fact) -> None:
    """What the substitute holds for the one who was away goes back, unless another appointment still covers it."""
    row = _meant(session, fact)
    if row is None or fact.kind != "substitution.ended":
        return
    now = substitutions.standing_in(session, row.substitute_id)
    still = next((one for one in now if one.id == row.person_id), None)
    held = session.execute(
        select(Task.id, Task.process_id).where(
            Task.assignee_id == row.substitute_id, Task.for_id == row.person_id,
            Task.state == literal(OPEN, literal_execute=True))
        .order_by(Task.instance_id, Task.id)).all()
    for task_id, process_id in held:
        if still is None or not still.covered(process_id):
            _return(session, task_id, row)


def _return(session: Session, task_id: int, row: Substitution) -> None:
    found = passing.locked(session, task_id)
    if found is None or (found[0].assignee_id, found[0].for_id) != (row.substitute_id, row.person_id):
        return
    task, instance = found
    person = person_of(session, row.person_id)
    if person.employed(clock.today()) or not task.offer:
        to = Addressee(person.id, person.name)
        passing.put(session, "task.returned_after_absence", task, instance, to, by=SYSTEM, substitution=row.id)
    else:  # they have left meanwhile: whoever else it is offered to may take it
        passing.put_back(session, task, instance, by=SYSTEM, substitution=row.id)


def rightful(session: Session, task: Task) -> bool:
    """Whether whoever completed a task for somebody who was away is still held to have stood in for them then."""
    while task.kept_from is not None:
        task = session.get_one(Task, task.kept_from)
    if task.for_id is None or task.completed_by is None or task.completed_at is None:
        return True
    return substitutions.stood_in(session, task.completed_by, task.for_id, task.process_id, task.completed_at)


def tell(session: Session, fact: Fact) -> None:
    """Both sides read that one stands in for the other, and that it is over; not whoever arranged it."""
    row = _meant(session, fact)
    if row is None:
        return
    texts = MADE if fact.kind == "substitution.made" else OVER
    whole = {"person": row.person.name, "substitute": row.substitute.name, "from": row.first_day.isoformat(),
             "until": row.last_day.isoformat()}
    for person_id, text in zip((row.substitute_id, row.person_id), texts, strict=True):
        if person_id != fact.actor_id and session.get_one(Person, person_id).employed(clock.today()):
            notify(session, [person_id], fact, text, whole, subject=("substitution", row.id))


def _meant(session: Session, fact: Fact) -> Substitution | None:
    return session.get(Substitution, (fact.after or {}).get("substitution", 0))


HANDLERS: list[tuple[str, Handler]] = [("substitution.", tell), ("substitution.ended", give_back)]
