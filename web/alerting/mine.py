"""到期提醒: what one was warned of and nobody has seen to yet; and whom a warning could not reach."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response

from ledger import clock
from ledger.db import unit
from registry.access.rules import can
from registry.alerts import acting, lists
from registry.alerts.model import Alert
from registry.certificates.catalogue import types
from registry.certificates.models import Certificate
from web.alerting import opening
from web.alerting.told import ACTED, alert_stage, rung_words
from web.asked import whole
from web.guard import actor
from web.pages import SIZE, Page
from web.session import db

bp = Blueprint("alerts", __name__)
bp.add_app_template_global(alert_stage)
bp.add_app_template_global(rung_words)


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
    """See to it: it climbs no further."""
    alert = acting.take(db.session(), actor(), alert_id)
    flash(_("已记下由您处理，不再逐级上报；下一次到期提醒照常发送。"), "success")
    return redirect(url_for("alerts.mine", _anchor=f"alert-{alert.id}"), 303)


def _numbers(alerts: Sequence[Alert]) -> dict[int, str]:
    """The numbers of the certificates, as they may be shown."""
    rows = db.session.execute(select(Certificate.id, Certificate.number).where(
        Certificate.id.in_({alert.certificate_id for alert in alerts})))
    return dict(rows.tuples().all())
