"""到期提醒: what is due for me, my people and my projects, as a list and as a month; whom a warning could not reach."""

from __future__ import annotations

from contextlib import suppress
from typing import get_args

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response

from ledger import clock
from ledger.db import unit
from registry.access.rules import can
from registry.alerts import acting, lists
from registry.alerts.charge import charge_of
from registry.certificates.catalogue import types
from registry.certificates.codes import FAMILIES
from web.alerting import opening
from web.alerting.calendar import month_of
from web.alerting.told import ACTED, alert_stage, rung_words
from web.asked import day_in, whole
from web.guard import actor
from web.i18n import language, named, say
from web.login import local_path
from web.pages import SIZE, Page
from web.places import place_of
from web.session import db
from web.text import WEEKDAYS
from workflows import agenda
from workflows.agenda import Due, Urgency, View, Wanted

bp = Blueprint("alerts", __name__)
for word in (alert_stage, rung_words):
    bp.add_app_template_global(word)
TABS: dict[View, object] = {"mine": _l("我自己"), "people": _l("我的人员"), "projects": _l("我的项目")}
URGENCIES: dict[Urgency, object] = {
    "": _l("全部"), "overdue": _l("已逾期"), "week": _l("7 天内"), "later": _l("以后")}
KINDS = {
    "end": _l("有效期届满"), "review": _l("应复审"), "duty": _l("开始准备期内复审"), "loan": _l("应归还原件"),
    "task": _l("待办任务"),
}


@bp.get("/alerts")
def mine() -> str:
    """?tab= mine, people, projects (or unreached: whom alerts did not reach), ?view=calendar a month (?month=2027-01);
    ?family=, ?urgency= and ?on= one day narrow the list."""
    sees = can(actor(), "certificate.read")
    if request.args.get("tab") == "unreached" and sees:
        return _page("unreached", missed=_missed())
    wanted = _wanted()
    if request.args.get("view") == "calendar":
        return _page(wanted.view, wanted=wanted, month=month_of(wanted), weekdays=WEEKDAYS[language()])
    number = _number()
    found = agenda.listed(db.session(), actor(), wanted, limit=SIZE, offset=(number - 1) * SIZE)
    shown = Page(found.rows, number, found.counts.get(wanted.urgency, 0))
    return _page(wanted.view, wanted=wanted, shown=shown, counts_of=found.counts)


def _page(tab: str, **what: object) -> str:
    session, person = db.session(), actor()
    looks = not charge_of(session, person).empty
    given = {"wanted": None, "shown": None, "missed": None, "month": None, **what}
    return render_template(
        "alerts.html", tab=tab, tabs={key: words for key, words in TABS.items() if looks or key == "mine"},
        today=clock.today(), acted=ACTED, kinds=types(), due_kinds=KINDS, families=FAMILIES, urgencies=URGENCIES,
        sees=can(person, "certificate.read"), **given)


def _wanted() -> Wanted:
    """What the address asks for; nonsense is nothing."""
    said = request.args
    view: View = next((one for one in agenda.VIEWS if one == said.get("tab")), "mine")
    urgency: Urgency = next((one for one in get_args(Urgency) if one == said.get("urgency")), "")
    family = said.get("family", "")
    return Wanted(view, family if family in FAMILIES else "", urgency, day_in(said.get("on")))


def _number() -> int:
    return min(max(1, request.args.get("page", 1, type=whole)), 10**6)


def _missed() -> Page:
    number = _number()
    rows, total = lists.unreached(db.session(), actor(), limit=SIZE, offset=(number - 1) * SIZE)
    return Page(rows, number, total)


@bp.app_template_global()
def agenda_place(due: Due) -> str:
    """Where a row leads: one tap to the thing and what can be done about it."""
    if due.kind == "alert":
        return url_for("alerts.show", alert_id=due.thing.id)
    kind = due.kind if due.kind in ("loan", "task") else "certificate"
    return place_of(kind, due.thing.id) or ""


@bp.app_template_global()
def agenda_words(due: Due) -> str:
    """What it is, in a line of a calendar: 王建国 · 焊工证, of a loan with whoever has it; a task by its title."""
    if due.certificate is None:
        return say(due.thing.title)
    whose = due.thing.person.name if due.kind == "loan" else due.certificate.holder_name
    return f"{whose} · {named(due.certificate.type)}"


@bp.app_template_global()
def agenda_colour(due: Due) -> str:
    """The state colour of a row: amber while it comes, red once it is past, grey while somebody sees to it."""
    if due.kind == "alert" and due.thing.acted_at is not None:
        return "closed"
    return "bad" if due.day < clock.today() else "due"


@bp.get("/alerts/<int:alert_id>")
def show(alert_id: int) -> Response:
    """Where a letter leads: to one's task, the renewal under way or the certificate, as far as one may read it. That
    whoever was told has opened it is noted beside, as a sign-in is; nothing else comes of it."""
    alert = lists.one(db.session(), actor(), alert_id)
    place = opening.of_alert(db.session(), actor(), alert)
    with suppress(OperationalError), unit(db.engine) as session:
        acting.opened(session, actor(), alert)
    return redirect(place or url_for("alerts.mine", _anchor=f"alert-{alert.id}"))


@bp.post("/alerts/<int:alert_id>/taking")
def take(alert_id: int) -> Response:
    """See to it: it climbs no further. Back to where it was pressed."""
    alert = acting.take(db.session(), actor(), alert_id)
    flash(_("已记下由您处理，不再逐级上报；下一次到期提醒照常发送。"), "success")
    back = local_path(request.form.get("next")) if request.form.get("next") else url_for("alerts.mine")
    return redirect(f"{back}#alert-{alert.id}", 303)
