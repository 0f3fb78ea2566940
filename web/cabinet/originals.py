"""Originals: where one is, who is next, and what its keeper does with it."""

from __future__ import annotations

import calendar as months
import datetime as dt
from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from ledger import clock
from ledger.errors import BadAnswer, Conflict, NotAllowed, NotFound, Problem, Refused
from registry.access.rules import can, visible
from registry.certificates.models import Certificate
from registry.custody import days, loans, originals, reservations, whereabouts
from registry.custody.loans import PURPOSES, Loan
from registry.custody.originals import KINDS, Original
from registry.custody.reservations import Reservation
from registry.people.persons import Person
from registry.people.units import Unit
from web import once
from web.asked import whole
from web.cabinet.custody import (
    colleagues,
    day_of,
    done_before,
    original_of,
    own_person,
    people_called,
    projects,
    require_keeper,
    wish,
    wrong,
)
from web.guard import actor, needs
from web.i18n import language
from web.ledgers.certificate import certificate_of
from web.requests.story import tell
from web.session import db
from web.text import WEEKDAYS

bp = Blueprint("originals", __name__)
SHOWN_MONTHS = 3
ABSENT = {"authority": _l("交给机关"), "lost": _l("报失"), "destroyed": _l("销毁")}


@bp.get("/originals/<int:original_id>")
@needs("custody.read")
def original(original_id: int) -> ResponseReturnValue:
    """One original: where it is, its calendar, its loans, and what can be done."""
    return _page(original_of(original_id))


def _page(found: Original, error: Refused | None = None) -> ResponseReturnValue:
    session = db.session()
    past = select(Loan).where(Loan.original_id == found.id).order_by(Loan.id.desc()).limit(20)
    page = render_template(
        "custody/original.html", original=found, now_at=whereabouts.whereabouts(session, found),
        keeps=can(actor(), "custody.keep", found), asks=can(actor(), "loan.ask", found), me=actor().id,
        queue=reservations.queue(session, found), months=_months(found), weekdays=WEEKDAYS[language()],
        past=session.scalars(past.options(joinedload(Loan.person), joinedload(Loan.carrier))).all(),
        told=tell(("original", found.id)), units=keepers(), absent=ABSENT, form=request.form, once=once.fresh(),
        **wrong(error),
    )
    return page, error.status if error else 200


