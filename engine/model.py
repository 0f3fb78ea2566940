"""The engine's tables. An instance's state is one BLOB; what people and clocks look for are rows beside it.

Lock order everywhere: instance (the root) -> task -> the rest. A version counts the acts on an instance.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from ledger.db import Base, BigId, Id, Instant, Json
from ledger.sought import folded

OPEN, DRAWN, CORRECTION = "open", "drawn", "correction"
PATH = String(200).with_variant(String(200, collation="C"), "postgresql")
NEVER = dt.datetime(9999, 12, 31, tzinfo=dt.UTC)
"""Where a task without a deadline stands in the order of deadlines: NULLs sort differently on the two databases."""


def rank(due_at: dt.datetime | None) -> dt.datetime:
    """A task's place in the order of deadlines; whoever writes `due_at` writes it too (task and task_candidate)."""
    return due_at or NEVER


def sought(title: str, name: str, business_key: str) -> str:
    """What a search looks through of a task; whoever writes its name writes it too (task_candidate)."""
    return folded(title, name, business_key)


class Definition(Base):
    """A deployed process: immutable; instances stay on the one they started with."""

    __tablename__ = "definition"
    __table_args__ = (UniqueConstraint("process_id", "version"), UniqueConstraint("process_id", "digest"))

    id: Mapped[Id]
    process_id: Mapped[str] = mapped_column(String(120))
    version: Mapped[int]
    name: Mapped[str] = mapped_column(String(200))
    digest: Mapped[str] = mapped_column(String(64))
    deployed_at: Mapped[dt.datetime] = mapped_column(Instant)
    deployed_by: Mapped[str] = mapped_column(String(80))


class Instance(Base):
    """One running (or finished) process; the root row that every act on it locks."""

    __tablename__ = "instance"
    __table_args__ = (Index("ix_instance_process_state", "process_id", "state", "id"),)

    id: Mapped[Id]
    process_id: Mapped[str] = mapped_column(String(120))
    definition_id: Mapped[int] = mapped_column(ForeignKey("definition.id"), type_=BigId, index=True)
    business_key: Mapped[str] = mapped_column(String(120), index=True)
    title: Mapped[str] = mapped_column(String(200))
    group_id: Mapped[int] = mapped_column(BigId, index=True)
    places: Mapped[list[int]] = mapped_column(Json)
    unit_path: Mapped[str] = mapped_column(PATH, server_default="", default=lambda made: "/".join(
        ["", *map(str, reversed(made.get_current_parameters()["places"])), ""]))  # "/1/3/" for places 3, 1
    state: Mapped[str] = mapped_column(String(12), default="active")
    stage: Mapped[str | None] = mapped_column(String(60))
    outcome: Mapped[str | None] = mapped_column(String(60))
    started_at: Mapped[dt.datetime] = mapped_column(Instant)
    started_by: Mapped[int | None] = mapped_column(BigId, index=True)
    ended_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(default=1)
    blob: Mapped[bytes] = mapped_column(LargeBinary, default=b"", deferred=True)


