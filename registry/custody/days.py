"""The days for which an original is spoken for. One row for each day: the primary key keeps two claims apart.

A range constraint would say the same on PostgreSQL only; a row for each day says it on both databases.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger.db import Base, BigId
from ledger.errors import Conflict

DAY = dt.timedelta(days=1)


class Spoken(Conflict):
    """这件原件 {day} 已有人预约或借用，请换日期。"""


class TakenDay(Base):
    """A day of an original that belongs to a reservation or to a loan."""

    __tablename__ = "original_day"
    __table_args__ = (
        CheckConstraint("(reservation_id IS NULL) <> (loan_id IS NULL)", name="whose"),
    )

    original_id: Mapped[int] = mapped_column(BigId, ForeignKey("original.id"), primary_key=True, autoincrement=False)
    day: Mapped[dt.date] = mapped_column(primary_key=True)
    reservation_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("original_reservation.id"), index=True)
    loan_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("loan.id"), index=True)


def span(first: dt.date, last: dt.date) -> list[dt.date]:
    """Every day from the first to the last."""
    return [first + DAY * step for step in range((last - first).days + 1)]


def taken(session: Session, original_id: int, first: dt.date, last: dt.date) -> list[dt.date]:
    """The days in a range that are spoken for, in order."""
    return list(session.scalars(select(TakenDay.day).where(
        TakenDay.original_id == original_id, TakenDay.day >= first, TakenDay.day <= last).order_by(TakenDay.day)))


def take(
    session: Session, original_id: int, first: dt.date, last: dt.date, *, reservation: int | None = None,
    loan: int | None = None,
) -> None:
    """Speak for a range of days; Spoken names the first day that is taken, whoever was quicker."""
    if busy := taken(session, original_id, first, last):
        raise Spoken(day=busy[0])
    rows = [{"original_id": original_id, "day": day, "reservation_id": reservation, "loan_id": loan}
            for day in span(first, last)]
    if not rows:
        return
    try:
        with session.begin_nested():
            session.execute(insert(TakenDay), rows)
    except IntegrityError as error:
        raise Spoken(day=first) from error


def free(
    session: Session, *, reservation: int | None = None, loan: int | None = None, since: dt.date | None = None
) -> None:
    """Give back the days of a reservation or a loan, all or those from a day on."""
    whose = TakenDay.reservation_id == reservation if reservation is not None else TakenDay.loan_id == loan
    gone = delete(TakenDay).where(whose)
    if since is not None:
        gone = gone.where(TakenDay.day >= since)
    session.execute(gone.execution_options(synchronize_session=False))
