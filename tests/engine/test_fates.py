"""A task that has moved on says who did what and when; an open one stands where its deadline says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, text

from engine import instances
from engine.messaging import messages
from engine.model import NEVER, Instance, Task, TaskCandidate, sought
from engine.operations import modification
from engine.operations.moves import Cancel
from engine.time import timers
from engine.usertasks import tasks
from ledger.db import open_database, reading, unit
from ledger.errors import AlreadyDone, Conflict
from migrations.run import to
from tests.engine.conftest import ANNA, BOSS, HAN, LI, World
from tests.engine.drawings import boundary, drawing, end, flows, gateway, loop, message, start, task, timer
from tests.reliability.conftest import judge

LATE = drawing(start(), task("A"), boundary("late", "A", timer("timeDuration", "PT1H")),
               boundary("back", "A", message("M")), task("B"), end(), end("E2"), end("E3"),
               flows("S A B E", "late E2", "back E3"), messages={"M": "withdraw"})
APART = drawing(start(), gateway("parallel", "F"), task("A"), task("B"), end(), end("E2"), flows("S F A E", "F B E2"))
BOTH = drawing(start(), gateway("parallel", "F"), task("A"), task("B"), gateway("parallel", "J"), end(),
               flows("S F A J E", "F B J"))


def fire(world: World, it: int, clock: Any) -> None:
    clock.advance(timedelta(hours=1))
    world.sweep()


def end_it(world: World, it: int, _clock: Any) -> None:
    with unit(world.engine) as session:
        instances.terminate(session, it, by=BOSS, reason="不办了")


def message_it(world: World, it: int, _clock: Any) -> None:
    with unit(world.engine) as session:
        messages.send(session, it, "withdraw", {}, by=ANNA)


ENDS: dict[str, tuple[Callable[..., None], str, str]] = {
    "a timer": (fire, "系统", "event"), "an end by hand": (end_it, "王总", "terminated"),
    "a message": (message_it, "安娜", "event"),
}


@pytest.mark.parametrize("how", ENDS)
def test_whoever_comes_late_reads_who_ended_the_task_how_and_when(world: World, clock: Any, how: str) -> None:
    it = world.run(LATE)
    do, who, kind = ENDS[how]
    open_ = world.open(it)[0]
    do(world, it, clock)
    verbs: list[Callable[..., Any]] = [lambda *given: tasks.complete(*given, {}), tasks.claim, tasks.release]
    for verb in verbs:
        with pytest.raises(tasks.Over) as late, unit(world.engine) as session:
            verb(session, open_.id, HAN)
        assert (late.value.params["by"], late.value.params["at"], late.value.fate.how) == (who, clock.instant, kind)
    assert judge(world.engine) == []


def test_what_an_operator_takes_away_says_so(world: World) -> None:
    it = world.run(APART)
    a, b = world.open(it)
    with unit(world.engine) as session:
        modification.apply(session, it, [Cancel(a.token)], by=BOSS, reason="多余")
    with pytest.raises(tasks.Over, match="王总 .*因调整流程而取消"), unit(world.engine) as session:
        tasks.claim(session, a.id, HAN)
    assert world.open(it)[0].id == b.id


def test_what_was_completed_says_by_whom(world: World) -> None:
    it = world.run(BOTH)
    done = world.do(it, "A", by=HAN)
    with pytest.raises(AlreadyDone, match="韩梅"), unit(world.engine) as session:
        tasks.claim(session, done, LI)
    with reading(world.engine) as session:
        assert tasks.fate(session, session.get_one(Task, done)) == tasks.Fate(
            "completed", "韩梅", session.get_one(Instance, it).started_at)


def test_a_release_that_came_second_reads_who_was_first(world: World) -> None:
    it = world.run(BOTH)
    number = world.open(it)[0].id
    for verb in (tasks.claim, tasks.release):
        with unit(world.engine) as session:
            verb(session, number, HAN)
    with pytest.raises(tasks.Moved, match="韩梅 于 .* 放回了它"), unit(world.engine) as session:
        tasks.release(session, number, HAN)


def test_a_page_that_is_older_than_the_task_reads_what_happened(world: World) -> None:
    it = world.run(BOTH)
    number = world.open(it)[0].id
    with unit(world.engine) as session:
        tasks.claim(session, number, HAN)
        tasks.release(session, number, HAN)
    with pytest.raises(Conflict, match="韩梅 于 .* 放回了它"), unit(world.engine) as session:
        tasks.complete(session, number, LI, {}, version=1)


def ranks(world: World) -> tuple[set[datetime], set[datetime]]:
    with reading(world.engine) as session:
        return (set(session.scalars(select(Task.rank_at).where(Task.state == "open"))),
                set(session.scalars(select(TaskCandidate.rank_at))))


def test_a_task_without_a_deadline_stands_at_the_end(world: World) -> None:
    world.run(drawing(start(), task("A"), end(), flows("S A E")))
    assert ranks(world) == ({NEVER}, {NEVER})


def test_a_deadline_moves_the_task_in_every_inbox(world: World, clock: Any) -> None:
    it = world.run(drawing(start(), task("A", sla="2", escalateTo="approver"), end(), flows("S A E")))
    due = world.open(it)[0].due_at
    assert due is not None and ranks(world) == ({due}, {due})
    with unit(world.engine) as session:
        sla = next(one for one in timers.of_instance(session, it) if one.kind == "sla")
        timers.reschedule(session, sla.id, due + timedelta(days=3), by=BOSS, reason="节假日")
    assert ranks(world) == ({due + timedelta(days=3)}, {due + timedelta(days=3)})
    clock.move_to(due + timedelta(days=9))
    world.sweep()
    assert f"approver@{3}" in world.open(it)[0].offer and len(ranks(world)[1]) == 1
    assert judge(world.engine) == []


def test_a_task_of_a_loop_knows_its_round(world: World) -> None:
    it = world.run(drawing(start(), task("A", loop("=people", "who"), assignee="=who", groups=""), end(),
                           flows("S A E")), people=[12, 13, 14])
    assert [one.round for one in world.open(it)] == [0, 1, 2]


def test_tasks_of_before_find_their_place(blank_url: str) -> None:
    to(blank_url, "0013")
    engine: Engine = open_database(blank_url)
    with engine.begin() as rows:
        rows.execute(text("insert into definition (id, process_id, version, name, digest, deployed_at, deployed_by) "
                          "values (1, 'P', 1, 'P', 'd', '2026-11-22 00:00:00+00', '-')"))
        rows.execute(text("insert into instance (id, process_id, definition_id, business_key, title, group_id, places, "
                          "state, started_at, version, blob) values (1, 'P', 1, 'K', 'T', 1, '[]', 'active', "
                          "'2026-11-22 00:00:00+00', 1, '')"))
        for number, due in ((1, "'2026-11-25 10:00:00.000000'"), (2, "null")):
            rows.execute(text(
                "insert into task (id, instance_id, token, element_id, name, title, business_key, process_id, group_id,"
                " priority, state, version, offer, barred, not_by, created_at, due_at, due_confirmed) values "
                f"({number}, 1, {number}, 'A', 'A', 'T', 'K', 'P', 1, 50, 'open', 1, '[]', '[]', '[]', "
                f"'2026-11-22 00:00:00.000000', {due}, true)"))
            rows.execute(text(f"insert into task_candidate values ({number}, 'hr@3', true)"))
    to(blank_url, "head")
    with reading(engine) as session:
        found = list(session.scalars(select(Task).order_by(Task.rank_at)))
        assert [(one.id, one.role) for one in found] == [(1, "drawn"), (2, "drawn")]
        assert found[0].rank_at == found[0].due_at and found[1].rank_at == NEVER
        assert list(session.scalars(select(TaskCandidate.rank_at).order_by(TaskCandidate.task_id))) == [
            found[0].rank_at, NEVER]
        assert set(session.scalars(select(TaskCandidate.search))) == {sought("T", "A", "K")}
    engine.dispose()
