"""An operator's deed is done as a whole or not at all; what others do meanwhile is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from engine import instances
from engine.messaging import deliveries, messages
from engine.model import Incident
from engine.operations import incidents, migration, modification, repair
from engine.operations.moved import Migration
from engine.time import timers
from engine.usertasks import tasks
from ledger.db import unit
from ledger.failpoints import arm
from tests.engine.conftest import BOSS, HAN, World
from tests.engine.drawings import boundary, catch, drawing, end, flows, signal, start, task, timer
from tests.engine.test_migration import migrate, rows, undo, whole

LINE = drawing(start(), task("A"), boundary("late", "A", timer("timeDuration", "PT1H")), task("B"), end(), end("E2"),
               flows("S A B E", "late E2"))
LONGER = drawing(start(), task("A2"), task("B"), end(), flows("S A2 B E"))
Deed = Callable[[Session, int, int], Any]
DEEDS: dict[str, tuple[str, Deed]] = {
    "suspend": ("engine.suspend.before_commit",
                lambda session, it, _: instances.suspend(session, it, by=BOSS, reason="x")),
    "terminate": ("engine.terminate.before_commit",
                  lambda session, it, _: instances.terminate(session, it, by=BOSS, reason="x")),
    "modify": ("engine.modify.before_commit", lambda session, it, _: modification.apply(
        session, it, [modification.StartBefore("B")], by=BOSS, reason="x")),
    "migrate": ("engine.migrate.before_commit", lambda session, it, to: migration.migrate(
        session, it, to, by=BOSS, reason="x", mapping={"A": "A2"})),
    "fire": ("engine.timer.before_commit", lambda session, it, _: timers.fire_now(
        session, timers.of_instance(session, it)[0].id, by=BOSS, reason="x")),
    "skip": ("engine.repair.before_commit", lambda session, it, _: repair.skip(
        session, incidents.open(session, instances.get(session, it), "A", "x").id, by=BOSS, reason="x")),
}


@pytest.mark.parametrize("name", DEEDS)
def test_a_deed_that_is_cut_off_leaves_nothing_behind(world: World, name: str) -> None:
    place, deed = DEEDS[name]
    it = world.run(LINE)
    to, before = world.deploy(LONGER), whole(world, it)
    arm(f"{place}=raise")
    try:
        with pytest.raises(RuntimeError), unit(world.engine) as session:
            deed(session, it, to)
    finally:
        arm(None)
    assert whole(world, it) == before
    assert (rows(world, Migration, it), rows(world, Incident, it)) == ([], [])
    world.do(it, "A", c=1)
    assert world.names(it) == ["B"]


def test_who_claimed_a_task_since_keeps_it_when_the_migration_is_undone(world: World) -> None:
    it = world.run(LINE)
    done = migrate(world, it, world.deploy(LONGER), A="A2")
    with unit(world.engine) as session:
        tasks.claim(session, world.open(it)[0].id, HAN)
    undo(world, done)
    assert [(each.element_id, each.assignee_id) for each in world.open(it)] == [("A", HAN.id)]
    world.do(it, "A", by=HAN, c=1)
    assert world.names(it) == ["B"]


def test_a_signal_to_a_suspended_instance_waits_for_it_and_holds_up_nobody(world: World, clock: Any) -> None:
    world.deploy(drawing(start(), catch("M", signal("g")), task("B"), end(), flows("S M B E"), signals={"g": "go"}))
    held, free = world.start(), world.start()
    with unit(world.engine) as session:
        instances.suspend(session, held, by=BOSS, reason="x")
    with unit(world.engine) as session:
        messages.broadcast(session, "go", by=BOSS)
    assert [deliveries.sweep(world.engine, limit=1) for _ in range(2)] == [0, 1]
    assert (world.names(held), world.names(free)) == ([], ["B"])
    with unit(world.engine) as session:
        instances.resume(session, held, by=BOSS, reason="x")
    assert deliveries.sweep(world.engine) == 1
    assert world.names(held) == ["B"]
