"""How a loss begins: reported at a certificate or an original's page, or suspected; what the forms open with."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import instances, messages, run
from engine.model import Instance
from ledger import clock
from ledger.actor import SYSTEM, Actor
from ledger.facts import Fact
from registry.access.accounts import actor_for
from registry.access.rules import can
from registry.certificates.models import Certificate
from registry.custody.originals import Absence, Original, original_of
from registry.people.persons import Person
from workflows import beginning
from workflows.borrowing.papers import label, originals_of
from workflows.process import Answers, Choice
from workflows.requests import Request

PROCESS, NAME, FOUND = "loss", "遗失补办", "original.found"


def choices(session: Session, actor: Actor, certificate: Certificate) -> list[Choice]:
    """Whoever may borrow or keeps it may report it lost."""
    if actor.id is None or not (can(actor, "loan.ask", certificate) or can(actor, "custody.keep", certificate)):
        return []
    nothing = "没有登记原件，请先由证照管理员登记。" if not originals_of(session, certificate.id) else ""
    return [Choice(PROCESS, NAME, about="原件丢了：停用、声明作废、申请补发", why_not=nothing,
                   open=beginning.unfinished(session, PROCESS, certificate))]


def begin(session: Session, actor: Actor, certificate: Certificate, _subtype: str) -> Request:
    """A report to be filled in."""
    return beginning.about(session, PROCESS, certificate, by=actor, variables={"electronic": False})


def reported(session: Session, fact: Fact) -> None:
    """What was reported at the original's or the loan's page goes straight to what has to be done. Once."""
    query = select(Absence).where(Absence.original_id == fact.subject_id, Absence.kind == "lost",
                                  Absence.ended_at.is_(None))
    absence = session.scalar(query)
    if absence is None or absence.request_id is not None:
        return
    who = session.get(Person, absence.by_id) if absence.by_id else None
    request = beginning.about(
        session, PROCESS, absence.original.certificate, by=actor_for(session, who) if who else SYSTEM,
        subtype="reported", details={"original": absence.original_id}, once_key=f"loss:absence:{absence.id}",
        variables={"electronic": False})
    absence.request_id = request.id


def turned_up(session: Session, fact: Fact) -> None:
    """The original was found, or brought back: the loss that waits for that ends. Called twice it does no harm."""
    running = select(Request).join(Instance, Request.instance_id == Instance.id).where(
        Request.process_id == PROCESS, Instance.ended_at.is_(None), Request.certificate_id == select(
            Original.certificate_id).where(Original.id == fact.subject_id).scalar_subquery())
    for request in session.scalars(running):
        if request.details.get("original") != fact.subject_id or request.instance_id is None:
            continue
        run.lock(session, request.instance_id)
        if FOUND in messages.waiting(session, request.instance_id):
            messages.send(session, request.instance_id, FOUND, by=SYSTEM)


def originals(session: Session, request: Request) -> Answers:
    """L1: which original; discovered today unless somebody says otherwise."""
    kept = originals_of(session, request.certificate_id or 0)
    rows = [{"value": str(one.id), "label": label(one).plain()} for one in kept]
    return {"originals": rows, "lost_on": clock.today().isoformat(), "police": "no", **request.content}


def told(session: Session, request: Request) -> Answers:
    """L1, L3: which original, and who was the last to have it, line by line."""
    original = original_of(session, request.details["original"])
    lines = [request.title, label(original).plain(), request.content.get("told") or ""]
    return {"summary": [line for line in lines if line]}


def announcement(session: Session, request: Request) -> Answers:
    """L4: what the decision table says for this type."""
    known = instances.variables(session, request.instance_id or 0)
    return {"how": (known.get("notice") or {}).get("how", ""), "published_on": clock.today().isoformat()}


def reissued_today(_session: Session, _request: Request) -> Answers:
    """L6: issued today unless somebody says otherwise."""
    return {"issued_on": clock.today().isoformat(), "remark": "补发"}


GIVEN = {"report-loss": originals, "confirm-loss": told, "redownload": told, "loss-notice": announcement,
         "new-original": reissued_today}
REACTS = (("original.lost", reported), (FOUND, turned_up), ("loan.returned", turned_up))
