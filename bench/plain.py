"""The rows of a completed task, written through SQLAlchemy Core by somebody who knows what comes next: no engine."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam as given

from engine.model import NEVER, Instance, Task, TaskAnswer, TaskCandidate, Timer, Visit
from ledger import clock
from ledger.facts import Fact, FactAbout

INSTANCE, TASK, OFFER = Instance.__table__, Task.__table__, TaskCandidate.__table__
KEPT = [column.label(f"instance_{column.name}") for column in INSTANCE.c if column.name not in ("id", "blob")]
SAME = ("instance_id", "title", "business_key", "process_id", "group_id")
STATE = bytes(600)

FIND = sa.select(TASK, *KEPT).join(INSTANCE, INSTANCE.c.id == TASK.c.instance_id).where(TASK.c.id == given("wanted"))
END = sa.update(TASK).where(TASK.c.id == given("wanted"), TASK.c.version == given("known"), TASK.c.state == "open")
WITHDRAW = sa.delete(OFFER).where(OFFER.c.task_id == given("wanted"))
SAVE = sa.update(INSTANCE).where(INSTANCE.c.id == given("wanted"), INSTANCE.c.version == given("known"))
ANSWER, OPEN, TELL = sa.insert(TaskAnswer.__table__), sa.insert(TASK), sa.insert(OFFER)
REMIND, PASS = sa.insert(Timer.__table__), sa.insert(Visit.__table__)
START = sa.insert(INSTANCE)
RECORD, ABOUT = sa.insert(Fact.__table__), sa.insert(FactAbout.__table__)


class Plain:
    """Completes a task as the engine does, statement for statement, with the next step known beforehand."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine

    def complete(
        self, rows: sa.Connection, task_id: int, answers: dict[str, Any], following: str | None, passed: list[str]
    ) -> int:
        """Write what completing a task writes, `passed` being gateways and ends; the id of the next task (0: none)."""
        return write(rows, task_id, answers, following, passed)


def write(rows: sa.Connection, task_id: int, answers: dict[str, Any], following: str | None, passed: list[str]) -> int:
    now = clock.now()
    row = rows.execute(FIND, {"wanted": task_id}).one()
    done = {"state": "completed", "version": row.version + 1, "assignee_id": 12, "assignee_name": "韩梅"}
    done |= {"completed_at": now, "completed_by": 12, "completed_by_name": "韩梅"}
    rows.execute(END, {"wanted": task_id, "known": row.version, **done})
    rows.execute(WITHDRAW, {"wanted": task_id})
    rows.execute(ANSWER, {"task_id": task_id, "answers": answers, "at": now, "by_id": 12})
    next_id = begin(rows, row, following, now) if following else 0
    if passed:
        visit = {"instance_id": row.instance_id, "token": 4, "entered_at": now, "left_at": now, "left_how": "completed"}
        rows.execute(PASS, [{**visit, "element_id": name, "by_id": 12, "by_name": "韩梅"} for name in passed])
    known = {"wanted": row.instance_id, "known": row.instance_version, "version": row.instance_version + 1}
    rows.execute(SAVE, {**known, "state": "active", "stage": None, "outcome": None, "blob": STATE})
    fact = {"at": now, "kind": "task.completed", "subject_kind": "task", "subject_id": task_id, "actor_id": 12}
    fact |= {"actor_name": "韩梅", "group_id": row.group_id, "after": {"element": row.element_id}, "attempts": 0}
    made = rows.execute(RECORD, fact)
    rows.execute(ABOUT, {"kind": "instance", "subject_id": row.instance_id, "fact_id": made.inserted_primary_key[0]})
    return next_id


def begin(rows: sa.Connection, row: Any, following: str, now: dt.datetime) -> int:
    task = {name: getattr(row, name) for name in SAME}
    task |= {"token": row.token + 1, "element_id": following, "name": following, "priority": 50, "state": "open"}
    task |= {"version": 1, "offer": ["hr@3", "hr@1"], "barred": [], "not_by": [], "inputs": None, "created_at": now}
    made = rows.execute(OPEN, {**task, "due_confirmed": True, "role": "drawn", "rank_at": NEVER})
    task_id = int(made.inserted_primary_key[0])
    rows.execute(TELL, [{"task_id": task_id, "candidate": f"hr@{at}", "open": True, "rank_at": NEVER} for at in (3, 1)])
    if following == "accept":
        timer = {"instance_id": row.instance_id, "element_id": "remind", "occurrence": task_id, "token": 3}
        timer |= {"kind": "event", "state": "waiting", "due_at": now, "due_confirmed": True}
        timer |= {"attempts": 0, "next_try_at": now}
        rows.execute(REMIND, timer)
    return task_id


def start(rows: sa.Connection, first: str, blob: bytes) -> int:
    """Write what starting an instance writes; the id of its first task."""
    now = clock.now()
    instance = {"process_id": "P", "definition_id": 1, "business_key": "K-1", "title": "评审", "group_id": 1}
    instance |= {"places": [3, 1], "state": "active", "started_at": now, "started_by": 12, "version": 1, "blob": b""}
    instance_id = int(rows.execute(START, instance).inserted_primary_key[0])
    fact = {"at": now, "kind": "instance.started", "subject_kind": "instance", "subject_id": instance_id}
    fact |= {"actor_id": 12, "actor_name": "韩梅", "group_id": 1, "after": {"process": "P", "version": 1}}
    fact |= {"attempts": 0}
    rows.execute(RECORD, fact)
    row = SimpleNamespace(**instance, instance_id=instance_id, token=2)
    task_id = begin(rows, row, first, now)
    visit = {"instance_id": instance_id, "token": 1, "entered_at": now, "left_at": now, "left_how": "completed"}
    rows.execute(PASS, [{**visit, "element_id": "S", "by_id": 12, "by_name": "韩梅"}])
    known = {"wanted": instance_id, "known": 1, "version": 2}
    rows.execute(SAVE, {**known, "state": "active", "stage": None, "outcome": None, "blob": blob})
    return task_id
