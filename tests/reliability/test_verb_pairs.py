"""The rest of the matrix: returns, withdrawals, substitutes, members of a countersign and clocks against the others.

In every order one of the two comes first; whoever comes too late reads who did what, and the rows are in order. Two
that do not exclude each other may both have their way: which, is said here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import Task
from engine.operations.moves import CannotModify
from engine.returns import giving_back, reopening, taking_back
from engine.run import NotRunning
from engine.time import pausing
from engine.usertasks import assigning, correcting, members, tasks
from engine.usertasks.hands import Addressee
from engine.usertasks.members import LastMember, MemberAlready
from ledger.actor import SYSTEM, Absent
from ledger.db import reading, unit
from ledger.errors import Conflict
from tests.engine.conftest import ANNA, BOSS, HAN, LI, World
from tests.engine.drawings import drawing, end, flows, start, task
from tests.engine.hands import WANG, ZHAO, to
from tests.engine.test_votes import mine, people, vote
from tests.reliability.stepping import Act, Stage, once
from tests.reliability.test_engine_races import played
from workflows.absence import passing

Stages = Callable[..., Stage]
Verb = Callable[[Session, int, int], object]
LINE = drawing(start(), task("A"), task("B", sla="5"), task("C"), end(), flows("S A B C E"))
SUBSTITUTE = replace(BOSS, stands_for=(Absent(LI.id or 0, LI.name, LI.groups),))


def _home(session: Session, number: int) -> None:
    """The substitute's appointment ends: what workflows.absence.ending does with one task."""
    found = passing.locked(session, number)
    if found is not None and found[0].for_id == LI.id:
        passing.put(session, "task.returned_after_absence", *found, Addressee(LI.id or 0, LI.name), by=SYSTEM)


# A is done by HAN, B is held by LI (version 2); `first` and `number` are their tasks
VERBS: dict[str, Verb] = {
    "complete": lambda s, first, number: tasks.complete(s, number, LI, {"c": 1}, version=2),
    "transfer": lambda s, first, number: assigning.transfer(s, number, to(WANG), by=LI, reason="出差", version=2),
    "delegate": lambda s, first, number: assigning.delegate(s, number, to(WANG), by=LI, question="请核对", version=2),
    "return": lambda s, first, number: giving_back.give_back(
        s, number, first, by=LI, reason="材料不齐", straight=True, version=2),
    "withdraw": lambda s, first, number: taking_back.withdraw(
        s, s.get_one(Task, first).instance_id, first, by=ANNA, reason="写错了"),
    "call off": lambda s, first, number: taking_back.call_off(
        s, s.get_one(Task, first).instance_id, by=ANNA, reason="不办了", outcome="called_off"),
    "pause": lambda s, first, number: pausing.pause(s, number, by=BOSS, reason="等补正"),
    "extend": lambda s, first, number: pausing.extend(s, number, 2, by=BOSS, reason="现场核查"),
    "stand in": lambda s, first, number: tasks.claim(s, number, SUBSTITUTE),
    "stand in and complete": lambda s, first, number: tasks.complete(s, number, SUBSTITUTE, {"c": 2}, version=2),
    "reassign": lambda s, first, number: assigning.reassign(s, number, to(ZHAO), by=BOSS, reason="离职"),
    "correct": lambda s, first, number: correcting.ask(
        s, number, to(ANNA), by=LI, form_key="fill", count=1, version=2),
}
BOTH = {"withdraw", "call off", "pause", "extend", "reassign"}
"""What others do whatever the holder has just done, as long as there is something left to do it with."""
PAIRS = [
    *((one, "complete") for one in VERBS if one not in ("complete", "transfer", "delegate", "reassign")),
    *((one, "return") for one in VERBS if one not in ("complete", "return")),
    *((one, "stand in") for one in ("transfer", "withdraw", "stand in and complete", "reassign")),
    ("withdraw", "transfer"), ("withdraw", "withdraw"), ("withdraw", "call off"), ("call off", "call off"),
    ("pause", "pause"), ("pause", "extend"), ("pause", "transfer"),
    *(("correct", other) for other in ("correct", "transfer", "pause", "reassign")),
]


def reads(error: object) -> bool:
    """A loser's sentence names somebody and a moment, or says plainly what has become of it."""
    plain = (NotRunning, CannotModify, pausing.StandsStill, taking_back.NothingToTakeBack, LastMember, MemberAlready)
    params = getattr(error, "params", {})
    return isinstance(error, plain) or (isinstance(error, Conflict) and bool({"by", "who", "names"} & set(params)))


def newest(world: World, it: int, element_id: str) -> int:
    with reading(world.engine) as session:
        return session.scalars(select(Task.id).where(
            Task.instance_id == it, Task.element_id == element_id).order_by(Task.id.desc())).first() or 0


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=[", ".join(pair) for pair in PAIRS])
def test_of_two_verbs_the_later_one_reads_why(world: World, stage: Stages, one: str, other: str) -> None:
    world.deploy(LINE)

    def prepare(it: int) -> Sequence[Act]:
        first = world.do(it, "A", by=HAN)
        number = newest(world, it, "B")
        with unit(world.engine) as session:
            tasks.claim(session, number, LI)
        return [once(lambda session, verb=verb: VERBS[verb](session, first, number)) for verb in (one, other)]

    for _, run in played(world, stage(few=True), prepare):
        assert all(reads(error) for error in run.refused), str(run)
        assert len(run.refused) == 1 or (not run.refused and {one, other} & BOTH), str(run)


