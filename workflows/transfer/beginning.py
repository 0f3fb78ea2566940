"""Who may begin which change of a certificate, and what an instance begins with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy.orm import Session

from ledger.actor import Actor
from registry.access.rules import can
from registry.certificates.codes import LIVE
from registry.certificates.models import Certificate
from workflows.applying.beginning import about, unfinished
from workflows.process import Choice
from workflows.requests import Request
from workflows.transfer.kinds import ABOUT, FITS, NAMES, due_on

PROCESS = "transfer"


def choices(session: Session, actor: Actor, certificate: Certificate) -> Iterator[Choice]:
    """Every kind of change that fits; one that is open already is offered instead of a second."""
    if certificate.state not in LIVE or not can(actor, "request.start", certificate):
        return
    for kind, fits in FITS.items():
        if fits(certificate):
            yield Choice(PROCESS, NAMES[kind], kind, about=ABOUT[kind],
                         open=unfinished(session, PROCESS, certificate, kind))


def begin(session: Session, actor: Actor, certificate: Certificate, subtype: str) -> Request:
    """Begin it as its beginner's own."""
    return start(session, certificate, subtype, by=actor)


def start(
    session: Session, certificate: Certificate, subtype: str, *, by: Actor, due: dt.date | None = None,
    parent: Request | None = None, details: Mapping[str, Any] | None = None, once_key: str | None = None,
) -> Request:
    """A change of this kind; the open one is given back instead of a second. `due` is its last day."""
    last = due or due_on(session, certificate)
    return about(
        session, PROCESS, certificate, by=by, subtype=subtype, parent=parent, once_key=once_key,
        details={"due_on": last.isoformat(), **(details or {})}, variables={"due_on": last.isoformat()},
        title=f"{NAMES[subtype]} · {certificate.type.name} · {certificate.holder_name}")
