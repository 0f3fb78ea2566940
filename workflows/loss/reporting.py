"""How a loss begins: reported at a certificate or an original's page, or suspected; what the forms open with."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import instances, run
from engine.messaging import messages
from ledger import clock
from ledger.actor import SYSTEM, Actor
from ledger.facts import Fact
from registry.access.accounts import actor_for
from registry.access.grants import holders
from registry.access.rules import can
from registry.alerts.notices import notify
from registry.certificates.models import Certificate
from registry.custody.loans import Loan
from registry.custody.originals import Absence, Original, original_of
from registry.people.persons import Person
from registry.people.units import places
from workflows.applying import beginning
from workflows.borrowing.papers import label, originals_of
from workflows.loss.freezing import loss_of, running
from workflows.process import Answers, Choice
from workflows.requests import Request

PROCESS, NAME, FOUND = "loss", "遗失补办", "original.found"


def choices(session: Session, actor: Actor, certificate: Certificate) -> list[Choice]:
    """Whoever may borrow or keeps it may report it lost."""
    if actor.id is None or not (can(actor, "loan.ask", certificate) or can(actor, "custody.keep", certificate)):
        return []
    here, open_ones = originals_of(session, certificate.id), running(session, certificate.id)
    reported_now = {one.details.get("original") for one in open_ones}
    mine = [one for one in open_ones if _draft(one, actor)]
    others = [] if any(one.id not in reported_now for one in here) else open_ones
    nothing = "" if here else "没有登记原件，请先由证照管理员登记。"
    return [Choice(PROCESS, NAME, about="原件丢了：停用、声明作废、申请补发", why_not=nothing,
                   open=next(iter(mine or others), None))]


def _draft(request: Request, actor: Actor) -> bool:
    return request.applicant_id == actor.id and "original" not in request.details


def begin(session: Session, actor: Actor, certificate: Certificate, _subtype: str) -> Request:
    """A report to be filled in; one's own that was not handed in goes on. Each original has a loss of its own."""
    beginning.counter(session, certificate.group_id)
    mine = next((one for one in running(session, certificate.id) if _draft(one, actor)), None)
    return mine or start(session, certificate, by=actor)


def start(session: Session, certificate: Certificate, *, by: Actor, **more: Any) -> Request:
    """A loss, whoever found it out."""
    return beginning.begin(
        session, PROCESS, certificate.holder, by=by, kind=certificate.type, certificate=certificate,
        title=f"{certificate.type.name} · {certificate.holder_name}", variables={"electronic": False}, **more)


def suspect(session: Session, loan: Loan, *, parent: Request) -> Request:
    """T+7 of a loan: 疑似遗失, once for each loan; a loss of this original that is open already is given back."""
    original = loan.original
    beginning.counter(session, original.group_id)
    return loss_of(session, original) or start(
        session, original.certificate, by=SYSTEM, subtype="suspected", parent=parent,
        details={"original": original.id, "loan": loan.id}, once_key=f"loss:loan:{loan.id}")


def reported(session: Session, fact: Fact) -> None:
    """What was reported at the original's or the loan's page goes straight to what has to be done. Once."""
    query = select(Absence).where(Absence.original_id == fact.subject_id, Absence.kind == "lost",
                                  Absence.ended_at.is_(None))
    absence = session.scalar(query)
    if absence is None or absence.request_id is not None:
        return
    who = session.get(Person, absence.by_id) if absence.by_id else None
    beginning.counter(session, absence.group_id)
    request = loss_of(session, absence.original) or start(
        session, absence.original.certificate, by=actor_for(session, who) if who else SYSTEM, subtype="reported",
        details={"original": absence.original_id}, once_key=f"loss:absence:{absence.id}")
    absence.request_id = request.id


def turned_up(session: Session, fact: Fact) -> None:
    """The original was found, or brought back: the loss that waits for that ends. Called twice it does no harm.

    Once a new original took its place the loss goes on to its record; the keepers are told not to use the old one.
    """
    original = session.get(Original, fact.subject_id)
    request = loss_of(session, original) if original is not None else None
    if original is None or request is None or request.instance_id is None:
        return
    run.lock(session, request.instance_id)
    session.refresh(request)
    if request.details.get("reissued"):
        keepers = holders(session, [f"custodian@{place}" for place in places(original.certificate.unit)])
        notify(session, keepers, fact, "{title}：找回的旧原件已由补发的替代，不要再使用，请办理销毁。",
               {"title": request.title}, subject=("request", request.id))
    elif FOUND in messages.waiting(session, request.instance_id):
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
