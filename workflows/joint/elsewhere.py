"""A countersign about something else than a certificate: a unit, or another request that somebody has in hand."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import Instance
from ledger.actor import Actor
from ledger.facts import Fact, FactAbout, record
from registry.access.rules import Thing, can
from registry.certificates.models import Holder
from registry.people.units import Unit
from workflows.applying import beginning, opening
from workflows.joint.asking import BEGUN, NAME
from workflows.joint.reading import PROCESS
from workflows.process import Choice
from workflows.requests import Request
from workflows.sharing import copies

MOST = 20


def choices_at(session: Session, actor: Actor, subject: Unit | Request) -> list[Choice]:
    """Whoever may begin requests for the unit; about a request, its applicant and whoever has or had a task of it, and
    no countersign about a countersign. One's own draft goes on."""
    if actor.id is None or not _may(session, actor, subject):
        return []
    about = "请几位同事对这个单位的事项一起表态" if isinstance(subject, Unit) else "请几位同事对这项申请一起表态"
    return [Choice(PROCESS, NAME, about=about, open=_draft(session, actor, subject))]


def _may(session: Session, actor: Actor, subject: Unit | Request) -> bool:
    if isinstance(subject, Unit):
        return subject.closed_on is None and can(
            actor, "request.start", Thing(subject.path, beginning.family_of(subject)))
    return subject.process_id != PROCESS and copies.may_give(session, actor, subject)


def _draft(session: Session, actor: Actor, subject: Unit | Request) -> Request | None:
    rows = session.scalars(select(Request).join(Instance, Request.instance_id == Instance.id).where(
        Request.applicant_id == actor.id, Request.process_id == PROCESS, Request.certificate_id.is_(None),
        Request.submitted_at.is_(None), Instance.ended_at.is_(None)).order_by(Request.id))
    about = None if isinstance(subject, Unit) else subject.id
    kind, number = ("unit", subject.id) if isinstance(subject, Unit) else (subject.holder_kind, subject.holder_id)
    return next((row for row in rows if row.details.get("about") == about
                 and (row.holder_kind, row.holder_id) == (kind, number)), None)


def begin_at(session: Session, actor: Actor, subject: Unit | Request, _subtype: str) -> Request:
    """A countersign of the actor's own. The request that it is about does not wait for it; its story tells of it."""
    if isinstance(subject, Unit):
        return beginning.begin(session, PROCESS, subject, by=actor, title=f"{NAME} · {subject.name}", variables=BEGUN)
    holder: Holder = opening.holder_of(session, subject.holder_kind, subject.holder_id)
    made = beginning.begin(
        session, PROCESS, holder, by=actor, kind=subject.kind, title=f"{NAME} · {subject.title}",
        variables=BEGUN, details={"about": subject.id})
    record(session, "joint.asked", ("request", subject.id), by=actor, group_id=subject.group_id,
           after={"number": made.number, "request": made.id})
    return made


def of_request(session: Session, request: Request) -> list[Request]:
    """The countersigns that were begun about a request, oldest first."""
    facts = session.scalars(select(Fact).join(FactAbout, FactAbout.fact_id == Fact.id).where(
        FactAbout.kind == "request", FactAbout.subject_id == request.id, Fact.kind == "joint.asked")
        .order_by(Fact.id).limit(MOST))
    numbers = [int((fact.after or {})["request"]) for fact in facts]
    return list(session.scalars(select(Request).where(Request.id.in_(numbers)).order_by(Request.id))) if numbers else []
