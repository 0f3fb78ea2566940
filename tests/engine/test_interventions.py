"""An end and a move by hand are taken back exactly, while nothing has followed from them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from engine import catalog, instances
from engine.operations import interventions, snapshots
from engine.operations.interventions import Intervention, WentOn
from engine.operations.modification import Cancel, StartBefore
from ledger.db import reading, unit
from ledger.facts import story
from tests.engine.conftest import BOSS, HAN, LI, World
from tests.engine.drawings import (
    boundary,
    catch,
    drawing,
    end,
    flow,
    flows,
    gateway,
    message,
    service,
    start,
    task,
    timer,
)
from tests.engine.hands import delegate, held
from tests.engine.test_modification import back, token

BUSY = drawing(
    start(), gateway("parallel", "F"), task("A", gives={"a": "=a"}), task("A2", sla="2"),
    boundary("late", "A2", timer("timeDuration", "PT5H"), interrupting=False), catch("M", message("m1")), task("B"),
    gateway("parallel", "J"), end(), end("E2"), flows("S F A A2 J", "F B M J E", "late E2"), flow("F", "J", id="fj"),
    messages={"m1": "answer"})


def ended(world: World, it: int) -> int:
    with unit(world.engine) as session:
        interventions.terminate(session, it, by=BOSS, reason="误终止")
        return session.scalars(select(Intervention.id).order_by(Intervention.id.desc())).first() or 0


def taken_back(world: World, number: int) -> None:
    with unit(world.engine) as session:
        interventions.undo(session, number, by=BOSS, reason="误操作")


def rows(world: World, it: int) -> snapshots.Image:
    with reading(world.engine) as session:
        return snapshots.image(session, it)


def going(world: World) -> int:
    """Somewhere in the middle: one branch at a timer and a task somebody has, the other waiting for a message."""
    it = world.run(BUSY)
    world.do(it, "A", a=7)
    world.do(it, "B", c=1)
    delegate(world, held(world, it, HAN), LI, HAN)
    return it


def test_an_end_that_is_taken_back_leaves_every_row_as_it_was_and_it_goes_on_to_its_end(world: World) -> None:
    it = going(world)
    before, state = rows(world, it), world.row(it)
    number = ended(world, it)
    assert world.state(it) == "terminated" and world.names(it) == []
    taken_back(world, number)
    now = world.row(it)
    assert rows(world, it) == before
    assert (now.state, now.outcome, now.stage, now.ended_at) == ("active", state.outcome, state.stage, None)
    assert now.version == state.version + 2 and world.variables(it)["a"] == 7
    world.send(it, "answer")
    with reading(world.engine) as session:
        kinds = [fact.kind for fact in story(session, ("instance", it))]
    assert kinds.count("instance.terminated") == kinds.count("instance.termination_undone") == 1


def test_what_was_held_is_held_again(world: World) -> None:
    it = world.run(BUSY)
    with unit(world.engine) as session:
        instances.suspend(session, it, by=BOSS, reason="x")
    taken_back(world, ended(world, it))
    assert world.state(it) == "suspended"


def test_a_move_that_is_taken_back_leaves_every_row_as_it_was(world: World) -> None:
    it = going(world)
    before = rows(world, it)
    with unit(world.engine) as session:
        interventions.modify(session, it, [back(world, it, "A")], by=BOSS, reason="x")
    assert "A" in world.names(it)
    with reading(world.engine) as session:
        made = session.scalars(select(Intervention.id)).one()
    taken_back(world, made)
    assert rows(world, it) == before


def test_what_has_gone_on_is_not_taken_back_nor_twice(world: World) -> None:
    it = world.run(BUSY)
    with unit(world.engine) as session:
        interventions.modify(session, it, [Cancel(token(world, it, "B")), StartBefore("B")], by=BOSS, reason="x")
        number = session.scalars(select(Intervention.id)).one()
    world.do(it, "A", a=1)
    with pytest.raises(WentOn):
        taken_back(world, number)
    other = ended(world, it)
    taken_back(world, other)
    with pytest.raises(WentOn):
        taken_back(world, other)


def test_a_new_task_that_somebody_has_begun_on_keeps_its_move(world: World) -> None:
    it = going(world)
    with unit(world.engine) as session:
        interventions.modify(session, it, [back(world, it, "A")], by=BOSS, reason="x")
        assert interventions.last(session, session.get_one(type(world.row(it)), it)) is not None
    world.do(it, "A", by=HAN, a=8)
    with unit(world.engine) as session:
        assert interventions.last(session, session.get_one(type(world.row(it)), it)) is None


def test_a_move_that_ran_a_step_is_not_pretended_to_be_undone(world: World) -> None:
    catalog.provide("P", steps={"book": lambda step: None})
    it = world.run(drawing(start(), task("A"), service("X", "book"), task("C"), end(), flows("S A X C E")))
    with unit(world.engine) as session:
        interventions.modify(session, it, [Cancel(token(world, it, "A")), StartBefore("X")], by=BOSS, reason="x")
        made = session.scalars(select(Intervention)).one()
        number, lasting = made.id, made.lasting
    assert lasting
    with pytest.raises(WentOn):
        taken_back(world, number)
