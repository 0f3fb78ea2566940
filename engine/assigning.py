"""A task passes into other hands: who delegated it to whom, with what question, and what came back."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from ledger.db import Base, BigId, Id, Instant, Json


@dataclass(frozen=True)
class Addressee:
    """Somebody whom a task may be given to or who may be asked about it; workflows.eligible says who is."""

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
        Index("ix_task_delegation_task_id", "task_id"),
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
