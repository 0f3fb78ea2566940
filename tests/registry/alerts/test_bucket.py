"""Twenty a minute, wherever the provider's minute begins."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.alerts.channels.bucket import Bucket

START = dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


def after(seconds: float) -> dt.datetime:
    return START + dt.timedelta(seconds=seconds)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 5)), max_size=60))
def test_no_minute_ever_holds_more_than_twenty(steps: list[tuple[int, int]]) -> None:
    bucket, now, sent = Bucket(), START, list[dt.datetime]()
    for pause, count in steps:
        now += dt.timedelta(seconds=pause)
        now += bucket.wait(now, count)
        bucket = bucket.take(now, count)
        sent += [now] * count
    assert all(len([at for at in sent if begin <= at < begin + MINUTE]) <= 20 for begin in sent)


def test_twenty_leave_at_once_and_the_next_waits_for_the_first_to_come_back() -> None:
    bucket = Bucket()
    for second in range(20):
        bucket = bucket.take(after(second))
    assert bucket.wait(after(30)) == dt.timedelta(seconds=30)
    assert bucket.wait(after(30), 3) == dt.timedelta(seconds=32)
    assert bucket.wait(after(60)) == dt.timedelta()
    with pytest.raises(ValueError, match="not so many"):
        bucket.take(after(30))


def test_waiting_just_so_long_is_enough() -> None:
    bucket = Bucket(size=1).take(START)
    assert bucket.take(START + bucket.wait(START)).taken == (START + MINUTE,)


def test_more_than_it_ever_holds_is_a_mistake_of_the_caller() -> None:
    for count in (0, -1, 21):
        with pytest.raises(ValueError, match="never has"):
            Bucket().wait(START, count)


def test_a_clock_that_is_put_right_stops_nobody_for_long() -> None:
    assert Bucket(size=1).take(after(10)).wait(START) == dt.timedelta(seconds=70)
    assert Bucket(size=1).take(after(3600)).wait(START) == dt.timedelta()
