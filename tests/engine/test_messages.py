"""Messages, signals, clocks and links: between instances, at starts, at gateways, more than once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from engine import catalog, instances
from engine.model import Delivery, StartTrigger
from ledger.db import reading, unit
from ledger.errors import Conflict, Refused
from tests.engine.conftest import GROUP, HAN, World
from tests.engine.drawings import (
    boundary,
    catch,
    drawing,
    end,
    extensions,
    flow,
    flows,
    gateway,
    link,
    mapping,
    message,
    script,
    service,
    signal,
    start,
    tag,
    task,
    throw,
    timer,
    zeebe,
)

pytestmark = pytest.mark.usefixtures("cold")
SIGNALS = {"G": "alarm"}
ID_NUMBER = "330102199001011234"


def asked(key: str = "") -> bytes:
    """Waits for "paid" with the order as its key."""
    drawn = drawing(
        start(),
        catch("M", extensions(mapping(None, {"sum": "=sum"})), message("m")),
        task("A"),
        end(),
        flows("S M A E"),
        messages={"m": "paid"},
    )
    inner = extensions(zeebe("subscription", correlationKey="=order")).encode()
    return drawn.replace(b'name="paid"></bpmn:message>', b'name="paid">' + inner + b"</bpmn:message>")


def payer(id: str = "Q") -> bytes:
    pay = tag(
        "endEvent",
        "E",
        extensions(mapping({"sum": "=amount"}), zeebe("publishMessage", correlationKey="=order")),
        message("m"),
    )
    return drawing(start(), task("pay"), pay, flows("S pay E"), id=id, messages={"m": "paid"})


def test_a_message_thrown_by_one_instance_reaches_the_one_with_its_key(world: World) -> None:
    world.deploy(asked())
    world.deploy(payer())
    one, two = world.start(order="1"), world.start(order="2")
    it = world.start("Q", order="2", amount=7)
    world.do(it, "pay")
    assert world.state(it) == "completed" and world.names(two) == []
    assert world.sweep() == 1
    assert (world.names(one), world.names(two)) == ([], ["A"])
    assert world.variables(two)["sum"] == 7


def test_a_message_that_comes_too_early_is_kept_for_a_day(world: World, clock: Any) -> None:
    world.deploy(asked())
    world.publish("paid", "9", sum=1)
    it = world.start(order="9")
    assert world.names(it) == [] and world.sweep() == 1 and world.names(it) == ["A"]
    world.publish("paid", "10")
    clock.advance(timedelta(days=2))
    world.sweep()
    late = world.start(order="10")
    world.sweep()
    assert world.names(late) == []
    with reading(world.engine) as session:
        assert sorted(session.scalars(select(Delivery.state))) == ["delivered", "missed"]


def test_a_message_starts_a_process_and_brings_what_its_start_event_maps(world: World) -> None:
    begin = tag("startEvent", "S", extensions(mapping(None, {"who": "=name"})), message("m"))
    world.deploy(drawing(begin, task("A"), end(), flows("S A E"), messages={"m": "hired"}))
    with pytest.raises(Conflict):
        world.start()
    world.publish("hired", "K-7", name="某人", other=1)
    [it] = world.all()
    assert (world.names(it), world.variables(it), world.row(it).business_key) == (["A"], {"who": "某人"}, "K-7")


def test_only_the_newest_version_is_started_by_a_message(world: World) -> None:
    begin = tag("startEvent", "S", message("m"))
    for name in ("A", "B"):
        world.deploy(drawing(begin, task(name), end(), flows(f"S {name} E"), messages={"m": "hired"}))
    world.publish("hired")
    assert [world.names(it) for it in world.all()] == [["B"]]


def test_a_signal_reaches_everybody_who_waits_and_starts_whoever_it_starts(world: World) -> None:
    waiting = drawing(start(), catch("G1", signal("G")), task("A"), end(), flows("S G1 A E"), signals=SIGNALS)
    world.deploy(waiting)
    world.deploy(
        drawing(tag("startEvent", "S", signal("G")), task("B"), end(), flows("S B E"), id="R", signals=SIGNALS)
    )
    world.deploy(drawing(start(), task("T"), end("E", signal("G")), flows("S T E"), id="Q", signals=SIGNALS))
    ones, thrower = [world.start() for _ in range(3)], world.start("Q")
    world.do(thrower, "T")
    assert [world.names(it) for it in ones] == [[], [], []]
    assert world.sweep() == 4
    assert [world.names(it) for it in ones] == [["A"]] * 3
    assert [world.names(it) for it in world.all("R")] == [["B"]]
    later = world.start()
    world.sweep()
    assert world.names(later) == []


def test_a_suspended_instance_hears_the_signal_when_it_is_resumed(world: World) -> None:
    it = world.run(drawing(start(), catch("G1", signal("G")), task("A"), end(), flows("S G1 A E"), signals=SIGNALS))
    with unit(world.engine) as session:
        instances.suspend(session, it, by=HAN, reason="核查")
    world.broadcast("alarm")
    assert world.names(it) == []
    with unit(world.engine) as session:
        instances.resume(session, it, by=HAN, reason="核查完毕")
    assert world.sweep() == 1 and world.names(it) == ["A"]


def test_the_first_of_signal_message_and_timer_decides_at_an_event_gateway(world: World, clock: Any) -> None:
    drawn = drawing(
        start(),
        gateway("eventBased", "X"),
        catch("c1", signal("G")),
        catch("c2", message("m")),
        catch("c3", timer("timeDuration", "PT1H")),
        task("A"),
        task("B"),
        task("C"),
        end(),
        flows("S X c1 A E", "X c2 B E", "X c3 C E"),
        signals=SIGNALS,
        messages={"m": "paid"},
    )
    world.deploy(drawn)
    one, two, three = (world.start() for _ in range(3))
    world.send(two, "paid")
    world.broadcast("alarm")
    assert [world.names(it) for it in (one, two, three)] == [["A"], ["B"], ["A"]]
    four = world.start()
    clock.advance(timedelta(hours=2))
    world.sweep()
    assert world.names(four) == ["C"]


def test_a_receive_task_may_stand_behind_an_event_gateway(world: World) -> None:
    drawn = drawing(
        start(),
        gateway("eventBased", "X"),
        catch("c1", signal("G")),
        tag("receiveTask", "c2", messageRef="m"),
        task("A"),
        task("B"),
        end(),
        flows("S X c1 A E", "X c2 B E"),
        signals=SIGNALS,
        messages={"m": "sent"},
    )
    it = world.run(drawn)
    world.send(it, "sent")
    assert world.names(it) == ["B"]


def test_a_cycle_beside_a_task_reminds_as_often_as_it_says_and_none_is_lost_while_down(
    world: World, clock: Any
) -> None:
    drawn = drawing(
        start(),
        task("A"),
        boundary("R", "A", timer("timeCycle", "R3/PT1H"), interrupting=False),
        task("remind"),
        end(),
        end("E2"),
        flows("S A E", "R remind E2"),
    )
    it = world.run(drawn)
    clock.advance(timedelta(hours=1))
    world.sweep()
    assert world.names(it) == ["A", "remind"]
    clock.advance(timedelta(days=3))
    for _ in range(5):
        world.sweep()
    assert world.names(it) == ["A"] + ["remind"] * 3


def test_a_clock_starts_a_process_once_for_each_occurrence(world: World, clock: Any) -> None:
    begin = tag("startEvent", "S", timer("timeCycle", "R2/P1D"))
    world.deploy(drawing(begin, task("A", groups=f"hr@{GROUP}"), end(), flows("S A E")))
    assert world.sweep() == 0
    clock.advance(timedelta(days=10))
    assert [world.sweep() for _ in range(4)] == [1, 1, 0, 0]
    assert [world.names(it) for it in world.all()] == [["A"], ["A"]]
    with reading(world.engine) as session:
        assert session.scalars(select(StartTrigger.due_at)).all() == [None]


def test_a_link_jumps_to_its_other_end(world: World) -> None:
    drawn = drawing(
        start(), throw("L1", link("far")), catch("L2", link("far")), task("A"), end(), flows("S L1", "L2 A E")
    )
    assert world.names(world.run(drawn)) == ["A"]


def test_an_event_with_several_triggers_needs_one_and_a_parallel_multiple_one_needs_all(world: World) -> None:
    both = {"G": "alarm", "H": "bell"}
    one = catch("C", signal("G"), signal("H"))
    for wanted, names in (
        (one, ["A"]),
        (one.replace("<bpmn:intermediateCatchEvent", '<bpmn:intermediateCatchEvent parallelMultiple="true"'), []),
    ):
        it = world.run(drawing(start(), wanted, task("A"), end(), flows("S C A E"), signals=both))
        world.broadcast("bell")
        assert world.names(it) == names
    world.broadcast("bell")
    assert world.names(it) == []
    world.broadcast("alarm")
    assert world.names(it) == ["A"]


def test_several_flows_from_a_task_are_all_taken_and_conditions_choose_among_them(world: World) -> None:
    drawn = drawing(
        start(),
        task("A"),
        task("B"),
        task("C"),
        task("D"),
        end(),
        flows("S A", "B E", "C E", "D E"),
        flow("A", "B", "=c = 1"),
        flow("A", "C", id="else"),
        flow("A", "D"),
    )
    drawn = drawn.replace(b'<bpmn:userTask id="A"', b'<bpmn:userTask id="A" default="else"')
    world.deploy(drawn)
    one, two = world.start(), world.start()
    world.do(one, "A", c=1)
    world.do(two, "A", c=2)
    assert (world.names(one), world.names(two)) == (["B", "D"], ["C", "D"])


def test_a_condition_lets_a_waiting_event_go_on_when_a_branch_beside_makes_it_true(world: World) -> None:
    from tests.engine.drawings import conditional

    drawn = drawing(
        start(),
        gateway("parallel", "F"),
        catch("W", conditional("=c &gt; 1")),
        task("A"),
        task("B"),
        script("X", "n", "=1"),
        end(),
        flows("S F W B E", "F A X E"),
    )
    it = world.run(drawn)
    assert world.names(it) == ["A"]
    world.do(it, "A", c=2)
    assert world.names(it) == ["B"]


def test_a_clock_whose_start_is_refused_holds_up_no_other_and_the_log_tells_where_but_nobodys_data(
        world: World, clock: Any, caplog: pytest.LogCaptureFixture) -> None:
    def refusing(step: catalog.Step) -> None:
        raise Refused(ID_NUMBER)

    catalog.provide("Bad", steps={"refuse": refusing})
    begin, once = (tag("startEvent", "S", timer("timeDate", f"2026-01-0{day}")) for day in (1, 2))
    world.deploy(drawing(begin, service("X", "refuse"), end(), flows("S X E"), id="Bad"))
    world.deploy(drawing(once, task("A"), end(), flows("S A E")))
    assert world.sweep() == 1
    assert world.all("Bad") == [] and [world.names(it) for it in world.all()] == [["A"]]
    assert "Refused" in caplog.text and "in refusing" in caplog.text and ID_NUMBER not in caplog.text


def test_a_process_started_by_its_receive_task_goes_on_behind_it(world: World) -> None:
    drawn = drawing(
        tag("receiveTask", "R", messageRef="m", instantiate="true"),
        task("A"),
        end(),
        flows("R A E"),
        messages={"m": "hired"},
    )
    world.deploy(drawn)
    world.publish("hired")
    assert [world.names(it) for it in world.all()] == [["A"]]
    assert world.row(world.all()[0]).started_by is None
