"""What happened: one append-only row for each thing. The same row is the entry of the outbox (see outbox.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ForeignKey, Index, String, and_, event, insert, inspect, or_, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Mapper, Session, make_transient_to_detached, mapped_column, relationship

from ledger import clock, deeds
from ledger.actor import Actor
from ledger.db import Base, BigId, Id, Instant, Json, ring_after_commit

Subject = tuple[str, int]
KEPT = frozenset({"delivered_at", "attempts", "next_try_at", "last_error"})


class Fact(Base):
    """One thing that happened. Everything but its delivery is fixed once written."""

    __tablename__ = "fact"
    __table_args__ = (
        Index("ix_fact_undelivered", "id", postgresql_where=text("delivered_at IS NULL"),
              sqlite_where=text("delivered_at IS NULL")),
    )

    id: Mapped[Id]
    at: Mapped[dt.datetime] = mapped_column(Instant, index=True)
    kind: Mapped[str] = mapped_column(String(60), index=True)
    subject_kind: Mapped[str] = mapped_column(String(30))
    subject_id: Mapped[int] = mapped_column(BigId)
    actor_id: Mapped[int | None] = mapped_column(BigId, index=True)
    actor_name: Mapped[str] = mapped_column(String(80))
    group_id: Mapped[int | None] = mapped_column(BigId, index=True)
    before: Mapped[dict[str, Any] | None] = mapped_column(Json)
    after: Mapped[dict[str, Any] | None] = mapped_column(Json)
    key: Mapped[str | None] = mapped_column(String(120), unique=True)
    delivered_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    last_error: Mapped[str | None] = mapped_column(String(500))
    about: Mapped[list[FactAbout]] = relationship(back_populates="fact", passive_deletes="all")


class FactAbout(Base):
    """Whose story a fact belongs to: its subject, and whatever else it is about."""

    __tablename__ = "fact_about"

    kind: Mapped[str] = mapped_column(String(30), primary_key=True)
    subject_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    fact_id: Mapped[int] = mapped_column(ForeignKey("fact.id"), type_=BigId, primary_key=True)
    fact: Mapped[Fact] = relationship(back_populates="about")


_WRITE = insert(Fact).returning(Fact.id)
_TELL = insert(FactAbout)


def record(
    session: Session, kind: str, subject: Subject, *, by: Actor, group_id: int | None = None,
    about: Iterable[Subject] = (), before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None, key: str | None = None,
) -> Fact:
    """Write down that `kind` ("certificate.renewed") happened to `subject` ("certificate", 7).

    `before` and `after` hold ids, dates, codes and counts; never an ID number or a phone number.
    `key` makes the fact unique: a second one with the same key is refused by the database.
    """
    written = {
        "at": clock.now(), "kind": kind, "subject_kind": subject[0], "subject_id": subject[1], "actor_id": by.id,
        "actor_name": by.name, "group_id": group_id if group_id is not None else by.group_id,
        "before": dict(before) if before else None, "after": dict(after) if after else None, "key": key, "attempts": 0,
    }
    connection = session.connection()  # written at once: a flush of two objects costs ten times as much
    number = connection.execute(_WRITE, written).scalar_one()
    told = dict.fromkeys([subject, *about])
    connection.execute(_TELL, [{"kind": kind, "subject_id": whose, "fact_id": number} for kind, whose in told])
    written["id"] = number
    deeds.note(session, written, list(told))
    fact = Fact()
    fact.__dict__.update(written)  # as loaded: there is no change to track
    make_transient_to_detached(fact)
    session.add(fact)
    ring_after_commit(session, "outbox")
    return fact


def story(session: Session, *subjects: Subject, limit: int = 1000, without: Sequence[str] = ()) -> list[Fact]:
    """The facts about one or several subjects, oldest first, each once; those of the kinds `without` left out."""
    told = (
        select(FactAbout.fact_id)
        .where(_any_of(subjects))
        .order_by(FactAbout.fact_id).distinct().limit(limit)
    )
    if without:
        told = told.join(Fact, Fact.id == FactAbout.fact_id).where(Fact.kind.not_in(without))
    return list(session.scalars(select(Fact).where(Fact.id.in_(told)).order_by(Fact.id)))


def _any_of(subjects: Iterable[Subject]) -> Any:
    return or_(*(and_(FactAbout.kind == kind, FactAbout.subject_id == number) for kind, number in subjects))


def _refuse_change(_mapper: Mapper[Fact], _connection: Connection, fact: Fact) -> None:
    changed = {a.key for a in inspect(fact).attrs if a.history.has_changes()} - KEPT - {"about"}
    if changed:
        raise TypeError(f"a fact is never changed: {sorted(changed)}")


def _refuse_delete(_mapper: Mapper[Fact], _connection: Connection, _fact: Fact) -> None:
    raise TypeError("a fact is never deleted")


event.listen(Fact, "before_update", _refuse_change)
event.listen(Fact, "before_delete", _refuse_delete)
