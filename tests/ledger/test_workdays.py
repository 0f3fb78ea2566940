"""Deadlines: the vectors of domain 4.0 (measured) and the rules they come from."""

import datetime as dt

import pytest

from ledger import workdays
from ledger.workdays import Calendar, days_before, months_before, roll_back, working_days_after

D = dt.date.fromisoformat


@pytest.fixture(scope="module")
def cal() -> Calendar:
    days = [day for year in workdays.SEEDED for day in workdays.exceptions(year)]
    return Calendar(
        frozenset(d.day for d in days if d.kind == "off"), frozenset(d.day for d in days if d.kind == "work"),
        frozenset(workdays.SEEDED),
    )


@pytest.mark.parametrize(("end", "start"), [
    ("2027-05-31", "2027-02-28"), ("2028-05-29", "2028-02-29"), ("2027-12-31", "2027-09-30"),
])
def test_three_months_before_is_the_same_day_or_the_months_end(end, start):
    assert months_before(D(end), 3) == D(start)


def test_sixty_days_before_counts_calendar_days():
    assert days_before(D("2027-05-31"), 60) == D("2027-04-01")


@pytest.mark.parametrize(("start", "count", "end"), [
    ("2026-02-10", 5, "2026-02-24"), ("2026-09-24", 5, "2026-10-09"), ("2026-04-30", 3, "2026-05-08"),
    ("2026-09-28", 20, "2026-10-30"), ("2026-05-08", 1, "2026-05-09"),
])
def test_working_days_skip_holidays_and_count_make_up_days(cal, start, count, end):
    assert cal.after(D(start), count) == D(end)


def test_2026_has_248_working_days(cal):
    assert cal.between(D("2025-12-31"), D("2026-12-31")) == 248


@pytest.mark.parametrize("start", ["2025-12-27", "2026-02-13", "2026-09-30", "2019-12-30"])
@pytest.mark.parametrize("days", [0, 1, 5, 6, 7, 30, 400])
def test_the_working_days_between_are_those_that_are_worked(cal, start, days):
    first = D(start)
    worked = sum(cal.is_workday(first + dt.timedelta(days=n)) for n in range(1, days + 1))
    last = first + dt.timedelta(days=days)
    assert (cal.between(first, last), cal.between(last, first)) == (worked, -worked)


@pytest.mark.timeout(20)
def test_centuries_of_working_days_are_counted_at_once(cal):
    assert all(cal.between(dt.date.min, dt.date.max) > 2_600_000 for _ in range(1000))


def test_before_undoes_after(cal):
    assert cal.before(cal.after(D("2026-09-24"), 7), 7) == D("2026-09-24")


def test_a_deadline_that_reaches_a_year_without_a_notice_is_unconfirmed(cal):
    assert working_days_after(cal, D("2026-12-30"), 1).confirmed
    assert not working_days_after(cal, D("2026-12-30"), 5).confirmed


def test_a_before_window_on_a_holiday_moves_to_the_working_day_before(cal):
    assert roll_back(cal, D("2026-10-04")).on == D("2026-09-30")


def test_the_table_gives_the_same_calendar_and_an_edit_is_seen_at_once(session, cal):
    workdays.seed(session)
    session.flush()
    assert workdays.calendar(session) == cal
    session.add(workdays.CalendarDay(day=D("2027-01-04"), kind="off", name="test"))
    workdays.touch(session, 2027, confirmed=True, source="notice")
    session.flush()
    assert not workdays.calendar(session).is_workday(D("2027-01-04"))
    assert 2027 in workdays.calendar(session).years


def test_seeding_twice_changes_nothing(session):
    workdays.seed(session)
    session.flush()
    workdays.seed(session)
    session.flush()
