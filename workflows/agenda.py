"""What is due, day by day: alerts that stand, ends and reviews to come, originals to give back, tasks.

One's own, of the people one looks after, of one's projects. Every number is counted over the rows that the list shows,
and no row shows what the actor may not read; of what they were told themselves they read what they were told.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, exists, func, literal, or_, select, union_all
from sqlalchemy.orm import Session, joinedload

from engine.model import Task
from engine.usertasks import listing
from ledger import clock
from ledger.actor import Actor
from ledger.local_day import last_day_of
from registry.access.rules import allowed
from registry.alerts.charge import Charge, charge_of, looked_after, of_projects
from registry.alerts.model import Alert, AlertPerson
from registry.certificates import codes
from registry.certificates.models import Certificate, CertificateTimer
from registry.custody.loans import Loan
from registry.custody.originals import Original
from workflows.requests import Request

View = Literal["mine", "people", "projects"]
Urgency = Literal["", "overdue", "week", "later"]
VIEWS: tuple[View, ...] = ("mine", "people", "projects")
AHEAD, WEEK = dt.timedelta(days=30), dt.timedelta(days=7)
"""So far ahead the list looks at what nothing was told of yet; so near is near."""
OF_A_DAY = 3
"""Rows of a day that a month shows; the others are counted."""
MODELS: dict[str, type[Any]] = {
    "alert": Alert, "end": Certificate, "review": Certificate, "duty": Certificate, "loan": Loan, "task": Task}


@dataclass(frozen=True)
class Wanted:
    """Whose, of which family, how urgent; `on`: of one day alone."""

    view: View = "mine"
    family: str = ""
    urgency: Urgency = ""
    on: dt.date | None = None


class Due(NamedTuple):
    """One row: `kind` says which model `thing` is of (MODELS); `certificate` is what it is about, but of a task."""

    kind: str
    day: dt.date
    thing: Any
    certificate: Certificate | None


class Listed(NamedTuple):
    """One page, and how many rows there are of each urgency ("": in all)."""

    rows: Sequence[Due]
    counts: Mapping[str, int]


class Busy(NamedTuple):
    """A day of a month: its first rows, and how many there are."""

    day: dt.date
    rows: Sequence[Due]
    total: int


def listed(session: Session, actor: Actor, wanted: Wanted, *, limit: int, offset: int = 0) -> Listed:
    """What stands, whatever its day, and what comes within AHEAD; the soonest first."""
    today = clock.today()
    rows = _rows(session, actor, wanted, *((wanted.on, wanted.on) if wanted.on else (None, today + AHEAD)),
                 standing=wanted.on is None)
    near = case((rows.c.day < today, "overdue"), (rows.c.day <= today + WEEK, "week"), else_="later")
    counts = {row[0]: row[1] for row in session.execute(select(near, func.count()).group_by(near))}
    query = select(rows)
    if wanted.urgency:
        query = query.where(near == wanted.urgency)
    found = session.execute(query.order_by(rows.c.day, rows.c.kind, rows.c.id).limit(limit).offset(offset)).all()
    return Listed(_loaded(session, found), {**counts, "": sum(counts.values())})


def between(session: Session, actor: Actor, wanted: Wanted, first: dt.date, last: dt.date, *, limit: int) -> list[Due]:
    """What is due on these days, the soonest first, at most `limit`."""
    rows = _rows(session, actor, wanted, first, last)
    query = select(rows).order_by(rows.c.day, rows.c.kind, rows.c.id).limit(limit)
    return _loaded(session, session.execute(query).all())


def month(session: Session, actor: Actor, wanted: Wanted, first: dt.date, last: dt.date) -> list[Busy]:
    """The days from the first to the last on which something is due."""
    rows = _rows(session, actor, wanted, first, last)
    number = func.row_number().over(partition_by=rows.c.day, order_by=(rows.c.kind, rows.c.id))
    total = func.count().over(partition_by=rows.c.day)
    ranked = select(rows, number.label("number"), total.label("total")).subquery()
    found = session.execute(select(ranked).where(ranked.c.number <= OF_A_DAY).order_by(
        ranked.c.day, ranked.c.number)).all()
    days: dict[dt.date, Busy] = {}
    for row, due in zip(found, _loaded(session, found), strict=True):
        days.setdefault(row.day, Busy(row.day, [], row.total)).rows.append(due)  # type: ignore[attr-defined]
    return list(days.values())


def overdue(session: Session, actor: Actor, wanted: Wanted) -> int:
    """How much of what stands is past its day."""
    today = clock.today()
    rows = _rows(session, actor, wanted, None, today, standing=True)
    return session.scalar(select(func.count()).select_from(rows).where(rows.c.day < today)) or 0


def _rows(session: Session, actor: Actor, wanted: Wanted, first: dt.date | None, last: dt.date, *,
          standing: bool = False) -> Subquery:
    """(kind, id, day) of everything due on these days; `standing`: alerts that stand whatever their day."""
    charge = charge_of(session, actor) if wanted.view != "mine" else None
    whose = _Whose(actor, wanted.view, charge)
    parts = [_alerts(whose), *_certificates(whose), _loans(whose)]
    if wanted.view == "mine":
        parts.append(_tasks(actor))
    bounded = []
    for part in parts:
        rows = part.subquery()
        found = select(rows.c.kind, rows.c.id, rows.c.day)
        if wanted.family:
            found = found.where(rows.c.family == wanted.family)
        if not (standing and part is parts[0]):
            found = found.where(rows.c.day <= last)
            found = found if first is None else found.where(rows.c.day >= first)
        bounded.append(found)
    return union_all(*bounded).subquery()


@dataclass(frozen=True)
class _Whose:
    """Whose rows a view shows."""

    actor: Actor
    view: View
    charge: Charge | None

    def of(self, model: type[Any], holder: Any = None) -> ColumnElement[bool]:
        """Rows of a model in the view that the actor may read; `holder` is the column of the person."""
        assert self.charge is not None
        seen = allowed(model, self.actor)
        if self.view == "projects":
            return and_(of_projects(model, self.charge), seen)
        return and_(looked_after(model, self.charge), holder.is_not(None), holder != self.actor.id, seen)


def _row(kind: Any, number: Any, day: Any, family: Any) -> Select[Any]:
    named = literal(kind) if isinstance(kind, str) else kind
    return select(named.label("kind"), number.label("id"), day.label("day"), family.label("family"))


def _told(actor: Actor) -> ColumnElement[bool]:
    return exists().where(AlertPerson.alert_id == Alert.id, AlertPerson.person_id == actor.id).correlate(Alert)


def _alerts(whose: _Whose) -> Select[Any]:
    """Of each end the nearest stage that stands."""
    where = _told(whose.actor) if whose.view == "mine" else whose.of(Alert, Alert.holder_person_id)
    newest = select(func.max(Alert.id)).where(Alert.silent_at.is_(None), where).group_by(
        Alert.certificate_id, Alert.term)
    return _row("alert", Alert.id, Alert.term, Alert.family).where(Alert.id.in_(newest))


def _certificates(whose: _Whose) -> list[Select[Any]]:
    """Ends that nothing was told of yet, and days on which to begin to prepare a review."""
    if whose.view == "mine":
        held = and_(Certificate.holder_person_id == whose.actor.id, allowed(Certificate, whose.actor))
        told: ColumnElement[bool] | None = _told(whose.actor)
    else:
        held, told = whose.of(Certificate, Certificate.holder_person_id), None
    standing = exists().where(Alert.certificate_id == Certificate.id, Alert.term == Certificate.ends_on,
                              Alert.silent_at.is_(None), *([told] if told is not None else [])).correlate(Certificate)
    live = (Certificate.state.in_(codes.LIVE), held)
    kind = case((Certificate.review_on == Certificate.ends_on, "review"), else_="end")
    ends = _row(kind, Certificate.id, Certificate.ends_on, Certificate.family).where(
        *live, Certificate.ends_on >= clock.today(), ~standing)
    duty = _row("duty", Certificate.id, CertificateTimer.due_on, Certificate.family).join_from(
        CertificateTimer, Certificate, Certificate.id == CertificateTimer.certificate_id).where(
        *live, CertificateTimer.kind == "duty", CertificateTimer.fired_at.is_(None),
        CertificateTimer.cancelled_at.is_(None))
    return [ends, duty]


def _loans(whose: _Whose) -> Select[Any]:
    """Originals that are out; one's own whether one answers for them or carries them."""
    if whose.view == "mine":
        where = or_(Loan.person_id == whose.actor.id, Loan.carrier_id == whose.actor.id)
    else:
        where = whose.of(Loan, Loan.person_id)
    until = func.coalesce(Loan.extended_until_on, Loan.until_on)
    return _row("loan", Loan.id, until, Loan.family).where(
        Loan.returned_at.is_(None), Loan.voided_at.is_(None), where)


