"""工作台: what asks for me today, and what is about to run out where I look after it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from flask import Blueprint, jsonify, render_template, url_for
from flask.wrappers import Response
from sqlalchemy import func, select

from engine.usertasks import listing
from ledger import clock
from ledger.actor import Actor
from ledger.workdays import CalendarYear
from registry.access.rules import can, visible
from registry.alerts import notices
from registry.certificates import codes
from registry.certificates.models import Certificate
from registry.intake.batch.models import Batch
from web.guard import actor, background
from web.navigation import counts as waiting
from web.session import db

bp = Blueprint("home", __name__)
SHOWN, NEWS = 6, 5


@bp.get("/")
def desk() -> str:
    """The first page after signing in: my tasks, my requests, what runs out, what I have not read."""
    session, me = db.session(), actor()
    return render_template(
        "home.html",
        tasks=listing.inbox(session, me, scope="all", limit=SHOWN),
        ending=_ending(me),
        figures=[*_figures(me), *_ledgers(me), *_stewards(me)],
        news=notices.notices(session, me, only_unread=True, limit=NEWS),
        unconfirmed=_unconfirmed_year(me),
        may_start=can(me, "request.start"),
        may_import=can(me, "import.make"),
    )


@bp.get("/counts")
@background
def counts() -> Response:
    """The numbers in the navigation, asked for once a minute by every open page."""
    return jsonify(waiting())


def _ending(me: Actor) -> list[Certificate]:
    """The certificates in reach whose window is open, the nearest end first."""
    if not can(me, "certificate.read"):
        return []
    today = clock.today()
    near = visible(select(Certificate.id), me, model=Certificate).where(
        Certificate.state == codes.VALID, Certificate.due_from <= today, Certificate.ends_on >= today)
    chosen = near.order_by(Certificate.ends_on, Certificate.id).limit(SHOWN)  # from one index; rows only of these few
    rows = select(Certificate).where(Certificate.id.in_(db.session.scalars(chosen).all()))
    return list(db.session.scalars(rows.order_by(Certificate.ends_on, Certificate.id)))


@dataclass(frozen=True)
class Figure:
    """A number on the desk that opens the list behind it."""

    number: int
    label: str
    icon: str
    colour: str
    address: str


def _figures(me: Actor) -> list[Figure]:
    if not can(me, "certificate.read"):
        return []
    today = clock.today()
    due = (Certificate.due_from <= today) & (Certificate.ends_on >= today)
    over = Certificate.ends_on < today
    whole = visible(
        select(func.count().filter(due), func.count().filter(over), func.count())
        .select_from(Certificate)
        .where(Certificate.state == codes.VALID),
        me,
        model=Certificate,
    )
    near, late, live = db.session.execute(whole).one()
    return [
        Figure(near, "临期证件", "calendar-due", "due", url_for("register.certificates", standing="due")),
        Figure(late, "过期未处理", "alert-circle", "bad", url_for("register.certificates", standing="expired")),
        Figure(live - late, "有效证件", "circle-check", "good", url_for("register.certificates", standing="valid")),
    ]


def _ledgers(me: Actor) -> list[Figure]:
    """For whoever brings them in: old ledgers of which the columns or the rows wait for a word, while there are any."""
    if not can(me, "import.make"):
        return []
    mine = visible(select(func.count(Batch.id)).where(Batch.state.in_(("mapping", "ready"))), me, model=Batch)
    number = db.session.scalar(mine) or 0
    address = url_for("imports.listed", state="mine")
    return [Figure(number, "等您确认的台账", "upload", "due", address)] if number else []


def _stewards(me: Actor) -> list[Figure]:
    """For whoever settles them: the doubts of ledgers that came in, while there are any."""
    number = waiting().get("steward", 0)
    if not number or not can(me, "steward.settle"):
        return []
    return [Figure(number, "待治理的数据", "clipboard-check", "due", url_for("steward.cases"))]


def _unconfirmed_year(me: Actor) -> int | None:
    """From October on, whoever keeps the calendar is reminded of next year's notice."""
    following = clock.today().year + 1
    if clock.today() < dt.date(following - 1, 10, 1) or not can(me, "calendar.edit"):
        return None
    row = db.session.get(CalendarYear, following)
    return None if row and row.confirmed else following
