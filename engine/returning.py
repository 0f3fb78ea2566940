"""A request that went back: from where to where, why, and what became of each approval on the way."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from ledger.db import Base, BigId, Id, Instant


class ReturnCase(Base):
    """One return: `kind` is returned, withdrawn, taken_back, reopened or corrected.

    `straight`: what is unchanged when it comes again stands. `version` is the instance's when it was done. It is closed
    when the place that it was returned from is reached again, or the instance ends.
    """

    __tablename__ = "return_case"

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId)
    instance_id: Mapped[int] = mapped_column(ForeignKey("instance.id"), type_=BigId, index=True)
    from_task_id: Mapped[int | None] = mapped_column(BigId)
    to_task_id: Mapped[int | None] = mapped_column(BigId)
    kind: Mapped[str] = mapped_column(String(12))
    straight: Mapped[bool]
    by_id: Mapped[int | None] = mapped_column(BigId)
    by_name: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(String(2000))
    version: Mapped[int]
    at: Mapped[dt.datetime] = mapped_column(Instant)
    closed_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class ReturnEffect(Base):
    """What a return did to one completed task: undone, candidate (may stand), kept or redone; `at` when it was told."""

    __tablename__ = "return_effect"

    case_id: Mapped[int] = mapped_column(ForeignKey("return_case.id"), type_=BigId, primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), type_=BigId, primary_key=True)
    what: Mapped[str] = mapped_column(String(12))
    at: Mapped[dt.datetime | None] = mapped_column(Instant)
