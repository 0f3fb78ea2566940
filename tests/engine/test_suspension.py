"""Instances held, let go and ended by an operator, one or many."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from engine import instances
from engine.messaging import messages
from engine.model import Timer
from engine.operations import many
from engine.run import NotRunning
from engine.time import timers
from engine.usertasks import tasks
from ledger.db import reading, unit
from ledger.errors import Conflict
from ledger.facts import story
from tests.engine.conftest import BOSS, HAN, World
from tests.engine.drawings import boundary, drawing, end, flows, message, start, task, timer

WAITS = drawing(
    start(), task("A"), boundary("late", "A", timer("timeDuration", "PT1H"), interrupting=False), task("B"),
    boundary("called", "A", message("m1"), interrupting=False), task("C"), end(), end("E2"),
    flows("S A E", "late B E2", "called C E2"), messages={"m1": "go"})  # fmt: skip


def turn(world: World, it: int, verb: Callable[..., Any], reason: str = "核查") -> None:
    with unit(world.engine) as session:
        verb(session, it, by=BOSS, reason=reason)


@pytest.mark.parametrize("act", ["claim", "complete", "send"])
def test_nobody_can_act_on_a_suspended_instance(world: World, act: str) -> None:
    it = world.run(WAITS)
    number = world.open(it)[0].id
    turn(world, it, instances.suspend)
    acts: dict[str, Callable[[Session], object]] = {
        "claim": lambda session: tasks.claim(session, number, HAN),
        "complete": lambda session: tasks.complete(session, number, HAN, {"c": 1}),
        "send": lambda session: messages.send(session, it, "go", by=HAN),
    }
    with pytest.raises(Conflict, match="挂起") as refused, unit(world.engine) as session:
        acts[act](session)
    assert refused.value.status == 409
    turn(world, it, instances.resume)
    with unit(world.engine) as session:
        acts[act](session)


def test_a_timer_that_fell_due_meanwhile_fires_once_after_the_resumption(world: World, clock: Any) -> None:
    it = world.run(WAITS)
    turn(world, it, instances.suspend)
    clock.advance(timedelta(days=3))
    assert world.sweep() == 0
    with unit(world.engine) as session:
        number = session.scalars(select(Timer.id)).one()
        assert not timers.fire(session, number)
    turn(world, it, instances.resume)
    assert (world.sweep(), world.sweep()) == (1, 0)
    assert world.names(it) == ["A", "B"]


def test_only_the_running_are_suspended_and_only_the_suspended_resumed(world: World) -> None:
    it = world.run(WAITS)
    with pytest.raises(instances.NotSuspended):
        turn(world, it, instances.resume)
    turn(world, it, instances.suspend)
    with pytest.raises(NotRunning):
        turn(world, it, instances.suspend)


def test_a_suspended_instance_can_be_ended_and_leaves_nothing_waiting(world: World, clock: Any) -> None:
    it = world.run(WAITS)
    turn(world, it, instances.suspend)
    turn(world, it, instances.terminate)
    assert (world.state(it), world.names(it)) == ("terminated", [])
    with reading(world.engine) as session:
        assert (messages.waiting(session, it), timers.of_instance(session, it)) == ([], [])
    with pytest.raises(NotRunning):
        turn(world, it, instances.terminate)


def test_each_turn_is_told_with_who_and_why(world: World) -> None:
    it = world.run(WAITS)
    for verb in (instances.suspend, instances.resume, instances.terminate):
        turn(world, it, verb, reason=f"因为 {verb.__name__}")
    with reading(world.engine) as session:
        told = [(fact.kind, fact.actor_name, (fact.after or {}).get("reason"))
                for fact in story(session, ("instance", it))[1:]]
    assert told == [("instance.suspended", BOSS.name, "因为 suspend"), ("instance.resumed", BOSS.name, "因为 resume"),
                    ("instance.terminated", BOSS.name, "因为 terminate")]


def test_many_are_suspended_with_a_result_for_each(world: World) -> None:
    world.deploy(WAITS)
    wanted = [world.start() for _ in range(5)]
    turn(world, wanted[2], instances.terminate)
    found = many.each(world.engine, [*wanted, 10**6], lambda session, it: instances.suspend(
        session, it, by=BOSS, reason="停工"), at_once=2)
    assert [one.done for one in found] == [True, True, False, True, True, False]
    assert isinstance(found[2].refused, NotRunning)
    assert [world.state(it) for it in wanted] == ["suspended", "suspended", "terminated", "suspended", "suspended"]


def test_one_that_breaks_does_not_stop_the_others(world: World) -> None:
    world.deploy(WAITS)
    wanted = [world.start() for _ in range(4)]

    def do(session: Session, it: int) -> None:
        instances.suspend(session, it, by=BOSS, reason="停工")
        if it == wanted[1]:
            raise ZeroDivisionError

    found = many.each(world.engine, wanted, do)
    assert [one.done for one in found] == [True, False, True, True]
    assert found[1].error == ("除数为零（ZeroDivisionError）", "a division by zero (ZeroDivisionError)")
    assert [world.state(it) for it in wanted] == ["suspended", "active", "suspended", "suspended"]


def test_a_transaction_that_is_lost_is_tried_again_one_by_one(world: World) -> None:
    world.deploy(WAITS)
    wanted = [world.start() for _ in range(4)]
    tried: list[int] = []

    def do(session: Session, it: int) -> None:
        tried.append(it)
        instances.suspend(session, it, by=BOSS, reason="停工")
        if it == wanted[2]:
            raise OperationalError("lock", {}, Exception("timeout"))

    found = many.each(world.engine, wanted, do)
    assert [one.done for one in found] == [True, True, False, True]
    assert tried == [*wanted[:3], *wanted]
    assert [world.state(it) for it in wanted] == ["suspended", "suspended", "active", "suspended"]


def test_instances_are_chosen_by_process_and_definition(world: World) -> None:
    first = world.deploy(WAITS)
    old = world.start()
    world.deploy(drawing(start(), task("A"), end(), flows("S A E")))
    new, held = world.start(), world.start()
    turn(world, held, instances.suspend)
    with reading(world.engine) as session:
        assert many.chosen(session, definition_id=first) == [old]
        assert many.chosen(session, process_id="P") == [old, new]
        assert many.chosen(session, process_id="P", states=["suspended"]) == [held]
        assert many.chosen(session, process_id="P", after=old, limit=1) == [new]
