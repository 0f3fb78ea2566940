"""Substitutes: who acts for whom while somebody is away, from a moment to a moment, in which processes."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from ledger.db import Base, BigId, Id, Instant, Json
from registry.people.scope import Path, Visible


class Substitution(Base):
    """`substitute` stands in for `person`; `processes` are process ids, None means every one. `unit_path` is where the
    person belongs."""

    __tablename__ = "substitution"
    __table_args__ = (
        Index("ix_substitution_substitute_id", "substitute_id", "until_at", postgresql_where=text("ended_at IS NULL"),
              sqlite_where=text("ended_at IS NULL")),
        Index("ix_substitution_person_id", "person_id", "until_at"),
    )
    __visible__ = Visible(action="substitution.read", owner="person_id")

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    substitute_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    unit_path: Mapped[str] = mapped_column(Path, index=True)
    from_at: Mapped[dt.datetime] = mapped_column(Instant)
    until_at: Mapped[dt.datetime] = mapped_column(Instant)
    processes: Mapped[list[str] | None] = mapped_column(Json)
    reason: Mapped[str] = mapped_column(String(200), default="")
    made_at: Mapped[dt.datetime] = mapped_column(Instant)
    made_by: Mapped[int | None] = mapped_column(BigId)
    ended_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    ended_by: Mapped[int | None] = mapped_column(BigId)
