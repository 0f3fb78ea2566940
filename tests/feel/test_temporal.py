"""Dates, times, moments and durations."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from feel import evaluate
from feel.values import DaysDuration, YearsMonths


def test_values_are_pythons_own_where_python_can_hold_them():
    assert evaluate('date("2026-11-22")') == date(2026, 11, 22)
    assert evaluate('@"10:00:00Z"') == time(10, tzinfo=UTC)
    moment = evaluate('@"2026-11-22T10:00:00@Asia/Shanghai"')
    assert moment == datetime(2026, 11, 22, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert evaluate('@"P1DT2H"') == DaysDuration(26 * 3600 * 10**9)
    assert evaluate('duration("P1Y2M")') == YearsMonths(14)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('date("2026-01-31") + duration("P1M")', "2026-02-28"),
        ('date("2024-02-29") - duration("P1Y")', "2023-02-28"),
        ('date("2026-03-01") - date("2026-02-01")', "P28D"),
        ('date("2026-11-22") + @"P3D"', "2026-11-25"),
        ('@"2026-11-22T23:00:00" + @"PT2H"', "2026-11-23T01:00:00"),
        ('@"23:30:00" + @"PT1H"', "00:30:00"),
        ('@"2026-03-29T01:30:00@Europe/Paris" + @"PT1H"', "2026-03-29T03:30:00@Europe/Paris"),
        ('@"2026-10-25T01:30:00@Europe/Paris" + @"P1D"', "2026-10-26T00:30:00@Europe/Paris"),
        ('@"P1D" * 1.5', "P1DT12H"),
        ('@"P1Y" / 2', "P6M"),
        ('years and months duration(@"2025-05-20", @"2026-11-19")', "P1Y5M"),
        ('date("999999999-12-31")', "999999999-12-31"),
        ('date("-2026-01-31") + @"P1M"', "-2026-02-28"),
        ('@"9999-12-31" + @"P1D"', "10000-01-01"),
        ('time("10:00:00.123456789")', "10:00:00.123456789"),
        ('@"2026-11-22T24:00:00"', "2026-11-23T00:00:00"),
        ("date(2026, 2, 30)", None),
        ('date("2026-2-3")', None),
        ('date and time(date("2026-11-22"), time("08:00:00+08:00"))', "2026-11-22T08:00:00+08:00"),
    ],
)
def test_arithmetic_on_the_time_line(text, expected):
    assert evaluate(f"string({text})") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('@"2026-11-22T10:00:00+08:00" = @"2026-11-22T02:00:00Z"', True),
        ('@"2026-11-22T10:00:00" < @"2026-11-22T02:00:00Z"', None),
        ('is(@"2026-11-22T10:00:00+08:00", @"2026-11-22T02:00:00Z")', False),
        ('@"2026-11-22" < @"2026-11-23"', True),
        ('@"2026-11-22" < @"2026-11-23T00:00:00"', None),
        ('@"P1Y" > @"P11M"', True),
        ('@"P1Y" > @"P1D"', None),
        ('@"10000-01-01" > @"9999-12-31"', True),
    ],
)
def test_moments_compare_by_instant(text, expected):
    assert evaluate(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('@"2026-11-22".weekday', 7),
        ('@"2026-11-22".month', 11),
        ('@"2026-11-22T10:20:30+08:00".hour', 10),
        ('@"2026-11-22T10:20:30+08:00".time offset', DaysDuration(8 * 3600 * 10**9)),
        ('@"2026-11-22T10:20:30@Asia/Shanghai".timezone', "Asia/Shanghai"),
        ('@"-P1DT2H".hours', -2),
        ('@"P1Y2M".months', 2),
        ("[1..5).end included", False),
        ('day of week(@"2026-11-22")', "Sunday"),
        ('day of year(@"2026-11-22")', 326),
        ('week of year(@"2026-11-22")', 47),
        ('month of year(@"2026-11-22")', "November"),
    ],
)
def test_parts_of_moments_durations_and_ranges(text, expected):
    assert evaluate(text) == expected


def test_a_loop_may_run_over_days():
    days = evaluate('for d in @"2026-11-22"..@"2026-11-24" return d.day')
    assert days == [22, 23, 24]


@pytest.mark.parametrize("moment", [datetime(2026, 11, 22, 10, tzinfo=UTC), date(2026, 11, 22), time(9, 30)])
def test_what_python_gives_comes_back_unchanged(moment):
    assert evaluate("x", {"x": moment}) == moment
