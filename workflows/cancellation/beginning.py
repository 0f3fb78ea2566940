"""Who may begin a cancellation: whoever may start requests for it, or a custodian who has an authority's notice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy.orm import Session

from ledger.actor import SYSTEM, Actor
from registry.access.rules import can
from registry.certificates.chain import ran_out
from registry.certificates.codes import LIVE
from registry.certificates.models import Certificate
from workflows.applying.beginning import about, counter, unfinished
from workflows.process import Choice
from workflows.requests import Request

PROCESS, PASSIVE = "cancellation", "passive"


def choices(session: Session, actor: Actor, certificate: Certificate) -> Iterator[Choice]:
    """The active and the passive way; one that is open already is offered instead of a second."""
    if certificate.state not in LIVE and not ran_out(certificate):
        return
    running = unfinished(session, PROCESS, certificate)
    if can(actor, "request.start", certificate):
        yield Choice(PROCESS, "注销", about="到期未续、离职、完工、报废等：填报情形，核对影响，审批后向机关申报。",
                     open=running)
    if can(actor, "certificate.register", certificate):
        yield Choice(PROCESS, "机关通知注销", PASSIVE, about="机关已作出决定或公告：收回原件，登记注销。",
                     open=running)


def begin(session: Session, actor: Actor, certificate: Certificate, subtype: str) -> Request:
    """Begin it as its beginner's own; a passive one belongs to nobody, the custodians act."""
    return start(session, certificate, by=SYSTEM if subtype == PASSIVE else actor, subtype=subtype)


def start(
    session: Session, certificate: Certificate, *, by: Actor, subtype: str = "", once_key: str | None = None,
    ground: str = "", parent: Request | None = None, details: Mapping[str, Any] | None = None,
) -> Request:
    """A cancellation of the certificate; one that is open, of either way, is given back instead."""
    counter(session, certificate.group_id)  # one at a time: whoever comes second finds the first
    if before := unfinished(session, PROCESS, certificate):
        return before
    return about(session, PROCESS, certificate, by=by, subtype=subtype, once_key=once_key, parent=parent,
                 details={"ground": ground, **(details or {})},
                 title=f"注销 · {certificate.type.name} · {certificate.holder_name}")
