"""Two at once on one release, in every order there is: one wins, the other reads who and when."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select

from engine.model import Instance
from engine.releases import coming, deciding
from engine.time import starting
from ledger.clock import Fixed
from ledger.db import reading
from tests.engine.conftest import BOSS, LI, World
from tests.engine.test_releases import DAILY, TODAY, ask, release, to, version
from tests.reliability.stepping import Act, Stage, interleavings, once

Stages = Callable[..., Stage]


def decided(number: int, by: Any, approve: bool = True) -> Act:
    return once(lambda session: deciding.decide(session, number, approve=approve, remark="x", by=by).id)


def test_of_two_deciders_one_wins_and_the_other_reads_who(world: World, stage: Stages) -> None:
    asked = []

    def prepare() -> list[Act]:
        asked.append(ask(world, version(len(asked))))
        return [decided(asked[-1], LI), decided(asked[-1], BOSS, approve=False)]

    for run in interleavings(stage(few=True), prepare):
        [refused] = run.refused
        assert isinstance(refused, deciding.AlreadyDecided), str(run)
        with reading(world.engine) as session:
            assert refused.by == deciding.one(session, asked[-1]).decided_by_name


def test_of_two_who_take_it_back_one_does(world: World, stage: Stages) -> None:
    release(world, version(0))

    def prepare() -> list[Act]:
        number = release(world, version(1))
        return [once(lambda session, by=by: deciding.roll_back(session, number, by=by, reason="x").id)  # type: ignore[misc]
                for by in (LI, BOSS)]

    for run in interleavings(stage(few=True), prepare):
        assert [type(error) for error in run.refused] == [deciding.AlreadyEnded], str(run)


def test_two_workers_at_midnight_note_it_once_and_start_each_round_once(world: World, stage: Stages, clock: Fixed
                                                                       ) -> None:
    release(world, version(0, DAILY))
    numbers, began = iter(range(1, 1000)), TODAY

    def prepare() -> list[Act]:
        nonlocal began
        release(world, version(next(numbers), DAILY), on=began.replace(day=began.day + 1))
        began = began.replace(day=began.day + 1)
        to(clock, began, 11)
        return [coming.sweep, starting.sweep]

    for turn, run in enumerate(interleavings(stage(few=True), prepare), 1):
        assert not run.refused, str(run)
        for _ in range(2):
            world.sweep()
        with reading(world.engine) as session:
            assert session.scalar(select(func.count()).select_from(Instance)) == turn, str(run)

