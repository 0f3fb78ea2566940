"""Rows that hold from one day to another, and that we knew from one instant to another.

A row is never rewritten: what turns out otherwise closes it (`known_until`) and stands in a new row, so that "who ran
the project on day D, as we knew at instant K" has one answer for ever.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger import clock
from ledger.db import Instant
from ledger.errors import BadAnswer, Conflict, Problem


class Superseded(Conflict):
    """这条记录已被更正，请刷新后再办理。"""


class Spell:
    """The two times of a row: `from_on` to `to_on` (the last day counts; None: open), and when we knew it."""

    from_on: Mapped[dt.date]
    to_on: Mapped[dt.date | None]
    known_from: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)
    known_until: Mapped[dt.datetime | None] = mapped_column(Instant)

    @classmethod
    def known(cls, at: dt.datetime) -> ColumnElement[bool]:
        """The rows that were believed at the instant."""
        return and_(cls.known_from <= at, or_(cls.known_until.is_(None), cls.known_until > at))

    @classmethod
    def holding(cls, on: dt.date, at: dt.datetime) -> ColumnElement[bool]:
        """The rows that hold on the day, as believed at the instant."""
        return and_(cls.known(at), cls.from_on <= on, or_(cls.to_on.is_(None), cls.to_on >= on))


def checked(from_on: dt.date, to_on: dt.date | None) -> None:
    """BadAnswer when it ends before it begins."""
    if to_on is not None and to_on < from_on:
        raise BadAnswer({"to_on": [Problem("结束日期不能早于开始日期 {day}。", {"day": from_on})]})


def believed(session: Session, row: Any) -> None:
    """Superseded when the row was replaced before; it is locked: whoever replaces it at the same time waits for us."""
    session.refresh(row, with_for_update=True)
    if row.known_until is not None:
        raise Superseded


def alone(session: Session, subject: Any) -> None:
    """One at a time for a person, unit or machine: what is asked of its rows next stays true until the commit."""
    model = type(subject)
    session.execute(select(model.id).where(model.id == subject.id).with_for_update(key_share=True))


def correct(session: Session, row: Any, **changes: Any) -> Any:
    """Replace a row by one with other values; what we believed until now stays on record. Superseded if it has been
    replaced before; BadAnswer when the new one would end before it begins."""
    believed(session, row)
    table = type(row).__mapper__
    kept = {c.key: getattr(row, c.key) for c in table.column_attrs if c.key not in ("id", "known_from", "known_until")}
    made = type(row)(**{**kept, **changes}, known_from=clock.now())
    checked(made.from_on, made.to_on)
    row.known_until = made.known_from
    session.add(made)
    session.flush()
    return made
