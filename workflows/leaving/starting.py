"""Which facts begin or wake somebody's leaving."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import run
from engine.messaging import messages
from engine.model import Instance
from ledger.actor import SYSTEM
from ledger.facts import Fact, FactAbout
from ledger.outbox import Handler
from registry.people.persons import Person
from registry.people.units import Unit
from workflows.applying.beginning import begin
from workflows.requests import Request

SETTLED, RETURNED = "loan.settled", "person.returned"
ENDS = ("loan.returned", "loan.voided")


def left(session: Session, fact: Fact) -> None:
    """A last day was set (also one to come): once for each person and day."""
    person = session.get(Person, fact.subject_id)
    day = (fact.after or {}).get("on")
    if person is not None and day and person.left_on is not None and person.left_on.isoformat() == day:
        begin(session, "leaving", person, by=SYSTEM, title=f"离职 · {person.name}",
              once_key=f"leaving:{person.id}:{day}:{fact.id}", details={"on": day})


def returned(session: Session, fact: Fact) -> None:
    """They stay, or work here again: what is open ends. Whom another company of the group takes on leaves this one."""
    company = (fact.after or {}).get("company")
    for request in _open(session, fact.subject_id):
        if session.get_one(Unit, request.unit_id).company_id == company:
            _wake(session, request, RETURNED)


def loan_over(session: Session, fact: Fact) -> None:
    """An original came back: whoever waits for it looks again."""
    if fact.kind in ENDS:
        people = select(FactAbout.subject_id).where(FactAbout.fact_id == fact.id, FactAbout.kind == "person")
        for person in session.scalars(people).all():
            for request in _open(session, person):
                _wake(session, request, SETTLED)


def _open(session: Session, person_id: int) -> list[Request]:
    query = select(Request).join(Instance, Request.instance_id == Instance.id).where(
        Request.process_id == "leaving", Request.holder_kind == "person", Request.holder_id == person_id,
        Instance.ended_at.is_(None))
    return list(session.scalars(query.order_by(Request.id)))


def _wake(session: Session, request: Request, name: str) -> None:
    assert request.instance_id is not None
    run.lock(session, request.instance_id)
    if name in messages.waiting(session, request.instance_id):
        messages.send(session, request.instance_id, name, {}, by=SYSTEM)


REACTS: list[tuple[str, Handler]] = [("person.left", left), ("person.returned", returned), ("loan.", loan_over)]
