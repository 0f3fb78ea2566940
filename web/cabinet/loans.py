"""借阅: what I have, what is out, what is late, what came back; one loan with its signatures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, joinedload

from ledger import clock
from ledger.actor import Actor
from ledger.errors import BadAnswer, Conflict, Refused
from registry.access.rules import can, visible
from registry.custody import loans, whereabouts
from registry.custody.copies import Copy
from registry.custody.loans import CONDITIONS, Loan
from registry.custody.originals import Original
from registry.custody.reservations import Reservation
from registry.people.persons import Person
from web.cabinet.custody import LOADED, day_of, loan_of, require_keeper, seen_loans, wrong
from web.guard import actor, needs
from web.navigation import COUNTS
from web.pages import cut
from web.requests.story import tell
from web.session import db

bp = Blueprint("loans", __name__, url_prefix="/loans")
SCOPES = {"mine": _l("我的借阅"), "out": _l("在外"), "overdue": _l("逾期"), "back": _l("已归还")}
DUE = func.coalesce(Loan.extended_until_on, Loan.until_on)
OPEN = (Loan.returned_at.is_(None), Loan.voided_at.is_(None))


def late_of(session: Session, person: Actor) -> int:
    """How many originals somebody should have brought back."""
    mine = or_(Loan.person_id == person.id, Loan.carrier_id == person.id)
    query = select(func.count()).select_from(Loan).where(mine, *OPEN, DUE < clock.today())
    return session.scalar(query) or 0


COUNTS["loans"] = late_of


@bp.get("")
@needs("custody.read")
def listed() -> str:
    """?scope=mine|out|overdue|back"""
    scope = request.args.get("scope", "mine")
    scope = scope if scope in SCOPES else "mine"
    page = cut(db.session(), _of(scope), *LOADED)
    return render_template(
        "custody/loans.html", listed=page, scope=scope, scopes=SCOPES,
        waiting=_waiting() if scope == "mine" else [], keeps=can(actor(), "custody.keep", None),
    )


def _of(scope: str) -> Select[Loan]:
    if scope == "back":
        return seen_loans().where(or_(Loan.returned_at.is_not(None), Loan.voided_at.is_not(None))).order_by(
            Loan.id.desc())
    query = seen_loans().where(*OPEN).order_by(DUE, Loan.id)
    if scope == "overdue":
        return query.where(DUE < clock.today())
    mine = or_(Loan.person_id == actor().id, Loan.carrier_id == actor().id)
    return query.where(mine) if scope == "mine" else query


def _waiting() -> list[Reservation]:
    """What the visitor has reserved and not fetched yet."""
    query = select(Reservation).where(
        Reservation.person_id == actor().id, Reservation.cancelled_at.is_(None),
        Reservation.handed_out_at.is_(None), Reservation.to_on >= clock.today())
    loaded = joinedload(Reservation.original).joinedload(Original.certificate)
    return list(db.session.scalars(query.options(loaded).order_by(Reservation.from_on)))


@bp.get("/<int:loan_id>")
@needs("custody.read")
def loan(loan_id: int) -> ResponseReturnValue:
    """One loan: who, what for, until when, both signatures, and what can be done."""
    return _page(loan_of(loan_id))


def _page(found: Loan, error: Refused | None = None) -> ResponseReturnValue:
    length = (found.until_on - found.from_on).days + 1
    ids = [one for one in (found.handed_by, found.returned_to, found.extended_by, found.legal_by) if one]
    names = db.session.execute(select(Person.id, Person.name).where(Person.id.in_(ids))).all()
    copies = visible(select(Copy), actor()).where(Copy.loan_id == found.id).order_by(Copy.id.desc())
    page = render_template(
        "custody/loan.html", loan=found, keeps=can(actor(), "custody.keep", found), me=actor().id,
        may_extend=found.open and found.extended_until_on is None and not found.overdue_days(clock.today()),
        latest=found.until_on + dt.timedelta(days=length), length=length, conditions=CONDITIONS,
        names=dict(names), told=tell(("loan", found.id)), form=request.form,
        now_at=whereabouts.whereabouts(db.session(), found.original),
        copies=db.session.scalars(copies).all(), **wrong(error),
    )
    return page, error.status if error else 200


@bp.post("/<int:loan_id>/receipt")
@needs("custody.read")
def receive(loan_id: int) -> ResponseReturnValue:
    """The carrier signs for it."""
    found = loan_of(loan_id)
    loans.receive(db.session(), found, by=actor())
    flash(_("已签收。"), "ok")
    return redirect(url_for("loans.loan", loan_id=found.id), 303)


@bp.post("/<int:loan_id>/extension")
@needs("custody.keep")
def extend(loan_id: int) -> ResponseReturnValue:
    """Let it stay out longer."""
    found = loan_of(loan_id)
    require_keeper(found)
    return _done(found, lambda: loans.extend(db.session(), found, until=day_of(request.form, "until"), by=actor()),
                 _("已延长借期。"))


def _done(found: Loan, act: Callable[[], object], words: str) -> ResponseReturnValue:
    """Do it, or show the page again with what is wrong."""
    number = found.id
    try:
        act()
    except (BadAnswer, Conflict) as error:
        db.session.rollback()
        return _page(loan_of(number), error)
    flash(words, "ok")
    return redirect(url_for("loans.loan", loan_id=number), 303)


@bp.post("/<int:loan_id>/return")
@needs("custody.keep")
def take_back(loan_id: int) -> ResponseReturnValue:
    """It is back and was looked over."""
    found, form = loan_of(loan_id), request.form
    require_keeper(found)
    return _done(found, lambda: loans.take_back(db.session(), found, by=actor(), condition=form.get("condition", ""),
                                                note_text=form.get("note", "")), _("已收回，原件在库。"))


@bp.post("/<int:loan_id>/loss")
@needs("custody.read")
def lose(loan_id: int) -> ResponseReturnValue:
    """Whoever has it, or its keeper, reports it lost."""
    found, form = loan_of(loan_id), request.form
    if actor().id not in (found.person_id, found.carrier_id):
        require_keeper(found)
    loans.require_open(db.session(), found)
    return _done(found, lambda: whereabouts.lost(
        db.session(), found.original, told=form.get("told", ""), by=actor(),
        police_report=form.get("police") == "yes"), _("已报失，证照管理员会接着办理。"))
