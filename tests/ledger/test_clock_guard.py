"""A clock that leaps ahead fires nothing early, one that is set back nothing twice; and who lets it go."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, select

from ledger import clock as clocks
from ledger import clock_guard, clock_witness
from ledger.actor import Actor
from ledger.clock_guard import ClockWatch, Guard
from ledger.clock_witness import Witness
from ledger.db import reading, unit
from ledger.facts import Fact

HOUR, DAY, YEAR = dt.timedelta(hours=1), dt.timedelta(days=1), dt.timedelta(days=365)
SOMEBODY = Actor(7, "系统管理员", 1)


class Wrong:
    """Time passes as it does; the clock shows something else."""

    def __init__(self) -> None:
        self.true = dt.datetime(2026, 11, 22, 2, tzinfo=dt.UTC)
        self.error = dt.timedelta()

    def __call__(self) -> dt.datetime:
        return self.true + self.error

    def steady(self) -> float:
        return self.true.timestamp()


@pytest.fixture
def wrong() -> Iterator[Wrong]:
    with clocks.use(Wrong()) as clock:
        assert isinstance(clock, Wrong)
        yield clock


@pytest.fixture
def guard(engine: Engine, wrong: Wrong) -> Guard:
    """One that has trusted the clock up to now."""
    made = Guard(engine, "host", lambda _: False)
    assert made.look()
    return made


def again(engine: Engine, witness: bool = False) -> Guard:
    """The worker is started anew."""
    return Guard(engine, "host", lambda _: witness)


def standing(engine: Engine) -> list[str]:
    with reading(engine) as session:
        return [row.place for row in clock_guard.doubts(session)]


def test_a_clock_that_runs_on_is_trusted_whatever_time_passes(guard: Guard, wrong: Wrong) -> None:
    for step in (dt.timedelta(seconds=15), HOUR, DAY, YEAR):  # a laptop slept: the steady clock counted it
        wrong.true += step
        assert guard.look()


@pytest.mark.parametrize(("leap", "trusted"), [(HOUR, True), (HOUR * 2, False), (DAY, False), (YEAR, False)])
def test_a_leap_of_more_than_an_hour_is_doubted(engine: Engine, guard: Guard, wrong: Wrong, leap: dt.timedelta,
                                                trusted: bool) -> None:
    wrong.error = leap
    assert (guard.look(), standing(engine)) == (trusted, [] if trusted else ["host"])


def test_what_is_due_by_the_clock_waits_and_the_rest_goes_on(engine: Engine, guard: Guard, wrong: Wrong) -> None:
    done: list[str] = []
    parts = guard.over({name: lambda _, name=name: done.append(name) or 1  # type: ignore[misc]
                        for name in ("timers", "outbox")}, but=("outbox",))
    wrong.error = YEAR
    assert [part(engine) for part in parts.values()] == [0, 1] and done == ["outbox"]


def test_a_clock_that_leaps_in_the_middle_of_a_part_is_not_read_by_it(engine: Engine, guard: Guard,
                                                                      wrong: Wrong) -> None:
    read: list[dt.datetime] = []

    def part(_: Engine) -> int:
        wrong.true, wrong.error = wrong.true + HOUR, YEAR
        read.append(clocks.now())
        return 1

    assert guard.timed(part)(engine) == 1 and read == [wrong.true] != [clocks.now()]


def test_it_lets_go_by_itself_when_the_clock_comes_back(engine: Engine, guard: Guard, wrong: Wrong) -> None:
    wrong.error = DAY
    assert not guard.look()
    wrong.true, wrong.error = wrong.true + HOUR, dt.timedelta(seconds=3)
    assert guard.look() and standing(engine) == []


def test_a_person_says_that_the_time_is_right_and_that_is_a_fact(engine: Engine, guard: Guard, wrong: Wrong) -> None:
    wrong.error = YEAR
    assert not guard.look() and not guard.look()
    with unit(engine) as session:
        assert clock_guard.confirm(session, by=SOMEBODY) == 1
        assert clock_guard.confirm(session, by=SOMEBODY) == 0
    wrong.true += dt.timedelta(seconds=15)
    assert guard.look() and standing(engine) == []
    with reading(engine) as session:
        [told] = session.scalars(select(Fact).where(Fact.kind == "clock.confirmed")).all()
        assert told.actor_id == 7 and told.after and told.after["place"] == "host"
    wrong.error += YEAR
    assert not guard.look()  # that was about the first leap


def test_a_witness_confirms_a_leap(engine: Engine, wrong: Wrong) -> None:
    seen: list[dt.datetime] = []
    guard = Guard(engine, "host", lambda shown: seen.append(shown) or True)  # type: ignore[func-returns-value]
    assert guard.look() and seen == []
    wrong.error = DAY
    assert guard.look() and seen == [clocks.now()] and standing(engine) == []


def test_a_clock_that_was_set_back_is_trusted_and_setting_it_right_is_no_leap(guard: Guard, wrong: Wrong) -> None:
    wrong.error = -YEAR
    assert guard.look()
    wrong.true, wrong.error = wrong.true + HOUR, dt.timedelta()
    assert guard.look()
    wrong.error = DAY
    assert not guard.look()


def test_a_clock_that_stays_set_back_for_a_day_is_right(guard: Guard, wrong: Wrong) -> None:
    wrong.error = -YEAR
    for _ in range(26):
        wrong.true += HOUR
        assert guard.look()
    wrong.error = dt.timedelta()
    assert not guard.look()


@pytest.mark.parametrize(("away", "trusted"), [(HOUR, True), (DAY * 3, True), (DAY * 4, False), (YEAR, False)])
def test_across_a_restart_days_may_have_passed_and_no_more(engine: Engine, guard: Guard, wrong: Wrong,
                                                           away: dt.timedelta, trusted: bool) -> None:
    wrong.true += away
    assert again(engine).look() is trusted
    assert again(engine, witness=True).look()


def test_a_restart_does_not_end_a_doubt(engine: Engine, guard: Guard, wrong: Wrong) -> None:
    wrong.error = DAY
    assert not guard.look()
    wrong.true += dt.timedelta(minutes=5)
    after = again(engine)
    assert not after.look() and standing(engine) == ["host"]
    wrong.error = dt.timedelta()
    assert after.look() and standing(engine) == []


def test_the_last_moment_is_noted_once_a_minute(engine: Engine, guard: Guard, wrong: Wrong) -> None:
    def noted() -> dt.datetime:
        with reading(engine) as session:
            return session.get_one(ClockWatch, "host").seen_at

    first = noted()
    wrong.true += dt.timedelta(seconds=59)
    assert guard.look() and noted() == first
    wrong.true += dt.timedelta(seconds=1)
    assert guard.look() and noted() == wrong.true


def test_while_the_database_is_away_nothing_is_due(wrong: Wrong) -> None:
    from ledger.db import open_database

    guard = Guard(open_database("sqlite:////nowhere/licet.db"), "host", lambda _: True)
    assert not guard.look()


# witnesses
def test_the_kernel_speaks_only_for_the_machines_own_clock(engine: Engine, wrong: Wrong,
                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock_witness, "kept_by_a_time_server", lambda: True)
    assert not Witness(engine)(clocks.shown())
    with clocks.use(clocks.system):
        assert Witness(engine)(clocks.shown())


def test_the_kernel_is_asked_and_answers() -> None:
    assert clock_witness.kept_by_a_time_server() in (True, False)


def test_a_database_on_the_same_machine_confirms_nothing(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock_witness, "kept_by_a_time_server", lambda: False)
    witness = Witness(engine)
    assert not any(witness(clocks.shown()) for _ in range(50)) and not witness.apart


def test_a_database_with_a_clock_of_its_own_confirms_what_it_shows_too(engine: Engine) -> None:
    class Apart(Wrong):
        """A little fast, as two machines are."""

        def __call__(self) -> dt.datetime:
            return clocks.system() + dt.timedelta(seconds=2) + self.error

        def steady(self) -> float:
            return time.monotonic()

    with clocks.use(Apart()) as clock:
        assert isinstance(clock, Apart)
        witness = Witness(engine)
        assert any(witness(clock()) for _ in range(20)) is (engine.dialect.name == "postgresql")
        clock.error = DAY
        assert not any(witness(clock()) for _ in range(20))


def test_the_machines_steady_clock_goes_on_by_itself() -> None:
    first = clocks.steady()
    time.sleep(0.01)
    assert 0.01 <= clocks.steady() - first < 60
