"""Reservations: a person speaks for an original from a day to a day; nobody else gets those days."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from ledger import clock
from ledger.actor import Actor
from ledger.db import Base, BigId, Id, Instant
from ledger.errors import BadAnswer, Conflict, Problem
from ledger.facts import Subject
from registry.custody import days
from registry.custody.originals import (
    ABSENCES,
    NotHere,
    Original,
    absence,
    follow,
    held,
    note,
    of_holder,
    refuse_stopped,
    repeated,
)
from registry.people.persons import Person
from registry.people.scope import Belonging, Visible

LONGEST_DAYS = 92
FURTHEST_DAYS = 366
"""A single claim lasts three months at most and begins within a year: ours (D), so that nobody blocks a paper."""


class Settled(Conflict):
    """这次预约已取消或已借出。"""


class NotLent(Conflict):
    """电子件不外借，请制作带水印的副本。"""


class Reservation(Belonging, Base):
    """The claim of a person on an original. Open until it is cancelled, handed out (`loan_id`) or its days are over."""

    __tablename__ = "original_reservation"
    __table_args__ = (
        CheckConstraint("to_on >= from_on", name="days"),
        Index("ix_original_reservation_original", "original_id", "from_on"),
    )
    __visible__ = Visible(action="custody.read", family="family", type="type_code", owner="person_id")

    id: Mapped[Id]
    original_id: Mapped[int] = mapped_column(BigId, ForeignKey("original.id"))
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), index=True)
    from_on: Mapped[dt.date]
    to_on: Mapped[dt.date]
    request_id: Mapped[int | None] = mapped_column(BigId, index=True)
    made_at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)
    by_id: Mapped[int | None] = mapped_column(BigId)
    cancelled_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    cancelled_by: Mapped[int | None] = mapped_column(BigId)
    handed_out_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    original: Mapped[Original] = relationship()
    person: Mapped[Person] = relationship()

    @property
    def open(self) -> bool:
        """Neither cancelled nor handed out; its days may still be over."""
        return self.cancelled_at is None and self.handed_out_at is None


follow(Reservation, of_holder(Reservation.original_id))


def reserve(
    session: Session, original: Original, person: Person, *, from_on: dt.date, to_on: dt.date, by: Actor,
    request_id: int | None = None, once: str | None = None,
) -> Reservation:
    """Speak for an original. Spoken where a day is taken, whoever asks at the same time; NotLent for an electronic one;
    BadAnswer for days in the past, reversed, too far or too many, or for somebody who does not work here then."""
    checked_days(from_on, to_on)
    own_staff(person, original, from_on, to_on, "person")
    lendable(session, held(session, original))
    refuse_stopped(session, original.certificate)
    made = Reservation(
        **repeated(original), original=original, person=person, from_on=from_on, to_on=to_on, by_id=by.id,
        request_id=request_id)
    with session.begin_nested():  # refused, it leaves nothing behind
        session.add(made)
        session.flush()
        days.take(session, original.id, from_on, to_on, reservation=made.id)
    note(session, "reservation.made", original, by=by, about=_about(made),
         after={"from": from_on.isoformat(), "to": to_on.isoformat()}, key=once)
    return made


def cancel_reservation(session: Session, reservation: Reservation, *, by: Actor) -> None:
    """Give the days back. Settled when it was cancelled or handed out before."""
    held(session, reservation.original)
    session.refresh(reservation)
    if not reservation.open:
        raise Settled
    reservation.cancelled_at, reservation.cancelled_by = clock.now(), by.id
    session.flush()
    days.free(session, reservation=reservation.id)
    note(session, "reservation.cancelled", reservation.original, by=by, about=_about(reservation),
         before={"from": reservation.from_on.isoformat(), "to": reservation.to_on.isoformat()})


def _about(reservation: Reservation) -> tuple[Subject, ...]:
    mine: tuple[Subject, ...] = (("person", reservation.person_id),)
    return (*mine, ("request", reservation.request_id)) if reservation.request_id else mine


def queue(session: Session, original: Original, on: dt.date | None = None) -> list[Reservation]:
    """Who is next, in the order of days: the open reservations that have not passed."""
    rows = select(Reservation).where(
        Reservation.original_id == original.id, Reservation.cancelled_at.is_(None),
        Reservation.handed_out_at.is_(None), Reservation.to_on >= (on or clock.today()))
    return list(session.scalars(rows.order_by(Reservation.from_on)))


def checked_days(first: dt.date, last: dt.date) -> None:
    """BadAnswer unless the days run forward from today on, within a year, and are at most three months."""
    if first < clock.today():
        raise BadAnswer({"from_on": [Problem("开始日期不能早于今天。")]})
    if (first - clock.today()).days > FURTHEST_DAYS:
        raise BadAnswer({"from_on": [Problem("只能预约一年以内的日期。")]})
    last_day(first, last)


def last_day(first: dt.date, last: dt.date) -> None:
    """BadAnswer when it ends before it begins or lasts too long."""
    if last < first:
        raise BadAnswer({"until": [Problem("归还日期不能早于开始日期。")]})
    if (last - first).days >= LONGEST_DAYS:
        raise BadAnswer({"until": [Problem("一次最多 {days} 天。", {"days": LONGEST_DAYS})]})


def own_staff(person: Person, original: Original, first: dt.date, last: dt.date, field: str) -> None:
    """BadAnswer unless the person works in the original's group from the first day to the last (R14: 建筑法 66, no
    lending outside)."""
    if person.group_id != original.group_id or not (person.employed(first) and person.employed(last)):
        raise BadAnswer({field: [Problem("原件只借给本单位在职职工，{name}在这些日子不在职。", {"name": person.name})]})


def lendable(session: Session, original: Original) -> None:
    """NotLent for an electronic one; NotHere for one that is lost or destroyed."""
    if original.kind == "electronic":
        raise NotLent
    running = absence(session, original)
    if running is not None and running.kind != "authority":
        raise NotHere(state=ABSENCES[running.kind])
