"""Notices inside the application: one row for each person and fact. Whom to tell of what, the caller decides."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from ledger import clock
from ledger.actor import Actor
from ledger.db import Base, BigId, Id, Instant, Json
from ledger.errors import NotFound
from ledger.facts import Fact, Subject
from registry.alerts.model import AlertPerson

_UNREAD = text("read_at IS NULL")


class Notice(Base):
    """`text` is a gettext msgid and `params` its values; `subject` is what to open."""

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("person_id", "fact_id"),
        Index("ix_notice_unread", "person_id", "id", sqlite_where=_UNREAD, postgresql_where=_UNREAD),
    )

    id: Mapped[Id]
    group_id: Mapped[int | None] = mapped_column(BigId)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    fact_id: Mapped[int] = mapped_column(BigId, ForeignKey("fact.id"), index=True)
    text: Mapped[str] = mapped_column(String(300))
    params: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    subject_kind: Mapped[str] = mapped_column(String(30))
    subject_id: Mapped[int] = mapped_column(BigId)
    at: Mapped[dt.datetime] = mapped_column(Instant)
    read_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    fact: Mapped[Fact] = relationship()


def notify(
    session: Session, person_ids: Iterable[int], fact: Fact, text: str, params: Mapping[str, Any] | None = None,
    *, subject: Subject | None = None,
) -> int:
    """Tell each person of a fact, once however often this is called; how many were told now.

    `params` hold names, numbers and dates as people read them, never an ID number or phone. `subject` is what a click
    opens (the fact's own subject unless given).
    """
    session.flush()
    kind, number = subject or (fact.subject_kind, fact.subject_id)
    rows = [
        {"group_id": fact.group_id, "person_id": person, "fact_id": fact.id, "text": text, "params": dict(params or {}),
         "subject_kind": kind, "subject_id": number, "at": clock.now()}
        for person in dict.fromkeys(person_ids)
    ]
    if not rows:
        return 0
    insert = insert_sqlite if session.get_bind().dialect.name == "sqlite" else insert_postgresql
    written = session.scalars(
        insert(Notice).on_conflict_do_nothing(index_elements=["person_id", "fact_id"]).returning(Notice.id), rows)
    return len(written.all())


def unread(session: Session, actor: Actor) -> int:
    """How many notices the actor has not read."""
    return session.scalar(
        select(func.count()).select_from(Notice).where(Notice.person_id == actor.id, Notice.read_at.is_(None))) or 0


def notices(
    session: Session, actor: Actor, *, only_unread: bool = False, before: int | None = None, limit: int = 20
) -> list[Notice]:
    """The actor's notices, newest first; `before` is the id the last page ended with."""
    query = select(Notice).where(Notice.person_id == actor.id)
    if only_unread:
        query = query.where(Notice.read_at.is_(None))
    if before is not None:
        query = query.where(Notice.id < before)
    return list(session.scalars(query.order_by(Notice.id.desc()).limit(limit)))


def read(session: Session, actor: Actor, notice_id: int) -> Notice:
    """Mark one of the actor's own notices as read; NotFound for anybody else's."""
    notice = session.scalar(select(Notice).where(Notice.id == notice_id, Notice.person_id == actor.id))
    if notice is None:
        raise NotFound
    notice.read_at = notice.read_at or clock.now()
    if notice.fact.kind.startswith("alert.") and (number := (notice.fact.after or {}).get("alert")) is not None:
        mark_opened(session, actor, number)
    return notice


def mark_opened(session: Session, actor: Actor, alert_id: int) -> None:
    """The ledger of an alert learns that somebody who was told of it has opened it, the first time."""
    session.execute(update(AlertPerson).where(
        AlertPerson.alert_id == alert_id, AlertPerson.person_id == actor.id, AlertPerson.opened_at.is_(None)).values(
        opened_at=clock.now()), execution_options={"synchronize_session": False})


def read_all(session: Session, actor: Actor) -> int:
    """Mark all of the actor's notices as read; how many there were."""
    changed = session.execute(
        update(Notice).where(Notice.person_id == actor.id, Notice.read_at.is_(None)).values(read_at=clock.now())
        .returning(Notice.id))
    return len(changed.all())
