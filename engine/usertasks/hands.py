"""The rows of a task in other hands: who delegated it to whom, who was asked to sign it, what waits for signatures.

The verbs are in assigning.py and signing.py.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from ledger.db import Base, BigId, Id, Instant, Json

BEFORE, AFTER = "before", "after"
"""The roles of a signature, and the `hold` of a task that waits for such."""


@dataclass(frozen=True)
class Addressee:
    """Somebody whom a task may be given to or who may be asked about it; workflows.handling.eligible says who is."""

    id: int
    name: str


class TaskDelegation(Base):
    """A task that `from` handed to `to` to be done and given back; `how` it ended is done, recalled or moved_on.

    The delegate's answers stay here: they are a proposal, and whoever delegated completes the task.
    """

    __tablename__ = "task_delegation"
    __table_args__ = (
        Index("uq_task_delegation_open", "task_id", "to_id", unique=True, postgresql_where=text("ended_at IS NULL"),
              sqlite_where=text("ended_at IS NULL")),
        Index("ix_task_delegation_task_id", "task_id"), Index("ix_task_delegation_from_id", "from_id"),
        Index("ix_task_delegation_to_id", "to_id", postgresql_where=text("ended_at IS NULL"),
              sqlite_where=text("ended_at IS NULL")),
    )

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId)
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), type_=BigId)
    from_id: Mapped[int] = mapped_column(BigId)
    from_name: Mapped[str] = mapped_column(String(80))
    to_id: Mapped[int] = mapped_column(BigId)
    to_name: Mapped[str] = mapped_column(String(80))
    question: Mapped[str] = mapped_column(String(500), default="")
    at: Mapped[dt.datetime] = mapped_column(Instant)
    ended_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    how: Mapped[str | None] = mapped_column(String(12))
    answers: Mapped[dict[str, Any] | None] = mapped_column(Json)
    opinion: Mapped[str] = mapped_column(String(2000), default="")


class TaskPlan(Base):
    """Somebody asked to sign before or after a task; `made_id` is their own task, which one in order has not yet."""

    __tablename__ = "task_plan"
    __table_args__ = (
        Index("ix_task_plan_task_id", "task_id"), Index("ix_task_plan_person_id", "person_id"),
        Index("ix_task_plan_by_id", "by_id"),
    )

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId)
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), type_=BigId)
    role: Mapped[str] = mapped_column(String(12))
    no: Mapped[int]
    person_id: Mapped[int] = mapped_column(BigId)
    person_name: Mapped[str] = mapped_column(String(80))
    question: Mapped[str] = mapped_column(String(500), default="")
    by_id: Mapped[int | None] = mapped_column(BigId)
    by_name: Mapped[str] = mapped_column(String(80))
    at: Mapped[dt.datetime] = mapped_column(Instant)
    made_id: Mapped[int | None] = mapped_column(BigId)
    dropped_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    dropped_by: Mapped[int | None] = mapped_column(BigId)


class TaskPending(Base):
    """The answers of a task whose signers sign after it: nothing is completed before the last of them has."""

    __tablename__ = "task_pending"

    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), type_=BigId, primary_key=True)
    answers: Mapped[dict[str, Any]] = mapped_column(Json)
    at: Mapped[dt.datetime] = mapped_column(Instant)
    by_id: Mapped[int | None] = mapped_column(BigId)
    by_name: Mapped[str] = mapped_column(String(80))
    for_id: Mapped[int | None] = mapped_column(BigId)
