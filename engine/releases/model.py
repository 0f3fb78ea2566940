"""The tables of releases. Whether one is in force is read from its moments alone; nothing has to run for it."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ledger.db import Base, BigId, Id, Instant

ASKED, APPROVED, REFUSED, WITHDRAWN, ENDED = "asked", "approved", "refused", "withdrawn", "ended"
_COMING = text("state = 'approved' AND noted_at IS NULL")


class Release(Base):
    """That a deployed version is to be used from a day on, for all or for chosen units.

    `process_id` is the main process of its deployment; `parts` are all of them. `group_id` is the root company that it
    is for (None: the whole house). `units` are the pilot; none: everybody. `over`: older releases for smaller places
    give way to it too. `effective_on` is a Shanghai day, `from_at` the moment since when it is in force, known when it
    was approved; `ended_at` when it was taken back. `noted_at`: its clocks are set and the fact is told.
    """

    __tablename__ = "process_release"
    __table_args__ = (
        Index("ix_process_release_process", "process_id", "id"),
        Index("ix_process_release_coming", "from_at", sqlite_where=_COMING, postgresql_where=_COMING),
    )

    id: Mapped[Id]
    group_id: Mapped[int | None] = mapped_column(BigId)
    process_id: Mapped[str] = mapped_column(String(120))
    definition_id: Mapped[int] = mapped_column(ForeignKey("definition.id"), type_=BigId, index=True)
    draft_id: Mapped[int | None] = mapped_column(BigId, index=True)
    draft_revision: Mapped[int | None]
    over: Mapped[bool] = mapped_column(default=False)
    effective_on: Mapped[dt.date]
    state: Mapped[str] = mapped_column(String(12), default=ASKED, index=True)
    asked_at: Mapped[dt.datetime] = mapped_column(Instant)
    asked_by: Mapped[int | None] = mapped_column(BigId)
    asked_by_name: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(String(1000), default="")
    decided_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    decided_by: Mapped[int | None] = mapped_column(BigId)
    decided_by_name: Mapped[str] = mapped_column(String(80), default="")
    remark: Mapped[str] = mapped_column(String(1000), default="")
    from_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    noted_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    ended_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    ended_by: Mapped[int | None] = mapped_column(BigId)
    ended_by_name: Mapped[str] = mapped_column(String(80), default="")
    ended_why: Mapped[str] = mapped_column(String(1000), default="")
    units: Mapped[list[ReleaseUnit]] = relationship(order_by="ReleaseUnit.unit_id")
    parts: Mapped[list[ReleasePart]] = relationship(order_by="ReleasePart.definition_id")

    @property
    def since(self) -> dt.datetime | None:
        """Since when it has been used: the first version of a process also holds for the time before it was there."""
        return max(self.from_at, self.decided_at or self.from_at) if self.from_at is not None else None

    @property
    def for_all(self) -> bool:
        """Whether it is for everybody, not a pilot."""
        return not self.units


class ReleaseUnit(Base):
    """One unit of a pilot. `path` is its place in the organisation when it was asked for ("/1/3/")."""

    __tablename__ = "process_release_unit"

    release_id: Mapped[int] = mapped_column(ForeignKey("process_release.id"), type_=BigId, primary_key=True)
    unit_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    path: Mapped[str] = mapped_column(String(200))

    @property
    def places(self) -> tuple[int, ...]:
        """From the unit up to the root."""
        return tuple(int(part) for part in reversed(self.path.strip("/").split("/")))


class ReleasePart(Base):
    """One process of the released deployment: the main one, those that it calls, other pools."""

    __tablename__ = "process_release_part"
    __table_args__ = (Index("ix_process_release_part_process", "process_id", "release_id"),)

    release_id: Mapped[int] = mapped_column(ForeignKey("process_release.id"), type_=BigId, primary_key=True)
    definition_id: Mapped[int] = mapped_column(ForeignKey("definition.id"), type_=BigId, primary_key=True)
    process_id: Mapped[str] = mapped_column(String(120))
