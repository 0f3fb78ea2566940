"""What a request is promised: counted while it is with us, still while it is with the applicant or an authority."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from ledger import workdays
from ledger.actor import SYSTEM
from ledger.clock import SHANGHAI, end_of_day
from ledger.db import reading, unit
from ledger.facts import record
from workflows import promises
from workflows.promises import Promise

pytestmark = [pytest.mark.parametrize("database_url", ["sqlite"], indirect=True), pytest.mark.usefixtures("noted")]


@pytest.fixture(autouse=True)
def monday(clock: Any) -> None:
    clock.move_to(dt.datetime(2026, 11, 23, 10, tzinfo=SHANGHAI))


def promised(case: Any) -> Promise | None:
    with reading(case.engine) as session:
        return promises.promise_of(session, case.request(session))


def test_a_request_is_promised_when_it_is_handed_in(walk: Any) -> None:
    case = walk("J03")
    assert promised(case) is None
    case.submitted()
    found = promised(case)
    assert found is not None and (found.state, found.left, found.allowed) == ("running", 20, 20)
    assert found.due_at == end_of_day(dt.date(2026, 12, 21))


def test_while_the_applicant_corrects_it_stands_still_and_moves_on_afterwards(walk: Any) -> None:
    case = walk("J03").submitted()
    case.do("pm", "A3_pm", "return")
    still = promised(case)
    assert still is not None and (still.state, still.waits_for) == ("paused", "修改补正")
    case.wait_until(dt.datetime(2026, 11, 26, 10, tzinfo=SHANGHAI))
    case.do("applicant", "A1_correct", "submit")
    found = promised(case)
    assert found is not None and (found.state, found.left) == ("running", 20)
    assert found.due_at == end_of_day(dt.date(2026, 12, 24))


def test_an_announced_year_moves_the_promise_of_what_is_under_way(walk: Any) -> None:
    case = walk("J03")
    case.wait_until(dt.datetime(2026, 12, 21, 10, tzinfo=SHANGHAI))
    case.submitted()
    before = promised(case)
    assert before is not None and not before.confirmed
    with unit(case.engine) as session:
        session.add(workdays.CalendarDay(day=dt.date(2027, 1, 1), kind="off", name="元旦"))
        workdays.touch(session, 2027, confirmed=True, source="国办发明电")
        record(session, "calendar.confirmed", ("calendar", 2027), by=SYSTEM)
    case.work()
    after = promised(case)
    assert after is not None and after.confirmed and after.due_at == before.due_at + dt.timedelta(days=1)
