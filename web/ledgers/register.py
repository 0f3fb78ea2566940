"""证件台账: each certificate's page; the list itself is in register_list."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, current_app, render_template, send_file
from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from ledger import clock
from ledger.errors import NotFound
from ledger.files import path_of
from registry.access.lines import Line
from registry.access.rules import can, visible
from registry.certificates import codes, standing
from registry.certificates.models import Certificate, Scan, Version
from registry.certificates.specialities import FIELD, specialities
from registry.custody.copies import Copy
from registry.custody.originals import Original
from registry.custody.whereabouts import all_whereabouts
from web.alerting.told import ACTED, SILENT, ledger_of
from web.cabinet.custody import note_reading
from web.config import Config
from web.guard import actor, needs
from web.ledgers import register_list
from web.ledgers.certificate import COLOURS, STEPS, bar_of, certificate_of, field_rows, item_of, operation
from web.ledgers.sources import sources_of
from web.places import place_of
from web.requests.story import tell
from web.session import db

bp = Blueprint("register", __name__)
TABS = {"versions": "版本", "scans": "扫描件", "custody": "借阅", "requests": "流程", "timers": "提醒",
        "sources": "来源", "story": "记录"}


@bp.app_template_global()
def standing_of(row: Certificate | Line) -> standing.Standing:
    """How a row of a list stands: today, or on the day that its line is of."""
    return row.standing if isinstance(row, Line) else standing.of_row(row, clock.today()).standing


@bp.app_template_global()
def colour_of(finding: standing.Finding | standing.Standing) -> str:
    """The state colour of a finding: good, due, bad or closed."""
    return COLOURS[finding if isinstance(finding, standing.Standing) else finding.standing]


bp.add_app_template_global(place_of)
bp.add_app_template_global(item_of)


@bp.get("/certificates")
@needs("certificate.read")
def certificates() -> str:
    """The list, of today or of any day."""
    return register_list.certificates()


@bp.get("/certificates/<int:certificate_id>")
@bp.get("/certificates/<int:certificate_id>/<any(versions, scans, custody, requests, timers, sources, story):tab>")
@needs("certificate.read")
def certificate(certificate_id: int, tab: str = "versions") -> str:
    """One certificate: a card like the paper, its state and why, and a tab of what belongs to it."""
    found = certificate_of(certificate_id)
    finding = standing.of(found)
    skills, begun = specialities(found), _begun(found, finding)
    return render_template(
        "certificate.html",
        found=found,
        kind=found.type,
        version=found.latest,
        finding=finding,
        tab=tab,
        tabs=TABS,
        steps=STEPS,
        rows=field_rows(found.latest, found.type, without=frozenset({FIELD} if skills else ())),
        skills=skills,
        bar=bar_of(begun, finding),
        begun=begun,
        operation=operation,
        next_step=_next_step(found),
        told=tell(("certificate", found.id)) if tab == "story" else [],
        requested=_requested(found) if tab == "requests" else [],
        cabinet=_cabinet(found) if tab == "custody" else None,
        sources=sources_of(found) if tab == "sources" else [],
        alerts=ledger_of(found.id) if tab == "timers" else [],
        silent=SILENT,
        acted=ACTED,
        states=codes.STATES,
        may_begin=can(actor(), "request.start", found),
    )


def _begun(found: Certificate, finding: standing.Finding) -> dt.date | None:
    """The first day of the term that counts today: what was lengthened early begins when the present term ends."""
    deciding = next((one for one in found.versions if one.no == finding.version), found.latest)
    return deciding.valid_from


def _cabinet(found: Certificate) -> dict[str, object]:
    """The originals of a certificate with where they are, and its marked copies, as far as one may see them."""
    originals = db.session.scalars(
        visible(select(Original), actor()).where(Original.certificate_id == found.id)
        .options(joinedload(Original.keeper_unit)).order_by(Original.id)).all()
    copies = visible(select(Copy), actor()).where(Copy.certificate_id == found.id).order_by(Copy.id.desc())
    return {
        "originals": originals,
        "places": all_whereabouts(db.session(), originals),
        "copies": db.session.scalars(copies.limit(20)).all(),
        "keeps": can(actor(), "custody.keep", found),
        "copies_allowed": can(actor(), "copy.make", found),
        "asks": bool(originals) and can(actor(), "loan.ask", found),
    }


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
    note_reading(found, scan=shown)
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
