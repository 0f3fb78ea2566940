"""Where a notice, a letter or an alert leads whoever reads it: to the matter or the thing, as far as they may open it.

What was told does not say what each reader may read: whoever is told that a renewal is under way, and may not read it,
sees the certificate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import OPEN, Task
from engine.usertasks import offers, tasks
from ledger.actor import Actor
from ledger.errors import NotFound
from ledger.facts import Subject
from registry.access.rules import can
from registry.alerts import progress
from registry.alerts.model import Alert
from registry.alerts.notices import Notice
from registry.certificates.models import Certificate
from web.places import place_of
from workflows import requests
from workflows.alerting import PROLONGING
from workflows.requests import Request


def of_alert(session: Session, actor: Actor, alert: Alert) -> str | None:
    """What to open of an alert: one's own task of the renewal under way, the renewal, else the certificate."""
    return _first(session, actor, _of_certificate(session, actor, alert.certificate_id))


def of_notice(session: Session, actor: Actor, notice: Notice) -> str | None:
    """What to open of a notice; None where nothing of it may be read (any more)."""
    return _first(session, actor, _of_notice(session, actor, notice))


def _of_notice(session: Session, actor: Actor, notice: Notice) -> Iterator[Subject]:
    fact = notice.fact
    if fact.kind.startswith("alert.") and fact.subject_kind == "certificate":
        yield from _of_certificate(session, actor, fact.subject_id)
    yield notice.subject_kind, notice.subject_id
    if notice.subject_kind == "task" and (task := session.get(Task, notice.subject_id)) is not None:
        number = session.scalar(select(Request.id).where(Request.instance_id == task.instance_id))
        if number is not None:
            yield "request", number
    if fact.subject_kind in READABLE:
        yield fact.subject_kind, fact.subject_id


def _of_certificate(session: Session, actor: Actor, certificate_id: int) -> Iterator[Subject]:
    """As it is now, whatever it was when it was told."""
    yield from _own_tasks(session, actor, certificate_id)
    if (matter := progress.of(session, certificate_id)) is not None:
        yield matter.subject
    yield "certificate", certificate_id


def _own_tasks(session: Session, actor: Actor, certificate_id: int) -> Iterator[Subject]:
    """What the actor may do now for the certificate's renewal, the oldest first; also where nobody has begun yet."""
    query = select(Task).join(Request, Request.instance_id == Task.instance_id).where(
        Request.certificate_id == certificate_id, Request.process_id.in_(PROLONGING), Task.state == OPEN)
    for task in session.scalars(query.order_by(Task.id)):
        if offers.offered(session, task, actor):
            yield "task", task.id


def _first(session: Session, actor: Actor, subjects: Iterator[Subject]) -> str | None:
    for kind, number in subjects:
        ask = READABLE.get(kind)
        if (ask is None or ask(session, actor, number)) and (place := place_of(kind, number)):
            return place
    return None


def _task(session: Session, actor: Actor, number: int) -> bool:
    try:
        tasks.get(session, number, actor)
    except NotFound:
        return False
    return True


def _certificate(session: Session, actor: Actor, number: int) -> bool:
    found = session.get(Certificate, number)
    return found is not None and can(actor, "certificate.read", found)


READABLE: dict[str, Callable[[Session, Actor, int], bool]] = {
    "request": requests.readable, "task": _task, "certificate": _certificate}
"""Whose pages ask who reads them, so that nobody is led to one that they may not open; the other kinds are led to."""
