"""How a review begins: windows that open fall into one list for each company, type and trade (V1, V2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import Instance
from ledger import clock
from ledger.actor import SYSTEM, Actor
from ledger.facts import Fact, record
from registry.access.rules import can
from registry.certificates import codes
from registry.certificates.lifecycle import next_review
from registry.certificates.models import Certificate
from registry.people.units import Unit, unit_of
from workflows import beginning
from workflows.process import Choice
from workflows.renewal.starting import entered_late, is_review
from workflows.renewal.terms import kind_of
from workflows.requests import Request

PROCESS = "review"
NAME = "复审、检验、监督审核"
ABOUT = "按作业类别、检验机构成批办理，逐人逐台登记结果"
LISTING = "listing"
NOT_NOW: dict[str, str] = {"ended": "证件已是“{state}”，不能复审。"}


def due_on(certificate: Certificate) -> dt.date:
    """The last day for the next review: of the term where missing it ends the certificate, else of the duty."""
    if is_review(certificate) and certificate.ends_on is not None:
        return certificate.ends_on
    kind, day = kind_of(certificate), certificate.latest.duty_on
    last = certificate.valid_from or clock.today()
    while day is None or day < clock.today():
        following = next_review(kind, last)
        if following is None or following <= last:
            return certificate.ends_on or clock.today()
        day = last = following
    return day


def group_of(certificate: Certificate) -> str:
    """What is reviewed together: one trade, or one inspecting body (facts 4.6 V2)."""
    return certificate.item if certificate.holder_person_id is not None else certificate.latest.issuer


def enlist(
    session: Session, certificate: Certificate, *, by: Actor, parent: Request | None = None
) -> Request:
    """Put a certificate on the open list of its company, type and group, or begin one; once in any open review."""
    company = _company(session, certificate)
    beginning.counter(session, company.group_id)
    if (before := open_for(session, certificate)) is not None:
        return before
    kind, group = kind_of(certificate), group_of(certificate)
    for request in _open(session, company, certificate.type_code):
        if request.instance.stage == LISTING and request.details.get("group") == group:
            request.details = {**request.details, "certificates": [*request.details["certificates"], certificate.id]}
            _listed(session, request, certificate, by)
            return request
    begun = beginning.begin(
        session, PROCESS, company, by=by, kind=kind, title=" · ".join(filter(None, (kind.name, group))), parent=parent,
        details={"certificates": [certificate.id], "group": group, "results": {}}, variables={"items": []})
    _listed(session, begun, certificate, by)
    return begun


def _listed(session: Session, request: Request, certificate: Certificate, by: Actor) -> None:
    record(session, "review.listed", ("request", request.id), by=by, group_id=request.group_id,
           about=[("certificate", certificate.id)], after={"certificate": certificate.id, "code": certificate.code})


def _company(session: Session, certificate: Certificate) -> Unit:
    number = certificate.unit.company_id
    return unit_of(session, number) if number is not None else certificate.unit


def _open(session: Session, company: Unit, type_code: str) -> Iterable[Request]:
    return session.scalars(select(Request).join(Instance, Request.instance_id == Instance.id).where(
        Request.process_id == PROCESS, Request.holder_kind == "unit", Request.holder_id == company.id,
        Request.type_code == type_code, Instance.ended_at.is_(None)).order_by(Request.id))


def open_for(session: Session, certificate: Certificate) -> Request | None:
    """The open review in which this certificate is still to be dealt with."""
    company = _company(session, certificate)
    return next((one for one in _open(session, company, certificate.type_code) if _waits(one, certificate.id)), None)


def _waits(request: Request, number: int) -> bool:
    details: dict[str, Any] = request.details
    left = details.get("chosen", details["certificates"])
    return number in left and str(number) not in details["results"]


def opened(session: Session, fact: Fact) -> None:
    """V1: a review is due within its window; listed once for each certificate and day."""
    certificate = session.get(Certificate, fact.subject_id)
    if certificate is None or certificate.ends_on is None or not is_review(certificate):
        return
    ends, key = certificate.ends_on.isoformat(), f"review:{certificate.id}:{certificate.ends_on}"
    if (fact.after or {}).get("ends") != ends or entered_late(certificate):
        return
    beginning.counter(session, certificate.group_id)
    if session.scalar(select(Fact.id).where(Fact.key == key)) is None:
        request = enlist(session, certificate, by=SYSTEM)
        record(session, "review.due", ("certificate", certificate.id), by=SYSTEM, group_id=certificate.group_id,
               about=[("request", request.id)], after={"due": ends, "request": request.id}, key=key)


def choices(session: Session, actor: Actor, certificate: Certificate) -> Sequence[Choice]:
    """A review, where the type knows one; or why not now."""
    review = kind_of(certificate).review
    periodic = review is not None and review.months is not None and not review.year_to
    allowed = can(actor, "request.start", certificate) or can(actor, "certificate.register", certificate)
    if not allowed or not (is_review(certificate) or periodic):
        return ()
    why = "" if certificate.state in codes.LIVE else NOT_NOW["ended"]
    params = {"state": codes.STATES[certificate.state]} if why else {}
    return (Choice(PROCESS, NAME, about=ABOUT, why_not=why, params=params, open=open_for(session, certificate)),)


def begin(session: Session, actor: Actor, certificate: Certificate, _subtype: str) -> Request:
    """What `choices` offers."""
    return enlist(session, certificate, by=actor)
