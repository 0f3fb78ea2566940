"""An instance moves to another drawing while its tasks are in other hands, signed, paused, returned and voted on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

import pytest
from sqlalchemy import Table, select

from engine.hooks import HOOKS, Hooks
from engine.model import Instance, Task
from engine.operations import migration, snapshots
from engine.returns import giving_back
from engine.time import pausing
from engine.time.clocks import Clock
from engine.usertasks import correcting, members, tasks
from ledger.db import reading, unit
from tests.engine.conftest import BOSS, HAN, LI, World
from tests.engine.drawings import drawing, end, flows, gateway, start, task
from tests.engine.hands import WANG, ZHAO, ask, complete, delegate, held, row, sign, to
from tests.engine.test_migration import migrate, plan, rules, undo
from tests.engine.test_returning import basis, done
from tests.engine.test_votes import people, say, vote
from tests.reliability.invariants import violations


@pytest.fixture(autouse=True)
def sound(world: World) -> Iterator[None]:
    yield
    with reading(world.engine) as session:
        assert violations(session) == []


def drawn(*ids: str, **found: str) -> bytes:
    return drawing(start(), *(task(one, gives={"x": "=x"}, sla="5", **(found if one[0] == "B" else {})) for one in ids),
                   end(), flows(f"S {' '.join(ids)} E"))


def everything(world: World, it: int) -> dict[str, Any]:
    """Every row of the instance that a migration may touch, and its state."""
    with reading(world.engine) as session:
        blob = session.scalar(select(Instance.blob).where(Instance.id == it))
        return {"blob": blob, **{kind.name: [dict(one) for one in session.execute(
            select(cast(Table, kind)).order_by(*kind.primary_key)).mappings()] for kind in snapshots.TABLES}}


def there_and_back(world: World, it: int, new: bytes, **mapping: str) -> None:
    """To the new drawing, back, and there again: back means exactly as it was."""
    before, number = everything(world, it), world.deploy(new)
    first = migrate(world, it, number, **mapping)
    after = everything(world, it)
    undo(world, first)
    assert everything(world, it) == before != after
    migrate(world, it, number, **mapping)


def clock_of(world: World, it: int) -> list[tuple[str, str]]:
    with reading(world.engine) as session:
        return [(one.element_id, one.state) for one in session.scalars(
            select(Clock).where(Clock.instance_id == it).order_by(Clock.id))]


def test_a_paused_clock_goes_by_the_new_name_and_is_resumed_there(world: World) -> None:
    it = world.run(drawn("A", "B"))
    with unit(world.engine) as session:
        pausing.pause(session, world.open(it)[0].id, by=BOSS, reason="x")
    there_and_back(world, it, drawn("A2", "B"), A="A2")
    assert clock_of(world, it) == [("A2", "paused")]
    with unit(world.engine) as session:
        pausing.resume(session, world.open(it)[0].id, by=BOSS)


def test_a_clock_that_was_stopped_after_the_migration_goes_back_with_it(world: World) -> None:
    it = world.run(drawn("A"))
    moved = migrate(world, it, world.deploy(drawn("A2")), A="A2")
    with unit(world.engine) as session:
        pausing.pause(session, world.open(it)[0].id, by=BOSS, reason="x")
    undo(world, moved)
    assert clock_of(world, it) == [("A", "paused")] and world.names(it) == ["A"]


def test_names_of_clocks_may_change_places(world: World) -> None:
    def fork(first: str, second: str) -> bytes:
        return drawing(start(), gateway("parallel", "F"), task(first, sla="5"), task(second, sla="5"),
                       gateway("parallel", "J"), end(), flows(f"S F {first} J E", f"F {second} J"))

    it = world.run(fork("A", "B"))
    with unit(world.engine) as session:
        for one in world.open(it):
            pausing.extend(session, one.id, 1, by=BOSS, reason="x")
    there_and_back(world, it, fork("B", "A"), A="B", B="A")
    assert [name for name, _ in clock_of(world, it)] == ["B", "A"]


def test_signatures_and_what_waits_for_them_move_along(world: World) -> None:
    it = world.run(drawn("A", "B"))
    number = held(world, it, HAN)
    ask(world, number, "after", HAN, LI, WANG, in_order=True)
    complete(world, number, HAN, x=1)
    there_and_back(world, it, drawn("A2", "B"), A="A2")
    child = next(one for one in world.open(it) if one.role == "after")
    assert (child.element_id, child.name) == ("A2", "任务A2 · 加签") and row(world, number).hold == "after"
    sign(world, it, LI)
    sign(world, it, WANG)
    assert world.names(it) == ["B"] and world.variables(it)["x"] == 1


def test_a_delegation_moves_along_and_is_given_back(world: World) -> None:
    it = world.run(drawn("A", "B"))
    number = held(world, it, HAN)
    delegate(world, number, LI, HAN)
    there_and_back(world, it, drawn("A2", "B"), A="A2")
    assert (row(world, number).owner_id, row(world, number).assignee_id) == (HAN.id, LI.id)


def test_four_eyes_that_are_new_bar_signers_too_and_nobody_is_offered_what_they_may_not_do(world: World) -> None:
    it = world.run(drawn("A", "B"))
    first = held(world, it, HAN)
    ask(world, first, "before", HAN, WANG)
    sign(world, it, WANG)
    complete(world, first, HAN, x=1)
    ask(world, held(world, it, LI), "before", LI, ZHAO)
    there_and_back(world, it, drawn("A", "B", notBy="A"))
    assert [(one.role, one.barred, one.not_by) for one in world.open(it)] == [
        (role, [HAN.id, WANG.id], ["A"]) for role in ("drawn", "before")]


def test_whoever_may_not_do_it_by_the_new_drawing_loses_it_for_good(world: World) -> None:
    it = world.run(drawn("A", "B"))
    world.do(it, "A", HAN, x=1)
    number = held(world, it, HAN)
    moved = migrate(world, it, world.deploy(drawn("A", "B", notBy="A")))
    assert row(world, number).assignee_id is None
    with pytest.raises(migration.CannotUndo):
        undo(world, moved)
    world.do(it, "B", LI, x=1)


def test_an_approval_that_was_returned_is_kept_under_its_new_name(world: World,
                                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HOOKS, "P", Hooks(basis=basis))
    it = world.run(drawn("A", "B", "C"))
    for one in "AB":
        world.do(it, one, HAN, x=1)
    number = held(world, it, LI)
    with unit(world.engine) as session:
        giving_back.give_back(session, number, done(world, it, "A"), by=LI, reason="x", straight=True, version=None)
    there_and_back(world, it, drawn("A", "B2", "C"), B="B2")
    world.do(it, "A", HAN, x=1)
    assert world.names(it) == ["C"]
    with reading(world.engine) as session:
        assert session.scalar(select(Task.kept_from).where(Task.element_id == "B2")) == done(world, it, "B")


def test_a_vote_goes_on_with_what_was_said_and_who_votes(world: World) -> None:
    it = world.run(vote("percent", votePercent="60"), who=people(HAN, LI, BOSS))
    say(world, it, HAN, "agree")
    there_and_back(world, it, vote("percent", votePercent="60").replace(b'"A"', b'"A2"'), A="A2")
    with unit(world.engine) as session:
        members.replace(session, world.open(it)[0].id, to(ZHAO), by=BOSS, reason="x")
    with reading(world.engine) as session:
        said = [one["said"] for one in members.members(session, session.get_one(Instance, it), "A2")]
    assert said == ["yes", None, None]


def test_a_running_countersign_does_not_begin_or_cease_to_count_votes(world: World) -> None:
    it = world.run(vote(), who=people(HAN, LI))
    plain = re.sub(rb'<zeebe:property name="licet:vote[^>]*>', b"", vote())
    assert rules(plan(world, it, world.deploy(plain))) == {"multi-instance-vote"}


def test_a_question_moves_along_and_whoever_is_asked_may_answer_it(world: World) -> None:
    """Also where the new drawing keeps them from the task itself; and approvals are known by their new names after."""
    it = world.run(drawn("A", "B", "C"))
    for one in "AB":
        world.do(it, one, HAN, x=1)
    host = held(world, it, LI)
    with unit(world.engine) as session:
        question = correcting.ask(session, host, to(HAN), by=LI, form_key="fill", count=1).id
    there_and_back(world, it, drawing(
        start(), task("A", gives={"x": "=x"}, sla="5"), task("B2", gives={"x": "=x"}, sla="5"),
        task("C2", gives={"x": "=x"}, sla="5", notBy="A"), end(), flows("S A B2 C2 E")), B="B2", C="C2")
    found = row(world, question)
    assert (found.element_id, found.name, found.barred, found.not_by) == ("C2", "任务C2 · 补正", [], [])
    with unit(world.engine) as session:
        tasks.complete(session, question, HAN, {"verdict": "answer", "x": 1})
    assert row(world, host).hold is None
