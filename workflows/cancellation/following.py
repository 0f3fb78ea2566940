"""What a cancellation brings about: who is told, and which certificates must follow (E03 after E02)."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.actor import SYSTEM
from ledger.facts import Fact
from registry.access.grants import holders
from registry.alerts.notices import notify
from registry.certificates.catalogue import type_of
from registry.certificates.codes import LIVE
from registry.certificates.models import Certificate
from registry.people.units import places
from workflows.cancellation.beginning import start
from workflows.requests import Request

FOLLOW = {"E02": ("E03",)}
"""A safety licence is cancelled after the qualification it rests on (S W:zighiqj)."""


def follow(session: Session, fact: Fact) -> None:
    """A qualification is gone: its holder's safety licence is to be cancelled too, once."""
    gone = session.get(Certificate, fact.subject_id)
    if gone is None or gone.type_code not in FOLLOW:
        return
    rows = session.scalars(select(Certificate).where(
        Certificate.holder_unit_id == gone.holder_unit_id, Certificate.type_code.in_(FOLLOW[gone.type_code]),
        Certificate.state.in_(LIVE)).order_by(Certificate.id))
    for certificate in rows:
        start(session, certificate, by=SYSTEM, once_key=f"cancellation:{certificate.id}:after:{gone.id}",
              ground="withdrawn", details={"after": gone.id})


def tell_of_end(session: Session, fact: Fact) -> None:
    """The holder and the custodians are told that it is over."""
    certificate = session.get(Certificate, fact.subject_id)
    if certificate is None:
        return
    keepers = holders(session, [f"custodian@{place}" for place in places(certificate.unit)])
    people = [certificate.holder_person_id] if certificate.holder_person_id else []
    notify(session, [*people, *keepers], fact, "{type}（{holder}）已注销，不得再使用。",
           {"type": type_of(certificate.type_code).name, "holder": certificate.holder_name})


def tell_of_notice(session: Session, fact: Fact) -> None:
    """An authority's notice is an incident: safety and legal are told."""
    request = session.get(Request, fact.subject_id)
    if request is None:
        return
    people = holders(session, [f"{role}@{place}" for role in ("safety_head", "safety", "legal_head", "legal")
                               for place in request.unit_path.strip("/").split("/")])
    notify(session, people, fact, "机关通知注销：{title}。", {"title": request.title})


REACTS = (("certificate.cancelled", follow), ("certificate.cancelled", tell_of_end),
          ("cancellation.noticed", tell_of_notice))
