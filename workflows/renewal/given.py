"""What the forms of renewal.bpmn open with, beside those of filing and registering."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy.orm import Session

from ledger import clock
from ledger.workdays import months_before
from registry.certificates.catalogue import type_of
from registry.certificates.lifecycle import renewals
from registry.certificates.models import Certificate
from workflows.process import Answers
from workflows.renewal.conditions import NAMES, WHY
from workflows.renewal.terms import kind_of, next_end
from workflows.requests import Request
from workflows.submission import filing

ASKS_ACCIDENT = frozenset({"E03"})
"""安全生产许可证条例 9: without a fatal accident in the term, renewed without a second review."""
ENDED: dict[str, str] = {
    "expired": "有效期已届满，期内没有受理的续期申请，证件失效。", "closed": "已过受理截止日，机关不再受理续期。",
}


def _certificate(session: Session, request: Request) -> Certificate:
    return session.get_one(Certificate, request.certificate_id)


def decision(session: Session, request: Request) -> Answers:
    """N1: which certificate, and by when."""
    certificate = _certificate(session, request)
    days = {key: request.details[key] for key in ("target_on", "closes_on")}
    known = {"number": certificate.number, "renewed": str(renewals(certificate))}
    return {**_which(certificate), **days, **known, "is_person": certificate.holder_person_id is not None}


def _which(certificate: Certificate) -> Answers:
    ends = certificate.ends_on.isoformat() if certificate.ends_on else ""
    return {"certificate": f"{type_of(certificate.type_code).name} · {certificate.holder_name}", "ends_on": ends}


def refusal(_session: Session, request: Request) -> Answers:
    """N2: why it cannot be renewed."""
    return {"why": WHY.get(request.details.get("refused", ""), "")}


def review(_session: Session, request: Request) -> Answers:
    """N4, N5: what was brought for each gap, and what may be sent back."""
    latest: dict[str, dict[str, Any]] = {content.answers["gap"]: content.answers for content in request.contents}
    papers = [
        {"value": key, "label": told["name"], "files": told.get("evidence") or []} for key, told in latest.items()]
    returnable = [{"value": key, "label": told["name"]} for key, told in latest.items() if key != "materials"]
    returnable.append({"value": "materials", "label": NAMES["materials"]})
    return {"documents": papers, "returnable": returnable, "asks_accident": request.type_code in ASKS_ACCIDENT}


def filing_day(session: Session, request: Request) -> Answers:
    """N6: filed today, unless somebody says otherwise; whether the window has closed."""
    closed = clock.today() > dt.date.fromisoformat(request.details["closes_on"])
    return {**filing.filing(session, request), "closed": closed}


def registration(session: Session, request: Request) -> Answers:
    """N8: the number stays; the next term follows on this one."""
    certificate = _certificate(session, request)
    start = certificate.valid_from if request.details.get("presumed_until") else _following(certificate)
    until = certificate.valid_until if request.details.get("presumed_until") else _proposed_end(certificate)
    proposed = {"issuer": certificate.latest.issuer, "valid_from": _iso(start), "valid_until": _iso(until)}
    kept = {"number": certificate.number, "previous_mark": certificate.latest.licence_mark}
    return {**{key: value for key, value in proposed.items() if value}, **(request.grant or {}), **kept}


def _following(certificate: Certificate) -> dt.date | None:
    return certificate.ends_on + dt.timedelta(days=1) if certificate.ends_on else None


def _proposed_end(certificate: Certificate) -> dt.date | None:
    extension = kind_of(certificate).extension
    if extension is None or certificate.ends_on is None:
        return next_end(certificate)
    return months_before(certificate.ends_on, -extension.months)


def _iso(day: dt.date | None) -> str:
    return day.isoformat() if day else ""


def aftermath(session: Session, request: Request) -> Answers:
    """N9: what has lapsed, and how."""
    return {**_which(_certificate(session, request)), "why": ENDED.get(request.details.get("ended", ""), "")}


GIVEN = {
    "renew-decide": decision, "renew-refused": refusal, "renew-review": review,
    "approve": review, "file": filing_day, "register": registration, "renew-lapsed": aftermath,
}