@pytest.mark.parametrize("other", ["complete", "release", "return"])
def test_at_the_end_of_an_absence_it_is_done_or_goes_back(world: World, stage: Stages, other: str) -> None:
    """Whoever is back has the task again, unless it is done; the substitute reads who has it."""
    world.deploy(LINE)

    def prepare(it: int) -> Sequence[Act]:
        first = world.do(it, "A", by=HAN)
        number = newest(world, it, "B")
        for who in (LI, SUBSTITUTE):
            with unit(world.engine) as session:
                tasks.claim(session, number, who)
        does: dict[str, Callable[[Session], object]] = {
            "complete": lambda s: tasks.complete(s, number, SUBSTITUTE, {}, version=3),
            "release": lambda s: tasks.release(s, number, SUBSTITUTE),
            "return": lambda s: giving_back.give_back(
                s, number, first, by=SUBSTITUTE, reason="材料不齐", straight=True, version=3)}
        return [once(does[other]), once(lambda session: _home(session, number))]

    for it, run in played(world, stage(few=True), prepare):
        assert all(reads(error) for error in run.refused), str(run)
        if run.refused:
            assert world.open(it)[0].assignee_id == LI.id, str(run)
        else:
            assert all(one.for_id is None for one in world.open(it)), str(run)


# a countersign of three: `number` is LI's task, `other` WANG's
VOTES: dict[str, Verb] = {
    "votes": lambda s, number, other: tasks.complete(s, number, LI, {"verdict": "agree"}),
    "votes against": lambda s, number, other: tasks.complete(s, other, WANG, {"verdict": "disagree"}),
    "leaves": lambda s, number, other: members.leave(s, number, by=BOSS, reason="离职"),
    "is replaced": lambda s, number, other: members.replace(s, number, to(ZHAO), by=BOSS, reason="离职"),
    "another joins": lambda s, number, other: members.join(s, number, to(ZHAO), by=BOSS, reason="也听他的"),
    "another leaves": lambda s, number, other: members.leave(s, other, by=BOSS, reason="离职"),
}
MEMBERS = [("votes", "leaves"), ("votes", "is replaced"), ("votes", "another joins"), ("votes", "votes against"),
           ("leaves", "leaves"), ("leaves", "another leaves"), ("leaves", "votes against"),
           ("is replaced", "another joins")]


@pytest.mark.parametrize(("one", "other"), MEMBERS, ids=[", ".join(pair) for pair in MEMBERS])
def test_a_countersign_is_counted_as_it_was_cast(world: World, stage: Stages, one: str, other: str) -> None:
    """All must agree; whoever comes after it was decided, or after they left, reads so."""
    world.deploy(vote())

    def prepare(it: int) -> Sequence[Act]:
        number, other_ = mine(world, it, LI), mine(world, it, WANG)
        return [once(lambda session, verb=verb: VOTES[verb](session, number, other_)) for verb in (one, other)]

    for it, run in played(world, stage(few=True), prepare, who=people(HAN, LI, WANG)):
        assert all(reads(error) for error in run.refused) and len(run.refused) < 2, str(run)
        against = "votes against" in (one, other) and not isinstance(run.results[(one, other).index("votes against")],
                                                                     Exception)
        assert world.names(it) == (["C"] if against else world.names(it)), str(run)
        assert against or set(world.names(it)) == {"A"}, str(run)


# B waits for an answer: `question` is ANNA's, `host` LI's task
ASKED: dict[str, Verb] = {
    "answered": lambda s, question, host: tasks.complete(s, question, ANNA, {"verdict": "answer"}),
    "not wanted": lambda s, question, host: correcting.drop(s, question, by=LI),
    "withdrawn": lambda s, question, host: taking_back.withdraw(
        s, s.get_one(Task, host).instance_id, _first(s, host), by=ANNA, reason="写错了"),
    "reassigned": lambda s, question, host: assigning.reassign(s, host, to(ZHAO), by=BOSS, reason="离职"),
}
ANSWERS = [("answered", other) for other in ASKED] + [("not wanted", "not wanted"), ("not wanted", "withdrawn")]


def _first(session: Session, host: int) -> int:
    return session.scalars(select(Task.id).where(
        Task.instance_id == session.get_one(Task, host).instance_id).order_by(Task.token)).first() or 0


@pytest.mark.parametrize(("one", "other"), ANSWERS, ids=[", ".join(pair) for pair in ANSWERS])
def test_a_question_ends_once_and_its_task_is_free_again(world: World, stage: Stages, one: str, other: str) -> None:
    world.deploy(LINE)

    def prepare(it: int) -> Sequence[Act]:
        world.do(it, "A", by=HAN)
        number = newest(world, it, "B")
        with unit(world.engine) as session:
            tasks.claim(session, number, LI)
            question = correcting.ask(session, number, to(ANNA), by=LI, form_key="fill", count=1).id
        return [once(lambda session, verb=verb: ASKED[verb](session, question, number)) for verb in (one, other)]

    for it, run in played(world, stage(few=True), prepare):
        assert all(reads(error) for error in run.refused), str(run)
        assert len(run.refused) == 1 or (not run.refused and {one, other} & BOTH_END), str(run)
        assert all(task.hold is None and task.role == "drawn" for task in world.open(it)), str(run)


BOTH_END = {"withdrawn", "reassigned"}


def test_reopened_or_left_alone(world: World, stage: Stages) -> None:
    """Who takes back the last step of what is over is refused; who reopens it has it open."""
    world.deploy(LINE)

    def prepare(it: int) -> Sequence[Act]:
        for each in "AB":
            world.do(it, each)
        last = world.do(it, "C", by=HAN)
        return [once(lambda session: reopening.reopen(session, it, last, by=BOSS, reason="主管部门要求补充核对")),
                once(lambda session: taking_back.take_back(session, last, by=HAN))]

    for it, run in played(world, stage(few=True), prepare):
        assert len(run.refused) == 1 and reads(run.refused[0]) and world.names(it) == ["C"], str(run)
