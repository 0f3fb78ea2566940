"""Loops, rounds, quantities, compensation and transactions."""

from __future__ import annotations

import pytest

from tests.engine.conftest import World
from tests.engine.drawings import (
    association,
    boundary,
    cancel,
    compensate,
    drawing,
    end,
    error,
    event_sub,
    flows,
    gateway,
    message,
    script,
    start,
    sub,
    tag,
    task,
    throw,
)

pytestmark = [pytest.mark.usefixtures("cold"), pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


def repeat(condition: str = "", **attributes: str) -> str:
    inner = (
        f'<bpmn:loopCondition xsi:type="bpmn:tFormalExpression">{condition}</bpmn:loopCondition>' if condition else ""
    )
    written = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f"<bpmn:standardLoopCharacteristics{written}>{inner}</bpmn:standardLoopCharacteristics>"


def undo(id: str) -> str:
    """A handler; who did it is seen from its task."""
    return task(id, gives={}).replace("<bpmn:userTask", '<bpmn:userTask isForCompensation="true"')


def test_a_loop_goes_on_while_its_condition_holds_and_shares_the_variables(world: World) -> None:
    it = world.run(drawing(start(), task("A", repeat("=c &lt; 3")), task("B"), end(), flows("S A B E")), c=0)
    for number in (1, 2):
        world.do(it, "A", c=number)
        assert world.names(it) == ["A"]
    world.do(it, "A", c=3)
    assert (world.names(it), world.variables(it)) == (["B"], {"c": 3})


def test_a_loop_tested_before_may_not_run_at_all_and_a_maximum_ends_it(world: World) -> None:
    none = drawing(start(), task("A", repeat("=c &lt; 3", testBefore="true")), task("B"), end(), flows("S A B E"))
    assert world.names(world.run(none, c=5)) == ["B"]
    two = drawing(start(), task("A", repeat(loopMaximum="2")), task("B"), end(), flows("S A B E"))
    it = world.run(two)
    world.do(it, "A")
    world.do(it, "A")
    assert world.names(it) == ["B"]


def test_a_number_of_rounds_comes_from_the_cardinality(world: World) -> None:
    rounds = (
        "<bpmn:multiInstanceLoopCharacteristics>"
        '<bpmn:loopCardinality xsi:type="bpmn:tFormalExpression">=n + 1</bpmn:loopCardinality>'
        "</bpmn:multiInstanceLoopCharacteristics>"
    )
    it = world.run(drawing(start(), task("A", rounds), end(), flows("S A E")), n=2)
    assert world.names(it) == ["A", "A", "A"]


def test_an_activity_waits_for_its_start_quantity_and_sends_its_completion_quantity(world: World) -> None:
    two = script("X", "n", "=1").replace("<bpmn:scriptTask", '<bpmn:scriptTask completionQuantity="2"')
    needs = task("A").replace("<bpmn:userTask", '<bpmn:userTask startQuantity="2"')
    it = world.run(drawing(start(), two, needs, end(), flows("S X A E")))
    assert world.names(it) == ["A"]
    world.do(it, "A")
    assert world.state(it) == "completed"


def test_tokens_that_are_too_few_stop_as_an_incident(world: World) -> None:
    needs = task("A").replace("<bpmn:userTask", '<bpmn:userTask startQuantity="2"')
    it = world.run(drawing(start(), needs, end(), flows("S A E")))
    assert world.names(it) == [] and world.state(it) == "active"
    assert [element for element, _ in world.incidents(it)] == ["A"]


def test_an_ad_hoc_sub_process_offers_everything_until_its_condition_holds(world: World) -> None:
    inner = '<bpmn:completionCondition xsi:type="bpmn:tFormalExpression">=c = 2</bpmn:completionCondition>'
    it = world.run(
        drawing(
            start(),
            tag("adHocSubProcess", "H", inner, task("A"), task("B"), task("C")),
            task("D"),
            end(),
            flows("S H D E"),
        ),
        c=0,
    )
    assert world.names(it) == ["A", "B", "C"]
    world.do(it, "B", c=1)
    assert world.names(it) == ["A", "C"]
    world.do(it, "A", c=2)
    assert world.names(it) == ["D"]


def test_a_sequential_ad_hoc_sub_process_offers_one_after_the_other(world: World) -> None:
    inner = '<bpmn:completionCondition xsi:type="bpmn:tFormalExpression">=false</bpmn:completionCondition>'
    it = world.run(
        drawing(
            start(),
            tag("adHocSubProcess", "H", inner, task("A"), task("B"), ordering="Sequential"),
            end(),
            flows("S H E"),
        )
    )
    assert world.names(it) == ["A"]
    world.do(it, "A")
    assert world.names(it) == ["B"]
    world.do(it, "B")
    assert world.state(it) == "completed"


def booked(*inner: str) -> bytes:
    """Two bookings that can be undone, then what the caller draws behind them."""
    return drawing(
        start(),
        task("flight"),
        boundary("bf", "flight", compensate()),
        undo("no-flight"),
        task("hotel"),
        boundary("bh", "hotel", compensate()),
        undo("no-hotel"),
        association("bf", "no-flight"),
        association("bh", "no-hotel"),
        *inner,
    )


def test_what_was_done_is_undone_the_latest_first_before_the_thrower_goes_on(world: World) -> None:
    it = world.run(booked(throw("X", compensate()), task("T"), end(), flows("S flight hotel X T E")))
    for element in ("flight", "hotel"):
        world.do(it, element)
    for element in ("no-hotel", "no-flight"):
        assert world.names(it) == [element]
        world.do(it, element)
    assert world.names(it) == ["T"]


def test_what_an_interruption_kept_from_being_undone_can_still_be_undone(world: World) -> None:
    stop = event_sub("W", message("m"), throw("Y", compensate()), task("told"), end("We"), flows("W_s Y told We"))
    drawn = booked(throw("X", compensate()), task("T"), end(), flows("S flight hotel X T E"), stop)
    it = world.run(drawn.replace(b"<bpmn:process", b'<bpmn:message id="m" name="stop"/><bpmn:process'))
    for element in ("flight", "hotel"):
        world.do(it, element)
    assert world.names(it) == ["no-hotel"]
    world.send(it, "stop")
    assert world.names(it) == ["no-flight"]
    world.do(it, "no-flight")
    assert world.names(it) == ["told"]
    world.do(it, "told")
    assert world.state(it) == "completed"


def test_only_the_activity_that_is_named_is_undone(world: World) -> None:
    it = world.run(booked(throw("X", compensate("flight")), task("T"), end(), flows("S flight hotel X T E")))
    world.do(it, "flight")
    world.do(it, "hotel")
    assert world.names(it) == ["no-flight"]
    world.do(it, "no-flight")
    assert world.names(it) == ["T"]


def test_a_completed_sub_process_is_undone_from_outside(world: World) -> None:
    inside = sub(
        "sub",
        start("s"),
        task("A"),
        boundary("b", "A", compensate()),
        undo("no-A"),
        association("b", "no-A"),
        end("e"),
        flows("s A e"),
    )
    it = world.run(
        drawing(start(), inside, task("B"), throw("X", compensate()), task("T"), end(), flows("S sub B X T E"))
    )
    world.do(it, "A")
    world.do(it, "B")
    assert world.names(it) == ["no-A"]
    world.do(it, "no-A")
    assert world.names(it) == ["T"]


def transaction(*inner: str) -> str:
    return tag("transaction", "sub", *inner)


def test_a_cancelled_transaction_undoes_what_it_did_and_leaves_by_its_cancel_event(world: World) -> None:
    inside = transaction(
        start("s"),
        task("A"),
        boundary("b", "A", compensate()),
        undo("no-A"),
        association("b", "no-A"),
        end("e", cancel()),
        flows("s A e"),
    )
    it = world.run(
        drawing(
            start(), inside, boundary("C", "sub", cancel()), task("T"), end(), end("E2"), flows("S sub E", "C T E2")
        )
    )
    world.do(it, "A")
    assert world.names(it) == ["no-A"]
    world.do(it, "no-A")
    assert world.names(it) == ["T"]


def test_a_transaction_cancelled_while_it_undoes_something_undoes_the_rest_too(world: World) -> None:
    done = [part for name in ("A", "B") for part in (
        task(name), boundary(f"b{name}", name, compensate()), undo(f"no-{name}"),
        association(f"b{name}", f"no-{name}"))]
    inside = transaction(
        start("s"), *done, gateway("parallel", "F"), throw("X", compensate()), end("x"), task("C"), end("e", cancel()),
        flows("s A B F X x", "F C e"),
    )
    it = world.run(drawing(
        start(), inside, boundary("Z", "sub", cancel()), task("T"), end(), end("E2"), flows("S sub E", "Z T E2")))
    for name in ("A", "B"):
        world.do(it, name)
    assert world.names(it) == ["C", "no-B"]
    world.do(it, "C")
    assert world.names(it) == ["no-A"]
    world.do(it, "no-A")
    assert world.names(it) == ["T"]


def test_an_error_that_nobody_catches_ends_the_process_and_says_so(world: World) -> None:
    it = world.run(
        drawing(
            start(),
            gateway("parallel", "F"),
            task("A"),
            task("B"),
            end(),
            end("X", error("R")),
            flows("S F A E", "F B X"),
            errors={"R": "rejected"},
        )
    )
    world.do(it, "B")
    assert (world.state(it), world.row(it).outcome, world.names(it)) == ("terminated", "rejected", [])