class Task(Base):
    """A user task that somebody must do, is doing, or has done; `role` and `parent_id` tell the children of a task.

    Role drawn (by the diagram), before or after (a signature its host waits for), correction. `hold`: the role of
    children it waits for. `round` counts in a loop from 0. `for_id`: whom the holder or doer stands in for. `owner_id`
    delegated it. `kept_from`: the approval that survived as this one. `undone_at`: a return took it back. `ended_how`
    of a cancelled one is a key of tasks.ENDED. `rank_at` is rank(due_at).
    """

    __tablename__ = "task"
    __table_args__ = (
        Index("ix_task_instance", "instance_id", "token"),
        Index("ix_task_mine", "assignee_id", "id", postgresql_where=text("state = 'open'"),
              sqlite_where=text("state = 'open'")),
        Index("ix_task_mine_due", "assignee_id", "rank_at", "id", postgresql_where=text("state = 'open'"),
              sqlite_where=text("state = 'open'")),
        Index("ix_task_done", "completed_by", "id", postgresql_where=text("state = 'completed'"),
              sqlite_where=text("state = 'completed'")),
        Index("ix_task_parent", "parent_id", postgresql_where=text("parent_id IS NOT NULL"),
              sqlite_where=text("parent_id IS NOT NULL")),
    )

    id: Mapped[Id]
    instance_id: Mapped[int] = mapped_column(ForeignKey("instance.id"), type_=BigId)
    token: Mapped[int]
    element_id: Mapped[str] = mapped_column(String(120))
    name: Mapped[str] = mapped_column(String(200))
    title: Mapped[str] = mapped_column(String(200))
    business_key: Mapped[str] = mapped_column(String(120))
    process_id: Mapped[str] = mapped_column(String(120))
    group_id: Mapped[int] = mapped_column(BigId)
    form_key: Mapped[str | None] = mapped_column(String(120))
    lane: Mapped[str | None] = mapped_column(String(120))
    priority: Mapped[int] = mapped_column(default=50)
    state: Mapped[str] = mapped_column(String(12), default=OPEN)
    version: Mapped[int] = mapped_column(default=1)
    assignee_id: Mapped[int | None] = mapped_column(BigId)
    assignee_name: Mapped[str | None] = mapped_column(String(80))
    offer: Mapped[list[str]] = mapped_column(Json)
    barred: Mapped[list[int]] = mapped_column(Json)
    not_by: Mapped[list[str]] = mapped_column(Json)
    inputs: Mapped[dict[str, Any] | None] = mapped_column(Json)
    within: Mapped[int | None]  # the token of the sub-process or called process around it; 0: the process itself
    created_at: Mapped[dt.datetime] = mapped_column(Instant)
    due_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    due_confirmed: Mapped[bool] = mapped_column(default=True)
    completed_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    completed_by: Mapped[int | None] = mapped_column(BigId)
    completed_by_name: Mapped[str | None] = mapped_column(String(80))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("task.id"), type_=BigId)
    role: Mapped[str] = mapped_column(String(12), default=DRAWN)
    hold: Mapped[str | None] = mapped_column(String(12))
    round: Mapped[int | None]
    for_id: Mapped[int | None] = mapped_column(BigId)
    owner_id: Mapped[int | None] = mapped_column(BigId)
    owner_name: Mapped[str | None] = mapped_column(String(80))
    kept_from: Mapped[int | None] = mapped_column(BigId)
    undone_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    ended_how: Mapped[str | None] = mapped_column(String(16))
    ended_by_name: Mapped[str | None] = mapped_column(String(80))
    rank_at: Mapped[dt.datetime] = mapped_column(Instant)
    counted: Mapped[bool] = mapped_column(default=False, server_default=false())  # in the sums of engine.figures


class TaskCandidate(Base):
    """A group an open task is offered to; `open` is False while somebody holds the task. Deleted when it ends.

    `search` is what a search of the inbox looks through (sought): the page of a group is found in one index.
    """

    __tablename__ = "task_candidate"
    __table_args__ = (
        Index("ix_task_candidate_offered", "candidate", "task_id", postgresql_where=text("open"),
              sqlite_where=text("open = 1")),
        Index("ix_task_candidate_due", "candidate", "rank_at", "task_id", "search", postgresql_where=text("open"),
              sqlite_where=text("open = 1")),
    )

    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), type_=BigId, primary_key=True)
    candidate: Mapped[str] = mapped_column(String(160), primary_key=True)
    open: Mapped[bool] = mapped_column(default=True)
    rank_at: Mapped[dt.datetime] = mapped_column(Instant)
    search: Mapped[str] = mapped_column(Text)


class TaskExclusion(Base):
    """Somebody who may not do an open task (four eyes)."""

    __tablename__ = "task_exclusion"

    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), type_=BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(BigId, primary_key=True)


class TaskAnswer(Base):
    """What was filled in when a task was completed; never overwritten."""

    __tablename__ = "task_answer"

    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), type_=BigId, primary_key=True)
    answers: Mapped[dict[str, Any]] = mapped_column(Json)
    at: Mapped[dt.datetime] = mapped_column(Instant)
    by_id: Mapped[int | None] = mapped_column(BigId)


class Timer(Base):
    """Something that happens at a moment: an event in the drawing, or a task's deadline (sla) or escalation."""

    __tablename__ = "timer"
    __table_args__ = (
        UniqueConstraint("instance_id", "element_id", "occurrence"),
        CheckConstraint("fired_at IS NULL OR fired_at >= due_at", name="fired_when_due"),
        Index("ix_timer_due", "next_try_at", postgresql_where=text("state = 'waiting'"),
              sqlite_where=text("state = 'waiting'")),
    )

    id: Mapped[Id]
    instance_id: Mapped[int] = mapped_column(ForeignKey("instance.id"), type_=BigId)
    element_id: Mapped[str] = mapped_column(String(120))
    occurrence: Mapped[int]
    token: Mapped[int]
    kind: Mapped[str] = mapped_column(String(12))
    detail: Mapped[str | None] = mapped_column(String(60))
    due_at: Mapped[dt.datetime] = mapped_column(Instant)
    due_confirmed: Mapped[bool] = mapped_column(default=True)
    state: Mapped[str] = mapped_column(String(12), default="waiting")
    fired_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[dt.datetime] = mapped_column(Instant)
    last_error: Mapped[str | None] = mapped_column(String(500))


