"""An ended process goes on again from an earlier step; what the house has carried out stays carried out."""

from __future__ import annotations

from typing import Any

import pytest

from engine import catalog, instances
from engine.returns import reopening
from engine.returns.giving_back import Final
from engine.returns.reopening import NotOver
from ledger.db import reading, unit
from ledger.errors import Conflict
from ledger.facts import story
from tests.engine.conftest import BOSS, World
from tests.engine.drawings import (
    drawing,
    end,
    event_sub,
    flow,
    flows,
    gateway,
    message,
    service,
    start,
    task,
    terminate,
)
from tests.engine.test_returning import LINE, done, sound  # noqa: F401 - a fixture

REASON = "主管部门要求补充核对，重新办理"


def reopen(world: World, it: int, element_id: str, **more: Any) -> None:
    with unit(world.engine) as session:
        reopening.reopen(session, it, done(world, it, element_id), by=BOSS, reason=REASON, **more)


def test_a_completed_process_goes_on_from_an_earlier_step_and_ends_again(world: World) -> None:
    it = world.run(LINE)
    for each in "ABC":
        world.do(it, each, x=1)
    assert world.state(it) == "completed"
    reopen(world, it, "B")
    row = world.row(it)
    assert (row.state, row.ended_at, world.names(it)) == ("active", None, ["B"])
    for each in "BC":
        world.do(it, each)
    assert world.state(it) == "completed"
    with reading(world.engine) as session:
        kinds = [fact.kind for fact in story(session, ("instance", it))]
    assert kinds.count("instance.ended") == 2 and kinds.count("instance.reopened") == 1


def test_of_a_terminated_process_what_was_left_goes_and_one_step_begins(world: World) -> None:
    it = world.run(drawing(start(), task("A"), gateway("parallel", "F"), task("B"), task("D"), gateway("parallel", "J"),
                           end(), flows("S A F B J E", "F D J")))
    world.do(it, "A", x=1)
    world.do(it, "B")
    with unit(world.engine) as session:
        instances.terminate(session, it, by=BOSS, reason="误操作")
    reopen(world, it, "A")
    assert world.names(it) == ["A"]
    for each in "ABD":
        world.do(it, each)
    assert world.state(it) == "completed"


def test_what_ended_by_terminating_goes_on_too(world: World) -> None:
    it = world.run(drawing(start(), task("A"), gateway("parallel", "F"), task("B"), task("D"), end("E", terminate()),
                           end("E2"), flows("S A F B E", "F D E2")))
    for each in "AB":
        world.do(it, each)
    reopen(world, it, "A")
    for each in "AB":
        world.do(it, each)
    assert world.state(it) == "completed"


def test_an_event_sub_process_listens_again(world: World) -> None:
    it = world.run(drawing(
        start(), task("A"), task("B"), end(), event_sub("V", message("m1"), task("X"), end("VE"), flows("V_s X VE")),
        flows("S A B E"), messages={"m1": "stop"}))
    for each in "AB":
        world.do(it, each)
    reopen(world, it, "B")
    world.send(it, "stop")
    assert world.names(it) == ["X"]


def test_nobody_reopens_past_a_step_that_was_carried_out(world: World) -> None:
    catalog.provide("P", steps={"publish": lambda step: None})
    it = world.run(drawing(start(), task("A"), service("X", "publish"), task("B", final="true"), end(),
                           flows("S A X B E")))
    for each in "AB":
        world.do(it, each)
    with pytest.raises(Final):
        reopen(world, it, "A")
    with reading(world.engine) as session:
        found = {one.element_id: one.refused for one in reopening.targets(session, it)}
    assert isinstance(found["A"], Final) and found["B"] is None
    reopen(world, it, "B")
    assert world.names(it) == ["B"]


def test_what_runs_is_not_reopened_and_a_stale_preview_is_refused(world: World) -> None:
    it = world.run(LINE)
    world.do(it, "A", x=1)
    with pytest.raises(NotOver):
        reopen(world, it, "A")
    for each in "BC":
        world.do(it, each)
    with pytest.raises(Conflict):
        reopen(world, it, "A", version=1)


def test_a_branch_that_is_gone_cannot_be_waited_for(world: World) -> None:
    it = world.run(drawing(start(), task("A"), gateway("parallel", "F"), task("B"), task("D"), gateway("parallel", "J"),
                           task("C"), end(), flows("S A F B", "F D", "J C E"), flow("B", "J", id="jb"),
                           flow("D", "J", id="jd")))
    for each in "AB":
        world.do(it, each)
    with unit(world.engine) as session:
        instances.terminate(session, it, by=BOSS, reason="误操作")
    with pytest.raises(Conflict):
        reopen(world, it, "B")
    reopen(world, it, "A")
    assert world.names(it) == ["A"]

