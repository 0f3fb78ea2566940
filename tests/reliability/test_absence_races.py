"""The one who is away, the substitute, and the end of the absence, in every order: one wins, the loser reads why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from engine.usertasks import tasks
from engine.usertasks.hands import Addressee
from ledger.actor import SYSTEM, Absent, Actor
from ledger.db import unit
from tests.engine.conftest import BOSS, HAN, World
from tests.engine.hands import ONE, held
from tests.reliability.stepping import Act, Stage, once
from tests.reliability.test_engine_races import played
from tests.reliability.test_verb_races import reads
from workflows.absence import passing

Stages = Callable[..., Stage]
SUBSTITUTE = replace(BOSS, stands_for=(Absent(HAN.id or 0, HAN.name, HAN.groups),))


def back(session: Session, number: int) -> None:
    """What ending.give_back does with one task."""
    found = passing.locked(session, number)
    if found is not None and found[0].for_id == HAN.id:
        passing.put(session, "task.returned_after_absence", *found, Addressee(HAN.id or 0, HAN.name), by=SYSTEM)


def complete(number: int, actor: Actor, version: int) -> Act:
    return once(lambda session: tasks.complete(session, number, actor, {}, version=version))


@pytest.mark.parametrize("substitute", ["claims", "completes"])
def test_the_absent_and_the_substitute_do_not_both_do_it(world: World, stage: Stages, substitute: str) -> None:
    world.deploy(ONE)

    def prepare(it: int) -> Sequence[Act]:
        number = held(world, it, HAN)
        other = (once(lambda session: tasks.claim(session, number, SUBSTITUTE)) if substitute == "claims"
                 else complete(number, SUBSTITUTE, 2))
        return [complete(number, HAN, 2), other]

    for _, run in played(world, stage(few=True), prepare):
        assert len(run.refused) == 1 and reads(run.refused[0]), str(run)


def test_at_the_end_it_is_done_or_goes_back(world: World, stage: Stages) -> None:
    world.deploy(ONE)

    def prepare(it: int) -> Sequence[Act]:
        number = held(world, it, HAN)
        with unit(world.engine) as session:
            tasks.claim(session, number, SUBSTITUTE)
        return [complete(number, SUBSTITUTE, 3), once(lambda session: back(session, number))]

    for it, run in played(world, stage(few=True), prepare):
        if run.refused:
            assert reads(run.refused[0]) and world.open(it)[0].assignee_id == HAN.id, str(run)
        else:
            assert world.state(it) == "completed"
