"""How borrowing begins: chosen at a certificate, or by a loan given out at the counter; and what wakes it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import run
from engine.messaging import messages
from ledger.actor import SYSTEM, Actor
from ledger.facts import Fact
from registry.access.accounts import actor_for
from registry.access.rules import can
from registry.certificates.models import Certificate
from registry.custody.loans import Loan
from registry.custody.reservations import cancel_reservation
from workflows.applying import beginning
from workflows.borrowing.papers import originals_of, reservation_of, scan_of
from workflows.process import Choice
from workflows.requests import Request

PROCESS, NAME = "borrowing", "借阅"
BEGUN: dict[str, Any] = dict.fromkeys((
    "holder_id", "carrier_id", "from_on", "until", "kind", "personal", "outside", "approved", "remind_at", "late_at",
    "block_at", "suspect_at"))
"""What an instance begins with beside beginning.VARIABLES."""


def choices(session: Session, actor: Actor, certificate: Certificate) -> list[Choice]:
    """Whoever may borrow is offered it; with a reason where there is nothing to borrow. One's own draft goes on."""
    if actor.id is None or not can(actor, "loan.ask", certificate):
        return []
    nothing = not originals_of(session, certificate.id) and scan_of(certificate) is None
    return [Choice(PROCESS, NAME, about="借原件，或要一份带水印的副本",
                   why_not="没有登记原件，也没有扫描件。" if nothing else "")]


def begin(session: Session, actor: Actor, certificate: Certificate, _subtype: str) -> Request:
    """A request of the actor's own: several people may ask for one certificate at the same time."""
    return beginning.begin(
        session, PROCESS, certificate.holder, by=actor, kind=certificate.type, certificate=certificate,
        title=f"{certificate.type.name} · {certificate.holder_name}", variables=BEGUN)


def from_counter(session: Session, fact: Fact) -> None:
    """What was given out at the counter is reminded of and escalated like what was applied for. Once for each loan."""
    loan = session.get(Loan, (fact.after or {}).get("loan", 0))
    if loan is None or loan.request_id is not None or not loan.open:
        return
    certificate = loan.original.certificate
    request = beginning.begin(
        session, PROCESS, certificate.holder, by=actor_for(session, loan.person), kind=certificate.type,
        certificate=certificate, subtype="counter", details={"loan": loan.id}, once_key=f"borrowing:loan:{loan.id}",
        title=f"{certificate.type.name} · {certificate.holder_name}",
        variables={**BEGUN, "carrier_id": loan.carrier_id})
    loan.request_id = request.id
    if loan.taken_at is not None:
        _send(session, request, "loan.received")


def wake(session: Session, fact: Fact) -> None:
    """Something happened to the loan: its request goes on, if it waits for that. Called twice it does no harm."""
    loan = session.get(Loan, (fact.after or {}).get("loan", 0))
    request = session.get(Request, loan.request_id) if loan and loan.request_id else None
    if request is not None:
        _send(session, request, fact.kind)


def dropped(session: Session, fact: Fact) -> None:
    """Somebody ended the whole request: the days it had spoken for go to others."""
    request = session.scalar(select(Request).where(Request.instance_id == fact.subject_id))
    waiting = reservation_of(session, request) if request is not None and request.process_id == PROCESS else None
    if waiting is not None:
        cancel_reservation(session, waiting, by=SYSTEM)


def _send(session: Session, request: Request, name: str) -> None:
    if request.instance_id is None:
        return
    run.lock(session, request.instance_id)
    if name in messages.waiting(session, request.instance_id):
        messages.send(session, request.instance_id, name, by=SYSTEM)


REACTS = (
    ("loan.handed_over", from_counter), ("loan.received", wake), ("loan.returned", wake), ("loan.extended", wake),
    ("loan.voided", wake), ("instance.terminated", dropped),
)
