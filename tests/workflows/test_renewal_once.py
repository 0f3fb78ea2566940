"""A renewal is begun once for a certificate and term, on both databases, whoever begins it and however late."""

import datetime as dt
import threading

import pytest
from sqlalchemy import func, select

from engine.time import timers
from ledger import outbox
from ledger.actor import SYSTEM
from ledger.db import reading, unit
from ledger.errors import NotFound
from registry.certificates import codes, lifecycle
from registry.certificates import timers as certificate_timers
from tests.workflows.renewing import Renewing, granted
from workflows import triggers
from workflows.renewal import starting
from workflows.requests import Request

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def case(engine, company, clock, tmp_path):
    return Renewing(engine, company, tmp_path / "files", clock, "E03")


def count(case):
    with reading(case.engine) as session:
        return session.scalar(select(func.count()).where(Request.process_id == "renewal"))


@on_sqlite
def test_a_renewal_by_hand_is_the_one_that_the_window_begins_later(case):
    first = case.day(2027, 1, 4).by_hand().id
    assert count(case) == 1 and case.day(2027, 2, 1).opened().id == first == case.by_hand("legal").id


def test_a_straight_way_to_a_new_term(case):
    case.day(2027, 2, 1).opened().do("legal", "N1_decide", "renew")
    case.closed().do("legal", "N4_review", "pass")
    case.do("approver", "N5_approve", "approve")
    case.do("custodian", "S5_file", "done")
    case.authority("accepted")
    case.day(2027, 6, 2)  # presumed
    while "S8_chase" in case.open():
        case.do("custodian", "S8_chase", "done")
    case.authority("granted")
    case.do("custodian", "R10_register", "done")
    case.do("safety", "R11_compare", "match")
    with reading(case.engine) as session:
        assert case.certificate(session).valid_until == dt.date(2030, 5, 31) and case.outcome() == "renewed"


@on_sqlite
def test_after_a_hundred_days_without_a_worker_there_is_one_and_it_has_lapsed(case):
    case.now.move_to(dt.datetime(2027, 6, 20, 3, tzinfo=dt.UTC))
    for _ in range(2):
        case.work()
    assert count(case) == 1 and case.opened().stage() == "lapse_handling"
    with reading(case.engine) as session:
        assert case.certificate(session).state == codes.LAPSED


def test_two_sweeps_at_once_begin_one(case, second_engine):
    case.now.move_to(dt.datetime(2027, 2, 1, 3, tzinfo=dt.UTC))
    both = [case.engine, second_engine()]

    def sweep(engine):
        for _ in range(4):
            certificate_timers.sweep(engine)
            outbox.deliver(engine, triggers.HANDLERS)
            timers.sweep(engine)

    threads = [threading.Thread(target=sweep, args=[each]) for each in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    case.work()
    assert count(case) == 1


@on_sqlite
def test_what_was_entered_after_its_term_begins_nothing(case, company):
    case.day(2027, 2, 1)
    with unit(case.engine) as session:
        old = granted(session, company, "P02", **{"from": dt.date(2022, 1, 1), "until": dt.date(2023, 12, 31)}).id
    case.work()
    with reading(case.engine) as session:
        assert session.scalar(select(Request.id).where(Request.certificate_id == old)) is None


def test_a_list_begins_one_each_and_says_why_not(case, company):
    case.day(2026, 12, 1)
    with unit(case.engine) as session:
        ended = granted(session, company, "P02")
        lifecycle.cancel(session, ended, kind="注销", since=case.now().date(), reason="测试", by=SYSTEM)
        chosen = [case.certificate_id, granted(session, company, "E02").id, ended.id]
    with unit(case.engine) as session:
        made = starting.batch(session, company.actor(session, "custodian"), [*chosen, chosen[0]])
        assert [bool(one.request) for one in made] == [True, True, False] and made[2].why_not
        again = starting.batch(session, company.actor(session, "custodian"), chosen)
        assert [one.before for one in again] == [True, True, False]
        with pytest.raises(NotFound):
            starting.batch(session, company.actor(session, "stranger"), chosen)
    assert count(case) == 2