def _months(found: Original) -> list[tuple[dt.date, list[list[tuple[dt.date, bool]]]]]:
    """The next months as weeks of (day, spoken for)."""
    first = clock.today().replace(day=1)
    shown = [(first.year + (first.month - 1 + step) // 12, (first.month - 1 + step) % 12 + 1)
             for step in range(SHOWN_MONTHS)]
    until = dt.date(*shown[-1], months.monthrange(*shown[-1])[1])
    busy = set(days.taken(db.session(), found.id, clock.today(), until))
    weeks = months.Calendar()
    return [(dt.date(year, month, 1), [[(day, day in busy) for day in week]
                                       for week in weeks.monthdatescalendar(year, month)])
            for year, month in shown]


def keepers() -> list[Unit]:
    """The companies and departments that may keep an original."""
    query = visible(select(Unit), actor()).where(Unit.kind.in_(("company", "department")), Unit.closed_on.is_(None))
    return list(db.session.scalars(query.order_by(Unit.path).limit(300)))


def _keeper(name: str = "keeper") -> Unit:
    wanted = request.form.get(name, type=whole)
    found = next((unit for unit in keepers() if unit.id == wanted), None)
    if found is None:
        raise BadAnswer({name: [Problem("请选择保管单位。")]})
    return found


@bp.get("/certificates/<int:certificate_id>/originals/new")
@needs("custody.keep")
def new(certificate_id: int) -> ResponseReturnValue:
    """The form for entering an original of a certificate."""
    return _new_page(_kept(certificate_id))


def _kept(certificate_id: int) -> Certificate:
    found = certificate_of(certificate_id)
    if not can(actor(), "custody.keep", found):
        raise NotAllowed
    return found


def _new_page(found: Certificate, error: BadAnswer | None = None) -> ResponseReturnValue:
    page = render_template("custody/new.html", found=found, kinds=KINDS, units=keepers(), form=request.form,
                           **wrong(error))
    return page, error.status if error else 200


@bp.post("/certificates/<int:certificate_id>/originals")
@needs("custody.keep")
def enter(certificate_id: int) -> ResponseReturnValue:
    """Enter an original."""
    found, form = _kept(certificate_id), request.form
    try:
        made = originals.enter(db.session(), found, form.get("kind", ""), place=form.get("place", ""),
                               keeper=_keeper(), serial=form.get("serial", ""), by=actor())
    except BadAnswer as error:
        db.session.rollback()
        return _new_page(_kept(certificate_id), error)
    flash(_("已登记，原件在库。"), "ok")
    return redirect(url_for("originals.original", original_id=made.id), 303)


def _done(found: Original, act: Callable[[], object], words: str) -> ResponseReturnValue:
    """Do it, or show the page again with what is wrong."""
    number = found.id
    try:
        act()
    except (BadAnswer, Conflict) as error:
        db.session.rollback()
        return _page(original_of(number), error)
    flash(words, "ok")
    return redirect(url_for("originals.original", original_id=number), 303)


@bp.post("/originals/<int:original_id>/place")
@needs("custody.keep")
def move(original_id: int) -> ResponseReturnValue:
    """Put it somewhere else."""
    found = original_of(original_id)
    require_keeper(found)
    return _done(found, lambda: originals.move(db.session(), found, place=request.form.get("place", ""),
                                               keeper=_keeper(), by=actor()), _("已改存放位置。"))


@bp.post("/originals/<int:original_id>/absences/<any(authority, lost, destroyed):kind>")
@needs("custody.keep")
def leave(original_id: int, kind: str) -> ResponseReturnValue:
    """It is with an authority, lost or destroyed."""
    found, form, session = original_of(original_id), request.form, db.session()
    require_keeper(found)
    if kind == "authority":
        return _done(found, lambda: whereabouts.hand_to_authority(
            session, found, authority=form.get("authority", ""), by=actor(),
            due_on=day_of(form, "due_on") if form.get("due_on") else None), _("已登记交给机关。"))
    if kind == "lost":
        return _done(found, lambda: whereabouts.lost(
            session, found, told=form.get("told", ""), police_report=form.get("police") == "yes", by=actor()),
            _("已报失。"))
    return _done(found, lambda: whereabouts.destroyed(session, found, reason=form.get("reason", ""), by=actor()),
                 _("已登记销毁。"))


@bp.post("/originals/<int:original_id>/absences/end")
@needs("custody.keep")
def come_back(original_id: int) -> ResponseReturnValue:
    """The authority gave it back, or it turned up."""
    found = original_of(original_id)
    require_keeper(found)
    running = originals.absence(db.session(), found)
    end = originals.found if running is not None and running.kind == "lost" else originals.back_from_authority
    return _done(found, lambda: end(db.session(), found, by=actor()), _("已登记回到库里。"))


@bp.post("/originals/<int:original_id>/reservations")
@needs("loan.ask")
def reserve(original_id: int) -> ResponseReturnValue:
    """The visitor speaks for some days."""
    found, key = original_of(original_id), wish("reservation.made")
    if not can(actor(), "loan.ask", found):
        raise NotAllowed
    if done_before(key):
        return redirect(url_for("originals.original", original_id=found.id), 303)

    def act() -> None:
        reservations.reserve(db.session(), found, own_person(), from_on=day_of(request.form, "from_on"),
                             to_on=day_of(request.form, "until"), by=actor(), once=key)

    return _done(found, act, _("已预约。"))


@bp.post("/reservations/<int:reservation_id>/cancellation")
@needs("custody.read")
def cancel(reservation_id: int) -> ResponseReturnValue:
    """One's own, or any as keeper."""
    waiting = db.session.get(Reservation, reservation_id)
    if waiting is None or not (waiting.person_id == actor().id or can(actor(), "custody.keep", waiting)):
        raise NotFound
    if waiting.request_id is not None:
        raise NotFound  # its request gives the days back
    number = waiting.original_id
    reservations.cancel_reservation(db.session(), waiting, by=actor())
    flash(_("已取消预约。"), "ok")
    if can(actor(), "custody.read", waiting.original):
        return redirect(url_for("originals.original", original_id=number), 303)
    return redirect(url_for("loans.listed"), 303)


@bp.get("/originals/<int:original_id>/loans/new")
@needs("custody.keep")
def new_loan(original_id: int) -> ResponseReturnValue:
    """Handing over: to whom (?q= or ?reservation=), what for, until when."""
    found = original_of(original_id)
    require_keeper(found)
    loans.in_cabinet(db.session(), found)
    return _loan_page(found)


def _loan_page(found: Original, error: Refused | None = None) -> ResponseReturnValue:
    waiting = _reservation(found)
    search = request.values.get("q", "").strip()[:40]
    people = [waiting.person] if waiting else people_called(search)
    upcoming = [one for one in reservations.queue(db.session(), found) if not waiting or one.id != waiting.id]
    page = render_template(
        "custody/hand_over.html", original=found, waiting=waiting, search=search, people=people, purposes=PURPOSES,
        projects=projects(), upcoming=upcoming, form=request.form, once=once.fresh(), **wrong(error),
    )
    return page, error.status if error else 200


def _reservation(found: Original) -> Reservation | None:
    number = request.values.get("reservation", type=whole)
    if number is None:
        return None
    waiting = db.session.get(Reservation, number)
    if waiting is None or waiting.original_id != found.id or waiting.request_id is not None:
        raise NotFound  # what was applied for is handed over at the request's own task
    return waiting


@bp.post("/originals/<int:original_id>/loans")
@needs("custody.keep")
def hand_over(original_id: int) -> ResponseReturnValue:
    """Give it out: the keeper's signature; the carrier's follows on the loan's page."""
    found, form, key = original_of(original_id), request.form, wish("loan.handed_over")
    require_keeper(found)
    if before := done_before(key):
        return redirect(url_for("loans.loan", loan_id=(before.after or {})["loan"]), 303)
    try:
        waiting = _reservation(found)
        made = loans.hand_over(
            db.session(), found, borrower=_person("borrower", waiting), carrier=_carrier(), until=day_of(form, "until"),
            purpose=form.get("purpose", ""), purpose_note=form.get("purpose_note", ""), project=_project(), by=actor(),
            reservation=waiting, once=key)
    except (BadAnswer, Conflict) as error:
        db.session.rollback()
        return _loan_page(original_of(original_id), error)
    flash(_("已登记借出，请领取人登录后签收。"), "ok")
    return redirect(url_for("loans.loan", loan_id=made.id), 303)


def _person(name: str, waiting: Reservation | None) -> Person:
    """Who was chosen; days that were reserved go to who reserved them."""
    wanted = request.form.get(name, type=whole)
    query = visible(select(Person), actor()).where(Person.id == wanted)
    found = db.session.scalar(query) if wanted else None
    if found is None or (waiting is not None and waiting.person_id != found.id):
        raise BadAnswer({name: [Problem("请先查找并选择借用人。")]})
    return found


def _carrier() -> Person | None:
    """Somebody else who takes it along, by the whole name; None where the borrower does."""
    text = request.form.get("carrier", "").strip()[:40]
    if not text:
        return None
    named = db.session.scalars(colleagues().where(Person.name == text)).all()
    if not named:
        raise BadAnswer({"carrier": [Problem("没有叫这个名字的在职职工。")]})
    if len(named) > 1:
        raise BadAnswer({"carrier": [Problem("有 {n} 位同名职工，请由借用人本人领取。", {"n": len(named)})]})
    return named[0]


def _project() -> Unit | None:
    wanted = request.form.get("project", type=whole)
    if not wanted:
        return None
    return next((unit for unit in projects() if unit.id == wanted), None)
