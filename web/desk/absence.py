"""我不在时: who stands in for me and for whom I do; appointing a substitute, for oneself or for one's people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload
from werkzeug.exceptions import BadRequest

from ledger import clock
from ledger.errors import Conflict, NotFound
from registry.access import appointing, substitutions
from registry.access.rules import Thing, can, placed, visible
from registry.access.substitutions import Substitution
from registry.people.persons import Person
from web.asked import whole, whole_in
from web.entry import Ask, Entry, answered, drawn
from web.errors import sentence
from web.guard import actor, needs
from web.i18n import say
from web.organisation.sight import person_of
from web.pages import cut
from web.session import db
from workflows import CATALOG

bp = Blueprint("absence", __name__, url_prefix="/absence")
EDIT = "substitution.edit"
SHOWN = 20
STATES = {"coming": ("due", _l("还没有开始")), "running": ("good", _l("正在代理")), "over": ("closed", _l("已结束"))}


@bp.app_template_global()
def substitution_state(row: Substitution) -> tuple[str, str]:
    """What an appointment is now: colour and word."""
    colour, word = STATES[row.state(clock.now())]
    return colour, str(word)


@bp.app_template_global()
def process_names(processes: Iterable[str] | None) -> str:
    """The processes of an appointment by name."""
    if processes is None:
        return _("全部流程")
    return _("、").join(say(CATALOG[key].name) if key in CATALOG else key for key in processes)


@bp.get("")
@needs(EDIT)
def mine() -> str:
    """Who stands in for me, for whom I do, and, for those who arrange it for others, everybody's."""
    own = _loaded().where(or_(Substitution.person_id == actor().id, Substitution.substitute_id == actor().id))
    rows = db.session.scalars(own.order_by(Substitution.until_at.desc(), Substitution.id.desc()).limit(2 * SHOWN)).all()
    others = visible(_loaded(), actor()).where(
        Substitution.person_id != actor().id, Substitution.ended_at.is_(None), Substitution.until_at > clock.now())
    return render_template(
        "absence/mine.html", away=[row for row in rows if row.person_id == actor().id],
        for_others=[row for row in rows if row.substitute_id == actor().id],
        listed=cut(db.session(), others.order_by(Substitution.id.desc())) if _arranges() else None,
    )


def _arranges() -> bool:
    """Whether they may arrange it for others than themselves."""
    return any(can(actor(), EDIT, Thing(grant.path)) for grant in actor().grants)


def _loaded() -> Any:
    return select(Substitution).options(joinedload(Substitution.person), joinedload(Substitution.substitute))


@bp.get("/<int:substitution_id>")
@needs(EDIT)
def one(substitution_id: int) -> ResponseReturnValue:
    """Where a notice leads: to the list that it stands in."""
    _found(substitution_id)
    return redirect(url_for("absence.mine"), 303)


def _found(number: int) -> Substitution:
    """An appointment of mine, either way, or one that I may see; NotFound otherwise."""
    row = db.session.get(Substitution, number)
    if row is None or not (actor().id in (row.person_id, row.substitute_id) or can(actor(), "substitution.read", row)):
        raise NotFound
    return row


@bp.get("/new")
@needs(EDIT)
def new() -> ResponseReturnValue:
    """First who, then from when until when: one thing a page."""
    person = _whom(request.args.get("person", type=whole))
    substitute = _colleague(person, request.args.get("substitute", type=whole))
    if substitute is not None:
        return drawn(_entry(person, substitute))
    search = request.args.get("q", "").strip()[:60]
    return render_template("absence/choose.html", person=person, search=search,
                           found=appointing.found(db.session(), person, search, SHOWN + 1))


def _whom(number: int | None) -> Person:
    """For whom a substitute is sought: oneself, or somebody for whom one may arrange it."""
    if number is None or number == actor().id:
        return db.session.get_one(Person, actor().id)
    found = person_of(number)
    if not can(actor(), EDIT, placed(found)):
        raise NotFound
    return found


def _colleague(person: Person, number: int | None) -> Person | None:
    if number is None:
        return None
    found = db.session.get(Person, number)
    if found is None or found.group_id != person.group_id:
        raise NotFound
    return found


@bp.post("")
@needs(EDIT)
def make() -> ResponseReturnValue:
    """The appointment; the page again with the reasons where it cannot be."""
    person = _whom(whole_in(request.args.get("person", "")))
    substitute = _colleague(person, whole_in(request.args.get("substitute", "")))
    if substitute is None:
        raise BadRequest

    def act(told: dict[str, Any]) -> str:
        chosen = [key for key in CATALOG if told[f"in_{key}"]]
        appointing.appoint(
            db.session(), person, substitute, by=actor(), reason=told["reason"], processes=chosen or None,
            from_at=clock.start_of_day(told["from"]), until_at=clock.end_of_day(told["until"]))
        flash(_("已安排%(name)s代理。现在的待办和这段时间里新来的，他都能办理。", name=substitute.name), "ok")
        return url_for("absence.mine")

    return answered(_entry(person, substitute), act)


def _entry(person: Person, substitute: Person) -> Entry:
    today = clock.today()
    trail = [(url_for("absence.mine"), _("我不在时")), (url_for("absence.new", person=person.id), _("选代理人"))]
    lead = _("%(name)s不在时，由%(substitute)s（%(unit)s）代为办理：已经在待办里的和新来的都算。四眼原则照样有效。",
             name=person.name, substitute=substitute.name, unit=substitute.unit.name)
    ticks = [Ask(f"in_{key}", _("只代理：%(process)s", process=say(process.name)), "tick", value=False)
             for key, process in CATALOG.items()]
    return Entry(
        _("安排代理"), _("安排代理"), url_for("absence.make", person=person.id, substitute=substitute.id), trail, [
            Ask("from", _("从哪天起"), "day", required=True, value=today),
            Ask("until", _("到哪天为止（含当天）"), "day", required=True, value=today + dt.timedelta(days=7),
                hint=_("最多 %(most)d 天；到期自动结束，没办完的转回本人。", most=appointing.LONGEST)),
            Ask("reason", _("原因"), most=appointing.REASON, hint=_("例如：出差、休假")),
            *ticks,
        ], lead=lead, above="absence/_processes.html")


@bp.post("/<int:substitution_id>/end")
@needs(EDIT)
def end(substitution_id: int) -> ResponseReturnValue:
    """End it now: the one who is away, the substitute, or whoever arranges it."""
    row = _found(substitution_id)
    if actor().id not in (row.person_id, row.substitute_id) and not can(actor(), EDIT, row):
        raise NotFound
    try:
        substitutions.end(db.session(), row, by=actor())
    except Conflict as error:
        flash(sentence(error), "warning")
        return redirect(url_for("absence.mine"), 303)
    flash(_("代理已结束，没有办完的任务转回%(name)s。", name=row.person.name), "ok")
    return redirect(url_for("absence.mine"), 303)
