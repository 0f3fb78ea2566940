"""A custodian who has an authority's decision begins a suspension; nobody else can."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.orm import Session

from ledger.actor import SYSTEM, Actor
from ledger.facts import Fact
from registry.access.grants import holders
from registry.access.rules import can
from registry.alerts.notices import notify
from registry.certificates.catalogue import type_of
from registry.certificates.codes import LEAVING, VALID
from registry.certificates.models import Certificate
from registry.people.units import places
from workflows.applying.beginning import about, unfinished
from workflows.process import Choice
from workflows.requests import Request

PROCESS = "suspension"
TOLD: dict[str, str] = {
    "certificate.suspended": "{type}（{holder}）已被暂扣，返还前不得使用。",
    "certificate.given_back": "{type}（{holder}）已返还，恢复有效。",
}


def choices(session: Session, actor: Actor, certificate: Certificate) -> Iterator[Choice]:
    """Offered while the certificate is valid; the open one is offered instead of a second."""
    running = unfinished(session, PROCESS, certificate)
    if can(actor, "certificate.register", certificate) and (running or certificate.state in (VALID, LEAVING)):
        yield Choice(PROCESS, "登记暂扣", about="机关决定暂扣：登记起止日期，整改后申请返还。", open=running)


def begin(session: Session, _actor: Actor, certificate: Certificate, _subtype: str) -> Request:
    """It belongs to nobody: the custodians and the department of the type act."""
    return about(session, PROCESS, certificate, by=SYSTEM,
                 title=f"暂扣与返还 · {certificate.type.name} · {certificate.holder_name}")


def tell(session: Session, fact: Fact) -> None:
    """Holder, custodians and safety are told that it is held back, or valid again."""
    certificate = session.get(Certificate, fact.subject_id)
    if certificate is None:
        return
    people = holders(session, [f"{role}@{place}" for role in ("custodian", "safety")
                               for place in places(certificate.unit)])
    held = [certificate.holder_person_id] if certificate.holder_person_id else []
    notify(session, [*held, *people], fact, TOLD[fact.kind],
           {"type": type_of(certificate.type_code).name, "holder": certificate.holder_name})


REACTS = (("certificate.suspended", tell), ("certificate.given_back", tell))
