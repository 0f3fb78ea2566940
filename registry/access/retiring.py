"""What a group uses no more: a role is granted to nobody, a form taken into no drawing. It can be taken up again."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from sqlalchemy import Index, String, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger import clock
from ledger.actor import Actor
from ledger.db import Base, BigId, Id, Instant
from ledger.errors import AlreadyDone, NotFound
from ledger.facts import record
from registry.people.units import Unit

Kind = Literal["role", "form"]
MOST_REASON = 500
_STANDS = text("ended_at IS NULL")


class Retirement(Base):
    """That a group uses a role or a form no more, since when and why; it ends where it is taken up again."""

    __tablename__ = "retirement"
    __table_args__ = (
        Index("ix_retirement_stands", "group_id", "kind", "key", unique=True, sqlite_where=_STANDS,
              postgresql_where=_STANDS),
    )

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId)
    kind: Mapped[str] = mapped_column(String(8))
    key: Mapped[str] = mapped_column(String(120))
    reason: Mapped[str] = mapped_column(String(MOST_REASON))
    at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)
    by_id: Mapped[int | None] = mapped_column(BigId)
    by_name: Mapped[str] = mapped_column(String(80))
    ended_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    ended_by_name: Mapped[str] = mapped_column(String(80), default="")


def one_at_a_time(session: Session, group_id: int, *, giving: bool = False) -> None:
    """Until this transaction ends nobody else takes roles, accounts or forms of the group away; who only gives a role
    waits for those who take away, not for others who give. (SQLite has one writer anyway.)"""
    row = select(Unit.id).where(Unit.id == group_id)
    session.execute(row.with_for_update(read=True) if giving else row.with_for_update(key_share=True)).all()


def retired(session: Session, kind: Kind, group_id: int | None) -> dict[str, Retirement]:
    """What of a kind a group uses no more, by key."""
    found = select(Retirement).where(
        Retirement.kind == kind, Retirement.group_id == group_id, Retirement.ended_at.is_(None))
    return {one.key: one for one in session.scalars(found)}


def retire(session: Session, kind: Kind, key: str, *, group_id: int, reason: str, by: Actor) -> Retirement:
    """It is used no more from now on. Raises AlreadyDone with who was faster."""
    made = Retirement(group_id=group_id, kind=kind, key=key, reason=reason.strip()[:MOST_REASON], by_id=by.id,
                      by_name=by.name)
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError as error:
        other = retired(session, kind, group_id)[key]
        raise AlreadyDone(other.by_name, other.at) from error
    record(session, f"{kind}.retired", ("retirement", made.id), by=by, group_id=group_id,
           after={"code": key, "reason": made.reason})
    return made


def take_up(session: Session, kind: Kind, key: str, *, group_id: int, by: Actor) -> None:
    """It is used again. Raises NotFound where it was not retired, or somebody was faster."""
    found = session.scalar(select(Retirement).where(
        Retirement.kind == kind, Retirement.key == key, Retirement.group_id == group_id, Retirement.ended_at.is_(None),
    ).with_for_update(), execution_options={"populate_existing": True})
    if found is None:
        raise NotFound
    found.ended_at, found.ended_by_name = clock.now(), by.name
    record(session, f"{kind}.taken_up", ("retirement", found.id), by=by, group_id=group_id, before={"code": key})
