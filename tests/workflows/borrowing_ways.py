"""Ways through borrowing.bpmn, each as people would take it, and how it ends."""

import datetime as dt

from sqlalchemy import select

from ledger.actor import SYSTEM
from ledger.db import reading, unit
from registry.custody import loans
from registry.custody.originals import Original
from registry.people.persons import person_of
from tests.workflows.cabinet import MONDAY, back, day
from workflows.applying import choices
from workflows.requests import Request


def abandoned(cabinet):
    case = cabinet.passage().begin(lambda session: choices.begin(
        session, cabinet.company.actor(session, "desk"), cabinet.licence, "borrowing"))
    case.later(31)
    return case


def personal(cabinet):
    """The worker's own card, for use outside: holder, legal, vice president."""
    case = cabinet.asked(cabinet.paper("original", cabinet.card), login="applicant", certificate=cabinet.card,
                         outside="yes")
    case.do("worker", "B2_consent", "agree")
    case.do("legal", "B2_legal", "agree")
    case.do("vice", "B2_vice", "approve")
    case.do("custodian", "B3_hand", "handed")
    case.do("applicant", "B3_sign", "received")
    return back(cabinet, case)


def refused(cabinet):
    case = cabinet.asked(cabinet.paper("original", cabinet.card), login="applicant", certificate=cabinet.card)
    case.do("worker", "B2_consent", "refuse", reason="近期要用")
    return case


def illegal(cabinet):
    case = cabinet.asked(cabinet.paper(), outside="yes")
    case.do("legal", "B2_legal", "refuse", reason="用途不明")
    return case


def not_fetched(cabinet):
    case = cabinet.asked(cabinet.paper("duplicate"))
    case.do("approver", "B2_head", "approve")
    case.later(6)
    return case


def unwanted(cabinet):
    case = cabinet.asked(cabinet.paper("duplicate"))
    case.do("approver", "B2_head", "approve")
    case.do("custodian", "B3_hand", "not_fetched", reason="项目取消")
    return case


def late(cabinet):
    """Extended once, then late until a loss is suspected, and voided at last."""
    case = cabinet.out()
    cabinet.act(case, lambda session, loan, by: loans.receive(session, loan, by=by), "desk")
    cabinet.act(case, lambda session, loan, by: loans.extend(
        session, loan, until=dt.date.fromisoformat(day(5)), by=by))
    case.later(14)
    cabinet.act(case, lambda session, loan, by: loans.void(session, loan, by=by))
    return case


def next_waits(cabinet):
    """Sent back once, then lent; somebody waits for it to come back."""
    number = cabinet.paper("duplicate")
    case = cabinet.asked(number)
    case.do("approver", "B2_head", "return", returns=[{"field": "until", "reason": "太长"}])
    case.do("desk", "B1_fill", "submit", wanted=str(number), from_on=day(0), until=day(1))
    case.do("approver", "B2_head", "approve")
    case.do("custodian", "B3_hand", "handed")
    cabinet.asked(number, from_on=day(2), until=day(3))
    return back(cabinet, case)


def at_the_counter(cabinet):
    number = cabinet.paper()
    with unit(cabinet.engine) as session:
        loans.hand_over(session, session.get_one(Original, number), purpose="bid", until=MONDAY.date(), by=SYSTEM,
                        borrower=person_of(session, cabinet.company.people["worker"]))
    case = cabinet.passage()
    case.work()
    with reading(cabinet.engine) as session:
        case.id = session.scalar(select(Request.id).where(Request.subtype == "counter")) or 0
    return back(cabinet, case)


WAYS = {
    abandoned: "void", lambda cabinet: cabinet.asked("copy"): "copied", personal: "returned", refused: "rejected",
    illegal: "rejected", not_fetched: "not_fetched", unwanted: "not_fetched", late: "lost", next_waits: "returned",
    at_the_counter: "returned",
}
