"""Event sub-processes: what may happen at any time while a scope runs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from engine import catalog
from engine.dialect import BpmnError
from engine.model import Subscription
from engine.operations import incidents, repair
from ledger.db import reading, unit
from ledger.errors import Conflict
from tests.engine.conftest import HAN, World
from tests.engine.drawings import (
    boundary,
    catch,
    conditional,
    drawing,
    end,
    error,
    escalation,
    event_sub,
    flows,
    gateway,
    message,
    script,
    service,
    signal,
    start,
    sub,
    task,
    throw,
    timer,
)

pytestmark = [pytest.mark.usefixtures("cold"), pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
WITHDRAW = {"m": "withdraw"}


def withdrawable(*inner: str, interrupting: bool = True) -> bytes:
    away = event_sub("W", message("m"), task("ask"), end("We"), flows("W_s ask We"), interrupting=interrupting)
    return drawing(start(), task("A"), task("B"), end(), flows("S A B E"), away, *inner, messages=WITHDRAW)


def test_a_withdrawal_at_any_time_ends_everything_else_in_the_process(world: World) -> None:
    it = world.run(withdrawable())
    world.do(it, "A")
    world.send(it, "withdraw")
    assert world.names(it) == ["ask"] and world.state(it) == "active"
    world.do(it, "ask")
    assert world.state(it) == "completed"


def test_what_does_not_interrupt_leaves_the_rest_alone_and_may_happen_again(world: World) -> None:
    it = world.run(withdrawable(interrupting=False))
    world.send(it, "withdraw")
    world.send(it, "withdraw")
    assert world.names(it) == ["A", "ask", "ask"]
    for element in ("A", "B", "ask"):
        world.do(it, element)
    assert world.names(it) == ["ask"] and world.state(it) == "active"
    world.do(it, "ask")
    assert world.state(it) == "completed"


def test_a_process_that_ends_no_longer_waits_for_its_withdrawal(world: World) -> None:
    it = world.run(withdrawable())
    world.do(it, "A")
    world.do(it, "B")
    assert world.state(it) == "completed"
    with pytest.raises(Conflict):
        world.send(it, "withdraw")
    with reading(world.engine) as session:
        assert session.scalar(select(func.count()).select_from(Subscription)) == 0


def test_other_instances_are_not_touched_by_one_withdrawal(world: World) -> None:
    one, two = world.run(withdrawable()), 0
    two = world.start()
    world.send(one, "withdraw")
    assert (world.names(one), world.names(two)) == (["ask"], ["A"])
    three = world.start()
    assert world.names(three) == ["A"]


def test_what_came_with_the_message_goes_through_the_start_events_mapping(world: World) -> None:
    away = event_sub("W", message("m"), task("ask"), end("We"), flows("W_s ask We"), gives={"why": "=reason"})
    it = world.run(drawing(start(), task("A"), end(), flows("S A E"), away, messages=WITHDRAW))
    world.send(it, "withdraw", reason="工程停建", other="x")
    assert world.variables(it) == {"why": "工程停建"}


def test_a_timer_beside_the_whole_process_fires_once(world: World, clock: Any) -> None:
    late = event_sub(
        "L", timer("timeDuration", "PT2H"), task("remind"), end("Le"), flows("L_s remind Le"), interrupting=False
    )
    it = world.run(drawing(start(), task("A"), end(), flows("S A E"), late))
    assert world.sweep() == 0
    clock.advance(timedelta(hours=3))
    assert world.sweep() == 1 and world.names(it) == ["A", "remind"]
    clock.advance(timedelta(hours=3))
    assert world.sweep() == 0


def test_an_error_inside_is_caught_by_the_scopes_own_event_sub_process(world: World) -> None:
    def refuse(_: catalog.Step) -> None:
        raise BpmnError("late")

    catalog.provide("P", steps={"refuse": refuse})
    caught = event_sub("C", error("R"), task("repair"), end("Ce"), flows("C_s repair Ce"))
    inside = sub("sub", start("s"), task("A"), service("X", "refuse"), end("e"), flows("s A X e"), caught)
    it = world.run(drawing(start(), inside, task("B"), end(), flows("S sub B E"), errors={"R": "late"}))
    world.do(it, "A")
    assert world.names(it) == ["repair"]
    world.do(it, "repair")
    assert world.names(it) == ["B"]


def test_an_error_thrown_by_the_handler_itself_goes_further_up(world: World) -> None:
    again = event_sub("C", error("R"), end("Ce", error("R")), flows("C_s Ce"))
    inside = sub("sub", start("s"), end("e", error("R")), flows("s e"), again)
    drawn = drawing(
        start(),
        inside,
        boundary("B", "sub", error("R")),
        task("T"),
        end(),
        end("E2"),
        flows("S sub E", "B T E2"),
        errors={"R": "late"},
    )
    assert world.names(world.run(drawn)) == ["T"]


def test_an_escalation_tells_the_scope_around_and_the_work_goes_on(world: World) -> None:
    heard = event_sub("H", escalation("Z"), task("look"), end("He"), flows("H_s look He"), interrupting=False)
    inside = sub("sub", start("s"), throw("X", escalation("Z")), task("A"), end("e"), flows("s X A e"))
    it = world.run(drawing(start(), inside, end(), flows("S sub E"), heard, escalations={"Z": "slow"}))
    assert world.names(it) == ["A", "look"]


def test_an_escalation_that_interrupts_stops_whoever_threw_it(world: World) -> None:
    inside = sub("sub", start("s"), throw("X", escalation("Z")), task("A"), end("e"), flows("s X A e"))
    drawn = drawing(
        start(),
        inside,
        boundary("B", "sub", escalation("Z")),
        task("T"),
        end(),
        end("E2"),
        flows("S sub E", "B T E2"),
        escalations={"Z": "slow"},
    )
    assert world.names(world.run(drawn)) == ["T"]


def test_a_signal_in_one_branch_starts_the_event_sub_process_beside_it(world: World) -> None:
    heard = event_sub("H", signal("G"), task("look"), end("He"), flows("H_s look He"), interrupting=False)
    drawn = drawing(
        start(),
        gateway("parallel", "F"),
        task("A"),
        task("B"),
        throw("X", signal("G")),
        end(),
        end("E2"),
        flows("S F A E", "F B X E2"),
        heard,
        signals={"G": "alarm"},
    )
    it = world.run(drawn)
    world.do(it, "B")
    assert world.names(it) == ["A", "look"]


def test_a_condition_that_becomes_true_happens_once_until_it_was_false_again(world: World) -> None:
    big = event_sub("H", conditional("=c &gt; 100"), task("look"), end("He"), flows("H_s look He"), interrupting=False)
    drawn = drawing(start(), task("A"), task("B"), task("C"), task("D"), end(), flows("S A B C D E"), big)
    it = world.run(drawn)
    world.do(it, "A", c=50)
    assert world.names(it) == ["B"]
    world.do(it, "B", c=200)
    world.do(it, "C", c=300)
    assert world.names(it) == ["D", "look"]


def test_an_event_sub_process_of_a_sub_process_ends_with_it(world: World) -> None:
    heard = event_sub("H", signal("G"), task("look"), end("He"), flows("H_s look He"), interrupting=False)
    inside = sub("sub", start("s"), task("A"), end("e"), flows("s A e"), heard)
    it = world.run(drawing(start(), inside, task("B"), end(), flows("S sub B E"), signals={"G": "alarm"}))
    world.do(it, "A")
    world.broadcast("alarm")
    assert world.names(it) == ["B"]


def test_an_interrupting_one_inside_a_round_ends_only_that_round(world: World) -> None:
    from tests.engine.drawings import loop

    away = event_sub("W", conditional("=stop = true"), script("X", "done", "=true"), end("We"), flows("W_s X We"))
    inside = sub(
        "sub",
        start("s"),
        task("A", gives={"stop": "=stop"}),
        task("B"),
        end("e"),
        flows("s A B e"),
        away,
        loop("=[1, 2]", "n"),
    )
    it = world.run(drawing(start(), inside, end(), flows("S sub E")))
    assert world.names(it) == ["A", "A"]
    world.do(it, "A", stop=True)
    assert world.names(it) == ["A"]
    world.do(it, "A", stop=False)
    assert world.names(it) == ["B"]


@pytest.mark.timeout(60)
def test_conditions_that_follow_one_another_for_ever_are_an_incident_and_go_on_when_one_fails(world: World) -> None:
    drawn = drawing(
        start(), catch("C1", conditional("=c &lt; 1")), catch("C2", conditional("=c &lt; 1")), end(),
        flows("S C1 C2 C1", "C2 E"),
    )
    it = world.run(drawn, c=0)
    told = world.incidents(it)
    assert {element for element, _ in told} & {"C1", "C2"} and all("2000" in cause for _, cause in told)
    with unit(world.engine) as session:
        for found in incidents.unresolved(session, it):
            repair.retry(session, found.id, by=HAN, edit={"c": 1})
    assert world.incidents(it) == [] and world.state(it) == "active"


def test_a_condition_that_costs_too_much_is_an_incident_and_what_is_beside_it_goes_on(world: World) -> None:
    costly = "=every a in 1..1000 satisfies every b in 1..1000 satisfies a + b &gt; c"
    beside = event_sub("W", conditional(costly), task("B"), end("We"), flows("W_s B We"), interrupting=False)
    it = world.run(drawing(start(), task("A"), task("D"), end(), flows("S A D E"), beside), c=1)
    assert [element for element, _ in world.incidents(it)] == ["W"] and world.names(it) == ["A"]
    world.do(it, "A", c=2)
    assert [element for element, _ in world.incidents(it)] == ["W"] and world.names(it) == ["D"]
    world.do(it, "D")
    assert (world.state(it), world.incidents(it)) == ("completed", [])
