"""Where a request stands: its stage, who acts next and by when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.messaging import messages
from engine.model import NEVER, Task, Timer
from registry.access.roles import roles
from registry.people.persons import Person
from workflows import stages
from workflows.requests import Request

APPLICANT = "applicant"
AWAITED = {"authority": "authority.", "loan": "loan.", "child": "child."}
"""What a request waits for where nobody has a task, by the beginnings of the messages it waits for."""


@dataclass(frozen=True)
class Next:
    """One thing that somebody must do next; `due_confirmed` is False where a calendar was missing.

    `own`: the applicant does it. `lane` is what the drawing calls whoever does it, for where names are not told.
    """

    task_id: int
    name: str
    role: str
    assignee: str | None
    due_at: dt.datetime | None
    due_confirmed: bool
    own: bool = False
    lane: str = ""


@dataclass(frozen=True)
class Where:
    """Stage and its label (a msgid), what is next, and how it ended if it has; `awaits` is a key of AWAITED, or ""."""

    stage: str
    stage_label: str
    next: list[Next]
    state: str
    outcome: str | None
    waits_until: dt.datetime | None = None
    waits_confirmed: bool = True
    awaits: str = ""


def standing_of(session: Session, request: Request) -> Where:
    """Where the request is now. A task that waits for those it was passed to is not next: theirs are."""
    instance = request.instance
    open_ = session.scalars(
        select(Task).where(Task.instance_id == instance.id, Task.state == "open").order_by(Task.id)).all()
    tasks = [task for task in open_ if task.hold is None] or open_
    timer = session.scalars(
        select(Timer).where(Timer.instance_id == instance.id, Timer.state == "waiting", Timer.kind == "event")
        .order_by(Timer.due_at).limit(1)).first()
    held = {task.assignee_id for task in tasks if task.assignee_id is not None and not task.assignee_name}
    named = dict(session.execute(select(Person.id, Person.name).where(Person.id.in_(held))).all()) if held else {}
    names = messages.waiting(session, instance.id) if not tasks else []
    awaits = next((key for key, first in AWAITED.items() if any(name.startswith(first) for name in names)), "")
    return Where(
        awaits=awaits, stage=instance.stage or "", stage_label=stages().get(instance.stage or "", ""),
        next=[_next(task, request, named) for task in tasks], state=instance.state, outcome=instance.outcome,
        waits_until=timer.due_at if timer else None, waits_confirmed=timer.due_confirmed if timer else True,
    )


def _next(task: Task, request: Request, named: Mapping[int, str]) -> Next:
    mine = task.assignee_id == request.applicant_id if task.assignee_id is not None else not task.offer
    role = APPLICANT if mine or not task.offer else task.offer[0].partition("@")[0]
    name = task.assignee_name or (request.applicant_name if mine else named.get(task.assignee_id or 0))
    due = task.due_at if task.rank_at < NEVER else None  # its clock stands still: nothing is promised for now
    return Next(task.id, task.name, role if role in roles() else APPLICANT, name, due, task.due_confirmed,
                own=mine, lane=task.lane or "")
