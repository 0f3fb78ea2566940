"""C1-C10, C13, C14: two at once on one instance, in every order there is. One wins; the other reads who and when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from engine import catalog, instances
from engine.messaging import deliveries, messages
from engine.model import Delivery, Instance, Task, Timer
from engine.operations import migration, modification
from engine.operations.moves import BackTo
from engine.time import timers
from engine.usertasks import tasks
from ledger.actor import SYSTEM
from ledger.db import reading, unit
from ledger.errors import AlreadyDone, Conflict, Refused
from ledger.facts import Fact
from tests.engine.conftest import ANNA, COMPANY, GROUP, HAN, LI, World
from tests.engine.drawings import (
    boundary,
    catch,
    drawing,
    end,
    flows,
    gateway,
    message,
    signal,
    start,
    tag,
    task,
    timer,
)
from tests.reliability.conftest import judge
from tests.reliability.planted import unlocked
from tests.reliability.stepping import Act, Run, Stage, interleavings, once

Stages = Callable[..., Stage]
PLAIN = drawing(start(), task("A"), task("B"), end(), flows("S A B E"))
LATE = drawing(start(), task("A"), boundary("late", "A", timer("timeDuration", "PT1H")), task("B"), task("C"), end(),
               flows("S A B E", "late C E"))
BACK = drawing(start(), task("A"), boundary("back", "A", message("M")), task("B"), end(), end("E2"),
               flows("S A B E", "back E2"), messages={"M": "withdraw"})
BOTH = drawing(start(), gateway("parallel", "F"), task("A"), task("B"), gateway("parallel", "J"), task("C"), end(),
               flows("S F A J C E", "F B J"))
INSIDE = drawing(
    start(), tag("subProcess", "SUB", start("s"), task("A"), task("A2"), end("e"), flows("s A A2 e")),
    boundary("late", "SUB", timer("timeDuration", "PT1H")), task("B"), task("C"), end(), flows("S SUB B E", "late C E"))


def complete(world: World, it: int, element: str = "A", by: Any = HAN, **answers: Any) -> Act:
    found = next(one for one in world.open(it) if one.element_id == element)
    return once(lambda session: tasks.complete(session, found.id, by, {"c": by.id, **answers}, version=found.version))


def verb(do: Callable[..., object], world: World, it: int, by: Any) -> Act:
    number = world.open(it)[0].id
    return once(lambda session: do(session, number, by))


def fire(world: World, it: int) -> Act:
    with reading(world.engine) as session:
        number = timers.of_instance(session, it)[0].id
    return once(lambda session: timers.fire(session, number))


def played(world: World, on: Stage, prepare: Callable[[int], Sequence[Act]], *, swept: bool = False,
           **variables: Any) -> Iterator[tuple[int, Run]]:
    """Every order, each on a fresh instance (begun with `variables`); the judge finds all of them in order afterwards.

    `swept`: who plays moves each on before the next; then the judge looks before that.
    """
    fresh: list[int] = []
    runs: list[Run] = []

    def begin() -> Sequence[Act]:
        fresh.append(world.start(**variables))
        return prepare(fresh[-1])

    for run in interleavings(on, begin):
        runs.append(run)
        wrong = judge(world.engine, only=fresh[-1:]) if swept else []
        assert not wrong, f"{run}\n" + "\n".join(wrong)
        yield fresh[-1], run
    wrong = judge(world.engine, only=fresh)
    assert not wrong, "\n".join([*(f"{it}: {run}" for it, run in zip(fresh, runs, strict=True)), *wrong])
    assert len(runs) > 2  # even with few stops: each alone first, and one while the other waits


def one_wins(run: Run, loses: type[Exception] = Conflict) -> int:
    """The number of the actor who won; everybody else was refused as expected."""
    winners = [number for number, result in enumerate(run.results) if not isinstance(result, Exception)]
    assert len(winners) == 1 and all(isinstance(error, loses) for error in run.refused), str(run)
    return winners[0]


@pytest.mark.parametrize("people", [(HAN, HAN), (HAN, LI)], ids=["C1 a double click", "C2 two reviewers"])
def test_of_two_completions_one_wins_and_the_other_reads_who_and_when(world: World, stage: Stages, people: Any) -> None:
    world.deploy(PLAIN)
    won = Counter[int]()
    for it, run in played(world, stage(), lambda it: [complete(world, it, by=who) for who in people]):
        winner = one_wins(run, AlreadyDone)
        error: Any = run.refused[0]
        assert (error.by, error.at) == (people[winner].name, world.row(it).started_at)
        assert (world.names(it), world.variables(it)["c"]) == (["B"], people[winner].id)
        won[winner] += 1
    assert set(won) == {0, 1}


def test_c3_of_three_who_claim_one_holds_it_and_the_others_read_who(world: World, stage: Stages) -> None:
    world.deploy(PLAIN)
    people = (HAN, LI, HAN)
    for it, run in played(world, stage(3), lambda it: [verb(tasks.claim, world, it, who) for who in people]):
        holder = world.open(it)[0]
        assert len(run.refused) == (1 if holder.assignee_id == HAN.id else 2), str(run)
        assert all(isinstance(error, Conflict) and error.params["by"] == holder.assignee_name for error in run.refused)


def test_c4_a_timer_fires_or_the_reviewer_completes(world: World, stage: Stages, clock: Any) -> None:
    world.deploy(LATE)
    seen = set()

    def prepare(it: int) -> list[Act]:
        clock.advance(timedelta(hours=1))
        return [fire(world, it), complete(world, it)]

    for it, run in played(world, stage(), prepare):
        fired, done = run.results
        if fired is True:
            assert isinstance(done, Conflict) and world.names(it) == ["C"], str(run)
        else:
            assert fired is False and world.names(it) == ["B"], str(run)
        seen.add(fired)
    assert seen == {True, False}


@pytest.mark.parametrize("how", ["a message", "an end by hand"])
def test_c5_withdrawn_or_completed(world: World, stage: Stages, how: str) -> None:
    world.deploy(BACK)

    def withdraw(it: int) -> Act:
        if how == "a message":
            return once(lambda session: messages.send(session, it, "withdraw", {}, by=ANNA))
        return once(lambda session: instances.terminate(session, it, by=ANNA, reason="撤回"))

    for it, run in played(world, stage(), lambda it: [withdraw(it), complete(world, it)]):
        over = world.state(it) != "active"
        if how == "a message":
            assert one_wins(run) == (0 if over else 1)
        else:  # after B has opened the request can still be ended: both happen, one after the other
            assert over and len(run.refused) <= 1, str(run)


def test_c6_given_back_or_completed_but_not_both(world: World, stage: Stages) -> None:
    world.deploy(PLAIN)

    def prepare(it: int) -> list[Act]:
        once(lambda session: tasks.claim(session, world.open(it)[0].id, HAN))(world.engine)
        return [verb(tasks.release, world, it, HAN), complete(world, it)]

    assert {one_wins(run) for _, run in played(world, stage(), prepare)} == {0, 1}


def test_c6_what_is_given_back_goes_to_one_of_those_who_ask(world: World, stage: Stages) -> None:
    world.deploy(PLAIN)

    def prepare(it: int) -> list[Act]:
        once(lambda session: tasks.claim(session, world.open(it)[0].id, HAN))(world.engine)
        return [verb(tasks.release, world, it, HAN), verb(tasks.claim, world, it, LI)]

    for it, run in played(world, stage(), prepare):
        took = not isinstance(run.results[1], Exception)
        assert world.open(it)[0].assignee_id == (LI.id if took else None), str(run)


def test_c7_branches_that_end_at_once_join_once(world: World, stage: Stages) -> None:
    world.deploy(BOTH)
    for it, run in played(world, stage(), lambda it: [complete(world, it, "A"), complete(world, it, "B", by=LI)]):
        assert not run.refused and world.names(it) == ["C"], str(run)


def test_c8_worker_and_web_step_one_instance_one_after_the_other(world: World, stage: Stages, clock: Any) -> None:
    world.deploy(drawing(
        start(), gateway("parallel", "F"), task("A"), catch("T", timer("timeDuration", "PT1H")), task("B"),
        gateway("parallel", "J"), task("C"), end(), flows("S F A J C E", "F T B J")))

    def prepare(it: int) -> list[Act]:
        clock.advance(timedelta(hours=1))
        return [timers.sweep, complete(world, it)]

    for it, run in played(world, stage(), prepare, swept=True):
        assert not run.refused and run.results[0] in (0, 1), str(run)
        world.sweep()  # a worker that met a locked row left it for the next sweep
        assert world.names(it) == ["B"]
        with reading(world.engine) as session:
            assert not list(session.scalars(select(Timer.id).where(Timer.attempts > 0)))  # no try was counted


def test_c8_of_two_sweeps_one_fires(world: World, stage: Stages, clock: Any) -> None:
    world.deploy(LATE)

    def prepare(it: int) -> list[Act]:
        clock.advance(timedelta(hours=1))
        return [timers.sweep, timers.sweep]

    for it, run in played(world, stage(), prepare):
        assert sorted(run.results) == [0, 1] and world.names(it) == ["C"], str(run)


def begin(session: Any) -> int:
    return instances.start(session, "P", by=ANNA, group_id=GROUP, places=[COMPANY, GROUP], business_key="K",
                           title="测试").id


def deploy(body: bytes) -> Act:
    return once(lambda session: catalog.deploy(session, {"p.bpmn": body}, by=SYSTEM).id)


def revised(number: object, process_id: str = "P") -> bytes:
    return drawing(start(), task(f"A{number}"), end(), flows(f"S A{number} E"), id=process_id)


def test_c9_what_starts_during_a_deployment_runs_wholly_on_one_version(world: World, stage: Stages) -> None:
    world.deploy(PLAIN)
    numbers = iter(range(100))
    used = set()
    for run in interleavings(stage(), lambda: [
            deploy(revised(next(numbers))), once(begin)]):
        assert not run.refused and not judge(world.engine, only=[run.results[1]]), str(run)
        row = world.row(run.results[1])
        with reading(world.engine) as session:
            drawn = catalog.diagram(session, row.definition_id).decode()
            newest = catalog.latest(session, "P").id
        assert f'id="{world.names(row.id)[0]}"' in drawn, str(run)
        used.add(newest == row.definition_id)
    assert used == {True, False}


@pytest.mark.parametrize("same", [True, False], ids=["of the same files", "of two drawings"])
@pytest.mark.parametrize("known", [True, False], ids=["of a known process", "of a new process"])
def test_c9_two_deployments_at_once_are_two_versions_or_one(world: World, stage: Stages, same: bool, known: bool
                                                            ) -> None:
    if known:
        world.deploy(PLAIN)
    numbers = iter(range(1000))

    def prepare() -> list[Act]:
        number = next(numbers)
        process_id = "P" if known else f"P{number}"
        return [deploy(revised(f"{number}{'' if same else which}", process_id)) for which in "xy"]

    for run in interleavings(stage(), prepare):
        assert not [error for error in run.refused if not isinstance(error, Conflict)], str(run)
        assert len(run.refused) < 2, str(run)
        if known:
            assert not run.refused, str(run)
    assert not judge(world.engine)  # versions stay: all orders at once


def deliver_one(engine: Engine) -> int:
    return deliveries.sweep(engine, limit=1)


@pytest.mark.parametrize("meanwhile", ["one of them steps", "another worker delivers", "one of them ends"])
def test_c10_a_signal_reaches_each_that_waits_once(world: World, stage: Stages, meanwhile: str) -> None:
    world.deploy(drawing(start(), gateway("parallel", "F"), task("A"), catch("W", signal("G")), task("B"),
                         gateway("parallel", "J"), task("C"), end(), flows("S F A J C E", "F W B J"),
                         signals={"G": "paid"}))
    many: list[int] = []

    def prepare() -> list[Act]:
        many[:] = [world.start() for _ in range(2)]
        once(lambda session: [one.id for one in messages.broadcast(session, "paid", {}, by=SYSTEM)])(world.engine)
        last = many[-1]
        stop = once(lambda session: instances.terminate(session, last, by=ANNA, reason="撤回").id)
        other = {"one of them steps": complete(world, last), "another worker delivers": deliver_one,
                 "one of them ends": stop}
        return [deliver_one if "another" in meanwhile else deliveries.sweep, other[meanwhile]]

    for run in interleavings(stage(few=True), prepare):
        deliveries.sweep(world.engine)  # what a worker met locked it left for the next sweep
        assert not run.refused and not judge(world.engine, only=many), str(run)
        with reading(world.engine) as session:
            heard = Counter(session.scalars(select(Fact.subject_id).where(Fact.kind == "signal.received")))
            assert not list(session.scalars(select(Delivery.id).where(Delivery.attempts > 0)))
        assert heard[many[0]] == 1 and heard[many[1]] <= 1, str(run)
        assert heard[many[1]] or "ends" in meanwhile, str(run)


def test_c10_a_message_reaches_one_of_two_that_wait_once(world: World, stage: Stages) -> None:
    world.deploy(drawing(start(), catch("W", message("M")), task("B"), end(), flows("S W B E"),
                         messages={"M": "paid"}))
    many = [world.start() for _ in range(2)]

    def prepare() -> list[Act]:
        many.append(world.start())
        once(lambda session: messages.publish(session, "paid", None, {}, by=SYSTEM).id)(world.engine)
        return [deliveries.sweep, deliveries.sweep]

    for number, run in enumerate(interleavings(stage(few=True), prepare), 1):
        deliveries.sweep(world.engine)
        assert not run.refused and not judge(world.engine, only=many), str(run)
        assert sum(world.names(it) == ["B"] for it in many) == number, str(run)


@pytest.mark.parametrize("deed", ["suspended", "moved to a new version", "sent back"])
def test_what_an_operator_does_and_what_a_reviewer_does_follow_each_other(world: World, stage: Stages, deed: str
                                                                          ) -> None:
    """Whichever comes second is done on what the first has left, or refused with a reason."""
    world.deploy(PLAIN)
    to = world.deploy(drawing(start(), task("A"), task("B"), task("B2"), end(), flows("S A B B2 E")))

    def prepare() -> list[Act]:
        with unit(world.engine) as session:
            it = instances.start(session, "P", by=ANNA, group_id=GROUP, places=[COMPANY, GROUP], business_key="K",
                                 title="测试").id
        fresh.append(it)
        complete(world, it)(world.engine)
        with reading(world.engine) as session:
            done = session.scalars(select(Task.id).where(Task.instance_id == it, Task.element_id == "A")).one()
        deeds: dict[str, Callable[[Any], object]] = {
            "suspended": lambda session: instances.suspend(session, it, by=LI, reason="核查").id,
            "moved to a new version": lambda session: migration.migrate(session, it, to + 1, by=LI, reason="新规").id,
            "sent back": lambda session: modification.apply(session, it, [BackTo(done)], by=LI, reason="错")}
        return [once(deeds[deed]), complete(world, it, "B")]

    fresh: list[int] = []
    world.deploy(drawing(start(), task("A"), task("B"), task("B3"), end(), flows("S A B B3 E")))
    count = 0
    for run in interleavings(stage(few=True), prepare):
        assert all(isinstance(error, Refused) for error in run.refused) and len(run.refused) < 2, str(run)
        assert not judge(world.engine, only=[fresh[-1]]), str(run)
        count += 1
    assert count > 1


def test_c13_a_sub_process_is_left_or_goes_on(world: World, stage: Stages, clock: Any) -> None:
    world.deploy(INSIDE)

    def prepare(it: int) -> list[Act]:
        clock.advance(timedelta(hours=1))
        return [fire(world, it), complete(world, it)]

    ends = set()
    for it, run in played(world, stage(), prepare):
        left = run.results[0] is True
        if left:  # either before A was done, or after: then the completion had its effect first
            assert world.names(it) == ["C"], str(run)
        else:
            assert run.results[0] is False and world.names(it) == ["A2"], str(run)
        ends.add((left, isinstance(run.results[1], Exception)))
    assert (True, True) in ends and len(ends) > 1


def test_c14_ended_answered_and_fired_at_once_nobody_waits_in_a_circle(world: World, stage: Stages, clock: Any) -> None:
    world.deploy(LATE)

    def prepare(it: int) -> list[Act]:
        clock.advance(timedelta(hours=1))
        return [once(lambda session: instances.terminate(session, it, by=ANNA, reason="撤回")), complete(world, it),
                fire(world, it)]

    for _, run in played(world, stage(3), prepare):
        assert all(isinstance(error, Conflict) for error in run.refused), str(run)
    with reading(world.engine) as session:
        assert set(session.scalars(select(Instance.state))) == {"terminated"}


def test_without_the_row_lock_the_runner_sees_two_who_work_on_one_state(world: World, stage: Stages,
                                                                        monkeypatch: Any) -> None:
    """The planted bug. The versions of the rows still keep the second from writing, but nobody can tell it why."""
    if world.engine.dialect.name == "sqlite":
        pytest.skip("on SQLite the transaction is the lock")
    world.deploy(PLAIN)
    monkeypatch.setattr(tasks, "BOTH", unlocked(tasks.BOTH))
    with pytest.raises(AssertionError):
        for _, run in played(world, stage(), lambda it: [complete(world, it, by=who) for who in (HAN, LI)]):
            one_wins(run, AlreadyDone)
