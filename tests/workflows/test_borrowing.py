"""P-BORROW: every element is reached; copies at once, two signatures, reminders, and T+7 becomes a suspected loss."""

import datetime as dt

import pytest
from sqlalchemy import select

from engine import instances
from engine.model import Instance
from ledger.actor import SYSTEM
from ledger.db import reading, unit
from ledger.errors import BadAnswer
from registry.custody import loans
from registry.custody.copies import Copy
from registry.custody.days import TakenDay
from registry.custody.originals import Original
from registry.people.persons import person_of
from tests.workflows.borrowing_ways import illegal
from tests.workflows.cabinet import back, day
from workflows.requests import Request


@pytest.fixture
def database_url(sqlite_files, tmp_path):
    """One database is enough here; that everything is reached is tested on both."""
    return sqlite_files.fresh(tmp_path)



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


def test_so_does_whoever_drops_what_was_sent_back(cabinet):
    case = cabinet.asked(cabinet.paper("duplicate"))
    case.do("approver", "B2_head", "return", returns=[{"field": "until", "reason": "太长"}])
    case.do("desk", "B1_fill", "abandon")
    assert case.outcome() == "void"
    ended = cabinet.asked(cabinet.paper("duplicate"))
    with unit(cabinet.engine) as session:
        instances.terminate(session, ended.request(session).instance_id, by=SYSTEM, reason="x")
    ended.work()
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

