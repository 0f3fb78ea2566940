"""Migration and modification among event sub-processes, signals, loops, compensation and halted tokens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from engine import catalog
from engine.model import Subscription, Timer
from engine.operations import migration, modification
from engine.operations.modification import BackTo, Cancel, Move, StartBefore
from engine.usertasks import tasks
from ledger.db import reading, unit
from ledger.errors import Conflict
from tests.engine.conftest import BOSS, HAN, World
from tests.engine.drawings import (
    association,
    boundary,
    catch,
    compensate,
    conditional,
    drawing,
    end,
    event_sub,
    flow,
    flows,
    gateway,
    loop,
    message,
    service,
    signal,
    start,
    sub,
    tag,
    task,
    throw,
    timer,
)
from tests.engine.test_migration import migrate, plan, rows, rules, undo, whole
from tests.engine.test_races import together

MESSAGES = {"m": "withdraw", "n": "stop"}


def withdrawable(*inner: str, chain: str = "S A B E", a: str = "A") -> bytes:
    return drawing(start(), task(a), task("B"), end(), flows(chain), *inner, messages=MESSAGES)


def away(name: str, trigger: str, interrupting: bool = True) -> str:
    return event_sub(name, trigger, task(f"{name}ask"), end(f"{name}e"), flows(f"{name}_s {name}ask {name}e"),
                     interrupting=interrupting)


def change(world: World, it: int, *moves: Move) -> None:
    with unit(world.engine) as session:
        modification.apply(session, it, moves, by=BOSS, reason="x")


def waits(world: World, it: int) -> list[tuple[str, str]]:
    return sorted((row["element_id"], row["name"]) for row in rows(world, Subscription, it))


def test_a_new_event_sub_process_stands_by_after_the_migration(world: World) -> None:
    it = world.run(withdrawable())
    done = migrate(world, it, world.deploy(withdrawable(away("W", message("m")))))
    assert waits(world, it) == [("W_s", "withdraw")]
    undo(world, done)
    assert waits(world, it) == []
    migrate(world, it, world.deploy(withdrawable(away("W", message("m")))))
    world.send(it, "withdraw")
    assert world.names(it) == ["Wask"]


def test_an_event_sub_process_that_is_gone_stands_by_no_longer(world: World) -> None:
    it = world.run(withdrawable(away("W", message("m"))))
    before = whole(world, it)
    done = migrate(world, it, world.deploy(withdrawable()))
    assert waits(world, it) == []
    undo(world, done)
    assert whole(world, it) == before
    world.send(it, "withdraw")
    assert world.names(it) == ["Wask"]


def test_an_event_sub_process_that_is_renamed_hears_what_it_waited_for(world: World) -> None:
    it = world.run(withdrawable(away("W", message("m"))))
    migrate(world, it, world.deploy(withdrawable(away("V", message("m")))), W="V")
    world.send(it, "withdraw")
    assert world.names(it) == ["Vask"]


def test_what_an_event_sub_process_waits_for_may_change(world: World) -> None:
    it = world.run(withdrawable(away("W", message("m"))))
    to = world.deploy(withdrawable(away("W", message("n"))))
    assert "message" in rules(plan(world, it, to))
    migrate(world, it, to)
    assert waits(world, it) == [("W_s", "stop")]
    with pytest.raises(Conflict):
        world.send(it, "withdraw")
    world.send(it, "stop")
    assert world.names(it) == ["Wask"]


def test_a_running_event_sub_process_moves_along(world: World) -> None:
    it = world.run(withdrawable(away("W", message("m"), interrupting=False)))
    world.send(it, "withdraw")
    to = world.deploy(withdrawable(away("W", message("m"), interrupting=False), a="A2", chain="S A2 B E"))
    migrate(world, it, to, A="A2")
    assert world.names(it) == ["A2", "Wask"]
    world.send(it, "withdraw")
    assert world.names(it) == ["A2", "Wask", "Wask"]


def test_an_interrupted_scope_arms_nothing_new(world: World) -> None:
    it = world.run(withdrawable(away("W", message("m"))))
    world.send(it, "withdraw")
    migrate(world, it, world.deploy(withdrawable(away("W", message("m")), away("N", message("n")))))
    assert waits(world, it) == []


def test_signals_and_conditions_move_along(world: World) -> None:
    def drawn(name: str, condition: str) -> bytes:
        return drawing(start(), task("A"), boundary("s", "A", signal("g")), boundary("k", "A", conditional(condition)),
                       task("B"), task("C"), end(), flows("S A E", "s B E", "k C E"), signals={"g": name})

    it = world.run(drawn("old", "=c = 1"), c=0)
    to = world.deploy(drawn("new", "=c = 0"))
    assert rules(plan(world, it, to)) == {"message", "condition"}
    migrate(world, it, to)
    assert (world.names(it), waits(world, it)) == (["C"], [])


def test_a_cycle_keeps_its_rhythm_and_what_is_left_of_it(world: World, clock: Any) -> None:
    def drawn(a: str) -> bytes:
        return drawing(start(), task(a), boundary("d", a, timer("timeCycle", "R3/P1D"), interrupting=False), task("B"),
                       end(), end("E2"), flows(f"S {a} E", "d B E2"))

    it = world.run(drawn("A"))
    clock.advance(timedelta(days=1, hours=2))
    world.sweep()
    due = [row["due_at"] for row in rows(world, Timer, it) if row["state"] == "waiting"]
    migrate(world, it, world.deploy(drawn("A2")), A="A2")
    assert [row["due_at"] for row in rows(world, Timer, it) if row["state"] == "waiting"] == due
    clock.advance(timedelta(days=9))
    while world.sweep():
        pass
    assert world.names(it) == ["A2", "B", "B", "B"]


def booked(step: str = "book", undo_step: str = "unbook", name: str = "X") -> bytes:
    handler = tag("serviceTask", "U", f'<bpmn:extensionElements><zeebe:taskDefinition type="{undo_step}"/>'
                  "</bpmn:extensionElements>", isForCompensation="true")
    return drawing(start(), service(name, step), boundary("c", name, compensate()), handler, association("c", "U"),
                   task("A"), throw("T", compensate()), end(), flows(f"S {name} A T E"))


def test_what_was_done_is_undone_under_the_new_name(world: World) -> None:
    undone: list[str] = []
    catalog.provide("P", steps={"book": lambda step: None, "unbook": lambda step: undone.append(step.element_id)})
    it = world.run(booked())
    gone = world.deploy(drawing(start(), task("A"), end(), flows("S A E")))
    assert rules(plan(world, it, gone)) == {"undoing"}
    migrate(world, it, world.deploy(booked(name="Y")), X="Y")
    world.do(it, "A")
    assert (undone, world.state(it)) == (["U"], "completed")


def test_what_can_be_undone_keeps_its_handler_in_the_new_version(world: World) -> None:
    catalog.provide("P", steps={"book": lambda step: None, "unbook": lambda step: None})
    it = world.run(booked())
    bare = drawing(start(), service("X", "book"), task("A"), throw("T", compensate()), end(), flows("S X A T E"))
    assert rules(plan(world, it, world.deploy(bare))) == {"undoing"}


def around(name: str) -> bytes:
    handler = task(f"no-{name}").replace("<bpmn:userTask", '<bpmn:userTask isForCompensation="true"')
    inside = sub("sub", start("s"), task(name), boundary("b", name, compensate()), handler,
                 association("b", f"no-{name}"), end("e"), flows(f"s {name} e"))
    return drawing(start(), inside, task("B"), throw("T", compensate()), end(), flows("S sub B T E"))


def test_what_was_done_inside_a_sub_process_that_is_over_is_undone_under_the_new_name_too(world: World) -> None:
    it = world.run(around("A"))
    world.do(it, "A")
    assert rules(plan(world, it, world.deploy(around("Z")))) == {"undoing"}
    migrate(world, it, world.deploy(around("Z")), A="Z")
    world.do(it, "B")
    assert world.names(it) == ["no-Z"]


def test_what_begins_only_by_an_event_is_no_place_to_start(world: World) -> None:
    it = world.run(withdrawable(away("W", message("m"))))
    for element in ("W", "W_s"):
        with reading(world.engine) as session:
            refused = modification.preview(session, it, [StartBefore(element)]).refused
        assert refused is not None and refused.rule in ("not-a-start", "scope")


def test_an_event_that_stands_by_does_not_keep_a_process_alive(world: World) -> None:
    it = world.run(withdrawable(away("W", message("m"))))
    with reading(world.engine) as session:
        number = next(one.number for one in modification.standing(session, it) if one.element_id == "A")
        refused = modification.preview(session, it, [Cancel(number)]).refused
    assert refused is not None and refused.rule == "empty"


def test_going_back_into_a_sub_process_that_is_over_lets_its_events_stand_by(world: World) -> None:
    inside = sub("X", start("XS"), task("A"), end("XE"), flows("XS A XE"), away("W", message("m")))
    it = world.run(drawing(start(), inside, task("B"), end(), flows("S X B E"), messages=MESSAGES))
    first = world.do(it, "A")
    assert waits(world, it) == []
    change(world, it, BackTo(first))
    assert (world.names(it), waits(world, it)) == (["A"], [("W_s", "withdraw")])
    world.do(it, "A")
    assert (world.names(it), waits(world, it)) == (["B"], [])


def called(*inner: str) -> tuple[bytes, bytes]:
    call = tag("callActivity", "K", '<bpmn:extensionElements><zeebe:calledElement processId="Q"/>'
               "</bpmn:extensionElements>")
    return (drawing(start(), call, task("B"), end(), flows("S K B E")),
            drawing(start("QS"), *inner, end("QE"), id="Q"))


def test_going_back_into_a_called_process_that_is_over(world: World) -> None:
    it = world.run(*called(task("QA"), task("QB"), flows("QS QA QB QE")), x=5)
    world.do(it, "QA", c=1)
    second = world.do(it, "QB", c=2)
    change(world, it, BackTo(second))
    assert world.names(it) == ["QB"]
    world.do(it, "QB", c=3)
    assert (world.names(it), world.variables(it)["c"], world.variables(it)["x"]) == (["B"], 3, 5)


def test_going_back_through_two_sub_processes_that_are_over(world: World) -> None:
    deep = sub("Y", start("YS"), task("A"), task("A2"), end("YE"), flows("YS A A2 YE"))
    it = world.run(*called(sub("X", start("XS"), deep, end("XE"), flows("XS Y XE")), flows("QS X QE")))
    world.do(it, "A")
    second = world.do(it, "A2")
    assert world.names(it) == ["B"]
    change(world, it, BackTo(second))
    assert world.names(it) == ["A2"]
    world.do(it, "A2")
    world.do(it, "B")
    assert world.state(it) == "completed"


def test_a_round_that_is_over_is_not_opened_alone_while_others_run(world: World) -> None:
    rounds = sub("X", loop("=[1, 2]", "n"), start("XS"), task("A"), end("XE"), flows("XS A XE"))
    it = world.run(drawing(start(), rounds, task("B"), end(), flows("S X B E")))
    first = world.do(it, "A")
    with reading(world.engine) as session:
        refused = modification.preview(session, it, [BackTo(first)]).refused
    assert refused is not None and refused.rule == "round-over"
    world.do(it, "A")
    change(world, it, BackTo(first))
    assert world.names(it) == ["A", "A"]


def test_a_round_of_a_loop_with_a_condition_is_done_again(world: World) -> None:
    drawn = drawing(start(), task("A", '<bpmn:standardLoopCharacteristics testBefore="false" loopMaximum="3">'
                    '<bpmn:loopCondition xsi:type="bpmn:tFormalExpression">=c != 9</bpmn:loopCondition>'
                    "</bpmn:standardLoopCharacteristics>"), task("B"), end(), flows("S A B E"))
    it = world.run(drawn)
    first = world.do(it, "A", c=1)
    world.do(it, "A", c=2)
    change(world, it, BackTo(first))
    assert [task.inputs for task in world.open(it)] == [{"loopCounter": 1}]
    world.do(it, "A", c=9)
    assert world.names(it) == ["B"]


def test_a_catching_event_after_going_back_waits_anew(world: World) -> None:
    it = world.run(drawing(start(), task("A"), catch("M", message("m")), task("B"), end(), flows("S A M B E"),
                           messages=MESSAGES))
    first = world.do(it, "A")
    world.send(it, "withdraw")
    change(world, it, BackTo(first))
    assert (world.names(it), waits(world, it)) == (["A"], [])
    world.do(it, "A")
    assert waits(world, it) == [("M", "withdraw")]


def test_an_inclusive_join_forgets_the_branch_that_is_done_again(world: World) -> None:
    it = world.run(drawing(
        start(), gateway("inclusive", "F", "no"), task("A"), task("B"), task("N"), gateway("inclusive", "J"), task("C"),
        end(), flows("S F", "A J", "B J", "N J C E"), flow("F", "A", "=true"), flow("F", "B", "=true"),
        flow("F", "N", id="no")))
    first = world.do(it, "A")
    change(world, it, BackTo(first))
    assert world.names(it) == ["A", "B"]
    world.do(it, "B")
    assert world.names(it) == ["A"]
    world.do(it, "A")
    assert world.names(it) == ["C"]


def test_of_a_migration_and_a_completion_at_once_each_is_whole(world: World) -> None:
    line = drawing(start(), task("A"), end(), flows("S A E"))
    longer = drawing(start(), task("A"), task("B"), end(), flows("S A B E"))
    first = world.deploy(line)
    its = [world.start() for _ in range(6)]
    to = world.deploy(longer)
    for it in its:
        wanted = world.open(it)[0].id
        results = together(
            world.engine,
            lambda s, it=it: migration.migrate(s, it, to, by=BOSS, reason="x"),
            lambda s, id=wanted: tasks.complete(s, id, HAN, {"c": 1}))
        assert not isinstance(results[1], Exception), results
        if isinstance(results[0], migration.CannotMigrate):
            assert (world.row(it).definition_id, world.state(it)) == (first, "completed")
        else:
            assert (world.row(it).definition_id, world.names(it)) in ((to, ["B"]), (to, []))


def test_of_two_operators_who_go_back_one_reads_that_it_moved(world: World) -> None:
    it = world.run(drawing(start(), task("A"), task("B"), end(), flows("S A B E")))
    first = world.do(it, "A")
    version = world.row(it).version
    results = together(world.engine, *(
        lambda s: modification.apply(s, it, [BackTo(first)], by=BOSS, reason="x", version=version) for _ in range(2)))
    assert sum(isinstance(result, Conflict) for result in results) == 1
    assert world.names(it) == ["A"]
