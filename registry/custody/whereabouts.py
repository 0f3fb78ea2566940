"""Where an original is: computed from its loans and absences, never typed; and the verbs that take it away for long."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from ledger import clock
from ledger.actor import Actor
from ledger.errors import BadAnswer, Problem
from registry.custody.loans import AlreadyOut, Loan, in_cabinet, loan_out, open_loans, void
from registry.custody.originals import Absence, Gone, Original, absence, begin_absence, held
from registry.custody.reservations import cancel_reservation, queue


class Place(StrEnum):
    """The custody states (domain facts 4.1), and 已销毁."""

    IN = "in"
    OUT = "out"
    OVERDUE = "overdue"
    LOST = "lost"
    AUTHORITY = "authority"
    ELECTRONIC = "electronic"
    DESTROYED = "destroyed"

    @property
    def label(self) -> str:
        """The word people read: a msgid."""
        return PLACES[self.value]


PLACES: dict[str, str] = {
    "in": "在库", "out": "借出", "overdue": "逾期未还", "lost": "遗失", "authority": "已交机关", "electronic": "电子",
    "destroyed": "已销毁",
}


@dataclass(frozen=True)
class Whereabouts:
    """A place, and the loan or absence that says so."""

    place: Place
    loan: Loan | None = None
    absence: Absence | None = None


def place_of(kind: str, loan: Loan | None, gone: Absence | None, on: dt.date) -> Place:
    """Where an original of a kind is on a day. An absence outweighs a loan: what is lost is no longer merely late."""
    if gone is not None:
        return Place(gone.kind)
    if loan is not None:
        return Place.OVERDUE if loan.overdue_days(on) else Place.OUT
    return Place.ELECTRONIC if kind == "electronic" else Place.IN


def whereabouts(session: Session, original: Original, on: dt.date | None = None) -> Whereabouts:
    """Where one original is now, judged by a day (today)."""
    return all_whereabouts(session, [original], on)[original.id]


def all_whereabouts(
    session: Session, originals: Iterable[Original], on: dt.date | None = None
) -> dict[int, Whereabouts]:
    """Where each original is, by id, in two queries."""
    rows = {original.id: original for original in originals}
    out = select(Loan).where(Loan.original_id.in_(rows), Loan.returned_at.is_(None), Loan.voided_at.is_(None))
    loans = {loan.original_id: loan for loan in session.scalars(
        out.options(joinedload(Loan.person), joinedload(Loan.carrier)))}
    gone = {one.original_id: one for one in session.scalars(
        select(Absence).where(Absence.original_id.in_(rows), Absence.ended_at.is_(None)))}
    return {
        number: Whereabouts(place_of(one.kind, loans.get(number), gone.get(number), on or clock.today()),
                            loans.get(number), gone.get(number))
        for number, one in rows.items()
    }


def hand_to_authority(
    session: Session, original: Original, *, authority: str, by: Actor, due_on: dt.date | None = None
) -> Absence:
    """Leave it with an authority (for a change, an inspection). AlreadyOut or NotHere unless it is in the cabinet."""
    name = " ".join(authority.split())[:120]
    if not name:
        raise BadAnswer({"authority": [Problem("请写明交给哪个机关。")]})
    if due_on is not None and due_on < clock.today():
        raise BadAnswer({"due_on": [Problem("预计取回日期不能早于今天。")]})
    in_cabinet(session, held(session, original))
    return begin_absence(session, original, "authority", by=by, note=name, due_on=due_on)


def lost(
    session: Session, original: Original, *, told: str, by: Actor, police_report: bool = False, suspected: bool = False,
    request_id: int | None = None,
) -> Absence:
    """Report it lost: where and how. A loan that runs goes on until it is voided, so that it can still come back."""
    told = " ".join(told.split())[:200]
    if not told:
        raise BadAnswer({"told": [Problem("请写明何时何地、怎样遗失。")]})
    held(session, original)
    return begin_absence(session, original, "lost", by=by, note=told, police_report=police_report,
                         suspected=suspected, request_id=request_id)


def void_loans(session: Session, original: Original, *, by: Actor) -> list[Loan]:
    """End the loan of an original that is lost, and the reservations that wait for it; the loans that were ended."""
    ended = open_loans(session, original=original)
    for loan in ended:
        void(session, loan, by=by)
    for waiting in queue(session, original):
        cancel_reservation(session, waiting, by=by)
    return ended


def destroyed(session: Session, original: Original, *, reason: str, by: Actor) -> Absence:
    """It is destroyed (a replaced or cancelled paper), and whoever waits for it gets nothing.

    AlreadyOut while it is out, NotHere while it is lost or with an authority, Gone when it was destroyed before.
    """
    told = " ".join(reason.split())[:200]
    if not told:
        raise BadAnswer({"reason": [Problem("请写明销毁原因。")]})
    running = absence(session, held(session, original))
    if running is not None and running.kind == "destroyed":
        raise Gone
    if (loan := loan_out(session, original)) is not None:
        raise AlreadyOut(until=loan.due_on)
    made = begin_absence(session, original, "destroyed", by=by, note=told)
    for waiting in queue(session, original):
        cancel_reservation(session, waiting, by=by)
    return made
