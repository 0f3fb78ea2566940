"""How good the register is: a score for each company and type, and for each point lost the certificates behind it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from ledger import clock
from ledger.errors import NotFound
from registry.access.rules import require, visible
from registry.certificates.catalogue import types
from registry.certificates.models import Certificate, Version
from registry.intake.stewardship import counting
from registry.intake.stewardship.lacking import label, lacks, last_version, live, wanted
from registry.intake.stewardship.quality import Part, rules
from registry.intake.stewardship.standing import overview
from registry.people.scope import subtree
from registry.people.units import Unit
from web.asked import whole
from web.guard import actor, needs
from web.i18n import named, say
from web.organisation.sight import unit_of
from web.pages import SIZE
from web.session import db
from web.stewardship.steward import READ, SETTLE

bp = Blueprint("steward_quality", __name__, url_prefix="/steward/quality")


@bp.get("")
@needs(READ)
def scores() -> str:
    """The whole and its parts; then each company and each type. ?unit= and ?type= look at one of them."""
    unit, code = _asked()
    found = overview(db.session(), actor(), unit, code)
    numbers = [key for key, _score in found.companies if key is not None]
    names = {row[0]: row[1] for row in db.session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(numbers)))}
    return render_template(
        "steward/quality.html", found=found, unit=unit, code=code, kind=types().get(code), names=names, known=types(),
        rules=rules(), behind=lambda part, **more: behind(part, unit.id if unit else None, code, **more),
    )


def behind(part: Part, unit: int | None, code: str, **more: Any) -> str:
    """The list of what lost the points of a part: certificates that lack it, or the findings that wait."""
    asked = {"unit": unit or None, "type": code or None, **more}
    if part.rule.key == "settled":
        return url_for("steward.cases", **asked)
    return url_for("steward_quality.lacking", part=part.rule.key, **asked)


def _asked() -> tuple[Unit | None, str]:
    number, code = request.args.get("unit", type=whole), request.args.get("type", "")
    return unit_of(number) if number is not None else None, code if code in types() else ""


@bp.get("/lacking")
@needs(READ)
def lacking() -> str:
    """The certificates that lack a part: ?part= complete, numbers, terms, scans, settled, current or unique."""
    unit, code = _asked()
    rule = next((one for one in rules().parts if one.key == request.args.get("part")), None)
    if rule is None:
        raise NotFound
    only = {code} if code else counting.incomplete(db.session(), actor(), unit) if rule.key == "complete" else None
    query = visible(select(Certificate.id).join(Version, last_version()), actor(), model=Certificate)
    query = query.where(live(), lacks(rule.key, clock.today(), only), Certificate.id > _after())
    if unit is not None:
        low, high = subtree(unit.path)
        query = query.where(Certificate.unit_path >= low, Certificate.unit_path < high)
    if code:
        query = query.where(Certificate.type_code == code)
    ids = db.session.scalars(query.order_by(Certificate.id).limit(SIZE + 1)).all()
    rows = db.session.scalars(select(Certificate).where(Certificate.id.in_(ids[:SIZE])).order_by(Certificate.id)).all()
    return render_template(
        "steward/lacking.html", rows=rows, more=len(ids) > SIZE, rule=rule, unit=unit, kind=types().get(code),
        missing=_missing(rows) if rule.key == "complete" else {},
    )


def _after() -> int:
    """The page goes on behind this certificate: to count a hundred thousand takes longer than to look at them."""
    return request.args.get("after", 0, type=whole)


def _missing(rows: Any) -> dict[int, list[str]]:
    """What is not said of each of these certificates, by its id: one statement for each of their types."""
    found: dict[int, list[str]] = {}
    for code in {row.type_code for row in rows}:
        kind = types()[code]
        asked = wanted(kind)
        query = select(Certificate.id, *(condition.label(f"f{n}") for n, condition in enumerate(asked.values())))
        query = query.join(Version, last_version()).where(
            Certificate.id.in_([row.id for row in rows if row.type_code == code]))
        for number, *lacks_each in db.session.execute(query):
            found[number] = [_label(kind, key) for key, lacking in zip(asked, lacks_each, strict=True) if lacking]
    return found


def _label(kind: Any, key: str) -> str:
    own = next((field for field in kind.fields if field.key == key), None)
    return named(own) if own is not None else say(label(kind, key))


@bp.post("/<int:unit_id>/count")
@needs(SETTLE)
def count(unit_id: int) -> Response:
    """Count a company anew now, rather than in the night."""
    unit = unit_of(unit_id)
    require(actor(), SETTLE, unit)
    if unit.kind != "company":
        raise NotFound
    counting.recount(db.session(), unit)
    flash(_("已重新统计。"), "ok")
    return redirect(url_for("steward_quality.scores", unit=unit.id), 303)


