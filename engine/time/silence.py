"""Silence decides: a task that nobody did in time is completed with the verdict that its drawing names.

Only where the diagram says so (`licet:silence`), and never behind anybody's back: a warning goes out a working day
before, and nothing is decided while a signature or a correction is awaited or the clock stands still.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.hooks import HOOKS
from engine.model import OPEN, Instance, Task, Timer
from engine.time import clocks
from engine.usertasks import tasks
from ledger.actor import SYSTEM
from ledger.facts import record
from ledger.failpoints import fp

LATER = dt.timedelta(hours=1)
"""When a decision that had to wait is looked at again."""


def waits(session: Session, task: Task) -> bool:
    """Whether silence may not decide yet: somebody was asked to sign or to correct, or the clock stands still."""
    asked = select(Task.id).where(Task.parent_id == task.id, Task.state == OPEN)
    return task.hold is not None or clocks.stopped(session, task) or session.scalar(asked.limit(1)) is not None


def spoken(session: Session, instance: Instance, task: Task, timer: Timer) -> None:
    """The warning, or the decision itself: what the process's hook makes of it, else the bare verdict."""
    told = {"task": task.id, "element": task.element_id, "name": task.name, "verdict": timer.detail}
    if timer.kind == "warning":
        record(session, "task.silence_near", ("instance", instance.id), by=SYSTEM, group_id=instance.group_id,
               after={**told, "due": None if task.due_at is None else task.due_at.isoformat()},
               key=f"timer:{timer.id}")
        return
    record(session, "task.silent", ("instance", instance.id), by=SYSTEM, group_id=instance.group_id, after=told,
           key=f"timer:{timer.id}")
    hooks, verdict = HOOKS.get(instance.process_id), timer.detail or ""
    if hooks is not None and hooks.silent is not None:
        hooks.silent(session, task, verdict)
    else:
        tasks.complete(session, task.id, SYSTEM, {"verdict": verdict})
    fp("engine.timer.fired")


__all__ = ["LATER", "spoken", "waits"]
