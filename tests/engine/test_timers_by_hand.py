"""What an operator may do to a single timer: fire it now, give it another moment, hold it back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from engine import instances
from engine.model import Task, Timer
from engine.operations import incidents
from engine.run import NotRunning
from engine.time import timers
from ledger.db import reading, unit
from ledger.errors import Conflict, NotFound
from ledger.facts import Fact, story
from tests.engine.conftest import BOSS, World
from tests.engine.drawings import boundary, catch, drawing, end, flows, start, task, timer

WAIT = drawing(start(), catch("T", timer("timeDuration", "PT5H")), task("A"), end(), flows("S T A E"))
DAILY = drawing(start(), task("A"), boundary("daily", "A", timer("timeCycle", "R3/P1D"), interrupting=False), task("B"),
                end(), end("E2"), flows("S A E", "daily B E2"))


def only(world: World, it: int, **where: Any) -> Timer:
    """The timer of an instance that is not over."""
    with reading(world.engine) as session:
        found = [each for each in timers.of_instance(session, it)
                 if all(getattr(each, key) == value for key, value in where.items())]
        session.expunge_all()
    assert len(found) == 1, found
    return found[0]


def turn(world: World, verb: Callable[..., Any], number: int, *more: Any) -> None:
    with unit(world.engine) as session:
        verb(session, number, *more, by=BOSS, reason="提前办理")


def test_a_timer_fires_now_and_never_again(world: World, clock: Any) -> None:
    it = world.run(WAIT)
    number = only(world, it).id
    turn(world, timers.fire_now, number)
    assert world.names(it) == ["A"]
    clock.advance(timedelta(days=1))
    assert world.sweep() == 0
    with pytest.raises(timers.TimerOver):
        turn(world, timers.fire_now, number)


def test_a_round_of_a_cycle_that_fires_early_leaves_the_rhythm(world: World, clock: Any) -> None:
    it = world.run(DAILY)
    first = only(world, it)
    turn(world, timers.fire_now, first.id)
    assert (world.names(it), only(world, it).due_at) == (["A", "B"], first.due_at + timedelta(days=1))


def test_another_moment_counts_and_the_old_one_does_not(world: World, clock: Any) -> None:
    it = world.run(WAIT)
    later = clock() + timedelta(days=2)
    turn(world, timers.reschedule, only(world, it).id, later)
    clock.advance(timedelta(hours=6))
    assert world.sweep() == 0
    clock.advance(timedelta(days=2))
    assert (world.sweep(), world.names(it)) == (1, ["A"])


def test_a_deadline_moves_with_its_timer(world: World, clock: Any) -> None:
    it = world.run(drawing(start(), task("A", sla="3"), end(), flows("S A E")))
    later = datetime(2027, 1, 4, 16, tzinfo=UTC)
    turn(world, timers.reschedule, only(world, it, kind="sla").id, later)
    assert [each.due_at for each in world.open(it)] == [later]
    assert world.open(it)[0].version == 1


def test_a_timer_held_back_fires_once_after_it_goes_on(world: World, clock: Any) -> None:
    it = world.run(WAIT)
    number = only(world, it).id
    turn(world, timers.suspend, number)
    clock.advance(timedelta(days=3))
    assert (world.sweep(), only(world, it).state) == (0, "suspended")
    turn(world, timers.resume, number)
    assert (world.sweep(), world.sweep(), world.names(it)) == (1, 0, ["A"])


def test_a_timer_held_back_goes_with_its_activity(world: World) -> None:
    it = world.run(DAILY)
    turn(world, timers.suspend, only(world, it).id)
    world.do(it, "A", c=1)
    with reading(world.engine) as session:
        assert session.scalars(select(Timer.state)).all() == ["cancelled"]


def test_rounds_missed_while_down_are_each_caught_up_once(world: World, clock: Any) -> None:
    it = world.run(DAILY)
    clock.advance(timedelta(days=10))
    assert [world.sweep() for _ in range(5)] == [1, 1, 1, 0, 0]
    assert world.names(it) == ["A", "B", "B", "B"]
    with reading(world.engine) as session:
        fired = session.scalars(select(Fact).where(Fact.kind == "timer.fired").order_by(Fact.id)).all()
        assert len({(fact.after or {})["due"] for fact in fired}) == 3


def test_only_a_running_instance_s_timer_fires_by_hand(world: World) -> None:
    it = world.run(WAIT)
    with unit(world.engine) as session:
        instances.suspend(session, it, by=BOSS, reason="x")
    with pytest.raises(NotRunning):
        turn(world, timers.fire_now, only(world, it).id)


def test_what_is_not_there_or_not_so_is_refused(world: World) -> None:
    it = world.run(WAIT)
    number = only(world, it).id
    with pytest.raises(NotFound):
        turn(world, timers.suspend, 10**6)
    with pytest.raises(Conflict):
        turn(world, timers.resume, number)
    turn(world, timers.suspend, number)
    with pytest.raises(Conflict):
        turn(world, timers.suspend, number)


def test_taking_a_failed_timer_in_hand_settles_its_incident(world: World, clock: Any) -> None:
    it = world.run(drawing(start(), task("A", sla="1"), end(), flows("S A E")))
    number = only(world, it).id
    with unit(world.engine) as session:
        session.execute(Task.__table__.update().values(state="cancelled"))  # its watcher finds nobody
    clock.advance(timedelta(days=4))
    for _ in range(timers.ATTEMPTS):
        assert world.sweep() == 0
        clock.advance(timedelta(hours=1))
    with reading(world.engine) as session:
        found = incidents.unresolved(session, it)
        assert [one.timer_id for one in found] == [number]
        assert "Traceback" not in found[0].cause and found[0].cause_en
    turn(world, timers.suspend, number)
    with reading(world.engine) as session:
        assert incidents.unresolved(session, it) == []


def test_every_turn_is_told_with_who_when_and_why(world: World, clock: Any) -> None:
    it = world.run(WAIT)
    number = only(world, it).id
    turn(world, timers.suspend, number)
    turn(world, timers.resume, number)
    turn(world, timers.reschedule, number, clock() + timedelta(days=1))
    turn(world, timers.fire_now, number)
    with reading(world.engine) as session:
        told = [(fact.kind, (fact.after or {}).get("reason"), fact.actor_name)
                for fact in story(session, ("instance", it)) if fact.actor_id == BOSS.id]
    assert told == [(f"timer.{kind}", "提前办理", BOSS.name)
                    for kind in ("suspended", "resumed", "rescheduled", "fired_by_hand")]
