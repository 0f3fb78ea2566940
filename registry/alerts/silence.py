"""An alert whose cause has gone falls silent at once: it climbs no more, and counts as unread with nobody."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session, selectinload

from ledger import clock
from ledger.facts import Fact, FactAbout
from registry.alerts.model import Alert
from registry.alerts.notices import Notice
from registry.alerts.raising import CLIMBED, RAISED, there
from registry.certificates.models import Certificate


def settle(session: Session, certificate: Certificate) -> int:
    """Something happened to a certificate: alerts whose cause is gone fall silent; how many did."""
    waiting = session.scalars(select(Alert).where(
        Alert.certificate_id == certificate.id, Alert.silent_at.is_(None)).options(selectinload(Alert.told))).all()
    gone = [alert for alert in waiting if not there(certificate, alert.term)]
    for alert in gone:
        alert.silent_at, alert.silent_why, alert.escalate_at = clock.now(), _why(certificate, alert), None
    _hush(session, certificate, {each.person_id for alert in gone for each in alert.told})
    return len(gone)


def _why(certificate: Certificate, alert: Alert) -> str:
    if certificate.ends_on == alert.term:
        return "over"
    return "renewed" if certificate.ends_on is None or certificate.ends_on > alert.term else "moved"


def _hush(session: Session, certificate: Certificate, people: set[int]) -> None:
    if not people:
        return
    facts = select(FactAbout.fact_id).join(Fact, Fact.id == FactAbout.fact_id).where(
        FactAbout.kind == "certificate", FactAbout.subject_id == certificate.id, Fact.kind.in_((RAISED, CLIMBED)))
    session.execute(update(Notice).where(
        Notice.person_id.in_(people), Notice.read_at.is_(None), Notice.fact_id.in_(facts)).values(
        read_at=clock.now()), execution_options={"synchronize_session": False})


__all__ = ["settle"]
