"""When an element was entered and left, how long that was in working time, by which rule, under which version."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from engine import history
from engine.model import Visit
from engine.operations import migration
from engine.time.worktime import WorkTime, median, percentile
from ledger.clock import SHANGHAI
from ledger.db import reading, unit
from ledger.workdays import ONE_DAY, Calendar
from tests.engine.conftest import BOSS, World
from tests.engine.drawings import decision, drawing, end, flows, start, tag, task

TABLE = b"""<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="urn:d">
<inputData id="i" name="c"/><decision id="level" name="level">
<variable name="level"/><informationRequirement><requiredInput href="#i"/></informationRequirement>
<decisionTable id="t" hitPolicy="FIRST"><input id="in"><inputExpression><text>c</text></inputExpression></input>
<output id="out"/><rule id="r1"><inputEntry id="e1"><text>&lt; 10</text></inputEntry>
<outputEntry id="o1"><text>"low"</text></outputEntry></rule>
<rule id="r2"><inputEntry id="e2"><text>&gt;= 10</text></inputEntry>
<outputEntry id="o2"><text>"high"</text></outputEntry></rule></decisionTable></decision></definitions>"""
LINE = drawing(start(), task("A"), end(), flows("S A E"))


def account(world: World, it: int) -> dict[str, history.Passage]:
    with reading(world.engine) as session:
        return {one.element_id: one for one in history.account(session, it)}


def shanghai(day: int, hour: int) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=SHANGHAI)


@pytest.mark.parametrize(("start", "end", "days"), [
    (shanghai(23, 9), shanghai(23, 21), 0.5),  # a Monday
    (shanghai(20, 12), shanghai(23, 12), 1.0),  # Friday noon to Monday noon
    (shanghai(21, 8), shanghai(22, 20), 0.0),  # a weekend
    (shanghai(23, 9), shanghai(23, 9), 0.0),
    (shanghai(23, 9), shanghai(20, 9), 0.0),
])  # fmt: skip
def test_only_working_days_count(start: datetime, end: datetime, days: float) -> None:
    assert WorkTime(Calendar()).between(start, end) == days


def test_holidays_are_left_out_and_make_up_days_count() -> None:
    monday, saturday = date(2026, 11, 23), date(2026, 11, 28)
    took = WorkTime(Calendar(off=frozenset({monday}), work=frozenset({saturday})))
    assert took.between(shanghai(23, 0), shanghai(29, 0)) == 5.0


@given(st.integers(-3000, 3000), st.integers(0, 400))
def test_whole_days_are_the_calendar_s_own_count(first: int, length: int) -> None:
    calendar = Calendar(off=frozenset({date(2026, 10, 1)}), work=frozenset({date(2026, 10, 10)}))
    begin = date(2022, 1, 1) + ONE_DAY * first
    end = begin + ONE_DAY * length
    at = [datetime(day.year, day.month, day.day, tzinfo=SHANGHAI) for day in (begin, end)]
    assert WorkTime(calendar).between(*at) == calendar.between(begin - ONE_DAY, end - ONE_DAY)


@given(st.lists(st.floats(0, 100), min_size=1))
def test_the_median_and_the_percentile_lie_among_the_values(values: list[float]) -> None:
    ordered = sorted(values)
    assert ordered[0] - 1e-4 <= median(ordered) <= ordered[-1] + 1e-4
    assert sum(each <= percentile(ordered, 90) for each in ordered) >= 0.9 * len(ordered)


def test_a_visit_tells_who_how_long_and_under_which_version(world: World, clock: Any) -> None:
    it = world.run(LINE)
    clock.advance(timedelta(days=2))  # from Sunday to Tuesday, 10:00
    world.do(it, "A", c=1)
    seen = account(world, it)["A"]
    assert (seen.working_days, seen.by_name, seen.version, seen.left_version) == (1.4167, "韩梅", 1, 1)


def test_what_still_lasts_is_counted_until_now(world: World, clock: Any) -> None:
    it = world.run(LINE)
    clock.advance(timedelta(days=3))
    seen = account(world, it)["A"]
    assert (seen.left_at, seen.left_version, seen.working_days) == (None, None, 2.4167)


def test_a_visit_across_a_migration_tells_both_versions(world: World, clock: Any) -> None:
    it = world.run(LINE)
    to = world.deploy(drawing(start(), task("A2"), task("B"), end(), flows("S A2 B E")))
    clock.advance(timedelta(hours=1))
    with unit(world.engine) as session:
        migration.migrate(session, it, to, by=BOSS, reason="x", mapping={"A": "A2"})
    clock.advance(timedelta(hours=1))
    world.do(it, "A2", c=1)
    seen = account(world, it)
    assert [(seen[each].version, seen[each].left_version) for each in ("S", "A2", "B")] == [(1, 1), (1, 2), (2, None)]


def test_a_decision_tells_which_rule_it_went_by(world: World) -> None:
    world.deploy(
        drawing(start(), task("A"), decision("D", "level", "level"), task("B"), end(), flows("S A D B E")),
        level_dmn=TABLE)
    for answer, rule in ((3, 1), (30, 2)):
        it = world.start()
        world.do(it, "A", c=answer)
        seen = account(world, it)["D"]
        assert [each["decision"] for each in seen.rules] == ["level"]
        assert [line["rules"] for line in seen.rules[0]["trace"] if line["rules"]] == [[rule]]


def test_a_visit_tells_which_sub_process_it_was_in(world: World) -> None:
    sub = tag("subProcess", "X", start("XS"), task("A"), end("XE"), flows("XS A XE"))
    it = world.run(drawing(start(), sub, end(), flows("S X E")))
    seen = account(world, it)
    assert (seen["A"].within, seen["X"].within) == (seen["X"].number, 0)


def test_times_are_counted_for_each_element(world: World, clock: Any) -> None:
    world.deploy(LINE)
    clock.advance(timedelta(days=1, hours=-10))  # Monday 0:00
    for hours in (6, 12, 18, 24):
        it = world.start()
        clock.advance(timedelta(hours=hours))
        world.do(it, "A", c=1)
        clock.advance(timedelta(hours=24 - hours))
    world.start()
    with reading(world.engine) as session:
        found = {one.element_id: one for one in history.times(session, "P")}
        assert history.times(session, "P", since=clock() + timedelta(days=1))[0].count == 0
    seen = found["A"]
    assert (seen.count, seen.waiting, seen.median, seen.p90) == (4, 1, 0.625, 1.0)
    assert (found["S"].count, found["S"].median) == (5, 0.0)


def test_a_renamed_element_is_counted_under_its_new_id(world: World) -> None:
    it = world.run(drawing(start(), task("A"), task("B"), end(), flows("S A B E")))
    world.do(it, "A", c=1)
    to = world.deploy(drawing(start(), task("A2"), task("B"), end(), flows("S A2 B E")))
    with unit(world.engine) as session:
        migration.migrate(session, it, to, by=BOSS, reason="x", mapping={"A": "A2"})
    with reading(world.engine) as session:
        found = {one.element_id: one.count for one in history.times(session, "P")}
        assert session.scalars(select(Visit.element_id).where(Visit.element_id == "A2")).all() == []
    assert (found.get("A2"), found.get("A")) == (1, None)
