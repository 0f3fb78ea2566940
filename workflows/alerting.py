"""Alerts of certificates meet the matters run about them: what is under way, and what facts mean for alerts."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, joinedload

from engine.model import OPEN, Instance, Task
from engine.time.clocks import last_day
from ledger import clock
from ledger.facts import Fact
from ledger.outbox import Handler
from registry.alerts import acting, planning, silence
from registry.alerts.progress import Progress
from registry.alerts.rules import WINDOW
from registry.certificates.models import Certificate
from registry.custody.loans import Loan
from workflows.promises import promise_of
from workflows.requests import Request

PROLONGING = ("renewal", "review")
"""The processes at whose end a certificate ends later."""


def under_way(session: Session, certificate_id: int) -> Progress | None:
    """The open request that would give the certificate a later end: what it waits for, when it is promised.

    What the system began and nobody has touched yet is not under way.
    """
    touched = exists().where(Task.instance_id == Request.instance_id, Task.completed_by.is_not(None))
    request = session.scalar(
        select(Request).join(Instance, Instance.id == Request.instance_id)
        .where(Request.certificate_id == certificate_id, Request.process_id.in_(PROLONGING),
               Instance.ended_at.is_(None), Request.applicant_id.is_not(None) | touched)
        .options(joinedload(Request.instance)).order_by(Request.id).limit(1))
    if request is None:
        return None
    step = session.scalar(select(Task.name).where(
        Task.instance_id == request.instance_id, Task.state == OPEN, Task.parent_id.is_(None)).order_by(Task.id)
        .limit(1))
    promise = promise_of(session, request)
    expected = last_day(promise.due_at) if promise is not None and promise.due_at > clock.now() else None
    return Progress(("request", request.id), request.number, step or request.title, expected)


def follow(session: Session, fact: Fact) -> None:
    """A fact of a certificate: alerts without a cause fall silent, a window's day is told, a new end is planned."""
    certificate = session.get(Certificate, fact.subject_id)
    if certificate is None or fact.subject_kind != "certificate":
        return
    silence.settle(session, certificate)
    if fact.kind in WINDOW:
        due = (fact.after or {}).get("due")  # none of a lapse: it comes with the day
        planning.opened(session, certificate, fact.kind, dt.date.fromisoformat(due) if due else clock.day_of(fact.at))
        return
    planning.learnt(session, certificate)


def lent(session: Session, fact: Fact) -> None:
    """A loan was extended, is back or over: what was warned of its return falls silent."""
    loan = session.get(Loan, (fact.after or {}).get("loan", 0))
    if loan is not None:
        silence.settle(session, loan.original.certificate)


def opened(session: Session, fact: Fact) -> None:
    """Somebody began a matter about a certificate: what it was warned of has been acted on."""
    request = session.get(Request, fact.subject_id)
    if request is not None and request.certificate_id and request.process_id in PROLONGING and request.applicant_id:
        acting.begun(session, request.certificate_id, request.applicant_id, request.applicant_name)


def completed(session: Session, fact: Fact) -> None:
    """The same where the system began it: from the first task on that a person completes."""
    request = session.scalar(select(Request).where(Request.instance_id == fact.subject_id)) if fact.actor_id else None
    if request is not None and request.certificate_id and request.process_id in PROLONGING:
        acting.begun(session, request.certificate_id, fact.actor_id, fact.actor_name)


HANDLERS: tuple[tuple[str, Handler], ...] = (
    ("certificate.", follow), ("loan.", lent), ("request.opened", opened), ("task.completed", completed),
)

__all__ = ["HANDLERS", "follow", "under_way"]
