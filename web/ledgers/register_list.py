"""证件台账: the list of certificates of today or of any day, and the filters that a person keeps."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from registry.access import filters, register
from registry.access.lines import find_lines
from registry.access.rules import can, visible
from registry.certificates import codes
from registry.certificates.catalogue import types
from registry.certificates.kinds import CertificateType
from registry.intake.stewardship.layouts import layouts
from registry.people.persons import Person
from registry.people.units import Unit
from web.asked import whole
from web.guard import actor, needs
from web.i18n import say
from web.ledgers.sought import DAYS, KEPT, WITHIN, Sought, knows_past, sought_in
from web.pages import SIZE, Page
from web.session import db

bp = Blueprint("register_list", __name__)
MOST_PAGES, MOST_UNITS = 10**6, 2000


def certificates() -> str:
    """The certificates one may see, as the address asks (web.ledgers.sought)."""
    sought = sought_in(request.args)
    return render_template(
        "register.html", sought=sought, listed=_listed(sought), saved=_saved(), **choices(sought)
    )


def choices(sought: Sought) -> dict[str, Any]:
    """What a page of the register needs to draw its filters and its ways out."""
    return {
        "families": codes.FAMILIES,
        "kinds": _kinds(),
        "units": _units(),
        "within": WITHIN,
        "holder": _holder(sought.filter.holder_person_id),
        "knows_past": knows_past(),
        "may_export": can(actor(), "certificate.export"),
        "layouts": layouts(db.session(), actor()) if can(actor(), "certificate.export") else [],
        "may_renew": can(actor(), "request.start") or can(actor(), "certificate.register"),
    }


def _listed(sought: Sought) -> Page:
    """The page asked for; beyond the last is the last."""
    number = min(max(1, request.args.get("page", 1, type=whole)), MOST_PAGES)
    rows, total = _rows(sought, number)
    if not rows and total:
        number = -(-total // SIZE)
        rows, total = _rows(sought, number)
    return Page(rows, number if rows else 1, total)


def _rows(sought: Sought, number: int) -> tuple[list[Any], int]:
    place = {"order": sought.order, "limit": SIZE, "offset": (number - 1) * SIZE}
    if sought.day:
        lines = find_lines(db.session(), actor(), sought.filter, sought.day, **place)  # type: ignore[arg-type]
        return lines.rows, lines.total
    found = register.find(db.session(), actor(), sought.filter, **place)  # type: ignore[arg-type]
    if not found.rows and number > 1:
        return [], register.count(db.session(), actor(), sought.filter)
    return found.rows, found.total


def _kinds() -> list[CertificateType]:
    family = request.args.get("family")
    return [kind for kind in types().values() if family not in codes.FAMILIES or kind.family == family]


def _units() -> list[Unit]:
    query = visible(select(Unit), actor()).where(Unit.kind.in_(("company", "project")))
    return list(db.session.scalars(query.order_by(Unit.path).limit(MOST_UNITS)))


def _holder(number: int | None) -> Person | None:
    if number is None:
        return None
    return db.session.scalar(visible(select(Person), actor()).where(Person.id == number))


def _saved() -> list[filters.SavedFilter]:
    return list(filters.saved_filters(db.session(), actor()))


@bp.post("/certificates/filters")
@needs("certificate.read")
def save() -> Response:
    """Keep the filter of the list under a name."""
    arguments = {name: request.form[name] for name in KEPT if request.form.get(name, "").strip()}
    try:
        kept = filters.save_filter(db.session(), actor(), request.form.get("name", ""), arguments)
    except filters.NotSaved as refused:
        for problem in refused.problems["name"]:
            flash(say(problem.text, dict(problem.params)), "bad")
    else:
        flash(_("已保存筛选“%(name)s”。", name=kept.name), "ok")
    days = {name: request.form[name] for name in DAYS if request.form.get(name, "").strip()}
    return redirect(url_for("register.certificates", **arguments, **days), 303)  # type: ignore[arg-type]


@bp.post("/certificates/filters/<int:filter_id>/removal")
@needs("certificate.read")
def remove(filter_id: int) -> Response:
    """Forget one's own filter."""
    filters.drop_filter(db.session(), actor(), filter_id)
    flash(_("已删除筛选。"), "ok")
    return redirect(url_for("register.certificates"), 303)
