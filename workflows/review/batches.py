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
from ledger.outbox import Handler
from ledger.workdays import calendar
from registry.access.rules import can
from registry.certificates import codes
from registry.certificates.chain import duty_of
from registry.certificates.models import Certificate
from registry.certificates.windows import duty_step
from registry.people.units import Unit, unit_of
from workflows.applying import beginning
from workflows.process import Choice
from workflows.renewal.starting import entered_late, is_review
from workflows.renewal.terms import kind_of
from workflows.requests import Request

PROCESS = "review"
NAME = "复审、检验、监督审核"
ABOUT = "按作业类别、检验机构成批办理，逐人逐台登记结果"
LISTING = "listing"
MOST = 200
"""Certificates of one list: what somebody can go through at once. The next ones begin another."""
NOT_NOW: dict[str, str] = {"ended": "证件已是“{state}”，不能复审。"}


def due_on(certificate: Certificate) -> dt.date:
    """The last day for the next review: of the term where missing it ends the certificate, else of the duty."""
    if is_review(certificate) and certificate.ends_on is not None:
        return certificate.ends_on
    return duty_of(kind_of(certificate), certificate.latest) or certificate.ends_on or clock.today()


def group_of(certificate: Certificate) -> str:
    """What is reviewed together: one trade, or one inspecting body (facts 4.6 V2)."""
    return certificate.item if certificate.holder_person_id is not None else certificate.latest.issuer


def enlist(
    session: Session, certificate: Certificate, *, by: Actor, parent: Request | None = None
) -> Request:
    """Put a certificate on the open list of its company, type and group, or begin one; once in any open review.

    What the system began gets the `parent` of who asks for it later.
    """
    company = _company(session, certificate)
    beginning.counter(session, company.group_id)
    if (before := open_for(session, certificate)) is not None:
        before.parent_id = before.parent_id or (parent.id if parent else None)
        return before
    kind, group = kind_of(certificate), group_of(certificate)
    for request in _open(session, company, certificate.type_code):
        listed = request.details["certificates"]
        if request.instance.stage == LISTING and request.details.get("group") == group and len(listed) < MOST:
            request.details = {**request.details, "certificates": [*listed, certificate.id]}
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
    """V1: a review that ends the certificate when it is missed is due within its window."""
    certificate = session.get(Certificate, fact.subject_id)
    if certificate is None or certificate.ends_on is None or not is_review(certificate):
        return
    if (fact.after or {}).get("ends") == certificate.ends_on.isoformat() and not entered_late(certificate):
        _due(session, certificate, certificate.ends_on)


def duty_opened(session: Session, fact: Fact) -> None:
    """V1: a review that is only owed (E12) comes near; unless it was held since, or the certificate has ended."""
    certificate = session.get(Certificate, fact.subject_id)
    if certificate is None or certificate.state not in codes.LIVE:
        return
    kind, due = kind_of(certificate), duty_of(kind_of(certificate), certificate.latest)
    step = duty_step(kind, due, certificate.ends_on, calendar(session)) if due else None
    if due is not None and step is not None and step.on <= clock.today():
        _due(session, certificate, due)


def _due(session: Session, certificate: Certificate, day: dt.date) -> None:
    """Listed once for each certificate and day."""
    beginning.counter(session, certificate.group_id)
    key = f"review:{certificate.id}:{day}"
    if session.scalar(select(Fact.id).where(Fact.key == key)) is None:
        request = enlist(session, certificate, by=SYSTEM)
        record(session, "review.due", ("certificate", certificate.id), by=SYSTEM, group_id=certificate.group_id,
               about=[("request", request.id)], after={"due": day.isoformat(), "request": request.id}, key=key)


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


REACTS: tuple[tuple[str, Handler], ...] = (
    ("certificate.window_opened", opened), ("certificate.review_opened", duty_opened),
)
