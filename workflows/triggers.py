"""What follows from a fact, outside the act that made it: who is told. ledger.outbox.deliver calls these."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import Task
from ledger.actor import SYSTEM
from ledger.facts import Fact, record
from ledger.outbox import Handler
from ledger.workdays import CalendarYear
from registry.access.grants import holders
from registry.access.substitutions import expand
from registry.alerts.notices import notify
from registry.certificates.models import Certificate
from registry.certificates.retiming import retime
from workflows import CATALOG, alerting, children, consequences, imports, nearing, news, outcomes, promises
from workflows.absence import ending, revoking
from workflows.handling import correcting, handing_news, returning
from workflows.requests import Request
from workflows.sharing import comments, consulting, copies, signatures, urging
from workflows.studio import release_news

REQUEST_NEWS = {
    "request.returned": "{title}：需要修改，请按意见补正后重新提交。",
    "authority.accepted": "{title}：机关已受理。",
    "authority.silent": "{title}：机关逾期未答复，依法视为受理。",
    "authority.supplement": "{title}：机关通知补正，请尽快补齐材料。",
    "authority.granted": "{title}：机关准予许可。",
    "authority.denied": "{title}：机关不予许可，请选择后续处理。",
}
RETIMED = "calendar.retimed"
"""So far the waiting days of certificates follow a year that was announced."""


def tell_applicant(session: Session, fact: Fact) -> None:
    """News of a request go to whoever applied, unless they did it themselves."""
    request = session.get(Request, fact.subject_id)
    text = REQUEST_NEWS.get(fact.kind) or news().get(fact.kind)
    if request and text and request.applicant_id and fact.actor_id != request.applicant_id:
        notify(session, [request.applicant_id], fact, text, {"title": request.title})


def tell_of_end(session: Session, fact: Fact) -> None:
    """The end of a process goes to whoever applied, with its outcome."""
    request = session.scalar(select(Request).where(Request.instance_id == fact.subject_id))
    outcome = outcomes().get(str((fact.after or {}).get("outcome")), "")
    if request and request.applicant_id:
        notify(session, [request.applicant_id], fact, "{title}：{outcome}。",
               {"title": request.title, "outcome": outcome}, subject=("request", request.id))


def tell_of_delay(session: Session, fact: Fact) -> None:
    """A task that is late goes to whoever holds it, or to everybody it is offered to, and to whoever stands in for one
    of them; so does its escalation."""
    task = session.get(Task, (fact.after or {}).get("task", 0))
    if task is None or task.state != "open":
        return
    escalated = fact.kind == "task.escalated"
    if not escalated and nearing.reminded(session, task):
        return  # a rule of alerts says it the same morning
    people: list[int] = [task.assignee_id] if task.assignee_id and not escalated else holders(session, task.offer)
    text = "“{task}”超期未办，已升级给您：{title}" if escalated else "“{task}”已逾期：{title}"
    people = expand(session, people, task.process_id)
    notify(session, set(people) - set(task.barred), fact, text, {"task": task.name, "title": task.title},
           subject=("task", task.id))


def tell_of_grant(session: Session, fact: Fact) -> None:
    """A new certificate is announced to its holder and to whoever applied for it."""
    certificate = session.get(Certificate, fact.subject_id)
    if certificate is None:
        return
    request_id = certificate.latest.request_id
    request = session.get(Request, request_id) if request_id else None
    people = _present(certificate.holder_person_id, request.applicant_id if request else None)
    params = {"code": certificate.code, "holder": certificate.holder_name}
    notify(session, people, fact, "{code} 已入库：{holder}", params)


def recompute_terms(session: Session, fact: Fact) -> None:
    """A year's working days were announced, or corrected afterwards: the waiting days of certificates move. A batch
    with each fact, so that no transaction grows with the register; what is not announced yet moves nothing."""
    year = session.get(CalendarYear, fact.subject_id)
    if year is None or not year.confirmed:
        return
    last = retime(session, year.year, (fact.after or {}).get("certificate", 0) if fact.kind == RETIMED else 0)
    if last is not None:
        record(session, RETIMED, ("calendar", year.year), by=SYSTEM, after={"certificate": last})


def _present(*people: int | None) -> Iterable[int]:
    return [person for person in people if person is not None]


HANDLERS: list[tuple[str, Handler]] = [
    ("request.", tell_applicant), ("authority.", tell_applicant), ("instance.ended", tell_of_end),
    ("task.overdue", tell_of_delay), ("task.escalated", tell_of_delay), ("certificate.granted", tell_of_grant),
    *alerting.HANDLERS, ("calendar.", recompute_terms), *promises.HANDLERS, *consequences.HANDLERS,
    *imports.HANDLERS, *returning.HANDLERS, *correcting.HANDLERS, *handing_news.HANDLERS, *comments.HANDLERS,
    *copies.HANDLERS,
    *urging.HANDLERS, *consulting.HANDLERS, *signatures.HANDLERS, *ending.HANDLERS, *revoking.HANDLERS,
    ("instance.ended", children.wake_parent), ("instance.terminated", children.wake_parent),
    *release_news.HANDLERS, *(each for process in CATALOG.values() for each in process.reacts),
]
