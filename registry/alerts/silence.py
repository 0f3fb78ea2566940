"""An alert whose cause has gone falls silent at once: it climbs no more, and counts as unread with nobody."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session, selectinload

from ledger import clock
from ledger.facts import Fact, FactAbout
from registry.alerts.causes import Case
from registry.alerts.model import LOAN, Alert
from registry.alerts.notices import Notice
from registry.alerts.raising import CLIMBED, RAISED
from registry.certificates.models import Certificate
from registry.custody.loans import Loan


def settle(session: Session, certificate: Certificate) -> int:
    """Something happened to a certificate, or to an original of it: alerts whose cause is gone fall silent; how many
    did."""
    waiting = session.scalars(select(Alert).where(
        Alert.certificate_id == certificate.id, Alert.silent_at.is_(None)).options(selectinload(Alert.told))).all()
    gone = [(alert, case) for alert in waiting if not (case := _case(session, certificate, alert)).there]
    for alert, case in gone:
        alert.silent_at, alert.silent_why, alert.escalate_at = clock.now(), _why(case), None
    _hush(session, certificate, [alert for alert, _ in gone])
    return len(gone)


def _case(session: Session, certificate: Certificate, alert: Alert) -> Case:
    loan = session.get(Loan, alert.matter_id) if alert.cause == LOAN else None
    return Case(certificate, alert.cause, alert.term, loan)


def _why(case: Case) -> str:
    if case.loan is not None:
        return "moved" if case.loan.open else "returned"
    ends_on = case.certificate.ends_on
    if ends_on == case.term:
        return "over"
    return "renewed" if ends_on is None or ends_on > case.term else "moved"


def _hush(session: Session, certificate: Certificate, gone: list[Alert]) -> None:
    """Their notices are unread with nobody; those of alerts that still stand stay."""
    if not gone:
        return
    people, numbers = {each.person_id for alert in gone for each in alert.told}, {alert.id for alert in gone}
    facts = session.scalars(select(Fact).join(FactAbout, Fact.id == FactAbout.fact_id).where(
        FactAbout.kind == "certificate", FactAbout.subject_id == certificate.id, Fact.kind.in_((RAISED, CLIMBED))))
    told = [fact.id for fact in facts if (fact.after or {}).get("alert") in numbers]
    session.execute(update(Notice).where(
        Notice.person_id.in_(people), Notice.read_at.is_(None), Notice.fact_id.in_(told)).values(
        read_at=clock.now()), execution_options={"synchronize_session": False})


__all__ = ["settle"]
