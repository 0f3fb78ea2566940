"""Editions of the types: what a process owner publishes over the shipped files, each from a day on, never changed.

Edition 0 of a type is its shipped file. An edition holds the whole type, in general or for one province. One that has
not taken effect can be withdrawn, one of today corrected by another; one of an earlier day is followed by another.
Nothing is deleted.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
from sqlalchemy import Index, String, Table, UniqueConstraint, event, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger import clock
from ledger.db import Base, BigId, Id, Instant, Json
from registry.certificates.kinds import CertificateType
from registry.certificates.type_files import made_of

_STANDING = text("withdrawn_at IS NULL")


class TypeEdition(Base):
    """One edition of one type. `content` is the type as plain data (type_files.plain); `province` "" is everywhere.

    `verified_by` says who compared it with the original text. `applied_at`: what follows for certificates was worked
    off, up to then as far as the certificate `applied_to`; `moved` days of theirs were moved.
    """

    __tablename__ = "type_edition"
    __table_args__ = (
        UniqueConstraint("code", "no"),
        Index("uq_type_edition_day", "code", "province", "effective_from", unique=True, sqlite_where=_STANDING,
              postgresql_where=_STANDING),
        Index("ix_type_edition_mark", "withdrawn_at"),  # the catalogue's look whether anything is new reads only this
    )

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(String(8))
    no: Mapped[int]
    province: Mapped[str] = mapped_column(String(1), default="")
    effective_from: Mapped[dt.date]
    reason: Mapped[str] = mapped_column(String(500))
    verified_by: Mapped[str] = mapped_column(String(120), default="")
    published_at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)
    by_id: Mapped[int | None] = mapped_column(BigId)
    by_name: Mapped[str] = mapped_column(String(80))
    withdrawn_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    withdrawn_by_id: Mapped[int | None] = mapped_column(BigId)
    withdrawn_by_name: Mapped[str] = mapped_column(String(80), default="")
    applied_to: Mapped[int] = mapped_column(BigId, default=0)
    applied_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    moved: Mapped[int] = mapped_column(default=0)
    content: Mapped[dict[str, Any]] = mapped_column(Json, deferred=True)

    @property
    def type(self) -> CertificateType:
        """The type as this edition says it."""
        return made_of(self.content)

    @property
    def corrected(self) -> bool:
        """Whether another took its place on the day on which it began."""
        return self.withdrawn_at is not None and clock.day_of(self.withdrawn_at) >= self.effective_from

    def begun(self, on: dt.date) -> bool:
        """Whether it has taken effect by a day."""
        return self.withdrawn_at is None and self.effective_from <= on


def editions(session: Session, code: str) -> list[TypeEdition]:
    """All editions of a type, withdrawn ones too, newest first."""
    return list(session.scalars(select(TypeEdition).where(TypeEdition.code == code).order_by(TypeEdition.no.desc())))


def pending(session: Session, on: dt.date) -> dict[str, int]:
    """How many editions wait for their day, by code."""
    found: dict[str, int] = {}
    for code in session.scalars(select(TypeEdition.code).where(
            TypeEdition.withdrawn_at.is_(None), TypeEdition.effective_from > on)):
        found[code] = found.get(code, 0) + 1
    return found


class Said(msgspec.Struct, frozen=True):
    """An edition as the catalogue holds it."""

    effective_from: dt.date
    no: int
    type: CertificateType


FIXED = ("code", "no", "province", "effective_from", "reason", "verified_by", "published_at", "by_id", "content")
GUARDS = {
    "sqlite": (
        f"CREATE TRIGGER type_edition_no_update BEFORE UPDATE OF {', '.join(FIXED)} ON type_edition "
        "BEGIN SELECT RAISE(ABORT, 'an edition is never changed'); END",
        "CREATE TRIGGER type_edition_no_delete BEFORE DELETE ON type_edition "
        "BEGIN SELECT RAISE(ABORT, 'an edition is never deleted'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION type_edition_fixed() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'an edition is never changed'; END $$",
        f"CREATE TRIGGER type_edition_fixed BEFORE DELETE OR UPDATE OF {', '.join(FIXED)} ON type_edition "
        "FOR EACH ROW EXECUTE FUNCTION type_edition_fixed()",
    ),
}
"""An edition stays as it was published, whoever writes; for the tests' tables and the migrations."""


def _guard(target: Table, connection: Connection, **_: Any) -> None:
    for statement in GUARDS.get(connection.dialect.name, ()):
        connection.exec_driver_sql(statement)


event.listen(TypeEdition.__table__, "after_create", _guard)
