"""What cannot go on stops where it is; the act stands, others go on, a person or a timer lets it try again."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from engine import catalog, instances
from engine.model import Incident, Timer
from engine.operations import incidents, repair
from ledger.db import reading, unit
from tests.engine.conftest import HAN, World
from tests.engine.drawings import (
    boundary,
    catch,
    drawing,
    end,
    extensions,
    flow,
    flows,
    gateway,
    loop,
    mapping,
    script,
    start,
    tag,
    task,
    timer,
    zeebe,
)

pytestmark = pytest.mark.usefixtures("cold")


class Printer:
    """A step that fails until it is mended, and writes before it fails."""

    def __init__(self, world: World) -> None:
        self.broken, self.tried = True, 0
        catalog.provide("P", steps={"print": self})

    def __call__(self, step: catalog.Step) -> dict[str, Any]:
        self.tried += 1
        step.session.add(
            Incident(
                instance_id=step.instance_id, element_id="half-written", cause="x", opened_at=step.instance.started_at
            )
        )
        step.session.flush()
        if self.broken:
            raise OSError("no paper")
        return {"printed": True}


def printing(*inner: str, retries: str = "") -> bytes:
    step = {"type": "print", **({"retries": retries} if retries else {})}
    return drawing(
        start(),
        task("A"),
        tag("serviceTask", "X", extensions(zeebe("taskDefinition", **step))),
        task("B"),
        end(),
        flows("S A X B E"),
        *inner,
    )


def test_who_completed_the_task_before_has_completed_it_and_the_step_wrote_nothing(world: World) -> None:
    printer = Printer(world)
    it = world.run(printing())
    world.do(it, "A", c=5)
    assert (world.names(it), world.variables(it), printer.tried) == ([], {"c": 5}, 1)
    assert world.incidents(it) == []


def test_a_failed_step_is_tried_again_after_growing_pauses_and_then_goes_on(world: World, clock: Any) -> None:
    printer = Printer(world)
    it = world.run(printing())
    world.do(it, "A")
    clock.advance(timedelta(minutes=5))
    world.sweep()
    clock.advance(timedelta(minutes=5))
    world.sweep()
    assert printer.tried == 2
    printer.broken = False
    clock.advance(timedelta(minutes=5))
    world.sweep()
    assert world.names(it) == ["B"] and world.variables(it)["printed"] is True
    assert [element for element, _ in world.incidents(it)] == ["half-written"]


def test_the_log_tells_where_a_step_failed_and_not_what_it_worked_with(
        world: World, caplog: pytest.LogCaptureFixture) -> None:
    def careless(step: catalog.Step) -> None:
        raise ValueError(step.variables["c"])

    catalog.provide("P", steps={"print": careless})
    it = world.run(printing())
    world.do(it, "A", c="330102199001011234")
    assert "ValueError" in caplog.text and "in careless" in caplog.text and "330102199001011234" not in caplog.text


def test_without_retries_it_waits_for_a_person_at_once(world: World) -> None:
    printer = Printer(world)
    it = world.run(printing(retries="0"))
    world.do(it, "A")
    assert [element for element, _ in world.incidents(it)] == ["X"]
    printer.broken = False
    world.retry(it)
    assert world.names(it) == ["B"]


def test_a_boundary_timer_rescues_a_step_that_does_not_come_back(world: World, clock: Any) -> None:
    Printer(world)
    it = world.run(
        printing(
            boundary("late", "X", timer("timeDuration", "P1D")), task("C"), end("E2"), flows("late C E2"), retries="0"
        )
    )
    world.do(it, "A")
    clock.advance(timedelta(days=1))
    world.sweep()
    assert world.names(it) == ["C"] and world.incidents(it) == []


def test_a_gateway_without_a_way_out_waits_and_goes_on_when_the_variables_fit(world: World) -> None:
    drawn = drawing(
        start(),
        task("A"),
        gateway("exclusive", "G"),
        task("B"),
        task("C"),
        end(),
        flows("S A G"),
        flow("G", "B", "=c = 1"),
        flow("G", "C", "=c = 2"),
        flows("B E", "C E"),
    )
    it = world.run(drawn)
    world.do(it, "A", c=3)
    world.retry(it)
    assert [element for element, _ in world.incidents(it)] == ["G"]
    with unit(world.engine) as session:
        [found] = incidents.unresolved(session, it)
        repair.retry(session, found.id, by=HAN, edit={"c": 1})
    assert world.names(it) == ["B"] and world.incidents(it) == []


def test_one_branch_that_stops_does_not_stop_the_other(world: World) -> None:
    drawn = drawing(
        start(),
        gateway("parallel", "F"),
        task("A", loop("=names", "one")),
        task("B"),
        task("C"),
        gateway("parallel", "J"),
        end(),
        flows("S F A J E", "F B C J"),
    )
    it = world.run(drawn, names="not a list")
    assert [element for element, _ in world.incidents(it)] == ["A"] and world.names(it) == ["B"]
    world.do(it, "B")
    world.do(it, "C")
    assert world.state(it) == "active"


def test_a_task_for_nobody_and_a_timer_without_a_moment_stop_with_the_reason(world: World) -> None:
    nobody = drawing(start(), task("A", groups="=nobody"), end(), flows("S A E"))
    [(element, cause)] = world.incidents(world.run(nobody))
    assert element == "A" and "办理人" in cause
    never = drawing(start(), catch("T", timer("timeDate", "=nothing")), task("A"), end(), flows("S T A E"))
    [(element, cause)] = world.incidents(world.run(never))
    assert element == "T" and "定时" in cause


def test_a_halted_round_keeps_its_item_when_it_tries_again(world: World) -> None:
    step = tag(
        "serviceTask",
        "X",
        extensions(
            zeebe("taskDefinition", type="print", retries="0"), mapping({"to": "=who"}, {"printed": "=printed"})
        ),
        loop("=[7]", "who"),
    )
    printer = Printer(world)
    it = world.run(drawing(start(), step, task("B"), end(), flows("S X B E")))
    printer.broken = False
    world.retry(it)
    assert world.names(it) == ["B"]


def test_a_terminated_instance_leaves_no_incident_and_no_timer_and_says_who_ended_it_and_why(world: World) -> None:
    Printer(world)
    it = world.run(printing(retries="0"))
    world.do(it, "A")
    with unit(world.engine) as session:
        instances.terminate(session, it, by=HAN, reason="不办了")
    assert world.incidents(it) == []
    with reading(world.engine) as session:
        settled = session.scalars(select(Incident).where(Incident.instance_id == it)).one()
        assert (settled.element_id, settled.resolved_by, settled.resolution) == ("X", HAN.name, "不办了")
        assert "waiting" not in session.scalars(select(Timer.state).where(Timer.instance_id == it)).all()


@pytest.mark.parametrize("text", ["function(a) a", '[date("9999-12-31") + duration("P1D")]', "{f: function(a) a}"])
def test_a_value_that_no_variable_can_hold_is_an_incident_where_it_is_made(world: World, text: str) -> None:
    made = world.run(drawing(start(), script("X", "v", f"={text}"), end(), flows("S X E")))
    assert [element for element, _ in world.incidents(made)] == ["X"]
    taken = world.run(drawing(start(), task("A"), task("B", takes={"v": f"={text}"}), end(), flows("S A B E")))
    world.do(taken, "A")
    assert [element for element, _ in world.incidents(taken)] == ["B"]


def test_a_number_of_thousands_of_digits_can_be_handed_to_a_task(world: World) -> None:
    [one] = world.open(world.run(drawing(start(), task("A", takes={"n": "=10 ** 6000"}), end(), flows("S A E"))))
    assert one.inputs is not None and Decimal(one.inputs["n"]) == Decimal(10) ** 6000
