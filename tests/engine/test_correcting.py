"""Questions to the applicant while their task is kept: what stands still, and whose approval is asked for again."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.hooks import HOOKS, Hooks
from engine.model import NEVER, Instance, Task, TaskAnswer
from engine.returns import asking_again, giving_back
from engine.time import clocks, timesheet
from engine.usertasks import correcting, signing, tasks
from ledger.actor import Actor
from ledger.clock import SHANGHAI, end_of_day
from ledger.db import reading, unit
from ledger.errors import AlreadyDone, NotAllowed
from ledger.facts import Fact
from tests.engine.conftest import ANNA, HAN, LI, World
from tests.engine.drawings import drawing, end, extensions, flow, flows, gateway, properties, start, sub, tag, task
from tests.engine.hands import to
from tests.reliability.invariants import violations

MONDAY = dt.datetime(2026, 11, 23, 10, tzinfo=SHANGHAI)
PROMISED = tag("startEvent", "S", extensions(properties(promise="10")))
LINE = drawing(start(), task("Z", gives={"x": "=x"}), task("A"), task("B"), task("C", sla="5"), end(),
               flows("S Z A B C E"))
FORK = drawing(
    PROMISED, task("Z", gives={"x": "=x"}), gateway("parallel", "F"), task("A"), task("B", sla="3"),
    gateway("parallel", "J"), task("C"), end(), flows("S Z F A", "F B", "J C E"), flow("A", "J", id="ja"),
    flow("B", "J", id="jb"))  # fmt: skip


def basis(session: Session, instance: Instance, one: Task) -> Mapping[str, str]:
    """A and B rest on the x that was answered last, at Z or to a question; the others on nothing of it."""
    if one.element_id == "Z":
        return {}
    said = session.scalars(select(TaskAnswer.answers).join(Task, Task.id == TaskAnswer.task_id).where(
        Task.instance_id == instance.id, (Task.element_id == "Z") | (Task.role == "correction")).order_by(
        Task.id.desc())).first()
    x = (said or {}).get("x") if one.element_id in "AB" else None
    return {"x": hashlib.sha256(repr(x).encode()).hexdigest()[:32]}


@pytest.fixture(autouse=True)
def judged(monkeypatch: pytest.MonkeyPatch, clock: Any) -> None:
    clock.move_to(MONDAY)
    monkeypatch.setitem(HOOKS, "P", Hooks(basis=basis))


@pytest.fixture(autouse=True)
def sound(world: World) -> Iterator[None]:
    """Whatever a test did, the rows are in order."""
    yield
    with reading(world.engine) as session:
        assert violations(session) == []


def ask(world: World, it: int, element: str, by: Actor = LI) -> int:
    """Somebody claims a task and asks the applicant; the question."""
    number = next(one.id for one in world.open(it) if one.element_id == element)
    with unit(world.engine) as session:
        tasks.claim(session, number, by)
        return correcting.ask(session, number, to(ANNA), by=by, form_key="fill", count=1).id


def answer(world: World, question: int, **given: Any) -> None:
    with unit(world.engine) as session:
        tasks.complete(session, question, ANNA, {"verdict": "answer", **given})


def row(world: World, number: int) -> Task:
    with reading(world.engine) as session:
        found = session.get_one(Task, number)
        session.expunge(found)
        return found


def ledger(world: World, it: int, element: str = clocks.WHOLE) -> list[tuple[str, str, int]]:
    """What moved a clock, why, and by how many days."""
    with reading(world.engine) as session:
        return [(line.what, line.reason, line.days) for sheet in timesheet.sheets(session, it)
                if sheet.element_id == element for line in sheet.lines]


def facts(world: World, kind: str) -> list[dict[str, Any]]:
    with reading(world.engine) as session:
        return [fact.after or {} for fact in session.scalars(select(Fact).where(Fact.kind == kind).order_by(Fact.id))]


# clocks
def test_the_promise_stands_still_only_while_nothing_but_the_question_is_open(world: World, clock: Any) -> None:
    it = world.run(FORK)
    world.do(it, "Z", x=1)
    question = ask(world, it, "B")
    assert [what for what, _, _ in ledger(world, it)] == ["began"]
    clock.move_to(MONDAY + dt.timedelta(days=1))
    world.do(it, "A")
    assert ledger(world, it)[-1] == ("paused", "请申请人补正", 0)
    clock.move_to(MONDAY + dt.timedelta(days=3))
    answer(world, question, x=1)
    assert ledger(world, it)[-1] == ("resumed", "", 2)
    assert ledger(world, it, "B")[-2:] == [("paused", "请申请人补正", 0), ("resumed", "", 3)]
    with reading(world.engine) as session:
        found = session.scalars(select(clocks.Clock).where(clocks.Clock.element_id == "")).one()
        assert found.due_at == end_of_day(dt.date(2026, 12, 9))  # ten working days after the 23rd, and two more


def test_a_question_that_is_dropped_lets_both_clocks_go_on(world: World, clock: Any) -> None:
    it = world.run(FORK)
    world.do(it, "Z", x=1)
    world.do(it, "A")
    question = ask(world, it, "B")
    assert ledger(world, it)[-1][0] == "paused"
    clock.move_to(MONDAY + dt.timedelta(days=2))
    with pytest.raises(NotAllowed), unit(world.engine) as session:
        correcting.drop(session, question, by=HAN)
    with unit(world.engine) as session:
        correcting.drop(session, question, by=LI)
    assert ledger(world, it)[-1] == ("resumed", "", 2) == ledger(world, it, "B")[-1]
    assert row(world, question).ended_how == "unasked"


def test_a_task_without_a_deadline_is_asked_about_all_the_same(world: World) -> None:
    it = world.run(FORK)
    world.do(it, "Z", x=1)
    question = ask(world, it, "A")
    host = row(world, row(world, question).parent_id or 0)
    assert (host.hold, host.rank_at, row(world, question).inputs) == (
        "correction", NEVER, {correcting.STOPPED: False, correcting.COUNT: 1})
    answer(world, question, x=1)
    assert row(world, host.id).hold is None and ledger(world, it, "A") == []


# approvals
def test_who_approved_beside_it_on_what_has_changed_is_asked_again(world: World) -> None:
    it = world.run(FORK)
    world.do(it, "Z", x=1)
    old = world.do(it, "A")
    question = ask(world, it, "B")
    answer(world, question, x=2)
    assert world.names(it) == ["A", "B"]
    host = row(world, row(world, question).parent_id or 0)
    assert (host.state, host.hold, host.assignee_id) == ("open", None, LI.id)
    assert row(world, old).undone_at is not None
    [told] = facts(world, "correction.reopened")
    assert (told["again"], told["count"], told["task"]) == ([old], 1, host.id)
    for element in "BAC":
        world.do(it, element, by=LI)
    assert world.state(it) == "completed"


def test_an_answer_that_changes_nothing_asks_nobody_again(world: World) -> None:
    it = world.run(FORK)
    world.do(it, "Z", x=1)
    world.do(it, "A")
    answer(world, ask(world, it, "B"), x=1)
    assert world.names(it) == ["B"] and facts(world, "correction.reopened") == []


def test_what_follows_from_an_approval_that_is_made_again_comes_after_it(world: World, clock: Any) -> None:
    """The host is taken away and comes again with the time that was left."""
    it = world.run(LINE)
    for element, given in (("Z", {"x": 1}), ("A", {}), ("B", {})):
        world.do(it, element, **given)
    question = ask(world, it, "C")
    host = row(world, row(world, question).parent_id or 0)
    clock.move_to(MONDAY + dt.timedelta(days=1))
    answer(world, question, x=2)
    assert world.names(it) == ["A"]
    gone = row(world, host.id)
    assert (gone.state, gone.ended_how, gone.ended_by_name) == ("cancelled", "corrected", ANNA.name)
    clock.move_to(MONDAY + dt.timedelta(days=3))
    world.do(it, "A")
    world.do(it, "B")
    assert world.names(it) == ["C"]
    assert world.open(it)[0].due_at == end_of_day(dt.date(2026, 12, 3))  # five days after the 23rd, and three stood
    world.do(it, "C")
    assert world.state(it) == "completed"


def test_a_sub_process_that_is_over_begins_anew_for_all_who_are_asked_again_together(world: World) -> None:
    """Two of three reviewers looked at what changed; what the third said is kept at the join."""
    review = sub("R", start("RS"), gateway("parallel", "F"), task("A"), task("B"), task("D"), gateway("parallel", "J"),
                 end("RE"), flows("RS F A J RE", "F B J", "F D J"))
    it = world.run(drawing(start(), task("Z", gives={"x": "=x"}), review, task("C"), end(), flows("S Z R C E")))
    for element, given in (("Z", {"x": 1}), ("A", {}), ("B", {}), ("D", {})):
        world.do(it, element, **given)
    answer(world, ask(world, it, "C"), x=2)
    assert world.names(it) == ["A", "B"]
    assert facts(world, "correction.reopened")[0]["count"] == 2
    for element in "BAC":
        world.do(it, element)
    assert world.state(it) == "completed" and world.incidents(it) == []


def test_what_rests_on_nothing_that_changed_stands(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def narrow(session: Session, instance: Instance, one: Task) -> Mapping[str, str]:
        return {"y": "0" * 32} if one.element_id == "B" else basis(session, instance, one)

    monkeypatch.setitem(HOOKS, "P", Hooks(basis=narrow))
    it = world.run(LINE)
    for element, given in (("Z", {"x": 1}), ("A", {}), ("B", {})):
        world.do(it, element, **given)
    answer(world, ask(world, it, "C"), x=2)
    world.do(it, "A", by=LI)
    assert world.names(it) == ["C"]
    assert [told["name"] for told in facts(world, "task.kept")] == ["任务B"]


def test_past_what_is_final_nobody_is_asked_again_and_that_is_told(world: World) -> None:
    it = world.run(drawing(
        start(), task("Z", gives={"x": "=x"}), task("A"), task("D", final="true"), task("C"), end(),
        flows("S Z A D C E")))
    for element, given in (("Z", {"x": 1}), ("A", {}), ("D", {})):
        world.do(it, element, **given)
    answer(world, ask(world, it, "C"), x=2)
    assert world.names(it) == ["C"]
    with reading(world.engine) as session:
        assert [(one.element_id, keys) for one, keys in asking_again.outdated(
            session, session.get_one(Instance, it))] == [("A", ["x"])]


# beside others
def test_a_question_goes_with_the_task_it_was_asked_in(world: World) -> None:
    it = world.run(FORK)
    first = world.do(it, "Z", x=1)
    question = ask(world, it, "B")
    beside = next(one for one in world.open(it) if one.element_id == "A")
    with unit(world.engine) as session:
        tasks.claim(session, beside.id, HAN)
        giving_back.give_back(session, beside.id, first, by=HAN, reason="材料不齐", straight=True, version=2)
    assert world.names(it) == ["Z"] and row(world, question).ended_how == "returned"
    assert ledger(world, it)[-1][0] == "began"


def test_a_question_is_answered_once_and_asked_only_beside_what_is_drawn(world: World) -> None:
    it = world.run(FORK)
    world.do(it, "Z", x=1)
    question = ask(world, it, "B")
    with pytest.raises(tasks.Waiting), unit(world.engine) as session:
        tasks.complete(session, row(world, question).parent_id or 0, LI, {})
    with pytest.raises(signing.Answer), unit(world.engine) as session:
        signing.ask(session, question, [to(HAN)], "before", by=ANNA)
    with pytest.raises(correcting.OnlyDrawn), unit(world.engine) as session:
        correcting.ask(session, question, to(HAN), by=ANNA, form_key="fill", count=1)
    answer(world, question, x=1)
    with pytest.raises(AlreadyDone):
        answer(world, question, x=2)
    with pytest.raises(AlreadyDone), unit(world.engine) as session:
        correcting.drop(session, question, by=LI)
