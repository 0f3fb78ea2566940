"""Deadlines, escalations, and timers that fire exactly once whatever is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from engine import catalog
from engine.model import Timer
from engine.time import timers
from engine.usertasks import tasks
from ledger import clock as clocks
from ledger.db import reading, unit
from ledger.facts import Fact
from ledger.failpoints import arm
from tests.engine.conftest import BOSS, World
from tests.engine.drawings import (
    boundary,
    catch,
    drawing,
    end,
    extensions,
    flows,
    service,
    start,
    tag,
    task,
    timer,
    zeebe,
)

LATE = drawing(
    start(),
    task("A"),
    boundary("late", "A", timer("timeDuration", "PT1H")),
    task("B"),
    end(),
    end("E2"),
    flows("S A E", "late B E2"),
)
SWEEP = """
import sys
from datetime import datetime
from engine.time import timers
from ledger import clock
from ledger.db import open_database
with clock.use(clock.Fixed(datetime.fromisoformat(sys.argv[2]))):
    timers.sweep(open_database(sys.argv[1]))
"""


def facts(world: World, kind: str) -> list[dict[str, Any]]:
    with reading(world.engine) as session:
        return [fact.after or {} for fact in session.scalars(select(Fact).where(Fact.kind == kind).order_by(Fact.id))]


@pytest.mark.processes
@pytest.mark.parametrize("place", ["engine.timer.fired", "engine.timer.before_commit", "engine.timer.after_commit"])
def test_a_worker_killed_in_a_timer_fires_it_exactly_once(
    world: World, clock: Any, database_url: str, place: str
) -> None:
    it = world.run(LATE)
    clock.advance(timedelta(hours=2))
    command = [sys.executable, "-c", SWEEP, database_url, clock().isoformat()]
    root = Path(__file__).resolve().parent.parent.parent
    killed = subprocess.run(command, cwd=root, env={**os.environ, "LICET_FAILPOINTS": f"{place}=kill"}, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert world.names(it) == (["B"] if place.endswith("after_commit") else ["A"])
    subprocess.run(command, cwd=root, check=True)
    assert world.sweep() == 0
    assert world.names(it) == ["B"]
    assert len(facts(world, "timer.fired")) == 1


def test_a_task_killed_before_its_commit_is_still_open(world: World) -> None:
    it = world.run(LATE)
    arm("engine.complete.before_commit=raise")
    try:
        with pytest.raises(RuntimeError):
            world.do(it, "A", c=1)
    finally:
        arm(None)
    assert world.names(it) == ["A"]
    world.do(it, "A", c=1)
    assert world.state(it) == "completed"


def test_a_deadline_in_working_days_escalates(world: World, clock: Any) -> None:
    """Sunday 22 November: two working days end on Tuesday 24th; one more is Wednesday 25th (24:00 in Shanghai)."""
    it = world.run(
        drawing(start(), task("A", sla="2", escalateAfter="1", escalateTo="approver"), end(), flows("S A E"))
    )
    open_task = world.open(it)[0]
    assert open_task.due_at == clocks.end_of_day(date(2026, 11, 24)) and open_task.due_confirmed
    with pytest.raises(Exception), unit(world.engine) as session:  # noqa: B017 - not offered yet
        tasks.get(session, open_task.id, BOSS)
    clock.move_to(clocks.end_of_day(date(2026, 11, 24)) - timedelta(seconds=1))
    assert world.sweep() == 0
    clock.move_to(clocks.end_of_day(date(2026, 11, 24)))
    assert world.sweep() == 1 and facts(world, "task.overdue")[0]["task"] == open_task.id
    clock.move_to(clocks.end_of_day(date(2026, 11, 25)))
    assert world.sweep() == 1 and facts(world, "task.escalated")[0]["to"] == "approver"
    world.do(it, "A", by=BOSS)
    assert world.state(it) == "completed"


def test_a_deadline_in_a_year_without_notice_is_marked(world: World, clock: Any) -> None:
    clock.move_to(datetime(2026, 12, 30, 9, tzinfo=clocks.SHANGHAI))
    it = world.run(drawing(start(), task("A", sla="5"), end(), flows("S A E")))
    assert world.open(it)[0].due_confirmed is False


def test_a_date_is_due_at_the_end_of_that_day_in_shanghai(world: World, clock: Any) -> None:
    it = world.run(
        drawing(
            start(),
            catch("T", timer("timeDate", "=working days after(today(), 5)")),
            task("A"),
            end(),
            flows("S T A E"),
        )
    )
    with reading(world.engine) as session:
        ticking = timers.of_instance(session, it)[0]
        assert (ticking.due_at, ticking.due_confirmed) == (clocks.end_of_day(date(2026, 11, 27)), True)
    clock.move_to(clocks.end_of_day(date(2026, 11, 27)))
    assert world.sweep() == 1
    assert world.names(it) == ["A"]


def test_completing_a_task_takes_its_timers_away(world: World, clock: Any) -> None:
    it = world.run(
        drawing(
            start(),
            task("A", sla="1", escalateTo="approver"),
            boundary("late", "A", timer("timeDuration", "P9D")),
            task("B"),
            end(),
            end("E2"),
            flows("S A E", "late B E2"),
        )
    )
    world.do(it, "A")
    with reading(world.engine) as session:
        assert {found.state for found in timers.of_instance(session, it, waiting=False)} == {"cancelled"}
    clock.advance(timedelta(days=30))
    assert world.sweep() == 0


def test_a_step_that_fails_is_tried_three_times_then_waits_for_a_person_and_holds_up_nobody(
    world: World, clock: Any
) -> None:
    tried: list[bool] = []
    broken = {"on": True}

    def step(_: catalog.Step) -> None:
        tried.append(True)
        if broken["on"]:
            raise RuntimeError("the printer is on fire")

    catalog.provide("P", steps={"print": step})
    late = catch("T", timer("timeDuration", "PT1H"))
    poison = world.run(drawing(start(), late, service("X", "print"), task("A"), end(), flows("S T X A E")))
    healthy = world.run(LATE)
    clock.advance(timedelta(hours=1))
    assert world.sweep() == 2 and world.names(healthy) == ["B"]
    for _ in range(3):
        clock.advance(timedelta(hours=1))
        world.sweep()
    assert len(tried) == 3
    with reading(world.engine) as session:
        assert "waiting" not in session.scalars(select(Timer.state).where(Timer.instance_id == poison)).all()
    [(element, cause)] = world.incidents(poison)
    assert element == "X" and "RuntimeError" in cause and "fire" not in cause
    broken["on"] = False
    world.retry(poison)
    assert world.names(poison) == ["A"]


@pytest.mark.parametrize(
    "moment", ['=date("9999-12-31")', '=duration("P999999999D")', '=duration("P9000Y")', '="P9000Y"'])
def test_a_moment_that_no_calendar_has_is_an_incident_of_its_event_alone(world: World, moment: str) -> None:
    kind = "timeDate" if "date" in moment else "timeDuration"
    late = boundary("late", "A", timer(kind, moment.replace('"', "&quot;")))
    it = world.run(drawing(start(), task("A"), late, end(), end("E2"), flows("S A E", "late E2")))
    assert [element for element, _ in world.incidents(it)] == ["late"] and world.names(it) == ["A"]


def test_a_task_due_when_the_calendar_ends_has_no_deadline(world: World) -> None:
    [one] = world.open(world.run(drawing(start(), task("A", due='=date("9999-12-31")'), end(), flows("S A E"))))
    assert one.due_at is None


def test_a_person_that_no_column_holds_is_nobody_and_such_a_priority_is_none(world: World) -> None:
    who = zeebe("assignmentDefinition", candidateGroups="hr")
    urgent = tag("userTask", "U", extensions(zeebe("userTask"), who, zeebe("priorityDefinition", priority="=10 ** 30")))
    it = world.run(drawing(
        start(), urgent, task("A", groups="", assignee="=10 ** 30"), end(), flows("S U A E")))
    assert [one.priority for one in world.open(it)] == [50]
    world.do(it, "U")
    assert [element for element, _ in world.incidents(it)] == ["A"]
