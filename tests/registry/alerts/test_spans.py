"""Stages in working days against an oracle that walks day by day, with a calendar that changes as days go by."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from ledger.workdays import ONE_DAY, Calendar
from registry.alerts.rules import Stage
from registry.alerts.spans import Day, spans

D = dt.date
FIRST = D(2027, 9, 1)
DAYS = [FIRST + ONE_DAY * number for number in range(60)]
SOME = st.sampled_from(DAYS)
CALENDARS = st.builds(Calendar, st.frozensets(SOME, max_size=25), st.frozensets(SOME, max_size=8))
STAGES = st.builds(Stage, st.integers(-12, 12), st.sampled_from(("work", "calendar")))


def naive(stage: Stage, ends_on: D, cal: Calendar) -> D:
    """The day of a stage, by counting."""
    if stage.days == "calendar":
        return ends_on - ONE_DAY * stage.before
    day, left, step = ends_on, abs(stage.before), -ONE_DAY if stage.before >= 0 else ONE_DAY
    if not left:
        while not cal.is_workday(day):
            day -= ONE_DAY
        return day
    while left:
        day += step
        left -= cal.is_workday(day)
    return day


@given(STAGES, SOME, CALENDARS)
def test_the_day_of_a_stage_is_found_by_counting(stage: Stage, ends_on: D, cal: Calendar) -> None:
    assert stage.day(ends_on, cal) == naive(stage, ends_on, cal)


@given(STAGES, SOME, CALENDARS)
def test_the_furthest_end_that_a_day_covers_is_the_last_whose_stage_has_come(
    stage: Stage, day: D, cal: Calendar
) -> None:
    covered = stage.covers(day, cal)
    assert naive(stage, covered, cal) <= day < naive(stage, covered + ONE_DAY, cal)


@given(STAGES, st.lists(CALENDARS, min_size=1, max_size=5), st.data())
def test_however_the_calendar_changes_nothing_is_lost_nothing_comes_early_and_nothing_late(
    stage: Stage, calendars: list[Calendar], data: st.DataObject
) -> None:
    """An end comes on the first day on which the calendar of that day says that its stage has come."""
    changes = sorted(data.draw(st.lists(SOME, min_size=len(calendars) - 1, max_size=len(calendars) - 1)))
    held, came, entered = {}, {}, {end: data.draw(SOME) for end in DAYS if data.draw(st.booleans())}
    for today in DAYS:
        cal = calendars[sum(change <= today for change in changes)]
        held = spans([stage], today, cal, held)
        day = Day(today, cal, held)
        for end, known in entered.items():
            if known < today and day.reaches(stage, end):
                assert naive(stage, end, cal) <= today
                came.setdefault(end, today)
    for end, known in entered.items():
        first = next((today for today in DAYS if naive(
            stage, end, calendars[sum(change <= today for change in changes)]) <= today), None)
        if first is not None and known < first and first > DAYS[0]:
            assert came[end] == first
