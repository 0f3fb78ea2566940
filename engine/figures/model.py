"""The tables of sums. What they hold can be thrown away and counted again from `visit` and `task`."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ColumnElement, Index, String, literal
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.model import OPEN, Incident, Instance, Task, Visit
from ledger.db import Base, BigId, Id, Instant, Json

DAY, MONTH = "d", "m"
Passed = type[Visit] | type[Task]
_completed, _open = (literal(word, literal_execute=True) for word in ("completed", OPEN))


def over(kind: Passed) -> ColumnElement[bool]:
    """Completed: what is counted. The words are written out, so that both databases find the partial indexes."""
    return Visit.left_how == _completed if kind is Visit else (Task.state == _completed) & Task.parent_id.is_(None)


def fresh(kind: Passed) -> ColumnElement[bool]:
    """Completed and not counted yet."""
    return kind.counted.is_(False) & over(kind)


def waiting(kind: Passed) -> ColumnElement[bool]:
    """Somebody or something waits there now."""
    return Visit.left_at.is_(None) if kind is Visit else (Task.state == _open) & Task.parent_id.is_(None)


for _kind, _left in ((Visit, Visit.left_at), (Task, Task.completed_at)):
    _of = _kind.__tablename__
    for _name, _columns, _where in (
            ("uncounted", (_kind.id,), fresh(_kind)), ("left", (_left,), over(_kind)),
            ("waiting", (_kind.instance_id, _kind.element_id), waiting(_kind))):
        Index(f"ix_{_of}_{_name}", *_columns, postgresql_where=_where, sqlite_where=_where)
Index("ix_incident_opened", Incident.opened_at)
Index("ix_incident_unresolved", Incident.instance_id, Incident.element_id,
      postgresql_where=Incident.resolved_at.is_(None), sqlite_where=Incident.resolved_at.is_(None))


class ElementDay(Base):
    """Completed visits of an element of one version, left on a day (`span` "d") or in the month of `day` ("m").

    `unit_id` is each company and group that the instance lies in, and its project: one of them alone counts everything
    at and below it.
    `sketch` is what sketch.py reads. `definition_id` is the version the instance is on now, not the one it was on then.
    """

    __tablename__ = "element_day"
    __table_args__ = (
        Index("ix_element_day_asked", "process_id", "unit_id", "span", "day"),
    )

    process_id: Mapped[str] = mapped_column(String(120), primary_key=True)
    span: Mapped[str] = mapped_column(String(1), primary_key=True)
    day: Mapped[dt.date] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    definition_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    element_id: Mapped[str] = mapped_column(String(120), primary_key=True)
    count: Mapped[int]
    sketch: Mapped[dict[str, int]] = mapped_column(Json)


class ElementNow(Base):
    """How many waited at an element when the worker looked last (the mark "now" says when), the first since `since`;
    `unit_id` and `definition_id` as on ElementDay."""

    __tablename__ = "element_now"

    process_id: Mapped[str] = mapped_column(String(120), primary_key=True)
    unit_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    definition_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    element_id: Mapped[str] = mapped_column(String(120), primary_key=True)
    count: Mapped[int]
    since: Mapped[dt.datetime] = mapped_column(Instant)


class ElementStale(Base):
    """What has to be counted again: a day of a process, or (until the worker knows which) the days of an instance.

    Only ever added and deleted by number, so that what is added while the worker counts is not lost.
    """

    __tablename__ = "element_stale"

    id: Mapped[Id]
    process_id: Mapped[str] = mapped_column(String(120))
    day: Mapped[dt.date | None]
    instance_id: Mapped[int | None] = mapped_column(BigId)


class ElementMark(Base):
    """What the sums rest on: "turn" is locked by the worker that counts, "calendar:2027" the revision of a year,
    "now" the second at which ElementNow was read."""

    __tablename__ = "element_mark"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int] = mapped_column(BigId)


def recount(session: Session, instance: Instance) -> None:
    """Whoever moves an instance to another version, or renames its elements, says so here, in the same transaction."""
    session.add(ElementStale(process_id=instance.process_id, instance_id=instance.id))


__all__ = ["DAY", "MONTH", "ElementDay", "ElementMark", "ElementNow", "ElementStale", "Passed", "fresh", "over",
           "recount", "waiting"]
