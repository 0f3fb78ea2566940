"""Due days of certificates become facts, each once: one transaction for each timer, whoever else is sweeping."""

from __future__ import annotations

import logging
from collections.abc import Collection

from sqlalchemy import Engine, Select, select
from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import SYSTEM
from ledger.db import Bell, reading, unit
from ledger.facts import record
from ledger.failpoints import fp
from registry.certificates.endings import lapse
from registry.certificates.models import Certificate, CertificateTimer

log = logging.getLogger("licet.certificates")
FACTS = {
    "opens": "certificate.window_opened", "hand_in": "certificate.hand_in_reached",
    "target": "certificate.target_reached", "closes": "certificate.closed", "susp_end": "certificate.suspension_ends",
    "duty": "certificate.review_opened",
}
"""The fact of each kind; "lapses" ends the certificate, which records certificate.lapsed."""


def sweep(engine: Engine, *, limit: int = 100, bell: Bell | None = None) -> int:
    """Fire the timers that are due, oldest first, at most `limit`; how many fired.

    One that raises is logged and left for the next sweep; the others go on.
    """
    fired, stuck = 0, set[int]()
    with reading(engine) as session:
        if session.scalar(_due(stuck)) is None:
            return 0
    for _ in range(limit):
        with reading(engine) as session:
            timer_id = session.scalar(_due(stuck))
        if timer_id is None:
            break
        try:
            with unit(engine, bell) as session:
                fired += fire(session, timer_id)
                fp("certificate_timer.before_commit")
            fp("certificate_timer.after_commit")
        except Exception:
            log.exception("certificate timer %s did not fire", timer_id)
        stuck.add(timer_id)  # fired here, held by another sweep, or failing: not again in this sweep
    return fired


def _due(skip: Collection[int]) -> Select[int]:
    query = (
        select(CertificateTimer.id)
        .where(CertificateTimer.fired_at.is_(None), CertificateTimer.cancelled_at.is_(None),
               CertificateTimer.due_at <= clock.now())
        .order_by(CertificateTimer.due_at, CertificateTimer.id).limit(1)
    )
    return query.where(CertificateTimer.id.not_in(skip)) if skip else query


def fire(session: Session, timer_id: int) -> bool:
    """Fire one timer in this transaction; False when it is no longer waiting, not due, or locked by somebody else."""
    found = session.execute(
        select(CertificateTimer, Certificate).join(Certificate, Certificate.id == CertificateTimer.certificate_id)
        .where(CertificateTimer.id == timer_id, CertificateTimer.fired_at.is_(None),
               CertificateTimer.cancelled_at.is_(None), CertificateTimer.due_at <= clock.now())
        .with_for_update(skip_locked=True, of=[Certificate, CertificateTimer])
        .execution_options(populate_existing=True)).first()
    if found is None:
        return False
    timer, certificate = found
    timer.fired_at = clock.now()
    if timer.kind == "lapses":
        lapse(session, certificate)
        return True
    record(session, FACTS[timer.kind], ("certificate", certificate.id), by=SYSTEM, group_id=certificate.group_id,
           about=certificate.concerned, key=f"certificate-timer:{timer.id}",
           after={"due": timer.due_on.isoformat(), "confirmed": timer.confirmed, "type": certificate.type_code,
                  "ends": certificate.ends_on.isoformat() if certificate.ends_on else None})
    return True
