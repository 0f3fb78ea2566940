"""What happens in P-APPLY when nobody does anything, on an injected clock."""

import datetime as dt

import pytest
from sqlalchemy import select

from engine.model import Task, Timer
from ledger import outbox, workdays
from ledger.actor import SYSTEM
from ledger.clock import SHANGHAI, end_of_day
from ledger.db import reading, unit
from ledger.facts import Fact, record
from registry.alerts.notices import Notice
from registry.alerts.rules import WINDOW
from registry.alerts.wording import WINDOW_NEWS
from registry.certificates import timers
from registry.certificates.models import CertificateTimer
from workflows import story, triggers

pytestmark = [pytest.mark.parametrize("database_url", ["sqlite"], indirect=True), pytest.mark.usefixtures("noted")]
MONDAY = dt.datetime(2026, 11, 23, 10, tzinfo=SHANGHAI)


@pytest.fixture(autouse=True)
def monday(clock):
    clock.move_to(MONDAY)


def day(text: str) -> dt.datetime:
    """24:00 of a day."""
    return end_of_day(dt.date.fromisoformat(text))


def kinds(case):
    with reading(case.engine) as session:
        return [line.kind for line in story.of_request(session, case.request(session))]


def test_a_draft_lapses_after_thirty_days_and_not_before(walk):
    case = walk("J03")
    case.later(29.9)
    assert case.open() == ["A1_fill"]
    case.later(0.2)
    assert case.outcome() == "void"


def test_a_correction_not_answered_in_five_working_days_closes_the_request(walk):
    case = walk("J03").submitted()
    case.do("pm", "A3_pm", "return")
    case.wait_until(day("2026-11-30") - dt.timedelta(seconds=1))
    assert case.open() == ["A1_correct"]
    case.wait_until(day("2026-11-30"))
    assert case.outcome() == "closed" and not case.open()


def test_a_task_is_overdue_after_two_working_days_and_climbs_a_day_later(engine, company, walk):
    case = walk("P02").submitted()
    case.wait_until(day("2026-11-25"))
    assert kinds(case).count("task.overdue") == 2 and "task.escalated" not in kinds(case)
    case.wait_until(day("2026-11-26"))
    assert kinds(case).count("task.escalated") == 2
    with reading(engine) as session:
        offers = [task.offer for task in session.scalars(select(Task).where(Task.state == "open"))]
        assert all(any(name.startswith(("hr_head@", "safety_head@")) for name in offer) for offer in offers)


def test_a_late_task_is_told_to_those_it_is_offered_to_once(engine, company, walk):
    case = walk("J03").submitted()
    case.wait_until(day("2026-11-25"))
    for _ in range(2):
        outbox.deliver(engine, triggers.HANDLERS)
    with reading(engine) as session:
        told = session.scalars(select(Notice.person_id).where(Notice.subject_kind == "task")).all()
        assert told == [company.people["pm"]]


def test_silence_for_five_working_days_counts_as_acceptance_and_is_noted(engine, walk):
    case = walk("J03").filed()
    case.wait_until(day("2026-11-30") - dt.timedelta(seconds=1))
    assert case.stage() == "filed"
    case.wait_until(day("2026-11-30"))
    assert case.stage() == "accepted"
    with reading(engine) as session:
        request = case.request(session)
        assert request.accepted_how == "silence"
        noted = session.scalars(select(Fact).where(Fact.kind == "authority.silent")).one()
        assert noted.after["basis"] == "行政许可法第32条"


def test_a_supplement_not_handed_in_within_ten_working_days_ends_the_request(walk):
    case = walk("J03").filed()
    case.authority("supplement")
    case.wait_until(day("2026-12-07") - dt.timedelta(seconds=1))
    assert case.open() == ["A7_supplement"]
    case.wait_until(day("2026-12-07"))
    assert case.outcome() == "lapsed"


def test_a_supplement_notice_may_set_its_own_day(walk):
    case = walk("J03").filed()
    case.authority("supplement", due_on="2026-11-27")
    case.wait_until(day("2026-11-27"))
    assert case.outcome() == "lapsed"


