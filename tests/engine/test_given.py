"""What a diagram is given to work with: steps, decisions, people, messages with keys, versions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from engine import catalog, history, instances
from engine.dialect import BpmnError
from engine.messaging import deliveries, messages
from engine.model import Definition, Instance, Subscription, Task, TaskCandidate, Timer
from engine.time import timers
from engine.usertasks import listing, tasks
from ledger.db import reading, unit
from ledger.errors import BadDiagram, Conflict, NotFound
from ledger.facts import story
from tests.engine.conftest import ANNA, HAN, LI, SYSTEM, World
from tests.engine.drawings import (
    boundary,
    catch,
    decision,
    drawing,
    end,
    error,
    flow,
    flows,
    gateway,
    message,
    script,
    service,
    start,
    tag,
    task,
    terminate,
    timer,
)

DECISION = b"""<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="x" name="x" namespace="urn:x">
<decision id="Level" name="Level"><decisionTable id="t" hitPolicy="UNIQUE">
<input id="i"><inputExpression id="ie" typeRef="number"><text>amount</text></inputExpression></input>
<output id="o" name="level" typeRef="string"/>
<rule id="r1"><inputEntry id="a1"><text>&gt; 100</text></inputEntry>
<outputEntry id="b1"><text>"A"</text></outputEntry>
</rule><rule id="r2"><inputEntry id="a2"><text>&lt;= 100</text></inputEntry>
<outputEntry id="b2"><text>"B"</text></outputEntry>
</rule></decisionTable></decision></definitions>"""


def test_a_step_gets_session_actor_and_variables_and_gives_variables(world: World) -> None:
    seen: list[catalog.Step] = []

    def number(step: catalog.Step) -> Mapping[str, Any]:
        assert step.instance.title == "测试申请"
        seen.append(step)
        return {"number": step.variables["c"] + 1, "hidden": 9}

    catalog.provide("P", steps={"number": number})
    drawn = drawing(
        start(),
        task("A"),
        service("X", "number", gives={"n": "=number"}),
        task("B"),
        end(),
        flows("S A X B E"),
    )
    it = world.run(drawn)
    world.do(it, "A", c=1)
    assert world.variables(it) == {"c": 1, "n": 2}
    assert (seen[0].actor, seen[0].element_id) == (HAN, "X")


def test_a_step_that_refuses_undoes_the_whole_act_and_the_person_reads_why(world: World) -> None:
    def refuse(_: catalog.Step) -> None:
        raise Conflict("该编号已经登记。")

    catalog.provide("P", steps={"refuse": refuse})
    it = world.run(drawing(start(), task("A"), service("X", "refuse"), end(), flows("S A X E")))
    with pytest.raises(Conflict, match="已经登记"):
        world.do(it, "A", c=1)
    assert (world.names(it), world.variables(it)) == (["A"], {})


def test_a_step_may_leave_by_an_error_event(world: World) -> None:
    def refuse(_: catalog.Step) -> None:
        raise BpmnError("taken")

    catalog.provide("P", steps={"refuse": refuse})
    drawn = drawing(
        start(),
        service("X", "refuse"),
        boundary("no", "X", error("R")),
        task("A"),
        task("B"),
        end(),
        flows("S X A E", "no B E"),
        errors={"R": "taken"},
    )
    assert world.names(world.run(drawn)) == ["B"]


def test_a_decision_is_taken_by_its_table(world: World) -> None:
    world.deploy(
        drawing(start(), decision("D", "Level", "level"), task("A"), end(), flows("S D A E")), level_dmn=DECISION
    )
    assert world.variables(world.start(amount=500))["level"] == "A"
    assert world.variables(world.start(amount=5))["level"] == "B"


def test_a_task_is_offered_at_every_place_to_persons_and_to_its_assignee(world: World) -> None:
    drawn = drawing(
        start(),
        task("A", groups="hr,legal", users="=[13]"),
        task("B", assignee="=applicant_id", groups=""),
        end(),
        flows("S A B E"),
    )
    it = world.run(drawn, applicant_id=ANNA.id)
    assert world.open(it)[0].offer == ["hr@3", "hr@1", "legal@3", "legal@1", "person@13"]
    world.do(it, "A", by=LI)
    assert world.open(it)[0].assignee_id == ANNA.id
    with reading(world.engine) as session:
        assert [found.element_id for found in listing.inbox(session, ANNA, scope="mine")] == ["B"]
        assert listing.inbox(session, HAN) == []
    world.do(it, "B", by=ANNA)


def test_what_a_form_is_drawn_with_lies_on_the_task(world: World) -> None:
    it = world.run(drawing(start(), task("A", takes={"known": "=n + 1"}), end(), flows("S A E")), n=1)
    assert world.open(it)[0].inputs == {"known": 2}


def test_only_what_is_mapped_becomes_a_variable(world: World) -> None:
    it = world.run(
        drawing(start(), task("A", gives={"deep.er": "=x"}), task("B"), end(), flows("S A B E")), deep={"kept": 1}
    )
    done = world.do(it, "A", x=2, secret="s")
    assert world.variables(it) == {"deep": {"kept": 1, "er": 2}}
    with reading(world.engine) as session:
        assert tasks.answers(session, done) == {"x": 2, "secret": "s"}


def test_messages_find_their_instance_by_key(world: World) -> None:
    drawn = drawing(
        start(), catch("M", message("m")), task("A"), end(), flows("S M A E"), messages={"m": "paid"}
    ).replace(
        b'name="paid"></bpmn:message>',
        b'name="paid"><bpmn:extensionElements><zeebe:subscription correlationKey="=order"/>'
        b"</bpmn:extensionElements></bpmn:message>",
    )
    world.deploy(drawn)
    one, two = world.start(order="1"), world.start(order="2")
    with unit(world.engine) as session:
        assert messages.waiting(session, two) == ["paid"]
        messages.publish(session, "paid", "2", {}, by=SYSTEM)
    assert deliveries.sweep(world.engine) == 1
    assert (world.names(one), world.names(two)) == ([], ["A"])


def test_a_message_beside_a_task_may_come_again(world: World) -> None:
    drawn = drawing(
        start(),
        task("A"),
        boundary("asked", "A", message("m"), interrupting=False),
        task("B"),
        end(),
        end("E2"),
        flows("S A E", "asked B E2"),
        messages={"m": "asked"},
    )
    it = world.run(drawn)
    world.send(it, "asked")
    world.send(it, "asked")
    assert world.names(it) == ["A", "B", "B"]
    world.do(it, "A")
    with pytest.raises(Conflict):
        world.send(it, "asked")


def test_a_timer_on_a_sub_process_ends_everything_inside(world: World, clock: Any) -> None:
    inside = tag(
        "subProcess",
        "sub",
        start("s"),
        gateway("parallel", "F"),
        task("A", sla="9"),
        task("B"),
        end("e"),
        flows("s F A e", "F B e"),
    )
    drawn = drawing(
        start(),
        inside,
        boundary("late", "sub", timer("timeDuration", "P1D")),
        task("C"),
        end(),
        flows("S sub C E", "late C"),
    )
    it = world.run(drawn)
    clock.advance(timedelta(days=1))
    world.sweep()
    assert world.names(it) == ["C"]
    with reading(world.engine) as session:
        assert timers.of_instance(session, it) == []
        assert {found.state for found in session.scalars(select(Task).where(Task.element_id != "C"))} == {"cancelled"}


def test_an_event_gateway_in_a_loop_waits_anew_each_time(world: World, clock: Any) -> None:
    drawn = drawing(
        start(),
        gateway("exclusive", "M"),
        gateway("eventBased", "G"),
        catch("yes", message("m")),
        catch("soon", timer("timeDuration", "P1D")),
        catch("later", timer("timeDuration", "P9D")),
        task("A"),
        end(),
        flows("S M G yes E", "G soon A M", "G later E"),
        messages={"m": "granted"},
    )
    it = world.run(drawn)
    for _ in range(3):
        clock.advance(timedelta(days=1))
        assert world.sweep() == 1
        world.do(it, "A")
    with reading(world.engine) as session:
        assert session.scalar(select(func.count()).select_from(Subscription)) == 1
        assert len(timers.of_instance(session, it)) == 2
    world.send(it, "granted")
    assert world.state(it) == "completed"


def test_the_same_files_are_the_same_definition(world: World) -> None:
    one = drawing(start(), task("A"), end(), flows("S A E"))
    two = one.replace("任务A".encode(), "任务甲".encode())
    assert world.deploy(one) == world.deploy(one)
    it = world.start()
    world.deploy(two)
    with reading(world.engine) as session:
        assert catalog.latest(session, "P").version == 2
        assert catalog.diagram(session, catalog.latest(session, "P")) == two
        assert session.scalar(select(func.count()).select_from(Definition)) == 2
        row = session.get_one(Instance, it)
        assert session.get_one(Definition, row.definition_id).version == 1
    assert world.open(it)[0].name == "任务A"
    assert world.open(world.start())[0].name == "任务甲"


def test_a_deployment_that_is_rolled_back_leaves_no_plan_behind(world: World) -> None:
    with pytest.raises(ZeroDivisionError), unit(world.engine) as session:
        body = drawing(start(), task("A"), end(), flows("S A E"))
        number = catalog.deploy(session, {"d.bpmn": body}, by=SYSTEM).id
        assert catalog.plan(session, number).blueprint.process_id == "P"
        raise ZeroDivisionError
    again = world.deploy(drawing(start(), task("B"), end(), flows("S B E")))
    assert world.names(world.start()) == ["B"]
    assert again


def test_an_unknown_process_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        world.start("nothing")


def test_a_drawing_with_errors_is_not_deployed(world: World) -> None:
    with pytest.raises(BadDiagram) as refused:
        world.deploy(drawing(start(), task("A"), end(), flows("S E")))
    assert "A" in {one.element for one in refused.value.findings}
    with pytest.raises(NotFound):
        world.start()


def test_the_story_of_an_instance_is_told_in_order(world: World) -> None:
    it = world.run(drawing(start(), task("A"), end(outcome="granted"), flows("S A E")))
    with unit(world.engine) as session:
        tasks.claim(session, world.open(it)[0].id, HAN)
    world.do(it, "A")
    with reading(world.engine) as session:
        told = [(fact.kind, fact.actor_name) for fact in story(session, ("instance", it))]
        passed = history.visits(session, it)
    assert told == [
        ("instance.started", "安娜"),
        ("task.claimed", "韩梅"),
        ("task.completed", "韩梅"),
        ("instance.ended", "韩梅"),
    ]
    assert [(one.element_id, one.by_name) for one in passed] == [("S", "安娜"), ("A", "韩梅"), ("E", "韩梅")]


def test_a_terminated_instance_leaves_nothing_waiting(world: World) -> None:
    it = world.run(
        drawing(
            start(),
            task("A", sla="2"),
            boundary("b", "A", message("m")),
            end(),
            end("E2"),
            flows("S A E", "b E2"),
            messages={"m": "x"},
        )
    )
    with unit(world.engine) as session:
        instances.terminate(session, it, by=SYSTEM, reason="重复")
    with reading(world.engine) as session:
        for left in (Subscription, TaskCandidate):
            assert session.scalar(select(func.count()).select_from(left)) == 0
        assert session.scalars(select(Timer.state)).all() == ["cancelled"]
    assert (world.state(it), world.names(it)) == ("terminated", [])
    with pytest.raises(Conflict):
        world.send(it, "x")


def test_a_loop_without_a_wait_stops_as_an_incident(world: World) -> None:
    drawn = drawing(
        start(),
        task("A"),
        gateway("exclusive", "M"),
        script("X", "n", "=1"),
        gateway("exclusive", "G", "out"),
        end(),
        flows("S A M X G"),
        flow("G", "M", "=c = 1"),
        flow("G", "E", id="out"),
    )
    it = world.run(drawn)
    world.do(it, "A", c=1)
    [(_, cause)] = world.incidents(it)
    assert "2000" in cause and world.state(it) == "active"


def test_a_terminate_end_inside_a_sub_process_ends_only_that(world: World) -> None:
    inside = tag(
        "subProcess",
        "sub",
        start("s"),
        gateway("parallel", "F"),
        task("A"),
        task("B"),
        end("e"),
        end("x", terminate()),
        flows("s F A e", "F B x"),
    )
    it = world.run(drawing(start(), inside, task("C"), end(), flows("S sub C E")))
    world.do(it, "B")
    assert world.names(it) == ["C"]
