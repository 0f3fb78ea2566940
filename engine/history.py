"""Which elements an instance has passed, and where it stands."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import catalog
from engine.model import Instance, Task, Visit


@dataclass(frozen=True)
class Passage:
    """One visit of an element; `left_at` is None while it lasts, `how` is completed or cancelled."""

    number: int
    element_id: str
    name: str | None
    entered_at: dt.datetime
    left_at: dt.datetime | None
    how: str | None
    by_id: int | None
    by_name: str | None
    task_id: int | None = None


def visits(session: Session, instance_id: int) -> list[Passage]:
    """Every visit of every element, in the order of arrival."""
    instance = session.get(Instance, instance_id)
    names = {} if instance is None else catalog.plan(session, instance.definition_id).names()
    passed = [
        Passage(row.token, row.element_id, names.get(row.element_id), row.entered_at, row.left_at, row.left_how,
                row.by_id, row.by_name)
        for row in session.scalars(select(Visit).where(Visit.instance_id == instance_id))
    ]
    done = [
        Passage(task.token, task.element_id, task.name, task.created_at, task.completed_at,
                None if task.state == "open" else task.state, task.completed_by, task.completed_by_name, task.id)
        for task in session.scalars(select(Task).where(Task.instance_id == instance_id))
    ]
    return sorted(passed + done, key=lambda passage: passage.number)