def test_the_second_supplement_round_may_be_complained_about(engine, walk):
    case = walk("J03").filed()
    for _ in range(2):
        case.authority("supplement")
        case.do("custodian", "A7_supplement", "done")
    with reading(engine) as session:
        rounds = session.scalars(select(Fact).where(Fact.kind == "authority.supplement").order_by(Fact.id)).all()
        assert [fact.after.get("complaint") for fact in rounds] == [None, True]


def test_after_the_statutory_term_the_authority_is_chased_every_five_working_days(walk):
    case = walk("J03").accepted()  # 施工许可: 7 working days
    case.wait_until(day("2026-12-02") - dt.timedelta(seconds=1))
    assert not case.open()
    case.wait_until(day("2026-12-02"))
    assert case.open() == ["A8c_chase"]
    case.do("custodian", "A8c_chase", "done")
    case.wait_until(day("2026-12-10"))  # chased on the 3rd: five working days later
    assert case.open() == ["A8c_chase"]


def test_a_decision_may_come_while_the_chase_is_open(walk):
    for kind, element in (("granted", "A10_register"), ("denied", "A9_denied")):
        case = walk("J03" if kind == "granted" else "E03").accepted()
        case.wait_until(case.now() + dt.timedelta(days=120))
        assert case.open() == ["A8c_chase"]
        case.authority(kind)
        assert case.open() == [element]
        case.now.move_to(MONDAY)


def test_after_a_denial_the_second_filing_gets_the_whole_statutory_term(walk):
    case = walk("E03").accepted()  # 安全生产许可: 45 working days
    case.wait_until(case.now() + dt.timedelta(days=120))
    case.do("custodian", "A8c_chase", "done")
    case.authority("denied")
    case.do("desk", "A9_denied", "reapply")
    case.accepted().later(30)
    assert not case.open()


def test_a_deadline_in_a_year_without_a_notice_is_marked_unconfirmed(engine, walk, clock):
    clock.move_to(dt.datetime(2026, 12, 30, 10, tzinfo=SHANGHAI))
    case = walk("J03").filed()
    with reading(engine) as session:
        waits = session.scalars(select(Timer).where(Timer.element_id == "T6_silence")).one()
        assert not waits.due_confirmed and case.stage() == "filed"


def test_every_step_of_a_term_is_a_stage_of_alerts_with_its_words():
    own = {"certificate.suspension_ends", "certificate.review_opened"}  # processes of their own wait for these
    assert set(WINDOW) == {*timers.FACTS.values(), "certificate.lapsed"} - own
    assert set(WINDOW_NEWS) == set(WINDOW.values())


def test_a_year_that_is_not_announced_moves_nothing(engine, walk):
    walk("P02").granted()
    with unit(engine) as session:
        workdays.touch(session, 2027, confirmed=False, source="")
        record(session, "calendar.changed", ("calendar", 2027), by=SYSTEM)
    outbox.deliver(engine, triggers.HANDLERS)
    with reading(engine) as session:
        assert session.scalars(select(Fact).where(Fact.kind.in_(("certificate.retimed", triggers.RETIMED)))).all() == []


def test_a_year_that_gets_its_notice_moves_the_days_computed_without_it(engine, walk):
    case = walk("P02").granted()
    case.do("custodian", "A10_register", "done", valid_until="2027-04-03")  # opens on Sunday, 3 January: rolls back
    case.do("hr", "A11_compare", "match")
    opens = select(CertificateTimer.due_on, CertificateTimer.confirmed).where(CertificateTimer.kind == "opens")
    with unit(engine) as session:
        assert session.execute(opens).one() == (dt.date(2027, 1, 1), False)
        session.add(workdays.CalendarDay(day=dt.date(2027, 1, 1), kind="off", name="元旦"))
        workdays.touch(session, 2027, confirmed=True, source="国务院办公厅通知")
        record(session, "calendar.confirmed", ("calendar", 2027), by=SYSTEM)
    outbox.deliver(engine, triggers.HANDLERS)
    with reading(engine) as session:
        assert session.execute(opens).one() == (dt.date(2026, 12, 31), True)
