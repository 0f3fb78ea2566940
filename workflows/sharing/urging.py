"""Urging a task: once a day for each person, with the place in the queue that it had."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ledger.db import Base, BigId, Id, Instant


class Urging(Base):
    """Somebody urged a task; `position` is how many tasks of its group were due before it."""

    __tablename__ = "urging"
    __table_args__ = (UniqueConstraint("task_id", "by_id", "day"),)

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId)
    request_id: Mapped[int] = mapped_column(BigId, ForeignKey("request.id"), index=True)
    task_id: Mapped[int] = mapped_column(BigId, ForeignKey("task.id"))
    by_id: Mapped[int] = mapped_column(BigId)
    by_name: Mapped[str] = mapped_column(String(80))
    at: Mapped[dt.datetime] = mapped_column(Instant)
    day: Mapped[dt.date]
    position: Mapped[int]
