"""What can be asked for at a certificate, and what a request for it has got so far."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from ledger import clock
from ledger.errors import Problem
from registry.certificates.models import Certificate, Scan
from registry.custody.loans import Loan, loan_of
from registry.custody.originals import KINDS, Original, original_of
from registry.custody.reservations import Reservation
from registry.custody.whereabouts import Place, all_whereabouts
from registry.people.persons import Person, person_of
from registry.people.units import Unit, places
from workflows.process import Answers
from workflows.requests import Request

COPY = "copy"
DRAWABLE = ("application/pdf", "image/png", "image/jpeg", "image/webp")
MOST = 200
PAPER: dict[str, str] = {COPY: "带水印的副本（扫描件、使用件）"}
GONE = (Place.LOST, Place.DESTROYED)


def certificate_of(session: Session, request: Request) -> Certificate:
    """The certificate that is borrowed."""
    return session.get_one(Certificate, request.certificate_id)


def scan_of(certificate: Certificate) -> Scan | None:
    """The newest picture of it that a copy can be made of."""
    scans = [scan for version in certificate.versions for scan in version.scans]
    return next((scan for scan in reversed(scans) if scan.file.media_type in DRAWABLE), None)


def originals_of(session: Session, certificate_id: int) -> list[Original]:
    """The originals of a certificate that are neither lost nor destroyed."""
    rows = session.scalars(
        select(Original).where(Original.certificate_id == certificate_id).order_by(Original.id)).all()
    found = all_whereabouts(session, rows)
    return [row for row in rows if found[row.id].place not in GONE]


def wanted(session: Session, request: Request) -> Original | None:
    """The original that was asked for; None for a copy."""
    asked = str(request.content.get("wanted") or "")
    return original_of(session, int(asked)) if asked.isdigit() else None


def reservation_of(session: Session, request: Request) -> Reservation | None:
    """The days that the request has spoken for and nobody has fetched yet."""
    return session.scalar(select(Reservation).where(
        Reservation.request_id == request.id, Reservation.cancelled_at.is_(None),
        Reservation.handed_out_at.is_(None)))


def loan(session: Session, request: Request) -> Loan:
    """The loan that came of the request, or that it was begun for."""
    return loan_of(session, request.details["loan"])


def day(answers: Mapping[str, Any], key: str) -> dt.date:
    """A date of a form that has been checked."""
    return dt.date.fromisoformat(str(answers[key]))


def choices_for(session: Session, request: Request) -> Answers:
    """B1: what there is to borrow, projects it can be for, colleagues who can fetch it; what was asked before."""
    certificate, borrower = certificate_of(session, request), person_of(session, request.applicant_id or 0)
    papers: list[dict[str, Any]] = [{"value": COPY, "label": PAPER[COPY]}] if scan_of(certificate) else []
    papers += [{"value": str(one.id), "label": label(one).plain()} for one in originals_of(session, certificate.id)]
    people = [{"value": str(one.id), "label": one.name} for one in carriers(session, borrower)]
    sites = [{"value": str(one.id), "label": one.name} for one in projects(session, borrower)]
    return {"papers": papers, "carriers": people, "projects": sites, "carrier": str(borrower.id), "outside": "no",
            "from_on": clock.today().isoformat(), **request.content}


def label(original: Original) -> Problem:
    """正本, 副本 2"""
    known = {"kind": KINDS[original.kind], "serial": original.serial}
    return Problem("{kind} {serial}" if original.serial else "{kind}", known)


def carriers(session: Session, borrower: Person) -> list[Person]:
    """The borrower and those who work at the same unit: any of them may fetch it."""
    working = or_(Person.left_on.is_(None), Person.left_on >= clock.today())
    near = session.scalars(select(Person).where(Person.unit_id == borrower.unit_id, working, Person.id != borrower.id)
                           .order_by(Person.pinyin, Person.id).limit(MOST)).all()
    return [borrower, *near]


def projects(session: Session, borrower: Person) -> list[Unit]:
    """The projects of the borrower's company."""
    above = places(borrower.unit)
    query = select(Unit).where(Unit.kind == "project", Unit.closed_on.is_(None),
                               or_(Unit.parent_id.in_(above), Unit.id == borrower.unit_id))
    return list(session.scalars(query.order_by(Unit.path).limit(MOST)))


def summary(session: Session, request: Request) -> list[Any]:
    """Who borrows what, what for and until when, line by line."""
    content, original = request.content, wanted(session, request)
    lines: list[Any] = [request.title, label(original).plain() if original else "", request.applicant_name,
                        str(content.get("purpose_note") or "")]
    if content.get("from_on") and content.get("until"):
        lines.append(f"{content['from_on']} – {content['until']}")
    carrier = str(content.get("carrier") or "")
    if carrier.isdigit() and int(carrier) != request.applicant_id:
        lines.append(person_of(session, int(carrier)).name)
    return [line for line in lines if line]


def told(session: Session, request: Request) -> Answers:
    """For those who agree: what it is about."""
    return {"summary": summary(session, request)}


GIVEN = {"borrow": choices_for, "consent": told, "hand-over": told, "receive": told}
