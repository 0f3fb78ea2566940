"""What somebody who leaves hands over: each open thing of theirs, and what became of it."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ledger.db import Base, BigId, Id, Instant
from registry.people.scope import Path, Visible


class Handover(Base):
    """The hand-over of one person's work; `state` is open or done, `unit_path` where the person belongs."""

    __tablename__ = "handover"
    __visible__ = Visible(action="handover.make")

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), index=True)
    unit_path: Mapped[str] = mapped_column(Path, index=True)
    request_id: Mapped[int | None] = mapped_column(BigId, index=True)
    successor_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(String(500), default="")
    state: Mapped[str] = mapped_column(String(8), default="open")
    by_id: Mapped[int | None] = mapped_column(BigId)
    by_name: Mapped[str] = mapped_column(String(80))
    at: Mapped[dt.datetime] = mapped_column(Instant)
    done_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class HandoverItem(Base):
    """One thing handed over: `kind` task, delegation, sign, substitution, draft, notice, role or request; `how` moved,
    ended, refused or gone, `why` in a few words."""

    __tablename__ = "handover_item"
    __table_args__ = (UniqueConstraint("handover_id", "kind", "thing_id"),)

    id: Mapped[Id]
    handover_id: Mapped[int] = mapped_column(BigId, ForeignKey("handover.id"))
    kind: Mapped[str] = mapped_column(String(12))
    thing_id: Mapped[int] = mapped_column(BigId)
    to_id: Mapped[int | None] = mapped_column(BigId)
    at: Mapped[dt.datetime | None] = mapped_column(Instant)
    how: Mapped[str | None] = mapped_column(String(12))
    why: Mapped[str] = mapped_column(String(200), default="")
