"""带水印的副本: made for one purpose, downloaded, traced by its mark; the page behind the mark is open to all."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, current_app, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload
from werkzeug.wrappers import Response

from ledger import clock
from ledger.errors import BadAnswer, NotAllowed, NotFound, Problem
from ledger.files import path_of
from registry.access.rules import can, visible
from registry.certificates.catalogue import type_of
from registry.certificates.models import Certificate, Scan, Version
from registry.custody import copies
from registry.custody.copies import MOST_DAYS, Copy
from registry.custody.loans import PURPOSES, Loan, open_loans
from registry.custody.watermark import CannotMark
from web import once
from web.asked import whole
from web.cabinet.custody import day_of, done_before, note_reading, wish, wrong
from web.files import INERT, folder
from web.guard import actor, needs, public
from web.ledgers.certificate import certificate_of
from web.ledgers.certificate_pdf import public_address
from web.ledgers.verify import holder_words
from web.limits import VERIFY, limiter
from web.requests.story import tell
from web.session import db

bp = Blueprint("copies", __name__)
DRAWABLE = ("application/pdf", "image/png", "image/jpeg", "image/webp")


@bp.before_app_request
def _told_where() -> None:
    """Without a public address in the settings, the codes of copies lead to where the visitor came in."""
    if not current_app.extensions["licet_config"].url:
        copies.keep_in(folder(), request.host_url + "c/")


@bp.get("/certificates/<int:certificate_id>/copies/new")
@needs("copy.make")
def new(certificate_id: int) -> ResponseReturnValue:
    """Which scan, what for, until when."""
    return _new_page(_copied(certificate_id))


def _copied(certificate_id: int) -> Certificate:
    found = certificate_of(certificate_id)
    if not can(actor(), "copy.make", found):
        raise NotAllowed
    return found


def _scans(found: Certificate) -> list[Scan]:
    return [scan for version in reversed(found.versions) for scan in version.scans
            if scan.file.media_type in DRAWABLE]


def _loans(found: Certificate) -> list[Loan]:
    return [loan for loan in open_loans(db.session(), certificate=found.id)
            if actor().id in (loan.person_id, loan.carrier_id) or can(actor(), "custody.keep", loan)]


def _new_page(found: Certificate, error: BadAnswer | None = None) -> ResponseReturnValue:
    page = render_template(
        "custody/new_copy.html", found=found, scans=_scans(found), loans=_loans(found), purposes=PURPOSES,
        form=request.form, once=once.fresh(), usual=clock.today() + dt.timedelta(days=30),
        latest=clock.today() + dt.timedelta(days=MOST_DAYS - 1), **wrong(error),
    )
    return page, error.status if error else 200


@bp.post("/certificates/<int:certificate_id>/copies")
@needs("copy.make")
@limiter.limit("20 per minute", key_func=lambda: f"copy|{actor().id}")
def make(certificate_id: int) -> ResponseReturnValue:
    """Draw it. The drawing takes seconds and holds no transaction: what was read is read again afterwards."""
    found, key = _copied(certificate_id), wish("copy.made")
    if before := done_before(key):
        return redirect(url_for("copies.copy", copy_id=before.subject_id), 303)
    try:
        scan, loan = _scan(found), _loan(found)
        draft = copies.drafted(found, purpose=request.form.get("purpose", ""), loan=loan,
                               purpose_note=request.form.get("purpose_note", ""), until=day_of(request.form, "until"))
        place, kind = path_of(folder(), scan.file), scan.file.media_type
        scan_id, loan_id = scan.id, loan.id if loan else None
        db.session.rollback()
        drawn = copies.draw(place, kind, draft, public_address("/c/"))
    except BadAnswer as error:
        db.session.rollback()
        return _new_page(_copied(certificate_id), error)
    except CannotMark as error:
        db.session.rollback()
        return _new_page(_copied(certificate_id), BadAnswer({"scan": [Problem(error.message)]}))
    session = db.session()
    made = copies.make(session, folder(), session.get_one(Scan, scan_id), draft, drawn, by=actor(),
                       loan=session.get(Loan, loan_id) if loan_id else None, once=key)
    flash(_("副本已制作，水印标识 %(mark)s。", mark=made.mark), "ok")
    return redirect(url_for("copies.copy", copy_id=made.id), 303)


def _scan(found: Certificate) -> Scan:
    wanted = request.form.get("scan", type=whole)
    scan = next((one for one in _scans(found) if one.id == wanted), None)
    if scan is None:
        raise BadAnswer({"scan": [Problem("请选择扫描件。")]})
    return scan


def _loan(found: Certificate) -> Loan | None:
    wanted = request.form.get("loan", type=whole)
    return next((one for one in _loans(found) if one.id == wanted), None) if wanted else None


def _copy(copy_id: int) -> Copy:
    query = visible(select(Copy), actor()).where(Copy.id == copy_id)
    found = db.session.scalar(query.options(joinedload(Copy.certificate), joinedload(Copy.file)))
    if found is None:
        raise NotFound
    return found


@bp.get("/copies/<int:copy_id>")
@needs("custody.read")
def copy(copy_id: int) -> str:
    """What it was made for, until when, by whom, for which loan; the download."""
    found = _copy(copy_id)
    return render_template("custody/copy.html", copy=found, revocable=_revocable(found), told=tell(("copy", found.id)),
                           address=public_address(url_for("copies.verification", mark=found.mark)))


def _revocable(found: Copy) -> bool:
    return found.revoked_at is None and (found.by_id == actor().id or can(actor(), "custody.keep", found))


@bp.get("/copies/<int:copy_id>/copy.pdf")
@needs("custody.read")
def content(copy_id: int) -> Response:
    """The marked PDF, as a download; not once it was revoked."""
    found = _copy(copy_id)
    if found.revoked_at is not None:
        raise copies.Revoked
    note_reading(found.certificate, copy=found)
    answer = send_file(path_of(folder(), found.file).absolute(), mimetype="application/pdf", as_attachment=True,
                       download_name=found.file.name)
    answer.headers.update(INERT)
    return answer


@bp.post("/copies/<int:copy_id>/revocation")
@needs("custody.read")
def revoke(copy_id: int) -> ResponseReturnValue:
    """It is not to be relied on any more."""
    found = _copy(copy_id)
    if found.revoked_at is None and not _revocable(found):
        raise NotAllowed
    copies.revoke(db.session(), found, by=actor())
    flash(_("已作废，扫码核验会显示不可使用。"), "ok")
    return redirect(url_for("copies.copy", copy_id=found.id), 303)


@bp.get("/c/<mark>")
@public
@limiter.limit(VERIFY)
def verification(mark: str) -> ResponseReturnValue:
    """内部核验 of a copy: what it was made for and until when; the way back to the loan for those who may read it."""
    found = copies.of_mark(db.session(), mark[:40])
    if found is None:
        return render_template("custody/verify_copy.html", copy=None, at=clock.now()), 404
    certificate = db.session.scalar(
        select(Certificate).where(Certificate.id == found.certificate_id)
        .options(selectinload(Certificate.versions).joinedload(Version.scans), joinedload(Certificate.unit)))
    assert certificate is not None
    return render_template(
        "custody/verify_copy.html", copy=found, at=clock.now(), kind=type_of(found.type_code),
        holder=holder_words(certificate), usable=found.usable(clock.today()), inside=_may_follow(found))


def _may_follow(found: Copy) -> bool:
    from flask_login import current_user

    return bool(current_user.is_authenticated) and can(actor(), "custody.read", found)