class Subscription(Base):
    """A message or signal that an instance waits for."""

    __tablename__ = "subscription"
    __table_args__ = (Index("ix_subscription_name_key", "name", "key"),)

    id: Mapped[Id]
    instance_id: Mapped[int] = mapped_column(ForeignKey("instance.id"), type_=BigId, index=True)
    token: Mapped[int]
    element_id: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(12), default="message", server_default="message")
    name: Mapped[str] = mapped_column(String(120))
    key: Mapped[str | None] = mapped_column(String(200))


class StartTrigger(Base):
    """What starts a process from outside: a message or a signal (of every version), or a clock that runs at a place.

    `places` of what a clock starts, nearest first. `until_at`: only what was due before is still this version's."""

    __tablename__ = "start_trigger"
    __table_args__ = (Index("ix_start_trigger_name", "kind", "name"), Index("ix_start_trigger_due", "due_at"))

    id: Mapped[Id]
    definition_id: Mapped[int] = mapped_column(ForeignKey("definition.id"), type_=BigId, index=True)
    process_id: Mapped[str] = mapped_column(String(120), index=True)
    element_id: Mapped[str] = mapped_column(String(120))
    group_id: Mapped[int] = mapped_column(BigId)
    places: Mapped[list[int]] = mapped_column(Json, default=list)
    kind: Mapped[str] = mapped_column(String(12))
    name: Mapped[str | None] = mapped_column(String(120))
    due_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    remaining: Mapped[int | None]
    until_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class Delivery(Base):
    """A thrown message or signal on its way to one receiver; nothing leaves an instance in another way.

    A message that nobody waits for yet has no instance and is kept until `expires_at`.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        Index("ix_delivery_due", "next_try_at", postgresql_where=text("state = 'waiting'"),
              sqlite_where=text("state = 'waiting'")),
        Index("ix_delivery_name", "kind", "name", "key"),
    )

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(String(120))
    key: Mapped[str | None] = mapped_column(String(200))
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    from_instance_id: Mapped[int | None] = mapped_column(BigId, index=True)
    group_id: Mapped[int] = mapped_column(BigId)
    instance_id: Mapped[int | None] = mapped_column(BigId, index=True)
    token: Mapped[int | None]
    start_trigger_id: Mapped[int | None] = mapped_column(BigId)
    state: Mapped[str] = mapped_column(String(12), default="waiting")
    sent_at: Mapped[dt.datetime] = mapped_column(Instant)
    next_try_at: Mapped[dt.datetime] = mapped_column(Instant)
    expires_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    done_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(String(500))


class Incident(Base):
    """Something that failed for good and waits for a person's decision."""

    __tablename__ = "incident"

    id: Mapped[Id]
    instance_id: Mapped[int] = mapped_column(ForeignKey("instance.id"), type_=BigId, index=True)
    element_id: Mapped[str] = mapped_column(String(120))
    token: Mapped[int | None]
    timer_id: Mapped[int | None] = mapped_column(ForeignKey("timer.id"), type_=BigId)
    delivery_id: Mapped[int | None] = mapped_column(BigId)
    cause: Mapped[str] = mapped_column(Text)
    cause_en: Mapped[str | None] = mapped_column(Text)
    opened_at: Mapped[dt.datetime] = mapped_column(Instant)
    resolved_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    resolved_by: Mapped[str | None] = mapped_column(String(80))
    resolution: Mapped[str | None] = mapped_column(String(500))


class Visit(Base):
    """An element that was passed, or is being waited at; user tasks are told by their task row instead."""

    __tablename__ = "visit"
    __table_args__ = (Index("ix_visit_instance", "instance_id", "token"),)

    id: Mapped[Id]
    instance_id: Mapped[int] = mapped_column(ForeignKey("instance.id"), type_=BigId)
    token: Mapped[int]
    element_id: Mapped[str] = mapped_column(String(120))
    entered_at: Mapped[dt.datetime] = mapped_column(Instant)
    left_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    left_how: Mapped[str | None] = mapped_column(String(12))
    by_id: Mapped[int | None] = mapped_column(BigId)
    by_name: Mapped[str | None] = mapped_column(String(80))
    within: Mapped[int | None]  # as on Task
    counted: Mapped[bool] = mapped_column(default=False, server_default=false())  # as on Task


class Ruling(Base):
    """What a business rule task decided, and by which rules; it tells more about the visit with the same token."""

    __tablename__ = "ruling"
    __table_args__ = (Index("ix_ruling_instance", "instance_id", "token"),)

    id: Mapped[Id]
    instance_id: Mapped[int] = mapped_column(ForeignKey("instance.id"), type_=BigId)
    token: Mapped[int]
    decision_id: Mapped[str] = mapped_column(String(120))
    at: Mapped[dt.datetime] = mapped_column(Instant)
    trace: Mapped[list[Any]] = mapped_column(Json)
