"""Going back against everything else on the same task, in every order: one wins, the other reads who and what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from engine.model import Task
from engine.returns import giving_back, reopening, taking_back
from engine.usertasks import tasks
from ledger.db import reading, unit
from tests.engine.conftest import ANNA, BOSS, HAN, LI, World
from tests.engine.drawings import drawing, end, flows, start, task
from tests.reliability.stepping import Act, Stage, once
from tests.reliability.test_engine_races import complete, one_wins, played

Stages = Callable[..., Stage]
LINE = drawing(start(), task("A"), task("B"), task("C"), end(), flows("S A B C E"))


def first(world: World, it: int) -> int:
    with reading(world.engine) as session:
        return session.scalars(select(Task.id).where(Task.instance_id == it).order_by(Task.token)).first() or 0


def returned(world: World, it: int, by: Any = LI) -> Act:
    found, to = world.open(it)[0], first(world, it)
    return once(lambda session: giving_back.give_back(
        session, found.id, to, by=by, reason="材料不齐", straight=True, version=found.version))


def taken_back(world: World, it: int) -> Act:
    number = first(world, it)
    return once(lambda session: taking_back.take_back(session, number, by=HAN))


def withdrawn(world: World, it: int) -> Act:
    number = first(world, it)
    return once(lambda session: taking_back.withdraw(session, it, number, by=ANNA, reason="写错了"))


def claimed(world: World, it: int) -> Act:
    number = world.open(it)[0].id
    return once(lambda session: tasks.claim(session, number, LI))


def prepared(world: World, it: int, *, held: bool) -> None:
    world.do(it, "A", by=HAN)
    if held:
        with unit(world.engine) as session:
            tasks.claim(session, world.open(it)[0].id, LI)


@pytest.mark.parametrize(("left", "right", "held"), [
    (returned, returned, True),
    (returned, lambda world, it: complete(world, it, "B", LI), True),
    (returned, withdrawn, True),
    (withdrawn, lambda world, it: complete(world, it, "B", LI), False),
    (taken_back, claimed, False),
    (taken_back, lambda world, it: complete(world, it, "B", LI), False),
    (taken_back, taken_back, False),
], ids=["return twice", "return, complete", "return, withdraw", "withdraw, complete", "take back, claim",
        "take back, complete", "take back twice"])  # fmt: skip
def test_one_wins_and_the_other_is_told(
    world: World, stage: Stages, left: Callable[..., Act], right: Callable[..., Act], held: bool
) -> None:
    world.deploy(LINE)

    def begin(it: int) -> list[Act]:
        prepared(world, it, held=held)
        return [left(world, it), right(world, it)]

    for it, run in played(world, stage(few=True), begin):
        if left is withdrawn:  # what somebody has just approved is withdrawn all the same
            assert not isinstance(run.results[0], Exception) and world.names(it) == ["A"], str(run)
        else:
            one_wins(run)


def test_reopened_once(world: World, stage: Stages) -> None:
    world.deploy(LINE)

    def begin(it: int) -> list[Act]:
        for each in "ABC":
            world.do(it, each)
        number = first(world, it)
        return [once(lambda session: reopening.reopen(session, it, number, by=BOSS, reason="主管部门要求补充核对"))] * 2

    for it, run in played(world, stage(few=True), begin):
        one_wins(run)
        assert world.names(it) == ["A"]
