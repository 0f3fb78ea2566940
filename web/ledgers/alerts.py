"""到期提醒: what one was warned of and nobody has seen to yet; and whom a warning could not reach."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from werkzeug.wrappers import Response

from ledger import clock
from registry.access.rules import can
from registry.alerts import acting, lists
from registry.alerts.model import Alert
from registry.alerts.raising import raised
from registry.alerts.rules import rungs
from registry.certificates.catalogue import types
from registry.certificates.models import Certificate
from registry.people.persons import Person
from web.asked import whole
from web.guard import actor
from web.i18n import language
from web.ledgers.certificate import STEPS
from web.pages import SIZE, Page
from web.session import db

bp = Blueprint("alerts", __name__)
SILENT = {
    "renewed": _l("已延续"), "over": _l("证件已终止"), "moved": _l("期限已更正"),
    "under_way": _l("正在办理，预计期内办结"),
}
ACTED = {"taken": _l("{name}已接手"), "request": _l("{name}已开始办理")}


@dataclass(frozen=True)
class Told:
    """Somebody who was told, as a page shows it."""

    name: str
    rung: str
    row: object


def alert_stage(stage: str) -> str:
    """The name of a stage as people say it."""
    if stage == "lapsed":
        return _("有效期已届满")
    if stage in STEPS:
        return _(STEPS[stage])
    days = int(stage[1:])
    if stage[0] == "w":
        return _in_working_days(days)
    if days > 0:
        return _("到期前 %(n)d 天", n=days)
    return _("到期后 %(n)d 天", n=-days) if days else _("到期当天")


def _in_working_days(days: int) -> str:
    if days > 0:
        return _("到期前 %(n)d 个工作日", n=days)
    return _("到期后 %(n)d 个工作日", n=-days) if days else _("到期当天或之前最近的工作日")


bp.add_app_template_global(alert_stage)
bp.add_app_template_global(lambda key: rung_words(key), "rung_words")


@bp.get("/alerts")
def mine() -> str:
    """One's own, the nearest end first; ?tab=unreached: the people whom alerts did not reach."""
    number = min(max(1, request.args.get("page", 1, type=whole)), 10**6)
    place = {"limit": SIZE, "offset": (number - 1) * SIZE}
    unreached = request.args.get("tab") == "unreached" and can(actor(), "certificate.read")
    missed = Page(*_numbered(lists.unreached(db.session(), actor(), **place), number)) if unreached else None
    shown = None if unreached else Page(*_numbered(lists.mine(db.session(), actor(), **place), number))
    return render_template(
        "alerts.html", shown=shown, missed=missed, today=clock.today(), acted=ACTED, kinds=types(),
        numbers=_numbers(shown.rows if shown else ()), sees=can(actor(), "certificate.read"))


def _numbered(found: tuple[Sequence[Any], int], number: int) -> tuple[Sequence[Any], int, int]:
    return found[0], number, found[1]


@bp.post("/alerts/<int:alert_id>/taking")
def take(alert_id: int) -> Response:
    """See to it: it climbs no further."""
    alert = acting.take(db.session(), actor(), alert_id)
    flash(_("已记下由您处理，不再逐级上报；下一次到期提醒照常发送。"), "success")
    return redirect(url_for("alerts.mine", _anchor=f"alert-{alert.id}"), 303)


def rung_words(key: str) -> str:
    """The name of a rung in the reader's language."""
    each = rungs()[key]
    return each.name_en if language() == "en" else each.name


def ledger_of(certificate_id: int) -> list[tuple[Alert, list[Told]]]:
    """Every alert of a certificate, newest first, with whom it went to, in order of the ladder."""
    found = raised(db.session(), certificate_id)
    names = _names([each.person_id for alert in found for each in alert.told])
    order = list(rungs())
    return [(alert, [Told(names[each.person_id], rung_words(each.rung), each)
                     for each in sorted(alert.told, key=lambda one: (one.level, order.index(one.rung)))])
            for alert in found]


def _names(people: Iterable[int]) -> dict[int, str]:
    rows = db.session.execute(select(Person.id, Person.name).where(Person.id.in_(set(people))))
    return dict(rows.tuples().all())


def _numbers(alerts: Sequence[Alert]) -> dict[int, str]:
    """The numbers of the certificates, as they may be shown."""
    rows = db.session.execute(select(Certificate.id, Certificate.number).where(
        Certificate.id.in_({alert.certificate_id for alert in alerts})))
    return dict(rows.tuples().all())
