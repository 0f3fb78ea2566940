"""What an element hands on when it is through: an expression that fails there halts it, and nothing else is lost."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from engine import catalog, run
from engine.dialect.nodes import Fault
from engine.model import Delivery, Timer
from engine.operations import incidents, repair
from ledger.clock import Fixed
from ledger.db import reading, unit
from tests.engine.conftest import HAN, World
from tests.engine.drawings import (
    boundary,
    catch,
    conditional,
    drawing,
    end,
    event_sub,
    extensions,
    flows,
    gateway,
    loop,
    mapping,
    message,
    script,
    service,
    start,
    sub,
    tag,
    task,
    timer,
)

pytestmark = [pytest.mark.usefixtures("cold"), pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
COSTLY = "=if c = 1 then (every a in 1..1000 satisfies every b in 1..1000 satisfies a + b = b + a) else c"
"""Far over the budget while c is 1."""
PAID = {"Y": "accepted"}
GIVES = extensions(mapping(None, {"v": COSTLY}))


def mended(world: World, it: int) -> None:
    """The variable that made it fail is put right, and what halted tries again."""
    with unit(world.engine) as session:
        for found in incidents.unresolved(session, it):
            repair.retry(session, found.id, by=HAN, edit={"c": 2})


@pytest.mark.parametrize("around", [loop("=[7, 8]", "one", "found", COSTLY), loop("=[7, 8]", "one", condition=COSTLY)],
                         ids=["output element", "completion condition"])
def test_a_round_whose_end_cannot_be_worked_out_is_an_incident_of_its_own(world: World, around: str) -> None:
    it = world.run(drawing(start(), task("A", around), task("B"), end(), flows("S A B E")), c=0)
    world.do(it, "A", c=1)
    assert [element for element, _ in world.incidents(it)] == ["A"] and world.names(it) == ["A"]
    mended(world, it)
    world.do(it, "A", c=2)
    assert (world.names(it), world.incidents(it)) == (["B"], [])
    assert "found" not in around or world.variables(it)["found"] == [2, 2]


def test_a_round_that_is_skipped_yields_nothing(world: World) -> None:
    drawn = drawing(start(), task("A", loop("=[7]", "one", "found", COSTLY), gives={}), task("B"), end(),
                    flows("S A B E"))
    it = world.run(drawn, c=1)
    world.do(it, "A")
    with unit(world.engine) as session:
        [found] = incidents.unresolved(session, it)
        repair.skip(session, found.id, by=HAN, reason="x")
    assert (world.names(it), world.variables(it)["found"]) == (["B"], [None])


@pytest.mark.parametrize("event", [
    catch("X", GIVES, conditional("=go")), catch("X", GIVES, timer("timeDuration", "PT1S")),
    catch("X", GIVES, message("Y")),
    sub("X", GIVES, start("Xs"), script("Xx", "w", "=1"), end("Xe"), flows("Xs Xx Xe")),
], ids=["condition", "timer", "message", "sub-process"])  # fmt: skip
def test_outputs_that_cannot_be_set_halt_the_element_and_not_the_act(world: World, clock: Fixed, event: str) -> None:
    answers = {"c": "=c", "go": "=go"}
    it = world.run(drawing(start(), task("A", gives=answers), event, task("B"), end(), flows("S A X B E"),
                           messages=PAID), c=0)
    world.do(it, "A", c=1, go=True)
    clock.advance(dt.timedelta(seconds=2))
    world.publish("accepted", amount=5)
    [(element, cause)] = world.incidents(it)
    assert element == "X" and "表达式有误" in cause
    mended(world, it)
    assert (world.names(it), world.variables(it)["v"], world.incidents(it)) == (["B"], 2, [])


def test_a_boundary_event_that_came_is_not_forgotten_with_its_outputs(world: World) -> None:
    stop = boundary("X", "A", GIVES, conditional("=go"))
    drawn = drawing(start(), task("D", gives={"go": "=go"}), task("A"), stop, task("B"), end(), end("E2"),
                    gateway("parallel", "F"), flows("S F D E", "F A E2", "X B E"))
    it = world.run(drawn, c=1)
    world.do(it, "D", go=True)
    assert [element for element, _ in world.incidents(it)] == ["X"] and world.names(it) == []
    with unit(world.engine) as session:
        [found] = incidents.unresolved(session, it)
        repair.skip(session, found.id, by=HAN, reason="x")
    assert world.names(it) == ["B"]


def test_what_came_with_a_message_is_kept_until_the_event_sub_process_can_take_it(world: World) -> None:
    beside = event_sub("W", message("Y"), task("B"), end("We"), flows("W_s B We"), interrupting=False,
                       gives={"v": COSTLY, "paid": "=amount"})
    it = world.run(drawing(start(), task("A"), end(), flows("S A E"), beside, messages=PAID), c=1)
    world.send(it, "accepted", amount=5)
    assert [element for element, _ in world.incidents(it)] == ["W_s"] and world.names(it) == ["A"]
    mended(world, it)
    assert (world.names(it), world.variables(it)["paid"]) == (["A", "B"], 5)


def test_a_task_whose_answers_cannot_be_taken_is_refused_with_the_reason(world: World) -> None:
    it = world.run(drawing(start(), task("A", gives={"v": COSTLY}), end(), flows("S A E")), c=1)
    with pytest.raises(Fault) as refused:
        world.do(it, "A")
    assert refused.value.params["element"] == "A" and world.names(it) == ["A"]


def test_an_ad_hoc_sub_process_that_cannot_tell_whether_it_has_enough_is_an_incident(world: World) -> None:
    enough = f'<bpmn:completionCondition xsi:type="bpmn:tFormalExpression">{COSTLY}</bpmn:completionCondition>'
    inside = tag("adHocSubProcess", "H", enough, task("A"), task("B"))
    it = world.run(drawing(start(), inside, end(), flows("S H E")), c=0)
    world.do(it, "A", c=1)
    assert [element for element, _ in world.incidents(it)] == ["A"] and world.names(it) == ["B"]
    mended(world, it)
    world.do(it, "B", c=2)
    assert world.state(it) == "completed"


def test_a_row_that_failed_names_the_kind_of_error_and_the_line_and_never_its_text(world: World, clock: Fixed) -> None:
    def careless(step: catalog.Step) -> None:
        raise ValueError(step.variables["c"])

    catalog.provide("P", steps={"print": careless})
    it = world.run(drawing(start(), task("A"), service("X", "print"), end(), flows("S A X E")))
    world.do(it, "A", c="330102199001011234")
    with reading(world.engine) as session:
        told = session.scalars(select(Timer.last_error).where(Timer.kind == "retry")).one()
    assert told is not None and told.startswith("ValueError in careless (test_outputs.py:")


@pytest.mark.parametrize("table", [Timer, Delivery])
def test_so_does_a_timer_or_a_delivery(world: World, clock: Fixed, monkeypatch: pytest.MonkeyPatch, table: Any) -> None:
    def careless(*_: Any) -> None:
        raise ValueError("330102199001011234")

    event = timer("timeDuration", "PT1S") if table is Timer else message("Y")
    it = world.run(drawing(start(), catch("X", event), task("B"), end(), flows("S X B E"), messages=PAID))
    monkeypatch.setattr(run, "trigger", careless)
    clock.advance(dt.timedelta(seconds=2))
    world.publish("accepted")
    with reading(world.engine) as session:
        told = session.scalars(select(table.last_error)).one()
    assert told.startswith("ValueError in careless (test_outputs.py:") and world.names(it) == []

