"""Substitutes: who acts for whom while somebody is away, from a moment to a moment, in which processes.

An appointment counts while it lasts and is not ended; who may make one is appointing.py's to say.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from sqlalchemy import ColumnElement, ForeignKey, Index, String, and_, or_, select, text
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from ledger import clock
from ledger.actor import Absent, Actor
from ledger.db import Base, BigId, Id, Instant, Json
from ledger.errors import Conflict
from ledger.facts import record
from registry.access.grants import grants_of
from registry.access.roles import role_of
from registry.people.persons import LEFT, Person
from registry.people.scope import Path, Visible


class AlreadyOver(Conflict):
    """这项代理已于 {at} 结束。"""


class Substitution(Base):
    """`substitute` stands in for `person`; `processes` are process ids, None means every one. `unit_path` is where the
    person belongs. It counts from `from_at` until before `until_at`."""

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
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    substitute: Mapped[Person] = relationship(foreign_keys=[substitute_id])

    @property
    def first_day(self) -> dt.date:
        """The day it begins on."""
        return clock.day_of(self.from_at)

    @property
    def last_day(self) -> dt.date:
        """The last day on which it counts."""
        return clock.day_of(self.until_at - dt.timedelta(microseconds=1))

    def covers(self, process_id: str) -> bool:
        """Whether it reaches a process."""
        return self.processes is None or process_id in self.processes

    def state(self, at: dt.datetime) -> str:
        """What it is at a moment: "coming", "running" or "over"."""
        if self.ended_at is not None or self.until_at <= at:
            return "over"
        return "running" if self.from_at <= at else "coming"


def running(at: dt.datetime) -> ColumnElement[bool]:
    """Which appointments count at a moment."""
    return and_(Substitution.ended_at.is_(None), Substitution.until_at > at, Substitution.from_at <= at)


def standing_in(
    session: Session, person_id: int, at: dt.datetime | None = None, *, roles: frozenset[str] = frozenset()
) -> tuple[Absent, ...]:
    """For whom somebody stands in at a moment (default now), each once; one statement where it is nobody.

    `roles` are the substitute's own: what a role that excludes one of them is offered is left out, so that a role
    granted after the appointment does not bring two together that check each other.
    """
    at = at or clock.now()
    rows = session.execute(
        select(Substitution.processes, Person).join(Person, Person.id == Substitution.person_id)
        .where(Substitution.substitute_id == person_id, running(at)).order_by(Substitution.id)
        .options(joinedload(Person.unit), joinedload(Person.company))).all()
    reached: dict[int, frozenset[str] | None] = {}
    for processes, person in rows:
        known = reached.get(person.id, frozenset())
        reached[person.id] = None if processes is None or known is None else known | frozenset(processes)
    people = {person.id: person for _processes, person in rows}
    return tuple(
        Absent(number, person.name, _groups(session, person, clock.day_of(at), roles), reached[number])
        for number, person in people.items())


def _groups(session: Session, person: Person, on: dt.date, roles: frozenset[str]) -> frozenset[str]:
    grants = grants_of(session, person, on)
    return frozenset(f"{one.role}@{one.unit_id}" for one in grants if role_of(one.role).excludes.isdisjoint(roles))


def expand(session: Session, people: Iterable[int], process_id: str) -> list[int]:
    """These people, and whoever stands in for one of them now in that process: for notices, which go to both."""
    asked = list(dict.fromkeys(people))
    rows = session.scalars(
        select(Substitution).where(Substitution.person_id.in_(asked), running(clock.now())).order_by(Substitution.id))
    return list(dict.fromkeys([*asked, *(row.substitute_id for row in rows if row.covers(process_id))]))


def end(session: Session, substitution: Substitution, *, by: Actor) -> None:
    """End an appointment now. What the substitute still holds goes back (workflows.absence.ending does it).

    Raises AlreadyOver when somebody was faster.
    """
    row = session.get_one(Substitution, substitution.id, with_for_update=True, populate_existing=True)
    if row.ended_at is not None:
        raise AlreadyOver(at=row.ended_at)
    row.ended_at, row.ended_by = clock.now(), by.id
    record(session, "substitution.ended", ("person", row.person_id), by=by, group_id=row.group_id,
           about=[("person", row.substitute_id)], after={"substitution": row.id, "substitute": row.substitute_id},
           key=f"substitution:{row.id}:ended")


def stood_in(session: Session, substitute_id: int, person_id: int, process_id: str, at: dt.datetime) -> bool:
    """Whether somebody stood in for somebody at an earlier moment, as it is seen now: an appointment that somebody
    ended before its time is held to be a mistake for all of it."""
    rows = session.scalars(select(Substitution).where(
        Substitution.person_id == person_id, Substitution.substitute_id == substitute_id, Substitution.from_at <= at,
        Substitution.until_at > at, or_(Substitution.ended_at.is_(None),
                                        Substitution.ended_at >= Substitution.until_at)))
    return any(row.covers(process_id) for row in rows)


def lapsed(session: Session, limit: int) -> list[Substitution]:
    """Appointments whose time is over and that nobody has ended, the oldest first."""
    return list(session.scalars(
        select(Substitution).where(Substitution.ended_at.is_(None), Substitution.until_at <= clock.now())
        .order_by(Substitution.id).limit(limit)))


def _end_with(session: Session, person: Person, on: dt.date) -> None:
    """With the last day of either side the appointment is over; the sweep then ends it."""
    last = clock.end_of_day(on)
    rows = session.scalars(select(Substitution).where(
        or_(Substitution.person_id == person.id, Substitution.substitute_id == person.id),
        Substitution.ended_at.is_(None), Substitution.until_at > last))
    for row in rows:
        row.until_at = last


LEFT.append(_end_with)
