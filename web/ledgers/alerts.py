"""到期提醒: what one was warned of and nobody has seen to yet; and whom a warning could not reach."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

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
from web.guard import actor
from web.i18n import language
from web.ledgers.certificate import STEPS
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


def stage_words(stage: str) -> str:
    """The name of a stage as people say it."""
    if stage in STEPS:
        return _(STEPS[stage])
    days = int(stage[1:])
    if days > 0:
        return _("到期前 %(n)d 天", n=days)
    return _("到期后 %(n)d 天", n=-days) if days else _("到期当天")


bp.add_app_template_global(stage_words)


@bp.get("/alerts")
def mine() -> str:
    """One's own, the nearest end first; ?tab=unreached: those that did not reach somebody."""
    tab = "unreached" if request.args.get("tab") == "unreached" and can(actor(), "certificate.read") else "mine"
    missed = lists.unreached(db.session(), actor()) if tab == "unreached" else []
    shown = lists.mine(db.session(), actor()) if tab == "mine" else []
    names = _names([each.person_id for _one, each in missed])
    return render_template(
        "alerts.html", tab=tab, shown=shown, today=clock.today(), silent=SILENT, acted=ACTED,
        missed=[(alert, Told(names[each.person_id], rung_words(each.rung), each)) for alert, each in missed],
        kinds=types(), numbers=_numbers([*shown, *(alert for alert, _each in missed)]), sees=can(actor(), "certificate.read"))


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
    return [(alert, [Told(names[each.person_id], rung_words(each.rung), each) for each in alert.told])
            for alert in found]


def _names(people: Iterable[int]) -> dict[int, str]:
    rows = db.session.execute(select(Person.id, Person.name).where(Person.id.in_(set(people))))
    return dict(rows.tuples().all())


def _numbers(alerts: Sequence[Alert]) -> dict[int, str]:
    """The numbers of the certificates, as they may be shown."""
    rows = db.session.execute(select(Certificate.id, Certificate.number).where(
        Certificate.id.in_({alert.certificate_id for alert in alerts})))
    return dict(rows.tuples().all())
