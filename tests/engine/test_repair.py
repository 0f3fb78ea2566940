"""Incidents in plain words, and what a person does about them: retry, change variables, skip, cancel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from engine import catalog, causes
from engine.catalog import Step
from engine.model import Instance
from engine.operations import many, migration, modification, repair
from ledger.db import reading, unit
from ledger.errors import BadAnswer, Conflict
from ledger.facts import story
from tests.engine.conftest import BOSS, World
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


@pytest.fixture
def steps() -> Iterator[dict[str, Callable[[Step], Any]]]:
    """The steps of process P; "book" is looked up when it is called, so that a test can mend it."""
    known: dict[str, Callable[[Step], Any]] = {}
    catalog.provide("P", steps={"book": lambda step: known["book"](step)})
    yield known
    del catalog.STEPS["P"]["book"]


def broken(_step: Step) -> None:
    raise ZeroDivisionError


def booking(retries: str = "0", **gives: str) -> bytes:
    step = tag("serviceTask", "B", extensions(zeebe("taskDefinition", type="book", retries=retries),
                                              mapping(None, gives)), name="登记入库")
    return drawing(start(), step, task("A"), end(), flows("S B A E"))


def trouble(world: World, it: int) -> repair.Trouble:
    with reading(world.engine) as session:
        [found] = repair.troubles(session, it)
    return found


def deed(world: World, it: int, verb: Callable[..., Any], **more: Any) -> None:
    number = trouble(world, it).id
    with unit(world.engine) as session:
        verb(session, number, by=BOSS, reason="已核实", **more)


def test_an_incident_says_what_happened_where_in_both_languages(world: World, steps: Any) -> None:
    steps["book"] = broken
    found = trouble(world, world.run(booking()))
    assert (found.element_id, found.element_name, found.title) == ("B", "登记入库", "测试申请")
    assert (found.cause, found.cause_en) == (
        "除数为零（ZeroDivisionError）", "a division by zero (ZeroDivisionError)")
    assert found.ways == ("retry", "edit", "skip", "cancel")


@pytest.mark.parametrize(("error", "words"), [
    (IntegrityError("insert into person values (410105199001010015)", {}, Exception("x")), "重复"),
    (KeyError("身份证"), "缺少"),
    (TimeoutError(), "没有按时回应"),
    (RuntimeError("Traceback"), "系统步骤出错"),
])  # fmt: skip
def test_a_cause_is_told_plainly_and_without_data(error: Exception, words: str) -> None:
    zh, en = causes.plain(error)
    assert words in zh and type(error).__name__ in en
    assert not any(secret in zh + en for secret in ("410105", "insert", "身份证", "Traceback"))


def test_what_failed_goes_on_after_a_retry(world: World, steps: Any) -> None:
    steps["book"] = broken
    it = world.run(booking())
    steps["book"] = lambda step: {"number": 7}
    deed(world, it, repair.retry)
    assert (world.names(it), world.variables(it)["number"], world.incidents(it)) == (["A"], 7, [])


def test_a_retry_that_fails_again_is_an_incident_again(world: World, steps: Any) -> None:
    steps["book"] = broken
    it = world.run(booking())
    first = trouble(world, it).id
    deed(world, it, repair.retry)
    assert trouble(world, it).id > first
    with pytest.raises(Conflict), unit(world.engine) as session:
        repair.retry(session, first, by=BOSS)


def test_variables_are_changed_with_their_types_before_the_retry(world: World, steps: Any) -> None:
    seen: dict[str, Any] = {}

    def book(step: Step) -> None:
        seen.update(step.variables)
        assert step.variables["fee"] > 10

    steps["book"] = book
    it = world.run(booking(), fee=Decimal("1.50"), day=None)
    with unit(world.engine) as session:
        number = repair.troubles(session, it)[0].id
        assert repair.variables(session, number)["fee"] == Decimal("1.50")
        edit = repair.typed(session, {"fee": "12.30", "day": '=date("2027-03-15")', "who": '"张三"', "n": "[1, null]"})
        repair.retry(session, number, by=BOSS, reason="费用填错", edit=edit)
    assert (str(seen["fee"]), type(seen["fee"]), seen["day"]) == ("12.30", Decimal, date(2027, 3, 15))
    assert (world.variables(it)["who"], world.variables(it)["n"], world.names(it)) == ("张三", [1, None], ["A"])


def test_a_value_that_is_neither_feel_nor_json_is_told_at_its_field(world: World) -> None:
    with reading(world.engine) as session, pytest.raises(BadAnswer) as refused:
        repair.typed(session, {"a": "1", "b": "张三", "c": "=1 +", "d": "NaN"})
    assert sorted(refused.value.problems) == ["b", "c", "d"]


def test_a_skipped_step_has_returned_nothing(world: World, steps: Any) -> None:
    steps["book"] = broken
    it = world.run(booking(number="=number"), number=3)
    deed(world, it, repair.skip)
    assert (world.names(it), world.variables(it)["number"], world.incidents(it)) == (["A"], 3, [])


def test_a_skipped_round_leaves_its_place_empty(world: World, steps: Any) -> None:
    def book(step: Step) -> dict[str, Any]:
        if step.variables["n"] == 2:
            raise ZeroDivisionError
        return {"c": step.variables["n"]}

    steps["book"] = book
    step = tag("serviceTask", "B", extensions(zeebe("taskDefinition", type="book", retries="0")),
               loop("=[1, 2, 3]", "n", "all", "=c"))
    it = world.run(drawing(start(), step, task("A"), end(), flows("S B A E")))
    deed(world, it, repair.skip)
    assert (world.names(it), world.variables(it)["all"]) == (["A"], [1, None, 3])


def test_a_decision_that_nobody_can_take_is_skipped_along_a_flow(world: World) -> None:
    it = world.run(drawing(
        start(), task("A"), gateway("exclusive", "G", "no"), task("B"), task("C"), end(), flows("S A G", "B E", "C E"),
        flow("G", "B", "=count(for i in 1..9999999 return i) &gt; c", id="yes"), flow("G", "C", id="no")))
    world.do(it, "A", c=1)
    assert [element for element, _ in world.incidents(it)] == ["G"]
    with pytest.raises(repair.SayWhere):
        deed(world, it, repair.skip)
    deed(world, it, repair.skip, along="yes")
    assert world.names(it) == ["B"]


def test_a_task_that_nobody_is_offered_can_be_mended_or_passed(world: World) -> None:
    nobody = drawing(start(), task("A", groups="=who"), task("B"), end(), flows("S A B E"))
    mended, passed = world.run(nobody), world.start()
    deed(world, mended, repair.retry, edit={"who": ["hr"]})
    deed(world, passed, repair.skip)
    assert (world.names(mended), world.names(passed)) == (["A"], ["B"])


def test_what_four_eyes_must_see_is_not_skipped(world: World) -> None:
    """An operator mends it; passing it would let one person decide alone."""
    drawn = drawing(start(), task("A"), task("B", groups="=who", notBy="A"), end(), flows("S A B E"))
    it = world.run(drawn)
    world.do(it, "A")
    with pytest.raises(repair.MustBeDone, match="任务B"):
        deed(world, it, repair.skip)
    deed(world, it, repair.retry, edit={"who": "hr"})
    assert world.names(it) == ["B"]


def test_a_timer_that_can_never_be_computed_is_forgotten_beside_its_task(world: World) -> None:
    it = world.run(drawing(start(), task("A"), boundary("late", "A", timer("timeDate", "=when")), task("B"), end(),
                           end("E2"), flows("S A E", "late B E2")))
    assert [element for element, _ in world.incidents(it)] == ["late"]
    deed(world, it, repair.skip)
    assert (world.names(it), world.incidents(it)) == (["A"], [])
    world.do(it, "A", c=1)
    assert world.state(it) == "completed"


def test_the_halted_branch_is_cancelled_and_the_others_stay(world: World, steps: Any) -> None:
    steps["book"] = broken
    step = tag("serviceTask", "B", extensions(zeebe("taskDefinition", type="book", retries="0")))
    it = world.run(drawing(start(), gateway("parallel", "F"), step, task("A"), end(), end("E2"),
                           flows("S F B E", "F A E2")))
    deed(world, it, repair.cancel)
    assert (world.names(it), world.incidents(it)) == (["A"], [])
    world.do(it, "A", c=1)
    assert world.state(it) == "completed"


def test_where_nothing_else_runs_only_the_whole_can_be_cancelled(world: World, steps: Any) -> None:
    steps["book"] = broken
    it = world.run(booking())
    with pytest.raises(modification.CannotModify):
        deed(world, it, repair.cancel)
    assert len(world.incidents(it)) == 1
    deed(world, it, repair.cancel, whole=True)
    assert (world.state(it), world.incidents(it)) == ("terminated", [])


def test_every_deed_is_told_with_who_and_why_but_no_values(world: World, steps: Any) -> None:
    steps["book"] = broken
    it = world.run(booking(), phone="x")
    deed(world, it, repair.retry, edit={"phone": "13800000000"})
    deed(world, it, repair.skip)
    with reading(world.engine) as session:
        told = [(fact.kind, fact.after) for fact in story(session, ("instance", it)) if fact.actor_id == BOSS.id]
        assert [after["resolution"] for kind, after in told if kind == "incident.resolved" and after] == [
            "edit: 已核实", "skip: 已核实"]
        assert [after["names"] for kind, after in told if kind == "instance.variables_changed" and after] == [["phone"]]
    assert "13800000000" not in str(told)


def test_a_poisoned_instance_never_blocks_the_others(world: World, steps: Any, clock: Any) -> None:
    def book(step: Step) -> None:
        if step.variables["poison"]:
            raise RuntimeError

    steps["book"] = book
    step = tag("serviceTask", "B", extensions(zeebe("taskDefinition", type="book")))
    world.deploy(drawing(start(), catch("T", timer("timeDuration", "PT1H")), step, task("A"), end(),
                         flows("S T B A E")))
    sick = [world.start(poison=True) for _ in range(3)]
    well = [world.start(poison=False) for _ in range(3)]
    with unit(world.engine) as session:
        session.execute(update(Instance).where(Instance.id == sick[0]).values(blob=b"\x01broken"))
    clock.advance(timedelta(hours=2))
    for _ in range(8):
        world.sweep()
        clock.advance(timedelta(hours=1))
    assert [world.names(it) for it in well] == [["A"]] * 3
    assert [len(world.incidents(it)) for it in sick] == [1, 1, 1]


def test_a_state_that_cannot_be_read_stops_no_plan_and_no_batch(world: World) -> None:
    world.deploy(drawing(start(), task("A"), end(), flows("S A E")))
    sick, well = world.start(), world.start()
    to = world.deploy(drawing(start(), task("A"), task("B"), end(), flows("S A B E")))
    with unit(world.engine) as session:
        session.execute(update(Instance).where(Instance.id == sick).values(blob=b"\x09"))
    with reading(world.engine) as session:
        verdicts = migration.plan(session, to, instance_ids=[sick, well])
    assert [one.kind for one in verdicts] == ["impossible", "fine"]

    def move(session: Session, it: int) -> None:
        migration.migrate(session, it, to, by=BOSS, reason="x")

    found = many.each(world.engine, [sick, well], move)
    assert [one.done for one in found] == [False, True]
    assert found[0].error is not None
    world.do(well, "A", c=1)
    assert world.names(well) == ["B"]


def test_a_halted_script_is_mended_by_a_new_version(world: World) -> None:
    def drawn(formula: str) -> bytes:
        return drawing(start(), script("X", "x", formula), task("A"), end(), flows("S X A E"))

    it = world.run(drawn('=for i in 1..9999999 return i'))
    assert [element for element, _ in world.incidents(it)] == ["X"]
    to = world.deploy(drawn("=5"))
    with unit(world.engine) as session:
        migration.migrate(session, it, to, by=BOSS, reason="改正公式")
    deed(world, it, repair.retry)
    assert (world.names(it), world.variables(it)["x"]) == (["A"], 5)
