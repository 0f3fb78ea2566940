"""Two at once: exactly one wins, the other reads who and when; nothing is half-written."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from engine import history
from engine.model import Task, TaskAnswer, Timer
from engine.time import timers
from engine.usertasks import listing, tasks
from ledger.db import reading, unit
from ledger.errors import AlreadyDone, Conflict, NotFound
from ledger.facts import Fact
from tests.engine.conftest import ANNA, BOSS, HAN, LI, World
from tests.engine.drawings import boundary, drawing, end, flows, message, start, task, timer

TWO = drawing(start(), task("A"), task("B"), end(), flows("S A B E"))


def together(engine: Engine, *acts: Callable[[Any], object]) -> list[object]:
    """Run each act in its own thread and transaction, released at the same moment; results or exceptions."""
    gate, results = threading.Barrier(len(acts)), [None] * len(acts)

    def run(number: int, act: Callable[[Any], object]) -> None:
        gate.wait()
        try:
            with unit(engine) as session:
                results[number] = act(session)
        except Exception as error:
            results[number] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def count(engine: Engine, *what: Any) -> int:
    with reading(engine) as session:
        return session.scalar(select(func.count()).select_from(what[0]).where(*what[1:])) or 0


def test_of_two_who_complete_one_wins_and_the_other_reads_who(world: World) -> None:
    world.deploy(TWO)
    for _ in range(5):
        it = world.start()
        wanted = world.open(it)[0].id
        results = together(
            world.engine,
            *(lambda s, who=who, id=wanted: tasks.complete(s, id, who, {"c": who.id}) for who in (HAN, LI)),
        )
        losers = [result for result in results if isinstance(result, Exception)]
        assert len(losers) == 1 and isinstance(losers[0], AlreadyDone), results
        winner = HAN if world.variables(it)["c"] == HAN.id else LI
        assert losers[0].by == winner.name and losers[0].at is not None
        assert world.names(it) == ["B"]
    assert count(world.engine, TaskAnswer) == 5
    assert count(world.engine, Fact, Fact.kind == "task.completed") == 5


def test_of_ten_who_claim_one_gets_it(world: World) -> None:
    it = world.run(TWO)
    wanted = world.open(it)[0].id
    results = together(world.engine, *(lambda s, who=who: tasks.claim(s, wanted, who).id for who in (HAN, LI) * 5))
    holder = world.open(it)[0].assignee_id
    assert holder in (HAN.id, LI.id)
    assert sum(isinstance(result, Conflict) for result in results) == 5


def test_a_timer_and_a_completion_do_not_both_happen(world: World, clock: Any) -> None:
    world.deploy(
        drawing(
            start(),
            task("A"),
            boundary("late", "A", timer("timeDuration", "PT1H")),
            task("B"),
            task("C"),
            end(),
            flows("S A B E", "late C E"),
        )
    )
    for _ in range(4):
        it = world.start()
        clock.advance(timedelta(hours=1))
        wanted = world.open(it)[0].id
        with reading(world.engine) as session:
            ticking = timers.of_instance(session, it)[0].id
        together(
            world.engine, lambda s, t=ticking: timers.fire(s, t), lambda s, w=wanted: tasks.complete(s, w, HAN, {})
        )
        world.sweep()
        assert world.names(it) in (["B"], ["C"])
        fired = count(world.engine, Timer, Timer.instance_id == it, Timer.state == "fired")
        assert (world.names(it) == ["C"]) == (fired == 1)


def test_two_sweeps_fire_each_timer_once(world: World, clock: Any) -> None:
    world.deploy(
        drawing(
            start(),
            task("A"),
            boundary("late", "A", timer("timeDuration", "PT1H")),
            task("B"),
            end(),
            end("E2"),
            flows("S A E", "late B E2"),
        )
    )
    started = [world.start() for _ in range(6)]
    clock.advance(timedelta(hours=2))
    threads = [threading.Thread(target=world.sweep) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    world.sweep()
    assert all(world.names(it) == ["B"] for it in started)
    assert count(world.engine, Fact, Fact.kind == "timer.fired") == 6
    assert count(world.engine, Timer, Timer.fired_at < Timer.due_at) == 0


def test_what_an_exception_leaves_behind_is_nothing(world: World) -> None:
    it = world.run(TWO)
    wanted = world.open(it)[0].id
    before = world.row(it).version
    with pytest.raises(ZeroDivisionError), unit(world.engine) as session:
        tasks.complete(session, wanted, HAN, {"c": 1})
        raise ZeroDivisionError
    assert (world.names(it), world.row(it).version, count(world.engine, TaskAnswer)) == (["A"], before, 0)
    world.do(it, "A", c=2)
    assert (world.names(it), world.variables(it)) == (["B"], {"c": 2})


def test_two_acts_in_one_transaction(world: World) -> None:
    it = world.run(TWO)
    with unit(world.engine) as session:
        tasks.complete(session, world.open(it)[0].id, HAN, {"c": 1})
        second = session.scalars(select(Task).where(Task.instance_id == it, Task.element_id == "B")).one()
        tasks.complete(session, second.id, HAN, {"c": 2})
    assert world.state(it) == "completed"


def test_who_is_not_offered_a_task_does_not_find_it(world: World) -> None:
    it = world.run(TWO)
    wanted = world.open(it)[0].id
    for forbidden in (tasks.claim, lambda s, t, a: tasks.complete(s, t, a, {}), tasks.get):
        with pytest.raises(NotFound), unit(world.engine) as session:
            forbidden(session, wanted, BOSS)


def test_a_claimed_task_is_only_for_its_holder_until_released(world: World) -> None:
    it = world.run(TWO)
    wanted = world.open(it)[0].id
    with unit(world.engine) as session:
        tasks.claim(session, wanted, HAN)
    with reading(world.engine) as session:
        assert listing.inbox(session, LI) == []
        assert [found.id for found in listing.inbox(session, HAN, scope="mine")] == [wanted]
        assert listing.counts(session, HAN) == {"mine": 1, "groups": 0}
    with pytest.raises(Conflict), unit(world.engine) as session:
        tasks.complete(session, wanted, LI, {})
    with pytest.raises(tasks.Held, match="韩梅"), unit(world.engine) as session:
        tasks.release(session, wanted, LI)
    with unit(world.engine) as session:
        tasks.release(session, wanted, HAN)
    with reading(world.engine) as session:
        assert [found.id for found in listing.inbox(session, LI)] == [wanted]


def test_a_stale_page_is_refused(world: World) -> None:
    it = world.run(TWO)
    page = world.open(it)[0]
    with unit(world.engine) as session:
        tasks.claim(session, page.id, HAN)
    with pytest.raises(Conflict), unit(world.engine) as session:
        tasks.complete(session, page.id, HAN, {}, version=page.version)


def test_four_eyes(world: World) -> None:
    it = world.run(
        drawing(
            start(),
            task("A"),
            task("B", notBy="A"),
            task("C", groups="hr, applicant", notApplicant="true"),
            end(),
            flows("S A B C E"),
        ),
        by=ANNA,
    )
    world.do(it, "A", by=HAN)
    with reading(world.engine) as session:
        assert listing.inbox(session, HAN) == []
    with pytest.raises(tasks.FourEyes):
        world.do(it, "B", by=HAN)
    world.do(it, "B", by=LI)
    with pytest.raises(tasks.FourEyes):
        world.do(it, "C", by=ANNA)
    world.do(it, "C", by=HAN)


def test_a_message_nobody_waits_for_is_refused(world: World) -> None:
    it = world.run(
        drawing(
            start(),
            task("A"),
            boundary("back", "A", message("M")),
            end(),
            end("E2"),
            flows("S A E", "back E2"),
            messages={"M": "withdraw"},
        )
    )
    with pytest.raises(Conflict):
        world.send(it, "accepted")
    world.send(it, "withdraw")
    with pytest.raises(Conflict):
        world.send(it, "withdraw")
    with reading(world.engine) as session:
        assert not [visit for visit in history.visits(session, it) if visit.left_at is None]
