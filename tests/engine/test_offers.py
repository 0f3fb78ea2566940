"""Who may do a task, for whom, and what they are told why: by role, by standing in, and never round the four eyes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from engine.model import Task
from engine.usertasks import offers, participation, tasks
from ledger.actor import SYSTEM, Absent, Actor
from ledger.db import reading, unit
from ledger.errors import Conflict, NotFound
from ledger.facts import Fact
from tests.engine.conftest import ANNA, BOSS, HAN, LI, World
from tests.engine.drawings import drawing, end, flows, gateway, start, task
from tests.reliability.conftest import judge

TWO = drawing(start(), task("A"), task("B", notBy="A"), end(), flows("S A B E"))
ONE = drawing(start(), task("A"), end(), flows("S A E"))


def standing_in(actor: Actor, *absent: Actor, processes: frozenset[str] | None = None) -> Actor:
    away = tuple(Absent(one.id or 0, one.name, one.groups, processes) for one in absent)
    return replace(actor, stands_for=away)


def first(world: World, it: int) -> Task:
    return world.open(it)[0]


def rules(world: World, task: Task, actor: Actor) -> tuple[list[str], list[str]]:
    with reading(world.engine) as session:
        mine, others = offers.why(session, session.get_one(Task, task.id), actor)
    return [ground.rule for ground in mine], [ground.rule for ground in others]


def test_a_substitute_may_do_what_the_absent_is_offered(world: World) -> None:
    task = first(world, world.run(ONE))
    assert offers.capacity(task, BOSS) is None
    assert offers.capacity(task, standing_in(BOSS, HAN)) == offers.Capacity(HAN.id, "stands_in")
    assert offers.capacity(task, standing_in(BOSS, HAN, processes=frozenset({"Other"}))) is None


def test_ones_own_right_comes_before_standing_in(world: World) -> None:
    task = first(world, world.run(ONE))
    assert offers.capacity(task, standing_in(LI, HAN)) == offers.Capacity(None, "offered")
    assert offers.capacity(task, SYSTEM) == offers.Capacity(None, "system")


def test_what_is_done_for_somebody_says_for_whom_and_counts_for_both(world: World) -> None:
    it = world.run(TWO)
    with unit(world.engine) as session:
        tasks.complete(session, first(world, it).id, standing_in(BOSS, HAN), {})
    with reading(world.engine) as session:
        told = session.scalars(select(Fact).where(Fact.kind == "task.completed")).one()
        assert (told.actor_id, (told.after or {})["for"]) == (BOSS.id, HAN.id)
    assert first(world, it).barred == sorted([HAN.id or 0, BOSS.id or 0])
    with pytest.raises(tasks.FourEyes), unit(world.engine) as session:
        tasks.claim(session, first(world, it).id, HAN)
    assert judge(world.engine) == []


def test_nobody_stands_in_for_somebody_who_is_barred(world: World) -> None:
    it = world.run(TWO)
    world.do(it, "A", by=HAN)
    assert offers.capacity(first(world, it), standing_in(BOSS, HAN)) is None
    assert rules(world, first(world, it), standing_in(BOSS, HAN)) == ([], ["absent_barred", "not_offered"])


def test_a_substitute_takes_over_what_the_absent_holds_and_only_once_removed(world: World) -> None:
    it = world.run(ONE)
    with unit(world.engine) as session:
        tasks.claim(session, first(world, it).id, HAN)
    with unit(world.engine) as session:
        tasks.claim(session, first(world, it).id, standing_in(BOSS, HAN))
    held = first(world, it)
    assert (held.assignee_id, held.for_id) == (BOSS.id, HAN.id)
    assert offers.capacity(held, standing_in(ANNA, BOSS)) is None
    assert judge(world.engine) == []


def test_a_claim_for_somebody_ends_with_the_appointment(world: World) -> None:
    task = first(world, world.run(ONE))
    with unit(world.engine) as session:
        tasks.claim(session, task.id, standing_in(BOSS, HAN))
    with pytest.raises(tasks.StandingInOver), unit(world.engine) as session:
        tasks.complete(session, task.id, BOSS, {})


def test_who_signed_a_task_does_not_check_it(world: World) -> None:
    """A signature is a hand in it (task_participant), whatever the drawing offers the next task to."""
    it = world.run(drawing(start(), gateway("parallel", "F"), task("A"), task("C"), gateway("parallel", "J"),
                           task("B", notBy="A"), end(), flows("S F A J B E", "F C J")))
    with unit(world.engine) as session:
        participation.add(session.connection(), first(world, it).id, LI.id or 0, "signer")
    world.do(it, "A", by=HAN)
    world.do(it, "C", by=HAN)
    assert first(world, it).barred == sorted([HAN.id or 0, LI.id or 0])


@pytest.mark.parametrize(("who", "mine", "others"), [
    (HAN, [], ["did"]), (LI, ["role", "role"], []), (BOSS, [], ["not_offered"]),
], ids=["who did the step before", "a colleague", "somebody else"])
def test_everybody_reads_why_it_is_theirs_or_not(
    world: World, who: Actor, mine: list[str], others: list[str]
) -> None:
    person = replace(LI, grants=(*LI.grants, replace(LI.grants[0], unit_id=1))) if who is LI else who
    it = world.run(TWO)
    world.do(it, "A", by=HAN)
    assert rules(world, first(world, it), person) == (mine, others)


def test_whoever_holds_it_reads_since_when_and_the_others_too(world: World, clock: Any) -> None:
    it = world.run(ONE)
    with unit(world.engine) as session:
        tasks.claim(session, first(world, it).id, HAN)
    with reading(world.engine) as session:
        mine, _ = offers.why(session, first(world, it), HAN)
        _, others = offers.why(session, first(world, it), LI)
    assert mine[0] == offers.Ground("claimed", {"by": "韩梅", "at": clock.instant})
    assert others == [offers.Ground("held", {"by": "韩梅", "at": clock.instant})]


def test_a_verb_of_a_holder_needs_a_holder(world: World) -> None:
    task = first(world, world.run(ONE))
    for who, wrong in ((HAN, tasks.NotHeld), (BOSS, NotFound)):
        with pytest.raises(wrong), unit(world.engine) as session:
            tasks.held(session, task.id, who)
    with unit(world.engine) as session:
        assert tasks.held(session, task.id, HAN, free=True)[0].id == task.id
        tasks.claim(session, task.id, HAN)
        assert tasks.held(session, task.id, HAN, version=2)[1].id == task.instance_id
    with pytest.raises(tasks.Held, match="由 韩梅 办理"), unit(world.engine) as session:
        tasks.held(session, task.id, LI, free=True)
    with pytest.raises(Conflict, match="韩梅 于 .* 签收了它"), unit(world.engine) as session:
        tasks.held(session, task.id, HAN, version=1)
