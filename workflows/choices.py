"""What may be begun about a certificate, by whom, and beginning it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.actor import Actor
from ledger.errors import Conflict, NotFound
from registry.access.rules import visible
from registry.certificates.models import Certificate
from workflows import CATALOG
from workflows.process import Choice
from workflows.requests import Request


class NotNow(Conflict):
    """这张证件现在不能办理这件事。"""


def of_certificate(session: Session, actor: Actor, certificate: Certificate) -> list[Choice]:
    """What this actor is offered for a certificate, process by process; with a reason where it cannot be begun now."""
    return [
        choice for process in CATALOG.values() if process.choices is not None
        for choice in process.choices(session, actor, certificate)
    ]


def begin(session: Session, actor: Actor, certificate_id: int, process_id: str, subtype: str = "") -> Request:
    """Begin what was chosen; what is open already is given back. NotFound where it is not offered, NotNow with why."""
    certificate = session.scalar(visible(select(Certificate), actor).where(Certificate.id == certificate_id))
    process = CATALOG.get(process_id)
    if certificate is None or process is None or process.begin is None or process.choices is None:
        raise NotFound
    chosen = next((one for one in process.choices(session, actor, certificate) if one.subtype == subtype), None)
    if chosen is None:
        raise NotFound
    if chosen.open is not None:
        return chosen.open
    if chosen.why_not:
        raise NotNow
    return process.begin(session, actor, certificate, subtype)
