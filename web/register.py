"""证件台账: the list of certificates, and each certificate's page."""

from __future__ import annotations

from flask import Blueprint, current_app, render_template, request, send_file
from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from ledger import clock
from ledger.errors import NotFound
from ledger.files import path_of
from registry.access.rules import visible
from registry.certificates import codes, drafting, standing
from registry.certificates.catalogue import types
from registry.certificates.kinds import CertificateType
from registry.certificates.models import Certificate, Scan, Version
from registry.people.scope import subtree
from registry.people.units import Unit
from web.certificate import COLOURS, bar_of, certificate_of, field_rows, item_of, operation
from web.config import Config
from web.guard import actor, needs
from web.pages import cut
from web.places import place_of
from web.session import db
from web.story import tell

bp = Blueprint("register", __name__)
TABS = {"versions": "版本", "scans": "扫描件", "requests": "流程", "timers": "提醒", "story": "记录"}
SORTS = {
    "newest": (Certificate.id.desc(),),
    "ends": (Certificate.ends_on.is_(None), Certificate.ends_on, Certificate.id),
    "holder": (Certificate.holder_name, Certificate.id),
}
STEPS = {
    "opens": "可以开始办理延续",
    "hand_in": "应交内部材料",
    "target": "应完成申报",
    "closes": "停止受理延续",
    "lapses": "有效期届满",
}


@bp.app_template_global()
def finding_of(row: Certificate) -> standing.Finding:
    """How a row of a list stands today."""
    return standing.of_row(row, clock.today())


@bp.app_template_global()
def colour_of(finding: standing.Finding) -> str:
    """The state colour of a finding: good, due, bad or closed."""
    return COLOURS[finding.standing]


bp.add_app_template_global(place_of)
bp.add_app_template_global(item_of)


@bp.get("/certificates")
@needs("certificate.read")
def certificates() -> str:
    """The certificates one may see. ?q= number, name, pinyin or initials; ?family, type, standing, unit, sort"""
    asked = request.args
    query = visible(select(Certificate), actor())
    if asked.get("family") in codes.FAMILIES:
        query = query.where(Certificate.family == asked["family"])
    if asked.get("type") in types():
        query = query.where(Certificate.type_code == asked["type"])
    if condition := _standing(asked.get("standing", "")):
        query = query.where(*condition)
    query = _searched(_in_unit(query, asked.get("unit", type=int)), asked.get("q", ""))
    sort = (
        asked.get("sort")
        if asked.get("sort") in SORTS
        else "ends"
        if asked.get("standing") in {"due", "expired"}
        else "newest"
    )
    listed = cut(db.session(), query.order_by(*SORTS[str(sort)]))
    return render_template(
        "register.html", listed=listed, families=codes.FAMILIES, kinds=_kinds(), units=_units(), sort=sort
    )


def _standing(wanted: str) -> list[ColumnElement[bool]]:
    """A standing as a condition on the columns beside the versions (certificates.standing decides one by one)."""
    today, row = clock.today(), Certificate
    running = or_(row.ends_on.is_(None), row.ends_on >= today)
    conditions: dict[str, list[ColumnElement[bool]]] = {
        "valid": [row.state == codes.VALID, running],
        "due": [row.state == codes.VALID, row.due_from <= today, row.ends_on >= today],
        "expired": [or_(row.state == codes.LAPSED, and_(row.state.in_(codes.LIVE), row.ends_on < today))],
        "suspended": [row.state == codes.SUSPENDED],
        "ended": [row.state.in_((codes.CANCELLED, codes.ANNULLED, codes.REVOKED))],
        "undated": [row.state.in_(codes.LIVE), row.term == codes.UNKNOWN],
    }
    return conditions.get(wanted, [])


def _searched(query: Select[Certificate], text: str) -> Select[Certificate]:
    for word in text[:60].split():
        if folded := drafting.folded(word):
            query = query.where(Certificate.search.contains(folded, autoescape=True))
    return query


def _in_unit(query: Select[Certificate], unit_id: int | None) -> Select[Certificate]:
    if unit_id is None:
        return query
    unit = db.session.scalar(visible(select(Unit), actor()).where(Unit.id == unit_id))
    if unit is None:
        raise NotFound
    low, high = subtree(unit.path)
    return query.where(Certificate.unit_path >= low, Certificate.unit_path < high)


def _kinds() -> list[CertificateType]:
    family = request.args.get("family")
    return [kind for kind in types().values() if family not in codes.FAMILIES or kind.family == family]


def _units() -> list[Unit]:
    query = visible(select(Unit), actor()).where(Unit.kind.in_(("company", "project")))
    return list(db.session.scalars(query.order_by(Unit.path).limit(300)))


@bp.get("/certificates/<int:certificate_id>")
@bp.get("/certificates/<int:certificate_id>/<any(versions, scans, requests, timers, story):tab>")
@needs("certificate.read")
def certificate(certificate_id: int, tab: str = "versions") -> str:
    """One certificate: a card like the paper, its state and why, and a tab of what belongs to it."""
    found = certificate_of(certificate_id)
    finding = standing.of(found)
    return render_template(
        "certificate.html",
        found=found,
        kind=found.type,
        version=found.latest,
        finding=finding,
        tab=tab,
        tabs=TABS,
        steps=STEPS,
        rows=field_rows(found.latest, found.type),
        bar=bar_of(found.valid_from, finding),
        operation=operation,
        next_step=_next_step(found),
        told=tell(("certificate", found.id)) if tab == "story" else [],
        requested=_requested(found) if tab == "requests" else [],
        states=codes.STATES,
    )


def _next_step(found: Certificate) -> object | None:
    """The next day on which something must happen; days gone by are in the tab of reminders."""
    waiting = [timer for timer in found.timers if timer.cancelled_at is None and timer.due_on >= clock.today()]
    return waiting[0] if waiting else None


def _requested(found: Certificate) -> list[object]:
    """The requests that made versions of it, as far as one may read them; newest first."""
    from workflows.requests import Request, seen_by

    numbers = [version.request_id for version in found.versions if version.request_id]
    query = (
        select(Request)
        .options(joinedload(Request.instance))
        .where(or_(Request.id.in_(numbers), Request.certificate_id == found.id), seen_by(actor()))
    )
    return list(db.session.scalars(query.order_by(Request.id.desc())))


@bp.get("/certificates/<int:certificate_id>/scans/<int:scan_id>")
@needs("certificate.read")
def scan(certificate_id: int, scan_id: int) -> Response:
    """A scan as a download: never shown as a page of ours (ASVS 3.2.1)."""
    found = certificate_of(certificate_id)
    query = select(Scan).join(Version).where(Scan.id == scan_id, Version.certificate_id == found.id)
    shown = db.session.scalar(query.options(joinedload(Scan.file)))
    if shown is None:
        raise NotFound
    config: Config = current_app.extensions["licet_config"]
    answer = send_file(
        path_of(config.files, shown.file).absolute(),
        mimetype=shown.file.media_type,
        as_attachment=True,
        download_name=shown.file.name,
    )
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
