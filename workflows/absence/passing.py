"""An open task passes to somebody by a rule and not by its holder's hand: back from a substitute, on from a leaver."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from engine import run
from engine.model import OPEN, Instance, Task
from engine.usertasks import tasks
from engine.usertasks.hands import Addressee
from ledger.actor import Actor


def locked(session: Session, task_id: int) -> tuple[Task, Instance] | None:
    """The task as it is now and its instance, both locked, the instance first; None where it is open no more."""
    known = session.get_one(Task, task_id)
    instance = run.lock(session, known.instance_id)
    task = session.get_one(Task, task_id, populate_existing=True)
    return (task, instance) if task.state == OPEN else None


def put(session: Session, kind: str, task: Task, instance: Instance, to: Addressee, *, by: Actor,
        **after: Any) -> None:
    """The task is theirs alone now, in their own right; `kind` is the fact that says so."""
    tasks.change(session, task, assignee_id=to.id, assignee_name=to.name, for_id=None)
    tasks.show(session, task, False)
    tasks.note(session, kind, task, instance, by, to=to.id, **after)


def put_back(session: Session, task: Task, instance: Instance, *, by: Actor, **after: Any) -> None:
    """The task lies open again to everybody it is offered to."""
    tasks.change(session, task, assignee_id=None, assignee_name=None, for_id=None)
    tasks.show(session, task, True)
    tasks.note(session, "task.released", task, instance, by, **after)

