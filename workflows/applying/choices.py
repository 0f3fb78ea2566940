"""What may be begun about a certificate, a unit or a request, by whom, and beginning it."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.actor import Actor
from ledger.errors import Conflict, NotFound
from registry.access.rules import visible
from registry.certificates.models import Certificate
from registry.people.units import Unit
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
    found = _chosen(process.choices(session, actor, certificate), subtype)
    return found.open or process.begin(session, actor, certificate, subtype)


def of_subject(session: Session, actor: Actor, subject: Unit | Request) -> list[Choice]:
    """What this actor is offered about a unit or a request."""
    return [choice for process in CATALOG.values() if process.choices_at is not None
            for choice in process.choices_at(session, actor, subject)]


def begin_at(session: Session, actor: Actor, subject: Unit | Request, process_id: str, subtype: str = "") -> Request:
    """Begin what was chosen about a unit or a request that the actor sees; as `begin`."""
    process = CATALOG.get(process_id)
    if process is None or process.begin_at is None or process.choices_at is None:
        raise NotFound
    found = _chosen(process.choices_at(session, actor, subject), subtype)
    return found.open or process.begin_at(session, actor, subject, subtype)


def _chosen(offered: Iterable[Choice], subtype: str) -> Choice:
    found = next((one for one in offered if one.subtype == subtype), None)
    if found is None:
        raise NotFound
    if found.open is None and found.why_not:
        raise NotNow
    return found
