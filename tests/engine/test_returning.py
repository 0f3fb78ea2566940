"""Going back by those who hold a task: what goes, what counts no more, what stands when it comes again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import catalog
from engine.hooks import HOOKS, REPEATABLE, Hooks
from engine.model import Instance, Task, TaskAnswer
from engine.operations.moves import CannotModify
from engine.returns import giving_back, returning, taking_back
from engine.returns.giving_back import Final, Overtaken, Target
from engine.returns.returning import ReturnCase, ReturnEffect
from engine.usertasks import tasks
from engine.usertasks.tasks import FourEyes, Held
from ledger.actor import Actor
from ledger.db import reading, unit
from ledger.errors import AlreadyDone, BadAnswer
from ledger.facts import story
from tests.engine.conftest import ANNA, HAN, LI, World
from tests.engine.drawings import boundary, drawing, end, error, flow, flows, gateway, loop, service, start, sub, task
from tests.reliability.invariants import violations

LINE = drawing(start(), task("A", gives={"x": "=x"}), task("B"), task("C"), end(), flows("S A B C E"))
FORK = drawing(
    start(), task("Z", gives={"x": "=x"}), gateway("parallel", "F"), task("A"), task("A2"), task("B"),
    gateway("parallel", "J"), task("C"), end(), flows("S Z F A A2", "F B", "J C E"), flow("A2", "J", id="ja"),
    flow("B", "J", id="jb"))  # fmt: skip


def basis(session: Session, instance: Instance, one: Task) -> Mapping[str, str]:
    """Every task but the first rests on the x that was answered there, and on what was said before."""
    first = session.scalars(select(Task).where(Task.instance_id == instance.id).order_by(Task.token)).first()
    if first is None or one.element_id == first.element_id:
        return {}
    asked = session.scalars(select(TaskAnswer.answers).join(Task, Task.id == TaskAnswer.task_id).where(
        Task.instance_id == instance.id, Task.element_id == first.element_id).order_by(Task.token.desc())).first()
    said = {f"t:{each.element_id}#{each.round}": _digest(session.get_one(TaskAnswer, each.id).answers)
            for each in returning.before(session, one)}
    return {"x": _digest((asked or {}).get("x")), **said}


def _digest(value: Any) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()[:32]


@pytest.fixture(autouse=True)
def judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HOOKS, "P", Hooks(basis=basis))


@pytest.fixture(autouse=True)
def sound(world: World) -> Iterator[None]:
    """Whatever a test did, the rows are in order."""
    yield
    with reading(world.engine) as session:
        assert violations(session) == []


def hold(world: World, it: int, element_id: str, by: Actor = LI) -> Task:
    found = next(each for each in world.open(it) if each.element_id == element_id)
    with unit(world.engine) as session:
        tasks.claim(session, found.id, by)
    return next(each for each in world.open(it) if each.id == found.id)


def done(world: World, it: int, element_id: str) -> int:
    with reading(world.engine) as session:
        return session.scalars(select(Task.id).where(
            Task.instance_id == it, Task.element_id == element_id, Task.state == "completed").order_by(
            Task.id.desc())).first() or 0


def back(world: World, it: int, source: str, target: str, by: Actor = LI, straight: bool = True, **more: Any) -> Task:
    """Somebody claims a task and gives it back."""
    held = hold(world, it, source, by)
    with unit(world.engine) as session:
        giving_back.give_back(session, held.id, done(world, it, target), by=by, reason="材料不齐", straight=straight,
                              version=held.version, **more)
    return held


def choice(world: World, it: int, source: str, by: Actor = LI) -> dict[str, Target]:
    held = next(each for each in world.open(it) if each.element_id == source)
    with reading(world.engine) as session:
        return {each.element_id: each for each in giving_back.targets(session, held.id, by)}


def kept(world: World, it: int) -> list[str]:
    with reading(world.engine) as session:
        return sorted(session.scalars(select(Task.element_id).where(
            Task.instance_id == it, Task.kept_from.is_not(None))))


def effects(world: World, it: int) -> dict[str, str]:
    with reading(world.engine) as session:
        rows = session.execute(select(Task.element_id, ReturnEffect.what).join(Task, Task.id == ReturnEffect.task_id)
                               .where(Task.instance_id == it).order_by(ReturnEffect.case_id))
        return dict(rows.all())


def told(world: World, it: int) -> list[str]:
    with reading(world.engine) as session:
        return [fact.kind for fact in story(session, ("instance", it))]


def elements(works: Any) -> list[str]:
    return sorted(work.element_id for work in works)


# returning
def test_whoever_holds_a_task_gives_it_back_and_what_came_between_counts_no_more(world: World) -> None:
    it = world.run(LINE)
    for each in "AB":
        world.do(it, each, x=1)
    gone = back(world, it, "C", "A", straight=False)
    assert world.names(it) == ["A"] and effects(world, it) == {"A": "undone", "B": "undone"}
    with reading(world.engine) as session:
        ended = session.get_one(Task, gone.id)
        assert (ended.state, ended.ended_how, ended.ended_by_name) == ("cancelled", "returned", LI.name)
        assert all(session.get_one(Task, done(world, it, each)).undone_at for each in "AB")
    assert told(world, it)[-3:] == ["task.claimed", "task.returned", "task.undone"]


def test_the_choice_says_what_goes_what_stays_and_what_may_stand(world: World) -> None:
    it = world.run(FORK)
    for each in "ZA":
        world.do(it, each, x=1)
    found = choice(world, it, "A2")
    assert list(found) == ["A", "Z"]
    assert (elements(found["A"].preview.withdrawn), elements(found["A"].preview.staying)) == (["A2"], ["B"])
    assert (elements(found["Z"].undone), elements(found["Z"].may_stand)) == (["A"], ["A"])


def test_a_return_inside_a_branch_leaves_the_other_branch_alone(world: World) -> None:
    it = world.run(FORK)
    for each in "ZAB":
        world.do(it, each, x=1)
    back(world, it, "A2", "A")
    assert world.names(it) == ["A"] and effects(world, it) == {"A": "undone"}
    for each in ("A", "A2", "C"):
        world.do(it, each)
    assert world.state(it) == "completed"


def test_a_return_from_a_running_countersign_ends_all_its_rounds(world: World) -> None:
    it = world.run(drawing(start(), task("A"), task("B", loop("=[1, 2, 3]", "n")), end(), flows("S A B E")))
    world.do(it, "A", x=1)
    world.do(it, "B")
    back(world, it, "B", "A")
    assert world.names(it) == ["A"] and effects(world, it)["B"] == "candidate"


INSIDE = drawing(start(), sub("U", start("s"), task("A", loop("=[1, 2]", "n")), task("B"), end("e"), flows("s A B e")),
                 task("C"), end(), flows("S U C E"))


def test_what_followed_a_countersign_inside_a_part_that_is_over_counts_no_more(world: World) -> None:
    it = world.run(INSIDE)
    for each in "AAB":
        world.do(it, each, x=1)
    back(world, it, "C", "A", straight=False)
    assert effects(world, it) == {"A": "undone", "B": "undone"}


def test_a_part_that_was_entered_again_since_counts_no_more_either(world: World) -> None:
    it = world.run(INSIDE)
    for each in "AAB":
        world.do(it, each, x=1)
    first = done(world, it, "A")
    back(world, it, "C", "B")
    again = world.do(it, "B")
    held = hold(world, it, "C")
    with unit(world.engine) as session:
        giving_back.give_back(session, held.id, first, by=LI, reason="材料不齐", straight=False, version=held.version)
    with reading(world.engine) as session:
        assert session.get_one(Task, again).undone_at is not None


def test_a_step_beside_ones_own_is_not_gone_back_to(world: World) -> None:
    it = world.run(FORK)
    for each in "ZAB":
        world.do(it, each, x=1)
    refused = choice(world, it, "A2")["B"].refused
    assert isinstance(refused, CannotModify) and "“任务B”不在您这一步之前" in str(refused)
    with pytest.raises(CannotModify):
        back(world, it, "A2", "B")


def test_a_step_that_never_ran_is_refused_with_those_that_did(world: World) -> None:
    it = world.run(LINE)
    world.do(it, "A", x=1)
    held = hold(world, it, "B")
    with pytest.raises(BadAnswer) as refused, unit(world.engine) as session:
        giving_back.give_back(session, held.id, 999, by=LI, reason="x", straight=True, version=held.version)
    assert "可以退回到：任务A" in str(refused.value.problems["to"][0])


def test_nobody_goes_back_past_a_step_that_was_carried_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog.provide("P", steps={"file": lambda step: None})
    it = world.run(drawing(start(), task("A"), service("X", "file"), task("B"), task("C"), end(), flows("S A X B C E")))
    for each in "AB":
        world.do(it, each, x=1)
    found = choice(world, it, "C")
    assert isinstance(found["A"].refused, Final) and found["B"].refused is None
    with pytest.raises(Final, match="X"):
        back(world, it, "C", "A")
    monkeypatch.setitem(REPEATABLE, "P", frozenset({"file"}))
    assert choice(world, it, "C")["A"].refused is None


def test_a_user_task_is_final_where_the_diagram_says_so(world: World) -> None:
    it = world.run(drawing(start(), task("A"), task("B", final="true"), task("C"), end(), flows("S A B C E")))
    for each in "AB":
        world.do(it, each, x=1)
    assert {key: type(one.refused) for key, one in choice(world, it, "C").items()} == {"A": Final, "B": Final}


def test_who_previewed_before_somebody_acted_reads_who_and_when(world: World) -> None:
    it = world.run(FORK)
    for each in "ZA":
        world.do(it, each, x=1)
    version = world.row(it).version
    world.do(it, "B", by=HAN)
    with pytest.raises(Overtaken) as late:
        back(world, it, "A2", "A", instance_version=version)
    assert late.value.params["who"] == HAN.name


def test_only_the_holder_gives_back(world: World) -> None:
    it = world.run(LINE)
    world.do(it, "A", x=1)
    held = hold(world, it, "B", HAN)
    with pytest.raises(Held), unit(world.engine) as session:
        giving_back.give_back(session, held.id, done(world, it, "A"), by=LI, reason="x", straight=True, version=None)
    world.do(it, "B", by=HAN)
    with pytest.raises(AlreadyDone), unit(world.engine) as session:
        giving_back.give_back(session, held.id, done(world, it, "A"), by=LI, reason="x", straight=True, version=None)


# standing
def test_what_nothing_has_changed_for_is_kept_and_it_comes_straight_back(world: World) -> None:
    it = world.run(LINE)
    for each in "AB":
        world.do(it, each, x=1)
    back(world, it, "C", "A")
    assert effects(world, it) == {"A": "undone", "B": "candidate"}
    world.do(it, "A", x=1)
    assert (world.names(it), kept(world, it), effects(world, it)["B"]) == (["C"], ["B"], "kept")
    with reading(world.engine) as session:
        stands = session.scalars(select(Task).where(Task.kept_from.is_not(None))).one()
        assert (stands.completed_by, stands.completed_by_name) == (HAN.id, HAN.name)
        assert session.scalars(select(ReturnCase)).one().closed_at is not None
    assert "task.kept" in told(world, it)
    world.do(it, "C")
    assert world.state(it) == "completed"


def test_what_has_changed_is_asked_for_again(world: World) -> None:
    it = world.run(LINE)
    for each in "AB":
        world.do(it, each, x=1)
    back(world, it, "C", "A")
    world.do(it, "A", x=2)
    assert (world.names(it), kept(world, it), effects(world, it)["B"]) == (["B"], [], "redone")
    for each in "BC":
        world.do(it, each)
    assert world.state(it) == "completed"


def test_without_the_wish_everything_is_asked_for_again(world: World) -> None:
    it = world.run(LINE)
    for each in "AB":
        world.do(it, each, x=1)
    back(world, it, "C", "A", straight=False)
    world.do(it, "A", x=1)
    assert world.names(it) == ["B"]


def test_a_judgement_rests_on_those_before_it_not_on_those_beside_it(world: World) -> None:
    it = world.run(FORK)
    for each in ("Z", "A", "A2", "B"):
        world.do(it, each, x=1)
    back(world, it, "C", "Z")
    world.do(it, "Z", x=1)
    assert (world.names(it), kept(world, it)) == (["C"], ["A", "A2", "B"])


def test_in_a_sub_process_entered_anew_approvals_stand_too(world: World) -> None:
    inner = sub("X", start("XS"), gateway("parallel", "F"), task("B"), task("D"), gateway("parallel", "J"), end("XE"),
                flows("XS F B J XE", "F D J"))
    it = world.run(drawing(start(), task("A"), inner, task("C"), end(), flows("S A X C E")))
    for each in "ABD":
        world.do(it, each, x=1)
    back(world, it, "C", "A")
    world.do(it, "A", x=1)
    assert (world.names(it), kept(world, it)) == (["C"], ["B", "D"])


def test_rounds_of_a_countersign_stand_by_what_they_are_about(world: World) -> None:
    it = world.run(drawing(start(), task("A", gives={"who": "=who", "x": "=x"}), task("B", loop("=who", "n")),
                           task("C"), end(), flows("S A B C E")))
    world.do(it, "A", x=1, who=[7, 8])
    for _ in range(2):
        world.do(it, "B")
    back(world, it, "C", "A")
    world.do(it, "A", x=1, who=[9, 8])
    assert [one.inputs["n"] for one in world.open(it) if one.inputs] == [9]
    assert kept(world, it) == ["B"]


def test_an_approval_by_somebody_who_may_not_give_it_now_does_not_stand(world: World) -> None:
    it = world.run(drawing(start(), task("A"), task("B"), task("D", notBy="B"), task("C"), end(), flows("S A B D C E")))
    world.do(it, "A", x=1)
    world.do(it, "B", by=HAN, c=1)
    world.do(it, "D", by=LI)
    back(world, it, "C", "A", by=HAN)
    world.do(it, "A", x=2)
    world.do(it, "B", by=LI, c=1)
    assert world.names(it) == ["D"] and kept(world, it) == []
    with pytest.raises(FourEyes):
        world.do(it, "D", by=LI)


def test_a_return_of_the_diagram_leaves_the_others_approval_standing(world: World) -> None:
    inner = sub("X", start("XS"), gateway("parallel", "F"), task("B", gives={"v": "=v"}), task("D"),
                gateway("exclusive", "G", "ok"), end("XR", error("r")), gateway("parallel", "J"), end("XE"),
                flows("XS F B G", "F D J XE"), flow("G", "XR", '=v = "return"'), flow("G", "J", id="ok"))
    it = world.run(drawing(start(), task("A"), inner, boundary("XB", "X", error("r")), task("C"), end(),
                           flows("S A X C E", "XB A"), errors={"r": "R"}), v="")
    for each in "AD":
        world.do(it, each, x=1)
    with unit(world.engine) as session:
        one = session.get_one(Task, next(each.id for each in world.open(it) if each.element_id == "B"))
        returning.drawn(session, session.get_one(Instance, it), one, HAN, "不符", one.created_at)
        tasks.complete(session, one.id, HAN, {"v": "return"})
    assert world.names(it) == ["A"]
    world.do(it, "A", x=1)
    assert (world.names(it), kept(world, it)) == (["B"], ["D"])
    world.do(it, "B", v="pass")
    world.do(it, "C")
    assert world.state(it) == "completed"


# taking back, withdrawing
def take(world: World, task_id: int, by: Actor = HAN) -> None:
    with unit(world.engine) as session:
        taking_back.take_back(session, task_id, by=by)


def test_within_ten_minutes_ones_own_step_is_taken_back(world: World, clock: Any) -> None:
    it = world.run(LINE)
    first = world.do(it, "A", x=1)
    clock.advance(timedelta(minutes=10))
    take(world, first)
    assert world.names(it) == ["A"] and told(world, it)[-1] == "task.taken_back"
    with reading(world.engine) as session:
        assert session.scalars(select(Task.ended_how).where(Task.element_id == "B")).one() == "taken_back"


@pytest.mark.parametrize(("refusal", "act"), [
    (taking_back.TooLate, lambda world, it, clock: clock.advance(timedelta(minutes=10, seconds=1))),
    (taking_back.Followed, lambda world, it, clock: world.do(it, "B", by=LI)),
    (taking_back.Touched, lambda world, it, clock: hold(world, it, "B", LI)),
    (taking_back.NothingToTakeBack, lambda world, it, clock: take(world, done(world, it, "A"))),
], ids=["too late", "somebody followed", "somebody claimed", "twice"])  # fmt: skip
def test_what_has_gone_on_is_not_taken_back(world: World, clock: Any, refusal: type[Exception], act: Any) -> None:
    it = world.run(LINE)
    first = world.do(it, "A", x=1)
    act(world, it, clock)
    before = world.names(it)
    with pytest.raises(refusal):
        take(world, first)
    assert world.names(it) == before


def test_nobody_takes_back_what_another_has_done(world: World) -> None:
    it = world.run(LINE)
    first = world.do(it, "A", by=HAN, x=1)
    with pytest.raises(taking_back.NotYours):
        take(world, first, LI)


def test_an_application_is_withdrawn_and_comes_again(world: World) -> None:
    it = world.run(LINE)
    first = world.do(it, "A", x=1)
    world.do(it, "B")
    with unit(world.engine) as session:
        taking_back.withdraw(session, it, first, by=ANNA, reason="写错了")
    assert world.names(it) == ["A"]
    world.do(it, "A", x=1)
    assert (world.names(it), kept(world, it)) == (["C"], ["B"])


def test_an_application_is_called_off_with_a_name_for_its_end(world: World) -> None:
    it = world.run(LINE)
    world.do(it, "A", x=1)
    with unit(world.engine) as session:
        taking_back.call_off(session, it, by=ANNA, reason="不办了", outcome="called_off")
    row = world.row(it)
    assert (row.state, row.outcome, world.names(it)) == ("terminated", "called_off", [])
