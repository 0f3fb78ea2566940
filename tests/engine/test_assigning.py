"""Transferred for good, delegated to be given back, recalled, reassigned: who has the task, and who may not have it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select

from engine import instances
from engine.model import Task
from engine.usertasks import assigning, offers, tasks
from engine.usertasks.hands import TaskDelegation
from ledger.actor import Absent
from ledger.db import reading, unit
from ledger.errors import AlreadyDone, Conflict, NotFound
from ledger.facts import Fact
from tests.engine.conftest import ANNA, BOSS, HAN, LI, World
from tests.engine.hands import (
    APART,
    ONE,
    TWO,
    WANG,
    ZHAO,
    complete,
    delegate,
    held,
    resolve,
    row,
    to,
    transfer,
)
from tests.reliability.conftest import judge


def chain(world: World, number: int) -> list[tuple[str, str | None]]:
    with reading(world.engine) as session:
        rows = session.scalars(select(TaskDelegation).where(TaskDelegation.task_id == number).order_by(
            TaskDelegation.id))
        return [(one.to_name, one.how) for one in rows]


def test_a_transferred_task_is_the_other_ones(world: World) -> None:
    it = world.run(ONE)
    number = held(world, it, HAN)
    transfer(world, number, LI, HAN)
    assert row(world, number).assignee_name == "李雷"
    with pytest.raises(tasks.Held, match="由 李雷 办理：韩梅 于 .* 转办了它"):
        complete(world, number, HAN)
    complete(world, number, LI)
    assert world.state(it) == "completed" and judge(world.engine) == []


def test_a_transferred_task_can_be_put_back(world: World) -> None:
    number = held(world, world.run(ONE), HAN)
    transfer(world, number, LI, HAN)
    with unit(world.engine) as session:
        tasks.release(session, number, LI)
    with unit(world.engine) as session:
        tasks.claim(session, number, HAN)
    assert row(world, number).assignee_id == HAN.id and judge(world.engine) == []


def test_only_who_holds_a_task_transfers_it(world: World) -> None:
    it = world.run(ONE)
    free = world.open(it)[0].id
    with pytest.raises(tasks.NotHeld):
        transfer(world, free, LI, HAN)
    with unit(world.engine) as session:
        tasks.claim(session, free, LI)
    with pytest.raises(tasks.Held):
        transfer(world, free, WANG, HAN)
    with pytest.raises(tasks.Moved):
        transfer(world, free, WANG, LI, version=1)


def test_no_task_goes_to_somebody_who_is_barred(world: World) -> None:
    it = world.run(TWO)
    world.do(it, "A", by=LI)
    number = held(world, it, HAN)
    with pytest.raises(tasks.FourEyes):
        transfer(world, number, LI, HAN)
    with pytest.raises(tasks.FourEyes):
        delegate(world, number, LI, HAN)


def test_a_delegate_gives_it_back_and_the_delegator_completes(world: World) -> None:
    it = world.run(ONE)
    number = held(world, it, HAN)
    delegate(world, number, LI, HAN)
    assert (row(world, number).assignee_name, row(world, number).owner_name) == ("李雷", "韩梅")
    with pytest.raises(tasks.Delegated, match="韩梅 委派给您"):
        complete(world, number, LI)
    resolve(world, number, LI, {"c": 7})
    assert (row(world, number).assignee_name, row(world, number).owner_id) == ("韩梅", None)
    assert chain(world, number) == [("李雷", "done")]
    complete(world, number, HAN, c=8)
    assert world.variables(it)["c"] == 8 and judge(world.engine) == []


def test_a_delegate_neither_transfers_nor_puts_back(world: World) -> None:
    number = held(world, world.run(ONE), HAN)
    delegate(world, number, LI, HAN)
    with pytest.raises(tasks.Delegated):
        transfer(world, number, WANG, LI)
    with pytest.raises(tasks.Delegated), unit(world.engine) as session:
        tasks.release(session, number, LI)


def test_a_delegate_is_kept_apart_as_a_doer(world: World) -> None:
    """Four eyes: who did it for its owner does not check it."""
    it = world.run(TWO)
    number = held(world, it, HAN)
    delegate(world, number, LI, HAN)
    resolve(world, number, LI)
    complete(world, number, HAN)
    checked = world.open(it)[0]
    assert checked.barred == [HAN.id, LI.id]
    with pytest.raises(tasks.FourEyes), unit(world.engine) as session:
        tasks.claim(session, checked.id, LI)


def test_what_is_delegated_further_comes_back_step_by_step(world: World) -> None:
    number = held(world, world.run(ONE), HAN)
    delegate(world, number, LI, HAN)
    delegate(world, number, WANG, LI)
    with pytest.raises(assigning.Circle):
        delegate(world, number, HAN, WANG)
    resolve(world, number, WANG)
    assert (row(world, number).assignee_name, row(world, number).owner_name) == ("李雷", "韩梅")
    resolve(world, number, LI)
    assert (row(world, number).assignee_name, row(world, number).owner_name) == ("韩梅", None)
    assert judge(world.engine) == []


def test_a_recall_ends_all_that_came_of_it(world: World) -> None:
    number = held(world, world.run(ONE), HAN)
    delegate(world, number, LI, HAN)
    delegate(world, number, WANG, LI)
    with unit(world.engine) as session:
        assigning.recall(session, number, by=HAN)
    assert row(world, number).assignee_name == "韩梅"
    assert chain(world, number) == [("李雷", "recalled"), ("王芳", "recalled")]
    with pytest.raises(tasks.Held, match="结束了委派"):
        resolve(world, number, WANG)
    assert judge(world.engine) == []


def test_a_recall_that_came_too_late_reads_who_gave_it_back(world: World) -> None:
    number = held(world, world.run(ONE), HAN)
    delegate(world, number, LI, HAN)
    resolve(world, number, LI)
    with pytest.raises(tasks.Moved, match="李雷 于 .* 结束了委派"), unit(world.engine) as session:
        assigning.recall(session, number, by=HAN)
    with pytest.raises(NotFound), unit(world.engine) as session:
        assigning.recall(session, number, by=ANNA)


def test_what_is_held_for_somebody_is_not_delegated(world: World) -> None:
    number = world.open(world.run(ONE))[0].id
    stand_in = replace(BOSS, stands_for=(Absent(HAN.id or 0, HAN.name, HAN.groups),))
    with unit(world.engine) as session:
        tasks.claim(session, number, stand_in)
    with pytest.raises(assigning.ForSomebody):
        delegate(world, number, LI, stand_in)
    transfer(world, number, LI, stand_in)
    with reading(world.engine) as session:
        told = session.scalars(select(Fact).where(Fact.kind == "task.transferred")).one()
        assert (told.after or {})["for"] == HAN.id
    assert row(world, number).for_id is None and judge(world.engine) == []


def test_a_reassigned_task_is_nobody_elses(world: World) -> None:
    number = held(world, world.run(ONE), HAN)
    delegate(world, number, LI, HAN)
    with unit(world.engine) as session:
        assigning.reassign(session, number, to(WANG), by=BOSS, reason="李雷离职")
    assert (row(world, number).assignee_name, row(world, number).owner_id) == ("王芳", None)
    assert chain(world, number) == [("李雷", "moved_on")]
    complete(world, number, WANG)
    assert judge(world.engine) == []


def test_the_end_of_a_task_ends_its_delegation(world: World) -> None:
    it = world.run(ONE)
    number = held(world, it, HAN)
    delegate(world, number, LI, HAN)
    with unit(world.engine) as session:
        instances.terminate(session, it, by=BOSS, reason="不办了")
    assert chain(world, number) == [("李雷", "moved_on")]
    verbs: list[Callable[[], None]] = [
        lambda: resolve(world, number, LI), lambda: transfer(world, number, WANG, LI),
        lambda: delegate(world, number, WANG, LI)]
    for verb in verbs:
        with pytest.raises(tasks.Over, match="王总 .* 因终止流程而取消"):
            verb()


def test_what_is_done_already_reads_by_whom(world: World) -> None:
    number = held(world, world.run(ONE), HAN)
    complete(world, number, HAN)
    with pytest.raises(AlreadyDone, match="韩梅"):
        transfer(world, number, LI, HAN)


def test_everybody_reads_how_the_task_came_to_them(world: World) -> None:
    number = held(world, world.run(ONE), HAN)

    def grounds(who: object) -> list[str]:
        with reading(world.engine) as session:
            return [one.rule for one in offers.why(session, session.get_one(Task, number), who)[0]]  # type: ignore

    transfer(world, number, LI, HAN)
    assert grounds(LI)[0] == "transferred"
    delegate(world, number, WANG, LI)
    assert grounds(WANG)[0] == "delegated"
    resolve(world, number, WANG)
    assert grounds(LI)[0] == "given_back"
    delegate(world, number, ZHAO, LI)
    with unit(world.engine) as session:
        assigning.recall(session, number, by=LI)
    assert grounds(LI)[0] == "recalled"


def test_what_is_open_already_is_kept_from_whoever_did_its_partner(world: World) -> None:
    """B stood open beside A, and HAN held it: now that HAN has done A, B goes back to the others."""
    it = world.run(APART)
    other = next(one.id for one in world.open(it) if one.element_id == "B")
    with unit(world.engine) as session:
        tasks.claim(session, other, HAN)
    world.do(it, "A", by=HAN)
    assert (row(world, other).assignee_id, row(world, other).barred) == (None, [HAN.id])
    assert offers.capacity(row(world, other), HAN) is None and offers.capacity(row(world, other), LI) is not None
    with pytest.raises((Conflict, tasks.FourEyes)):
        complete(world, other, HAN)
    complete(world, other, LI)
    assert world.state(it) == "completed" and judge(world.engine) == []
