"""Loans: an original goes out with one of our own people and comes back. One open loan for each original."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from ledger import clock
from ledger.actor import Actor
from ledger.db import Base, BigId, Id, Instant
from ledger.errors import BadAnswer, Conflict, NotFound, Problem
from registry.custody import days
from registry.custody.originals import (
    ABSENCES,
    NotHere,
    Original,
    absence,
    follow,
    found,
    held,
    note,
    of_holder,
    refuse_stopped,
    repeated,
)
from registry.custody.reservations import Reservation, Settled, last_day, lendable, own_staff
from registry.people.persons import Person
from registry.people.scope import Belonging, Visible
from registry.people.units import Unit

PURPOSES: dict[str, str] = {"bid": "投标", "filing": "备案", "inspection": "接受检查", "transaction": "办理手续"}
CONDITIONS: dict[str, str] = {"intact": "完好", "damaged": "破损", "incomplete": "缺页或缺件"}
BLOCKED_AFTER_DAYS = 3
"""So many days after the due day a borrower gets nothing more (domain facts 4.7, T+3)."""
_OPEN = text("returned_at IS NULL AND voided_at IS NULL")


class AlreadyOut(Conflict):
    """这件原件已借出，应于 {until} 归还。"""


class BorrowerBlocked(Conflict):
    """{name}有借出的原件逾期 {days} 天未还，归还前不能再借。"""


class NeedsLegal(Conflict):
    """原件交外单位使用，须先经法务同意。"""


class LoanOver(Conflict):
    """这笔借用已经结束。"""


class NotYours(Conflict):
    """只有领取人本人可以签收。"""


class Loan(Belonging, Base):
    """One going-out of an original.

    `person` answers for it and `carrier` takes it along; both are our own people. Two signatures, each who and when:
    the keeper's (`handed_by`, `handed_at`) and the carrier's (`taken_at`, signed under the carrier's own account).
    `outside` means that it is left with somebody else's organisation, which legal has agreed to (`legal_by`).
    """

    __tablename__ = "loan"
    __table_args__ = (
        CheckConstraint("until_on >= from_on", name="days"),
        Index("uq_loan_open", "original_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_loan_out", "until_on", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_loan_original", "original_id", "id"),
    )
    __visible__ = Visible(action="custody.read", family="family", type="type_code", owner="person_id")

    id: Mapped[Id]
    original_id: Mapped[int] = mapped_column(BigId, ForeignKey("original.id"))
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), index=True)
    carrier_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), index=True)
    project_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("unit.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(12))
    purpose_note: Mapped[str] = mapped_column(String(120), default="")
    from_on: Mapped[dt.date]
    until_on: Mapped[dt.date]
    extended_until_on: Mapped[dt.date | None]
    extended_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    extended_by: Mapped[int | None] = mapped_column(BigId)
    handed_by: Mapped[int | None] = mapped_column(BigId)
    handed_at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)
    taken_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    photo_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("file.id"))
    outside: Mapped[bool] = mapped_column(default=False)
    legal_by: Mapped[int | None] = mapped_column(BigId)
    returned_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    returned_to: Mapped[int | None] = mapped_column(BigId)
    condition: Mapped[str] = mapped_column(String(12), default="")
    condition_note: Mapped[str] = mapped_column(String(200), default="")
    voided_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    voided_by: Mapped[int | None] = mapped_column(BigId)
    request_id: Mapped[int | None] = mapped_column(BigId, index=True)
    original: Mapped[Original] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    carrier: Mapped[Person] = relationship(foreign_keys=[carrier_id])
    project: Mapped[Unit | None] = relationship(foreign_keys=[project_id])

    @property
    def due_on(self) -> dt.date:
        """The last day it may be out."""
        return self.extended_until_on or self.until_on

    @property
    def open(self) -> bool:
        """Neither given back nor voided."""
        return self.returned_at is None and self.voided_at is None

    def overdue_days(self, on: dt.date) -> int:
        """How many days it is late on a day; 0 while it is not."""
        return max(0, (on - self.due_on).days) if self.open else 0


follow(Loan, of_holder(Loan.original_id))


def hand_over(
    session: Session, original: Original, *, borrower: Person, purpose: str, until: dt.date, by: Actor,
    carrier: Person | None = None, project: Unit | None = None, purpose_note: str = "", outside: bool = False,
    legal_by: int | None = None, photo_id: int | None = None, request_id: int | None = None,
    reservation: Reservation | None = None, once: str | None = None,
) -> Loan:
    """Give an original out, today, until a day. The first of two signatures; the carrier's follows (`receive`).

    AlreadyOut or NotHere when it is not in the cabinet, Spoken where somebody else has reserved one of the days,
    BorrowerBlocked while the borrower is late elsewhere, NeedsLegal for use outside without consent, BadAnswer for
    people who are not our own on those days (R14), somebody else's reservation, a project of another group or
    impossible days. `once` names the wish.
    """
    carrier, today = carrier or borrower, clock.today()
    _checked(original, borrower, carrier, project, purpose, until, reservation)
    if outside and legal_by is None:
        raise NeedsLegal
    held(session, original)
    in_cabinet(session, original)
    refuse_stopped(session, original.certificate)
    refuse_blocked(session, borrower)
    loan = Loan(
        **repeated(original), original=original, person=borrower, carrier=carrier, project=project, purpose=purpose,
        purpose_note=" ".join(purpose_note.split())[:120], from_on=today, until_on=until, handed_by=by.id,
        photo_id=photo_id, outside=outside, legal_by=legal_by if outside else None, request_id=request_id)
    with session.begin_nested():  # refused, it leaves nothing behind
        _save(session, loan)
        if reservation is not None:
            _settle(session, reservation, loan)
        days.take(session, original.id, today, until, loan=loan.id)
    _note(session, "loan.handed_over", loan, by, {"from": today.isoformat(), "until": until.isoformat(),
                                                  "purpose": purpose, "outside": outside}, key=once)
    return loan


def _checked(
    original: Original, borrower: Person, carrier: Person, project: Unit | None, purpose: str, until: dt.date,
    reservation: Reservation | None,
) -> None:
    if purpose not in PURPOSES:
        raise BadAnswer({"purpose": [Problem("请选择用途。")]})
    if project is not None and project.group_id != original.group_id:
        raise BadAnswer({"project": [Problem("请选择本集团的项目。")]})
    if reservation is not None and reservation.person_id != borrower.id:
        told = {"name": reservation.person.name}
        raise BadAnswer({"borrower": [Problem("这些日子是{name}预约的，只借给本人。", told)]})
    last_day(clock.today(), until)
    own_staff(borrower, original, clock.today(), until, "borrower")
    own_staff(carrier, original, clock.today(), until, "carrier")


def in_cabinet(session: Session, original: Original) -> None:
    """AlreadyOut, NotHere or NotLent unless it lies in the cabinet and may be given out."""
    lendable(session, original)
    if (away := absence(session, original)) is not None:
        raise NotHere(state=ABSENCES[away.kind])
    if (loan := loan_out(session, original)) is not None:
        raise AlreadyOut(until=loan.due_on)


def refuse_blocked(session: Session, person: Person) -> None:
    """BorrowerBlocked while something that the person answers for is three days late or more."""
    worst = max((loan.overdue_days(clock.today()) for loan in open_loans(session, person=person)
                 if loan.person_id == person.id), default=0)
    if worst >= BLOCKED_AFTER_DAYS:
        raise BorrowerBlocked(name=person.name, days=worst)


def _save(session: Session, loan: Loan) -> None:
    """Two keepers giving one original out at once: the database lets one through."""
    try:
        with session.begin_nested():
            session.add(loan)
    except IntegrityError as error:
        other = loan_out(session, loan.original)
        raise AlreadyOut(until=other.due_on if other else loan.until_on) from error


def _settle(session: Session, reservation: Reservation, loan: Loan) -> None:
    session.refresh(reservation)
    if not reservation.open or reservation.original_id != loan.original_id:
        raise Settled
    reservation.handed_out_at = clock.now()
    session.flush()
    days.free(session, reservation=reservation.id)


def receive(session: Session, loan: Loan, *, by: Actor) -> None:
    """The carrier signs for it, under the carrier's own account; NotYours for anybody else, LoanOver too late."""
    if by.id != loan.carrier_id:
        raise NotYours
    require_open(session, loan)
    if loan.taken_at is None:
        loan.taken_at = clock.now()
        session.flush()
        _note(session, "loan.received", loan, by)


def extend(session: Session, loan: Loan, *, until: dt.date, by: Actor) -> None:
    """Let it stay out longer: once, and for no more days than it was first lent for (domain facts 4.7).

    BadAnswer when it was extended before, is late already, the days are too many or either of the two works here no
    longer by then; Spoken where the next has it.
    """
    require_open(session, loan)
    first = (loan.until_on - loan.from_on).days + 1
    if loan.extended_until_on is not None:
        raise BadAnswer({"until": [Problem("已经延长过一次，请按期归还。")]})
    if loan.overdue_days(clock.today()):
        raise BadAnswer({"until": [Problem("已经逾期，请先归还再借。")]})
    if not 0 < (until - loan.until_on).days <= first:
        raise BadAnswer({"until": [Problem("最多延长 {days} 天，新的归还日期应在 {first} 至 {last} 之间。", {
            "days": first, "first": loan.until_on + days.DAY, "last": loan.until_on + days.DAY * first})]})
    for person in (loan.person, loan.carrier):
        own_staff(person, loan.original, loan.until_on, until, "until")
    days.take(session, loan.original_id, loan.until_on + days.DAY, until, loan=loan.id)
    before = loan.until_on.isoformat()
    loan.extended_until_on, loan.extended_at, loan.extended_by = until, clock.now(), by.id
    session.flush()
    _note(session, "loan.extended", loan, by, {"until": until.isoformat()}, {"until": before})


def take_back(
    session: Session, loan: Loan, *, by: Actor, condition: str = "intact", note_text: str = ""
) -> None:
    """It is back and looked over, and no longer lost if it was reported so. LoanOver when it was back before; BadAnswer
    for damage nobody described."""
    told = " ".join(note_text.split())[:200]
    if condition not in CONDITIONS:
        raise BadAnswer({"condition": [Problem("请选择归还时的状况。")]})
    if condition != "intact" and not told:
        raise BadAnswer({"note": [Problem("请写明哪里破损或缺什么。")]})
    require_open(session, loan)
    late = loan.overdue_days(clock.today())
    loan.returned_at, loan.returned_to, loan.condition, loan.condition_note = clock.now(), by.id, condition, told
    session.flush()
    days.free(session, loan=loan.id, since=clock.today())
    _note(session, "loan.returned", loan, by, {"condition": condition, "late_days": late})
    if (away := absence(session, loan.original)) is not None and away.kind == "lost":
        found(session, loan.original, by=by)


def void(session: Session, loan: Loan, *, by: Actor) -> None:
    """The loan ends because its original is lost: it no longer runs late, and the days are free. LoanOver if over."""
    require_open(session, loan)
    loan.voided_at, loan.voided_by = clock.now(), by.id
    session.flush()
    days.free(session, loan=loan.id, since=clock.today())
    _note(session, "loan.voided", loan, by)


def require_open(session: Session, loan: Loan) -> None:
    """Lock the original, look again, and refuse (LoanOver) what is over."""
    held(session, loan.original)
    session.refresh(loan)
    if not loan.open:
        raise LoanOver


def loan_of(session: Session, loan_id: int) -> Loan:
    """The loan with this id, or NotFound."""
    loan = session.get(Loan, loan_id)
    if loan is None:
        raise NotFound
    return loan


def loan_out(session: Session, original: Original) -> Loan | None:
    """The loan an original is out on, or None."""
    return session.scalar(select(Loan).where(
        Loan.original_id == original.id, Loan.returned_at.is_(None), Loan.voided_at.is_(None)))


def open_loans(
    session: Session, *, person: Person | None = None, certificate: int | None = None,
    original: Original | None = None, unit: Unit | None = None,
) -> list[Loan]:
    """What is out, the most pressing first: that a person answers for or carries, of a certificate (id), of an
    original, of the certificates of a unit."""
    due = func.coalesce(Loan.extended_until_on, Loan.until_on)
    query = select(Loan).join(Loan.original).where(Loan.returned_at.is_(None), Loan.voided_at.is_(None))
    if person is not None:
        query = query.where((Loan.person_id == person.id) | (Loan.carrier_id == person.id))
    if certificate is not None:
        query = query.where(Original.certificate_id == certificate)
    if original is not None:
        query = query.where(Loan.original_id == original.id)
    if unit is not None:
        query = query.where(Original.unit_id == unit.id)
    return list(session.scalars(query.order_by(due, Loan.id)))


def clear_to_leave(session: Session, person: Person) -> list[Loan]:
    """What a person must still bring back before leaving; an empty list clears the exit (domain facts 4.10, D5)."""
    return open_loans(session, person=person)


def _note(
    session: Session, kind: str, loan: Loan, by: Actor, after: Mapping[str, Any] | None = None,
    before: Mapping[str, Any] | None = None, key: str | None = None,
) -> None:
    about = dict.fromkeys([("loan", loan.id), ("person", loan.person_id), ("person", loan.carrier_id)])
    if loan.request_id:
        about["request", loan.request_id] = None
    told = {"loan": loan.id, **(after or {})}
    note(session, kind, loan.original, by=by, about=tuple(about), before=before, after=told, key=key)
