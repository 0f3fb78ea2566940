"""Signatures asked for around a task: who is to sign before or after it, and the answers that wait for them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from ledger.db import Base, BigId, Id, Instant, Json


class TaskPlan(Base):
    """Somebody asked to sign before or after a task; `made_id` is their own task, which one in order has not yet."""

    __tablename__ = "task_plan"
    __table_args__ = (
        Index("ix_task_plan_task_id", "task_id"),
        Index("ix_task_plan_person_id", "person_id", postgresql_where=text("made_id IS NULL AND dropped_at IS NULL"),
              sqlite_where=text("made_id IS NULL AND dropped_at IS NULL")),
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
