"""P-BORROW: every element is reached; copies at once, two signatures, reminders, and T+7 becomes a suspected loss."""

import datetime as dt

import pytest
from sqlalchemy import select

from engine.model import Instance
from ledger.actor import SYSTEM
from ledger.db import reading, unit
from ledger.errors import BadAnswer
from registry.custody import loans
from registry.custody.copies import Copy
from registry.custody.days import TakenDay
from registry.custody.originals import Original
from registry.people.persons import person_of
from tests.workflows.cabinet import MONDAY, back, day
from tests.workflows.passage import elements
from workflows import choices
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


@pytest.mark.timeout(200)
def test_every_element_of_the_drawing_is_reached(cabinet, clock):
    seen = set()
    for way, outcome in WAYS.items():
        clock.move_to(MONDAY)
        case = way(cabinet)
        assert case.outcome() == outcome, way
        seen |= case.visited()
    assert elements("borrowing") - seen == set()


def test_a_copy_is_there_at_once_and_belongs_to_whoever_asked(cabinet):
    case = cabinet.asked("copy")
    case.work()
    with reading(cabinet.engine) as session:
        copy = session.scalars(select(Copy)).one()
        assert (copy.by_id, copy.request_id, copy.purpose_note) == (
            cabinet.company.people["desk"], case.id, "滨江花园二期投标")
    assert "{title}的副本已制作，可以下载，{day}前使用。" in cabinet.told("desk")


def test_a_day_that_is_taken_is_said_at_the_form(cabinet):
    number = cabinet.paper("duplicate")
    cabinet.asked(number)
    with pytest.raises(BadAnswer) as refused:
        cabinet.asked(number)
    assert set(refused.value.problems) == {"wanted"}


def test_a_no_gives_the_days_back(cabinet):
    illegal(cabinet)
    with reading(cabinet.engine) as session:
        assert session.scalars(select(TakenDay.day)).all() == []


def test_lateness_is_told_to_ever_more_people_and_begins_one_loss(cabinet):
    case = cabinet.out()
    told, people = [], ("desk", "approver", "custodian")
    for days in (2.5, 2, 2, 5):
        case.later(days)
        told.append([sum("原件" in text for text in cabinet.told(login)) for login in people])
    assert told == [[1, 0, 0], [2, 1, 0], [3, 1, 1], [4, 2, 2]]
    with reading(cabinet.engine) as session:
        begun = session.scalars(select(Request).where(Request.process_id == "loss")).all()
        assert [(one.subtype, one.parent_id) for one in begun] == [("suspected", case.id)]


def test_what_comes_back_after_all_ends_the_suspicion(cabinet):
    case = cabinet.out()
    case.later(12)
    back(cabinet, case)
    with reading(cabinet.engine) as session:
        ended = select(Instance.outcome).join(Request, Request.instance_id == Instance.id)
        assert set(session.scalars(ended)) == {"returned", "turned_up"}


def test_a_loan_at_the_counter_is_reminded_of_too(cabinet):
    number = cabinet.paper()
    with unit(cabinet.engine) as session:
        loans.hand_over(session, session.get_one(Original, number), purpose="bid", by=SYSTEM,
                        until=dt.date.fromisoformat(day(2)),
                        borrower=person_of(session, cabinet.company.people["worker"]))
    case = cabinet.passage()
    case.work()
    case.later(2)
    assert "{title}的原件应于 {day} 归还，请按时交还证照管理员。" in cabinet.told("worker")