def _tasks(actor: Actor) -> Select[Any]:
    """Tasks with a deadline that the actor holds or may take; 24:00 is the end of a day."""
    rows = _row("task", Task.id, last_day_of(Task.due_at), func.coalesce(Request.family, ""))
    return rows.select_from(Task).outerjoin(Request, Request.instance_id == Task.instance_id).where(
        Task.due_at.is_not(None), Task.id.in_(listing.chosen(actor, "all")))


def _loaded(session: Session, rows: Sequence[Any]) -> list[Due]:
    """The rows with what they are about, a few queries whatever their number."""
    things: dict[tuple[str, int], Any] = {}
    for kind in {row.kind for row in rows}:
        model = MODELS[kind]
        query = select(model).where(model.id.in_([row.id for row in rows if row.kind == kind]))
        if model is Loan:
            query = query.options(joinedload(Loan.original).joinedload(Original.certificate), joinedload(Loan.person))
        things |= {(kind, thing.id): thing for thing in session.scalars(query).unique()}
    wanted = {number for (kind, _), thing in things.items() if (number := _about(kind, thing)) is not None}
    known = {one.id: one for one in session.scalars(select(Certificate).where(
        Certificate.id.in_(wanted)).options(joinedload(Certificate.unit)))}
    return [Due(row.kind, row.day, thing := things[row.kind, row.id], known.get(_about(row.kind, thing) or 0))
            for row in rows]


def _about(kind: str, thing: Any) -> int | None:
    if kind == "alert":
        return int(thing.certificate_id)
    if kind == "loan":
        return int(thing.original.certificate_id)
    return None if kind == "task" else int(thing.id)


__all__ = ["AHEAD", "VIEWS", "Busy", "Due", "Listed", "Urgency", "View", "Wanted", "between", "listed", "month",
           "overdue"]
