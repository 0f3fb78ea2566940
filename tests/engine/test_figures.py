"""The sums of what was completed say what the rows say: counts exactly, durations within the error that is promised."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine import history
from engine.figures import counting, reading, sketch, standing
from engine.figures.model import ElementDay, ElementStale
from engine.model import Instance, Task, Visit
from engine.operations import migration
from engine.time.worktime import median, percentile
from ledger import clock as clocks
from ledger import failpoints
from ledger.db import reading as looking
from ledger.db import unit
from ledger.workdays import CalendarDay, touch
from tests.engine.conftest import BOSS, COMPANY, GROUP, World
from tests.engine.drawings import drawing, end, flows, start, task

LINE = drawing(start(), task("A"), task("B"), end(), flows("S A B E"))
RENAMED = drawing(start(), task("A2"), task("B"), end(), flows("S A2 B E"))
EVER = (date(2020, 1, 1), date(2030, 12, 31))


def every(_session: Session, places: Collection[int]) -> Collection[int]:
    return places


def count(world: World) -> None:
    while counting.sweep(world.engine, every):
        pass
    standing.look(world.engine, every)


def asked(units: tuple[int, ...] = (GROUP,), period: tuple[date, date] = EVER, **more: Any) -> reading.Asked:
    return reading.Asked("P", units, *period, **more)


def passed(world: World, **more: Any) -> dict[str, reading.Passed]:
    with looking(world.engine) as session:
        return reading.passed(session, asked(**more))


def near(told: float | None, true: float | None) -> bool:
    """Within the error of a sketch, and of rounding to four digits."""
    return told == true if told is None or true is None else abs(told - true) <= true * sketch.ERROR + 1e-4


def agree(world: World) -> None:
    """Every figure is the one that the slow and exact history tells."""
    count(world)
    with looking(world.engine) as session:
        for definition in (None, *session.scalars(select(Instance.definition_id).distinct())):
            true = {one.element_id: one for one in history.times(session, "P", definition_id=definition)}
            told = reading.passed(session, asked(definition_id=definition))
            assert {name: one.count for name, one in told.items()} == {
                name: one.count for name, one in true.items() if one.count}
            assert all(near(one.median, true[name].median) and near(one.p90, true[name].p90)
                       for name, one in told.items())
            waits = reading.waits(session, asked(definition_id=definition))
            assert {name: one.count for name, one in waits.items()} == {
                name: one.waiting for name, one in true.items() if one.waiting}


@given(st.lists(st.one_of(st.just(0.0), st.floats(0.0001, 5000).map(lambda days: round(days, 4))), min_size=1))
def test_a_sketch_tells_median_and_percentile_within_its_error(values: list[float]) -> None:
    ordered, kept = sorted(values), sketch.Sketch()
    for half in (values[::2], values[1::2]):  # two days added up
        sketch.add(kept, ((sketch.bucket(each), 1) for each in half))
    kept = dict(sketch.read(sketch.stored(kept)))
    assert near(sketch.median(kept), median(ordered))
    assert near(sketch.percentile(kept, 90), percentile(ordered, 90))


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from("SSABMCU"), st.integers(0, 5), st.integers(0, 96)), max_size=14))
def test_the_sums_agree_with_the_history_whatever_happens(
    world: World, clock: Any, steps: list[tuple[str, int, int]]) -> None:
    versions = [world.deploy(LINE), world.deploy(RENAMED)]
    made: dict[int, tuple[int, int]] = {}
    for what, which, hours in steps:
        clock.advance(timedelta(hours=hours))
        running = [each for each in world.all() if world.state(each) == "active"]
        it = running[which % len(running)] if running else None
        if what == "S" or it is None:
            world.start()
        elif what in "AB" and (open_ := world.names(it)):
            world.do(it, open_[0], c=1)
        elif what == "M":
            to = versions[world.row(it).definition_id == versions[0]]
            names = {"A": "A2"} if to == versions[1] else {"A2": "A"}
            with unit(world.engine) as session:
                moved = migration.migrate(session, it, to, by=BOSS, reason="x", mapping=names)
                made[it] = moved.id, moved.version
        elif what == "U" and it in made and world.row(it).version == made[it][1]:
            with unit(world.engine) as session:
                migration.undo(session, made.pop(it)[0], by=BOSS, reason="x")
        elif what == "C":
            count(world)
    agree(world)


def test_what_was_counted_once_is_never_counted_again(world: World) -> None:
    world.do(world.run(LINE), "A", c=1)
    count(world)
    before = passed(world)
    assert counting.sweep(world.engine, every) == 0
    world.do(world.start(), "A", c=1)
    count(world)
    assert (before["A"].count, passed(world)["A"].count) == (1, 2)


def test_a_period_holds_what_was_left_on_its_days(world: World) -> None:
    world.deploy(LINE)
    for day in ((11, 27), (11, 28), (12, 1), (12, 31), (13, 31), (14, 3), (14, 4)):
        left = clocks.end_of_day(date(2026 + day[0] // 13, (day[0] - 1) % 12 + 1, day[1])) - timedelta(seconds=1)
        number = world.do(world.start(), "A", c=1)
        with unit(world.engine) as session:
            session.execute(update(Task).where(Task.id == number).values(completed_at=left))
    count(world)
    for first, last, many in (((2026, 11, 28), (2027, 2, 3), 5), ((2026, 12, 1), (2026, 12, 31), 2),
                              ((2026, 12, 2), (2027, 1, 31), 2), ((2026, 12, 1), (2026, 12, 30), 1)):
        assert passed(world, period=(date(*first), date(*last)))["A"].count == many
    assert "A" not in passed(world, period=(date(2026, 11, 1), date(2026, 11, 26)))


def test_each_company_sees_its_own_and_the_group_sees_all(world: World) -> None:
    world.run(LINE)
    count(world)
    assert [("S" in passed(world, units=units)) for units in ((GROUP,), (COMPANY,), (99,), ())] == [
        True, True, False, False]
    with looking(world.engine) as session:
        assert [bool(reading.waits(session, asked(units))) for units in ((GROUP,), (COMPANY,), (99,))] == [
            True, True, False]


def test_an_edited_calendar_changes_what_was_counted_already(world: World, clock: Any) -> None:
    it = world.run(LINE)
    clock.advance(timedelta(days=3))  # from Sunday to Wednesday, 10:00
    world.do(it, "A", c=1)
    count(world)
    with unit(world.engine) as session:
        session.add(CalendarDay(day=date(2026, 11, 24), kind="off", name="停工"))
        touch(session, 2026, confirmed=True, source="通知")
    agree(world)
    assert near(passed(world)["A"].median, 1.4167)


def test_rows_of_an_older_release_are_counted_slice_by_slice(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.deploy(LINE)
    for _ in range(7):
        world.do(world.start(), "A", c=1)
    monkeypatch.setattr(counting, "SLICE", 3)
    counting.sweep(world.engine, every)
    assert passed(world)["A"].count == 3
    agree(world)
    assert passed(world)["A"].count == 7


def test_a_row_that_somebody_holds_is_counted_later(world: World) -> None:
    if world.engine.dialect.name == "sqlite":
        pytest.skip("one writer at a time")
    world.do(world.run(LINE), "A", c=1)
    with unit(world.engine) as held:
        held.execute(update(Task).where(Task.element_id == "A").values(priority=1))
        count(world)
        assert "A" not in passed(world)
    agree(world)


def test_two_workers_count_everything_once(world: World) -> None:
    if world.engine.dialect.name == "sqlite":
        pytest.skip("one worker for a data folder")
    world.do(world.run(LINE), "A", c=1)
    count(world)
    world.do(world.start(), "A", c=1)
    with unit(world.engine) as first:
        assert counting.my_turn(first)
        assert counting.sweep(world.engine, every) == standing.look(world.engine, every) == 0
    agree(world)


@pytest.mark.parametrize("name", ["figures.counted.before_commit", "figures.waiting.before_commit"])
def test_what_is_killed_before_it_commits_is_counted_once_all_the_same(world: World, name: str) -> None:
    def die(passed: str) -> None:
        if passed == name:
            raise failpoints.FailpointHit(passed)

    world.do(world.run(LINE), "A", c=1)
    with failpoints.watched(die), pytest.raises(failpoints.FailpointHit):
        count(world)
    agree(world)


def test_the_sums_can_be_thrown_away_and_counted_again(world: World) -> None:
    world.do(world.run(LINE), "A", c=1)
    count(world)
    with unit(world.engine) as session:
        for kind in (Visit, Task):
            session.execute(update(kind).values(counted=False))
        session.query(ElementDay).delete()
    agree(world)
    with looking(world.engine) as session:
        assert session.scalars(select(ElementStale)).all() == []
    assert clocks.today() == date(2026, 11, 22)
