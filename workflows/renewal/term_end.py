"""What becomes of a renewal when the term ends (N7, N9), and the new term that ends it well (N8)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from engine.catalog import Step
from ledger import clock
from ledger.errors import Refused
from ledger.files import File
from registry.certificates import codes, lifecycle
from registry.certificates.chain import require_valid
from registry.certificates.drafting import Paper, Term
from registry.certificates.models import Certificate
from workflows.renewal.steps import noted, remember
from workflows.renewal.terms import next_end
from workflows.requests import Request, RequestFile, of_instance

ARTICLE = "行政许可法第50条"
AT_AUTHORITY = frozenset({"filed", "supplement", "accepted"})
"""The stages in which a request lies with the authority, undecided."""
EVIDENCE = ("receipt", "files", "evidence")
"""The fields whose files show that it was filed and taken in time."""


def judge_expiry(step: Step) -> Mapping[str, Any]:
    """N7: how far the request has come at 24:00 of the last day; what follows says renewal-expiry.dmn.

    Only what lies with the authority counts: what it has refused was decided in time (行政许可法 50).
    """
    request = of_instance(step.session, step.instance_id)
    target, last = _day(step, "target_on"), _day(step, "expires_on")
    granted = any(answer.kind == "granted" for answer in request.authority_answers)
    there = request.instance.stage in AT_AUTHORITY
    certificate = step.session.get_one(Certificate, request.certificate_id)
    return {
        "granted": granted or certificate.ends_on != last,
        "filed": there and _by(request.filed_on, last), "accepted": there and _by(request.accepted_on, last),
        "in_time": there and _by(request.filed_on, target),
    }


def _day(step: Step, name: str) -> dt.date:
    return dt.date.fromisoformat(step.variables[name])


def _by(day: dt.date | None, last: dt.date) -> bool:
    return day is not None and day <= last


def presume(step: Step) -> None:
    """行政许可法 50: no decision by the end of the term counts as renewed. The evidence is kept, the wait goes on.

    The register shows the new term where the type states its months; else only the flag is set.
    """
    request = of_instance(step.session, step.instance_id)
    certificate = step.session.get_one(Certificate, request.certificate_id)
    files = _evidence(step, request)
    until = _presumed(step, request, certificate, files)
    remember(request, presumed=True, presumed_until=until.isoformat() if until else None)
    noted(step, "renewal.presumed", basis=ARTICLE, files=[file.id for file in files],
          until=until.isoformat() if until else None)


def _evidence(step: Step, request: Request) -> list[File]:
    found = select(File).join(RequestFile, RequestFile.file_id == File.id).where(
        RequestFile.request_id == request.id, RequestFile.what.in_(EVIDENCE))
    return list(step.session.scalars(found.order_by(File.id)))


def _presumed(step: Step, request: Request, certificate: Certificate, files: list[File]) -> dt.date | None:
    until, ends = next_end(certificate), certificate.ends_on
    if until is None or ends is None:
        return None
    try:
        with step.session.begin_nested():
            lifecycle.renew(
                step.session, certificate, valid_from=ends + dt.timedelta(days=1), valid_until=until,
                issued_on=clock.today(), issuer=certificate.latest.issuer, by=step.actor, scans=files, presumed=True,
                request_id=request.id)
    except Refused:
        return None  # held back meanwhile: the flag stands, the register does not change
    return until


def hold_back(step: Step) -> None:
    """Filed late: from the end of the term until the approval no new contract may be taken (facts 1.1 E02)."""
    since = _day(step, "expires_on") + dt.timedelta(days=1)
    request = noted(step, "renewal.held_back", since=since.isoformat())
    remember(request, no_new_contracts_from=since.isoformat())


def renew(step: Step) -> None:
    """N8: the new term enters the register, linked to the licence mark before it; timers follow the new end."""
    request = of_instance(step.session, step.instance_id)
    certificate = step.session.get_one(Certificate, request.certificate_id)
    grant = request.grant or {}
    if request.details.get("presumed_until"):
        _confirm(step, request, certificate, grant)
    else:
        lifecycle.renew(
            step.session, certificate, by=step.actor, issuer=grant["issuer"], scans=grant.get("scans") or (),
            licence_mark=grant.get("licence_mark") or "", request_id=request.id, **_dates(grant))
    if "no_new_contracts_from" in request.details:
        remember(request, no_new_contracts_until=clock.today().isoformat())
        noted(step, "renewal.released", since=request.details["no_new_contracts_from"])


def _dates(grant: Mapping[str, Any]) -> dict[str, Any]:
    keys = ("issued_on", "valid_from", "valid_until", "review_on")
    return {key: dt.date.fromisoformat(grant[key]) for key in keys if grant.get(key)}


def _confirm(step: Step, request: Request, certificate: Certificate, grant: Mapping[str, Any]) -> None:
    """The decision that came after a presumed renewal: its paper and dates take the place of what was presumed."""
    require_valid(lifecycle.held(step.session, certificate))
    last, dates = certificate.latest, _dates(grant)
    term = Term(codes.DATED, dates["valid_from"], dates["valid_until"], dates["issued_on"], dates.get("review_on"))
    paper = Paper(grant["issuer"], last.full_fields, grant.get("licence_mark") or "", last.qr, "推定延续后取得正式决定")
    version = lifecycle.follow(
        step.session, certificate, operation=codes.CHANGED, state=codes.VALID, fact="certificate.renewed",
        by=step.actor, term=term, paper=paper, request_id=request.id, holds_from=dates["valid_from"])
    lifecycle.add_scans(step.session, version, grant.get("scans") or (), by=step.actor)


def lapse(step: Step) -> None:
    """N9: the term has ended without a request in time, or the authority takes none any more."""
    request = of_instance(step.session, step.instance_id)
    certificate = step.session.get_one(Certificate, request.certificate_id)
    lifecycle.lapse(step.session, lifecycle.held(step.session, certificate), by=step.actor)
    over = clock.today() > _day(step, "expires_on")
    remember(request, ended="expired" if over else "closed")
    noted(step, "renewal.lapsed", over=over, ends=step.variables["expires_on"], type=request.type_code)


STEPS = {"judge_expiry": judge_expiry, "presume": presume, "hold_back": hold_back, "renew": renew, "lapse": lapse}
