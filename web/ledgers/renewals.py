"""Renewals for a whole list: the certificates that the register shows for a filter, and one request for each chosen."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, flash, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.datastructures import MultiDict

from ledger import clock
from registry.access import register
from registry.access.rules import can
from registry.certificates.standing import Standing
from web.asked import whole
from web.guard import actor, needs
from web.ledgers.sought import Sought, sought_in
from web.session import db
from workflows.renewal import starting

bp = Blueprint("renewals", __name__, url_prefix="/renewals")
MOST = 100
NEAR = (Standing.DUE,)


def may_renew() -> bool:
    """Whether the person may begin renewals anywhere."""
    return can(actor(), "request.start") or can(actor(), "certificate.register")


@bp.get("")
@needs("certificate.read")
def new() -> str:
    """What may be renewed, the first to end first; by itself what is near its end."""
    return _page(sought_in(request.args))


def _page(sought: Sought, made: list[starting.Batched] | None = None) -> str:
    asked = sought.filter if sought.narrowed else replace(sought.filter, standings=NEAR)
    found = register.find(db.session(), actor(), asked, order="ends", limit=MOST)
    offered = starting.offered(db.session(), actor(), found.rows) if may_renew() and made is None else {}
    rows = [{"certificate": one, "choice": offered[one.id]} for one in found.rows if one.id in offered]
    return render_template(
        "renewals.html", sought=sought, rows=rows, made=made, total=found.total, most=MOST, today=clock.today())


@bp.post("")
@needs("certificate.read")
def start() -> str:
    """Begin one for each certificate chosen; what is open is told, not begun twice, however often this is sent."""
    chosen = request.form.getlist("certificate", type=whole)[:MOST]
    if not chosen:
        flash(_("请至少选择一张证件。"), "bad")
        return _page(sought_in(MultiDict(request.args)))
    made = starting.batch(db.session(), actor(), chosen)
    begun = sum(one.request is not None and not one.before for one in made)
    left = sum(one.request is None for one in made)
    if begun:
        flash(ngettext("发起了 %(num)d 份续期申请。", "发起了 %(num)d 份续期申请。", begun), "ok")
    if left:
        words = ngettext("有 %(num)d 张证件没有发起，原因见下表。", "有 %(num)d 张证件没有发起，原因见下表。", left)
        flash(words, "warn")
    return _page(sought_in(request.args), made)
