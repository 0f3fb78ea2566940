"""Change h from outside the group: somebody brings along a certificate of another province that we never held."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import Instance
from ledger import clock
from ledger.actor import Actor
from ledger.errors import BadAnswer, NotAllowed, NotFound, Problem
from registry.certificates.kinds import CertificateType
from registry.people.persons import Person, person_of
from workflows.applying import opening
from workflows.applying.beginning import begin, counter
from workflows.process import Act, Answers
from workflows.requests import Request
from workflows.transfer.kinds import INWARD, LEAVING_PROVINCE, NAMES, USUAL_DAYS

PROCESS = "transfer"


def offered(type_code: str) -> bool:
    """Whether certificates of this type go from province to province."""
    return type_code in LEAVING_PROVINCE and type_code in opening.offered()


def open_request(session: Session, actor: Actor, type_code: str, holder_kind: str, holder_id: int) -> Request:
    """Begin it for a person of ours; what is open for the same is given back. NotFound, NotAllowed."""
    if holder_kind != "person" or not offered(type_code):
        raise NotFound
    person = person_of(session, holder_id)
    if not opening.may_open(actor, type_code, person):
        raise NotAllowed
    counter(session, person.group_id)
    if before := _running(session, actor, type_code, person):
        return before
    kind = opening.kind_for(person, type_code)
    due = {"due_on": (clock.today() + dt.timedelta(days=USUAL_DAYS)).isoformat()}
    return begin(session, PROCESS, person, by=actor, kind=kind, subtype=INWARD, details=due, variables=due,
                 title=f"{NAMES[INWARD]} · {kind.name} · {person.name}")


def _running(session: Session, actor: Actor, type_code: str, person: Person) -> Request | None:
    return session.scalar(select(Request).join(Instance, Request.instance_id == Instance.id).where(
        Request.process_id == PROCESS, Request.subtype == INWARD, Request.type_code == type_code,
        Request.holder_kind == "person", Request.holder_id == person.id, Request.applicant_id == actor.id,
        Request.submitted_at.is_(None), Instance.ended_at.is_(None)).order_by(Request.id).limit(1))


def part_of(kind: CertificateType) -> Any:
    """The coded field that tells certificates of a type apart (P02: the trade), if it has one."""
    return next((field for field in kind.fields if field.key in kind.number.unique_by and field.options), None)


def given(session: Session, request: Request) -> Answers:
    """T1: the trades to choose from."""
    part = part_of(opening.kind_for(person_of(session, request.holder_id), request.type_code))
    options = [{"value": one.value, "label": one.label} for one in part.options] if part else []
    return {"items": options, **request.content}


def asked(act: Act) -> None:
    """T1: whoever has the same here already cannot bring it in (facts 4.4 h); the trade is the request's."""
    if act.answers["verdict"] != "submit":
        return
    part = part_of(opening.kind_for(person_of(act.session, act.request.holder_id), act.request.type_code))
    if part is not None and not act.answers.get("item"):
        raise BadAnswer({"item": [Problem("请选择工种。")]})
    act.request.item = act.answers.get("item") or ""
