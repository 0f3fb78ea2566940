"""Tokens put elsewhere by hand: previewed, refused where it makes no sense, and told with a reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from engine import history, instances
from engine.messaging import messages
from engine.model import Task
from engine.operations import modification
from engine.operations.modification import BackTo, Cancel, CannotModify, Move, Preview, StartBefore
from ledger.db import reading, unit
from ledger.errors import Conflict
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
    loop,
    message,
    start,
    tag,
    task,
    timer,
)


def look(world: World, it: int, *moves: Move) -> Preview:
    with reading(world.engine) as session:
        return modification.preview(session, it, moves)


def change(world: World, it: int, *moves: Move, version: int | None = None) -> Preview:
    with unit(world.engine) as session:
        return modification.apply(session, it, moves, by=BOSS, reason="办错了", version=version)


def token(world: World, it: int, element_id: str) -> int:
    with reading(world.engine) as session:
        return next(one.number for one in modification.standing(session, it) if one.element_id == element_id)


def done(world: World, it: int, element_id: str) -> int:
    """The newest completed task at an element."""
    with reading(world.engine) as session:
        return session.scalars(select(Task.id).where(
            Task.instance_id == it, Task.element_id == element_id, Task.state == "completed"
        ).order_by(Task.id.desc())).first() or 0


def back(world: World, it: int, element_id: str) -> BackTo:
    return BackTo(done(world, it, element_id))


def elements(works: Any) -> list[str]:
    return sorted(work.element_id for work in works)


LINE = drawing(start(), task("A", gives={"a": "=a"}), task("B"), task("C"), end(), flows("S A B C E"))
FORK = drawing(
    start(), gateway("parallel", "F"), task("A"), task("A2"), task("B"), gateway("parallel", "J"), task("C"), end(),
    flows("S F A A2", "F B", "J C E"), flow("A2", "J", id="ja"), flow("B", "J", id="jb"))  # fmt: skip


def test_going_back_makes_a_new_task_and_keeps_the_variables(world: World) -> None:
    it = world.run(LINE)
    first = world.do(it, "A", a=7)
    world.do(it, "B", c=1)
    told = change(world, it, back(world, it, "A"))
    assert (elements(told.withdrawn), elements(told.again)) == (["C"], ["A", "B"])
    assert world.names(it) == ["A"]
    assert world.open(it)[0].id not in (first, 0)
    assert world.variables(it)["a"] == 7
    with reading(world.engine) as session:
        seen = [(one.element_id, one.how) for one in history.visits(session, it) if one.task_id]
    assert seen == [("A", "completed"), ("B", "completed"), ("C", "cancelled"), ("A", None)]
    for each in "ABC":
        world.do(it, each, c=1)
    assert world.state(it) == "completed"


def test_a_preview_writes_nothing_and_says_what_goes_and_what_stays(world: World, clock: Any) -> None:
    it = world.run(drawing(
        start(), gateway("parallel", "F"), task("A"), task("A2", sla="2"),
        boundary("late", "A2", timer("timeDuration", "PT5H"), interrupting=False), task("B"),
        gateway("parallel", "J"), end(), end("E2"), flows("S F A A2 J", "F B J E", "late E2")))
    world.do(it, "A", c=1)
    version = world.row(it).version
    told = look(world, it, back(world, it, "A"))
    assert (elements(told.withdrawn), elements(told.staying), elements(told.again)) == (["A2"], ["B"], ["A"])
    assert sorted(element for element, _ in told.timers) == ["A2", "late"]
    assert (told.starts, told.version, world.row(it).version) == (("A",), version, version)
    assert world.names(it) == ["A2", "B"]


def test_going_back_inside_a_branch_leaves_the_other_branch_alone(world: World) -> None:
    it = world.run(FORK)
    other = next(each.id for each in world.open(it) if each.element_id == "B")
    world.do(it, "A", c=1)
    change(world, it, back(world, it, "A"))
    assert world.names(it) == ["A", "B"]
    assert other in [each.id for each in world.open(it)]
    for each in ("B", "A", "A2"):
        world.do(it, each, c=1)
    assert world.names(it) == ["C"]


def test_going_back_takes_the_branch_out_of_the_join_again(world: World) -> None:
    it = world.run(FORK)
    world.do(it, "A", c=1)
    world.do(it, "A2", c=1)
    change(world, it, back(world, it, "A2"))
    assert world.names(it) == ["A2", "B"]
    world.do(it, "B", c=1)
    assert world.names(it) == ["A2"]
    world.do(it, "A2", c=1)
    assert world.names(it) == ["C"]


def test_going_back_behind_a_join_keeps_what_the_other_branch_brought(world: World) -> None:
    it = world.run(FORK)
    for each in ("A", "A2", "B"):
        world.do(it, each, c=1)
    told = look(world, it, back(world, it, "A"))
    assert (elements(told.withdrawn), elements(told.again)) == (["C"], ["A", "A2"])
    assert [found.rule for found in told.remarks] == ["kept-branch"]
    change(world, it, back(world, it, "A"))
    assert world.names(it) == ["A"]
    world.do(it, "A", c=1)
    world.do(it, "A2", c=1)
    assert world.names(it) == ["C"]
    world.do(it, "C", c=1)
    assert world.state(it) == "completed"


def test_going_back_in_both_branches_at_once(world: World) -> None:
    it = world.run(FORK)
    for each in ("A", "A2", "B"):
        world.do(it, each, c=1)
    told = change(world, it, back(world, it, "A2"), back(world, it, "B"))
    assert (world.names(it), told.remarks) == (["A2", "B"], ())
    world.do(it, "B", c=1)
    world.do(it, "A2", c=1)
    assert world.names(it) == ["C"]


def test_going_back_before_the_split_withdraws_every_branch(world: World) -> None:
    it = world.run(drawing(
        start(), task("Z"), gateway("parallel", "F"), task("A"), task("B"), gateway("parallel", "J"), end(),
        flows("S Z F A J", "F B J E")))
    world.do(it, "Z", c=1)
    world.do(it, "A", c=1)
    told = change(world, it, back(world, it, "Z"))
    assert (elements(told.withdrawn), elements(told.again), world.names(it)) == (["B"], ["A", "Z"], ["Z"])
    world.do(it, "Z", c=1)
    assert world.names(it) == ["A", "B"]
    world.do(it, "A", c=1)
    assert world.names(it) == ["B"]
    world.do(it, "B", c=1)
    assert world.state(it) == "completed"


def test_in_a_loop_only_the_round_since_then_is_undone(world: World) -> None:
    it = world.run(drawing(
        start(), gateway("exclusive", "M"), gateway("parallel", "F"), task("A"), task("A2"), task("B"),
        gateway("parallel", "J"), gateway("exclusive", "G", "out"), end(),
        flows("S M F A A2 J", "F B J G"), flow("G", "M", "=c = 1"), flow("G", "E", id="out")))
    for each in ("A", "A2", "B", "A"):
        world.do(it, each, c=1)
    change(world, it, back(world, it, "A"))
    assert world.names(it) == ["A", "B"]


def inside(*more: str, chain: str = "XS A B XE") -> str:
    return tag("subProcess", "X", start("XS"), task("A"), task("B"), *more, end("XE"), flows(chain))


def test_going_back_inside_a_running_sub_process(world: World) -> None:
    it = world.run(drawing(start(), inside(), task("C"), end(), flows("S X C E")))
    world.do(it, "A", c=1)
    change(world, it, back(world, it, "A"))
    assert world.names(it) == ["A"]
    for each in "ABC":
        world.do(it, each, c=1)
    assert world.state(it) == "completed"


def test_going_back_into_a_sub_process_that_is_over(world: World) -> None:
    it = world.run(drawing(start(), inside(), task("C"), end(), flows("S X C E")))
    world.do(it, "A", c=1)
    world.do(it, "B", c=1)
    told = change(world, it, back(world, it, "B"))
    assert (elements(told.withdrawn), world.names(it)) == (["C"], ["B"])
    world.do(it, "B", c=1)
    assert world.names(it) == ["C"]
    world.do(it, "C", c=1)
    assert world.state(it) == "completed"


def test_going_back_into_a_branch_of_a_sub_process_that_is_over_keeps_the_other_branch(world: World) -> None:
    sub = tag("subProcess", "X", start("XS"), gateway("parallel", "F"), task("A"), task("B"), gateway("parallel", "J"),
              end("XE"), flows("XS F A J XE", "F B J"))
    it = world.run(drawing(start(), sub, task("C"), end(), flows("S X C E")))
    world.do(it, "A", c=1)
    world.do(it, "B", c=1)
    change(world, it, back(world, it, "A"))
    assert world.names(it) == ["A"]
    world.do(it, "A", c=1)
    assert world.names(it) == ["C"]


def test_going_back_out_of_a_sub_process_withdraws_it_as_a_whole(world: World) -> None:
    it = world.run(drawing(start(), task("Z"), inside(), end(), flows("S Z X E")))
    world.do(it, "Z", c=1)
    world.do(it, "A", c=1)
    told = change(world, it, back(world, it, "Z"))
    assert (elements(told.withdrawn), elements(told.again), world.names(it)) == (["B"], ["A", "Z"], ["Z"])


def rounds(sequential: bool = False) -> bytes:
    return drawing(start(), task("A", loop("=[7, 8, 9]", "n", "all", "=c", sequential=sequential)), task("C"), end(),
                   flows("S A C E"))


def test_one_round_of_a_parallel_multi_instance_is_done_again(world: World) -> None:
    it = world.run(rounds())
    first = world.do(it, "A", by=HAN, c=1)
    world.do(it, "A", by=LI, c=2)
    told = change(world, it, BackTo(first))
    assert ([work.task_id for work in told.again], len(told.staying)) == ([first], 1)
    assert sorted(each.inputs["n"] for each in world.open(it) if each.inputs) == [7, 9]
    for each in sorted(world.open(it), key=lambda each: str(each.inputs)):
        assert each.inputs is not None
        world.do(it, "A", c=each.inputs["n"])
    assert world.names(it) == ["C"]
    assert sorted(world.variables(it)["all"][::2]) == [7, 9]


def test_an_earlier_round_of_a_sequence_is_done_again_with_those_after_it(world: World) -> None:
    it = world.run(rounds(sequential=True))
    first = world.do(it, "A", c=1)
    second = world.do(it, "A", c=2)
    told = change(world, it, BackTo(first))
    assert (len(told.withdrawn), sorted(work.task_id for work in told.again)) == (1, [first, second])
    for answer in (4, 5, 6):
        world.do(it, "A", c=answer)
    assert world.variables(it)["all"] == [4, 5, 6]
    assert world.names(it) == ["C"]


def test_a_multi_instance_that_is_over_begins_again_as_a_whole(world: World) -> None:
    it = world.run(rounds())
    for answer in (1, 2, 3):
        world.do(it, "A", c=answer)
    told = change(world, it, back(world, it, "A"))
    assert [found.rule for found in told.remarks] == ["rounds"]
    assert world.names(it) == ["A", "A", "A"]


def test_a_round_that_is_cancelled_gives_nothing_and_the_rest_goes_on(world: World) -> None:
    it = world.run(rounds())
    world.do(it, "A", c=1)
    change(world, it, Cancel(world.open(it)[0].token))
    world.do(it, "A", c=3)
    assert world.names(it) == ["C"]
    assert world.variables(it)["all"] == [1, None, 3]


def test_a_token_is_cancelled_and_another_started(world: World) -> None:
    it = world.run(LINE)
    told = change(world, it, Cancel(token(world, it, "A")), StartBefore("C"))
    assert (elements(told.withdrawn), told.starts, world.names(it)) == (["A"], ("C",), ["C"])


def test_a_branch_is_skipped_by_starting_on_its_flow_into_the_join(world: World) -> None:
    it = world.run(FORK)
    assert look(world, it, StartBefore("J")).refused is not None
    change(world, it, Cancel(token(world, it, "A")), StartBefore("ja"))
    assert world.names(it) == ["B"]
    world.do(it, "B", c=1)
    assert world.names(it) == ["C"]


def test_a_cancelled_wait_leaves_no_subscription(world: World) -> None:
    it = world.run(drawing(
        start(), gateway("parallel", "F"), catch("M", message("m1")), task("B"), end(), end("E2"),
        flows("S F M E", "F B E2"), messages={"m1": "go"}))
    told = change(world, it, Cancel(token(world, it, "M")))
    assert told.messages == ("go",)
    with reading(world.engine) as session:
        assert messages.waiting(session, it) == []


def sub_rounds() -> bytes:
    sub = tag("subProcess", "X", loop("=[1, 2]", "n"), start("XS"), task("A"), task("B"), end("XE"), flows("XS A B XE"))
    return drawing(start(), sub, task("C"), end(), flows("S X C E"))


def test_a_start_in_one_of_several_sub_processes_must_say_which(world: World) -> None:
    it = world.run(sub_rounds())
    refused = look(world, it, StartBefore("B")).refused
    assert refused is not None and refused.rule == "which"
    with reading(world.engine) as session:
        first = min(one.within for one in modification.standing(session, it) if one.element_id == "A")
    change(world, it, StartBefore("B", within=first))
    assert world.names(it) == ["A", "A", "B"]


def test_going_back_in_a_round_touches_that_round_only(world: World) -> None:
    it = world.run(sub_rounds())
    first = world.do(it, "A", c=1)
    world.do(it, "A", c=1)
    change(world, it, BackTo(first))
    assert world.names(it) == ["A", "B"]


@pytest.mark.parametrize(("rule", "moves"), [
    ("scope", [StartBefore("A")]),
    ("unknown", [StartBefore("Q")]),
    ("gone", [Cancel(999)]),
    ("not-done", [BackTo(999999)]),
])  # fmt: skip
def test_what_makes_no_sense_is_refused_with_a_sentence(world: World, rule: str, moves: list[Move]) -> None:
    it = world.run(drawing(start(), task("Z"), inside(), end(), flows("S Z X E")))
    refused = look(world, it, *moves).refused
    assert refused is not None and refused.rule == rule
    assert refused.text("zh") != refused.text("en")
    with pytest.raises(CannotModify):
        change(world, it, *moves)


def test_the_last_token_is_not_cancelled(world: World) -> None:
    it = world.run(LINE)
    refused = look(world, it, Cancel(token(world, it, "A"))).refused
    assert refused is not None and refused.rule == "empty"


def test_a_join_is_not_left_waiting_for_ever(world: World) -> None:
    it = world.run(FORK)
    refused = look(world, it, Cancel(token(world, it, "A"))).refused
    assert refused is not None and (refused.rule, "J" in refused.text()) == ("starved", True)


def test_what_was_previewed_is_not_done_to_an_instance_that_moved_on(world: World) -> None:
    it = world.run(LINE)
    told = look(world, it, StartBefore("C"))
    world.do(it, "A", c=1)
    with pytest.raises(Conflict):
        change(world, it, StartBefore("C"), version=told.version)


def test_a_suspended_instance_is_not_modified(world: World) -> None:
    it = world.run(LINE)
    with unit(world.engine) as session:
        instances.suspend(session, it, by=BOSS, reason="x")
    with pytest.raises(Conflict, match="挂起"):
        change(world, it, StartBefore("C"))


def test_a_modification_is_told_with_its_reason(world: World) -> None:
    it = world.run(LINE)
    first = world.do(it, "A", c=1)
    change(world, it, BackTo(first))
    with reading(world.engine) as session:
        fact = next(fact for fact in story(session, ("instance", it)) if fact.kind == "instance.modified")
        assert fact.after is not None
        assert (fact.after["reason"], fact.after["again"], fact.actor_name) == ("办错了", [first], BOSS.name)


def test_the_attached_timer_is_armed_anew_after_going_back(world: World, clock: Any) -> None:
    it = world.run(drawing(start(), task("A"), boundary("late", "A", timer("timeDuration", "PT1H")), task("B"),
                           task("L"), end(), end("E2"), flows("S A B E", "late L E2")))
    world.do(it, "A", c=1)
    change(world, it, back(world, it, "A"))
    clock.advance(timedelta(hours=2))
    assert (world.sweep(), world.names(it)) == (1, ["L"])
