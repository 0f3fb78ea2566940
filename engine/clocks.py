"""The clocks of an instance and its tasks in working days, and the ledger of everything that moved them."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ledger.db import Base, BigId, Id, Instant


class Clock(Base):
    """One clock: of an element (and its round in a loop), or of the whole request (element "", round -1).

    `allowed` counts working days; `state` is running, paused or over. The lines of its ledger are ClockEntry.
    """

    __tablename__ = "clock"
    __table_args__ = (UniqueConstraint("instance_id", "element_id", "round"),)

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId)
    instance_id: Mapped[int] = mapped_column(ForeignKey("instance.id"), type_=BigId)
    element_id: Mapped[str] = mapped_column(String(120), default="")
    round: Mapped[int] = mapped_column(default=-1)
    task_id: Mapped[int | None] = mapped_column(BigId)
    allowed: Mapped[int]
    began_on: Mapped[dt.date]
    due_at: Mapped[dt.datetime] = mapped_column(Instant)
    confirmed: Mapped[bool]
    state: Mapped[str] = mapped_column(String(8), default="running")
    paused_on: Mapped[dt.date | None]


class ClockEntry(Base):
    """A line of a clock's ledger, never changed: what happened, who did it and why, and what it did to the due moment.

    `what` is began, paused, resumed, extended, recounted, met, missed, silent or ended; `days` are working days.
    """

    __tablename__ = "clock_entry"
    __table_args__ = (UniqueConstraint("clock_id", "no"),)

    id: Mapped[Id]
    clock_id: Mapped[int] = mapped_column(ForeignKey("clock.id"), type_=BigId)
    no: Mapped[int]
    what: Mapped[str] = mapped_column(String(12))
    at: Mapped[dt.datetime] = mapped_column(Instant)
    by_id: Mapped[int | None] = mapped_column(BigId)
    by_name: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(String(500), default="")
    due_before: Mapped[dt.datetime | None] = mapped_column(Instant)
    due_after: Mapped[dt.datetime | None] = mapped_column(Instant)
    days: Mapped[int] = mapped_column(default=0)
    confirmed: Mapped[bool]
