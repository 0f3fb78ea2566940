"""Every verb of handing on and signing against the others, in every order: one wins, the loser reads who did what when.

Verbs that do not touch each other may both win (two who sign side by side); then nothing is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from engine import instances
from engine.model import Task
from engine.run import NotRunning
from engine.usertasks import assigning, signing, tasks
from ledger.errors import Conflict
from tests.engine.conftest import BOSS, HAN, LI, World
from tests.engine.hands import ONE, WANG, ZHAO, ask, complete, delegate, held, to
from tests.reliability.stepping import Act, Stage, once
from tests.reliability.test_engine_races import played

Stages = Callable[..., Stage]
VERBS: dict[str, Callable[[int], Act]] = {
    "complete": lambda number: once(lambda session: tasks.complete(session, number, HAN, {"c": 1}, version=2)),
    "release": lambda number: once(lambda session: tasks.release(session, number, HAN)),
    "transfer": lambda number: once(lambda session: assigning.transfer(
        session, number, to(LI), by=HAN, reason="出差", version=2)),
    "delegate": lambda number: once(lambda session: assigning.delegate(
        session, number, to(WANG), by=HAN, question="请核对", version=2)),
    "reassign": lambda number: once(lambda session: assigning.reassign(
        session, number, to(ZHAO), by=BOSS, reason="离职")),
    "ask": lambda number: once(lambda session: signing.ask(
        session, number, [to(LI)], "before", by=HAN, question="请看", version=2)),
    "end": lambda number: once(lambda session: instances.terminate(
        session, session.get_one(Task, number).instance_id, by=BOSS, reason="不办了")),
}
ALWAYS = {"reassign", "end"}
"""What somebody else does to the task whatever its holder has done just now."""
PAIRS = [(one, other) for one in VERBS for other in ("complete", "transfer") if one != "complete" or other == one]
PAIRS += [(one, "end") for one in ("ask", "delegate")] + [("ask", "ask"), ("delegate", "ask")]


def reads(error: BaseException | object) -> bool:
    """A loser's sentence names somebody and a moment."""
    params = getattr(error, "params", {})
    over = isinstance(error, NotRunning)  # whoever ends what has ended just now
    return over or (isinstance(error, Conflict) and bool({"by", "who", "names"} & set(params)))


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=[" and ".join(pair) for pair in PAIRS])
def test_of_two_verbs_on_one_task_the_loser_reads_why(world: World, stage: Stages, one: str, other: str) -> None:
    world.deploy(ONE)

    def prepare(it: int) -> Sequence[Act]:
        number = held(world, it, HAN)
        return [VERBS[one](number), VERBS[other](number)]

    for _, run in played(world, stage(few=True), prepare):
        assert all(reads(error) for error in run.refused), str(run)
        assert len(run.refused) == 1 or (not run.refused and {one, other} & ALWAYS), str(run)


def test_two_who_sign_side_by_side_are_both_heard(world: World, stage: Stages) -> None:
    world.deploy(ONE)

    def prepare(it: int) -> Sequence[Act]:
        number = held(world, it, HAN)
        ask(world, number, "after", HAN, LI, WANG)
        complete(world, number, HAN, c=7)
        signers = [one for one in world.open(it) if one.role == "after"]
        return [once(lambda session, one=one, by=by: tasks.complete(session, one.id, by, {"verdict": "agree"}))
                for one, by in zip(signers, (LI, WANG), strict=True)]

    for it, run in played(world, stage(few=True), prepare):
        assert not run.refused and world.state(it) == "completed", str(run)


def test_a_signature_is_given_or_dropped(world: World, stage: Stages) -> None:
    world.deploy(ONE)

    def prepare(it: int) -> Sequence[Act]:
        number = held(world, it, HAN)
        plan, = ask(world, number, "before", HAN, LI)
        child = world.open(it)[-1].id
        return [once(lambda session: tasks.complete(session, child, LI, {"verdict": "agree"})),
                once(lambda session: signing.drop(session, plan, by=HAN, reason="不等了"))]

    for it, run in played(world, stage(few=True), prepare):
        assert len(run.refused) == 1 and reads(run.refused[0]), str(run)
        assert world.open(it)[0].hold is None


def test_a_delegated_task_is_given_back_or_recalled(world: World, stage: Stages) -> None:
    world.deploy(ONE)

    def prepare(it: int) -> Sequence[Act]:
        number = held(world, it, HAN)
        delegate(world, number, LI, HAN)
        return [once(lambda session: assigning.resolve(session, number, by=LI, answers={}, version=3)),
                once(lambda session: assigning.recall(session, number, by=HAN, version=3))]

    for it, run in played(world, stage(few=True), prepare):
        assert len(run.refused) == 1 and reads(run.refused[0]), str(run)
        assert world.open(it)[0].assignee_id == HAN.id


