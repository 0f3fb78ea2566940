"""Instances that went back played again: by their own drawing exactly as it was, by another as it would have been."""

from __future__ import annotations

import datetime as dt
from random import Random
from typing import Any

import pytest

from engine import instances
from engine.hooks import HOOKS, Hooks
from engine.messaging import messages
from engine.returns import giving_back, reopening, taking_back
from engine.usertasks import members, tasks
from engine.usertasks.hands import Addressee
from ledger.actor import SYSTEM
from ledger.db import reading, unit
from ledger.errors import Refused
from tests.engine import drawings as d
from tests.engine.conftest import ANNA, BOSS, HAN, LI, World
from tests.engine.processes import process
from tests.engine.test_rehearsal import HOURS, by, compared
from tests.engine.test_votes import FIFTH, FOURTH, mine, people, say, vote

DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)


@pytest.fixture
def standing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was approved at every second element stands when it comes again; the rest is never kept."""
    monkeypatch.setitem(HOOKS, "P", Hooks(
        basis=lambda _session, _instance, one: {"x": "1"} if len(one.element_id) + ord(one.element_id[-1]) % 2 else {}))


def goes_back(world: World, it: int, random: Random) -> bool:
    """By chance somebody gives a task back, takes theirs back, or the whole is withdrawn; whether it was done."""
    open_ = world.open(it)
    if not open_:
        return False
    task, how = random.choice(open_), random.choice(("back", "back", "take", "withdraw"))
    try:
        with unit(world.engine) as session:
            known = [each for each in giving_back.targets(session, task.id, LI) if each.refused is None]
            if not known:
                return False
            to = random.choice(known).task_id
            if how == "withdraw":
                taking_back.withdraw(session, it, to, by=ANNA, reason="x")
            elif how == "take":
                taking_back.take_back(session, known[0].task_id, by=HAN)
            else:
                tasks.claim(session, task.id, LI)
                giving_back.give_back(session, task.id, to, by=LI, reason="x", straight=random.random() < 0.7,
                                      version=None)
    except Refused:
        return False
    return True


def reopened(world: World, it: int, random: Random) -> bool:
    """What is over goes on from a step chosen by chance, where it can."""
    with unit(world.engine) as session:
        known = [each for each in reopening.targets(session, it) if each.refused is None]
        if known:
            reopening.reopen(session, it, random.choice(known).task_id, by=ANNA, reason="x")
    return bool(known)


def live(world: World, clock: Any, seed: int) -> tuple[int, int] | None:
    """A random process of every construct, sent back by chance, ended and reopened: the instance and how often; None
    where it goes on for too long."""
    random, went = Random(seed), 0
    it = world.run(process(seed)[1], c=random.randint(0, 9))
    for _ in range(80):
        clock.advance(dt.timedelta(hours=random.choice(HOURS), seconds=1))
        world.sweep()
        clock.advance(dt.timedelta(seconds=1))
        if world.state(it) != "active":
            if went < 5 and random.random() < 0.7 and reopened(world, it, random):
                went += 1
                continue
            return it, went
        if went < 4 and random.random() < 0.4 and goes_back(world, it, random):
            went += 1
            continue
        with reading(world.engine) as session:
            waited = messages.waiting(session, it)
        open_ = world.names(it)
        chosen = random.choice([*open_, *waited] or [""])
        if random.random() < 0.02:
            with unit(world.engine) as session:
                instances.terminate(session, it, by=ANNA, reason="x", outcome="stopped")
        elif chosen in open_:
            world.do(it, chosen, c=random.randint(0, 9))
        elif chosen:
            world.send(it, chosen, value=random.randint(0, 9))
    return None


@pytest.mark.usefixtures("standing")
@pytest.mark.parametrize("first", range(0, 24, 8))
def test_a_random_instance_that_went_back_is_what_it_was(world: World, clock: Any, first: int) -> None:
    most = 8 if world.engine.dialect.name == "sqlite" else 2
    lived = [(seed, *found) for seed in range(first, first + most) if (found := live(world, clock, seed)) is not None]
    played = [(seed, compared(world, it)) for seed, it, _ in lived]
    assert sum(went for _, _, went in lived)
    assert [(seed, one.kind, one.why, one.was, one.now) for seed, one in played
            if (one.kind, one.days) != ("same", 0)] == []


# by another drawing
@pytest.fixture
def stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever comes straight back unchanged stands."""
    monkeypatch.setitem(HOOKS, "P", Hooks(basis=lambda _session, _instance, _one: {"x": "1"}))


THREE = d.drawing(d.start(), d.task("A"), d.task("B"), d.task("C"), d.end("E", outcome="granted"),
                  d.flows("S A B C E"))


def sent_back(world: World, clock: Any, *, to: str = "A", drawn: bytes = THREE, straight: bool = False) -> int:
    """From Monday 2026-11-23 at 10, a day before each act: A and B are done, C gives back, then on to the end."""
    clock.move_to(dt.datetime(2026, 11, 23, 10, tzinfo=dt.timezone(8 * HOUR)))
    it = world.run(drawn)
    for element in "AB":
        clock.advance(DAY)
        world.do(it, element)
    clock.advance(DAY)
    [held] = world.open(it)
    with unit(world.engine) as session:
        tasks.claim(session, held.id, LI)
        known = {each.element_id: each.task_id for each in giving_back.targets(session, held.id, LI)}
        giving_back.give_back(session, held.id, known[to], by=LI, reason="x", straight=straight, version=None)
    while world.state(it) == "active":
        clock.advance(DAY)
        world.do(it, world.names(it)[0])
    return it


def test_a_new_step_on_the_way_is_taken_twice_and_the_return_comes_as_much_later(world: World, clock: Any) -> None:
    it = sent_back(world, clock)
    longer = d.drawing(d.start(), d.task("A"), d.task("X", gives={}), d.task("B"), d.task("C"),
                       d.end("E", outcome="granted"), d.flows("S A X B C E"))
    found = by(world, it, longer)
    assert (found.kind, found.days, found.added, found.assumed) == ("time", 2.0, ("X",), ("X",))
    assert found.after == ("S", "A", "X", "B", "C", "A", "X", "B", "C", "E")


@pytest.mark.usefixtures("stands")
def test_what_stood_stands_at_once_by_another_drawing_too(world: World, clock: Any) -> None:
    it = sent_back(world, clock, straight=True)
    later = d.drawing(d.start(), d.task("A"), d.task("B"), d.task("C"), d.task("X", gives={}),
                      d.end("E", outcome="granted"), d.flows("S A B C X E"))
    assert by(world, it, THREE).kind == "same"
    assert (by(world, it, later).days, by(world, it, later).before.count("B")) == (1.0, 2)


@pytest.mark.parametrize(("was", "now", "why"), [
    ('"C"', '"D"', "当时在“任务C”退回，草稿里没有这一步，还会不会退回不能判断"),
    ('"A"', '"D"', "当时从“任务C”退回到“任务A”，草稿里没有这一步，以后怎样不能判断"),
], ids=["the step that it came from is gone", "the step that it went to is gone"])  # fmt: skip
def test_a_return_that_has_no_place_in_the_draft_is_told(
        world: World, clock: Any, was: str, now: str, why: str) -> None:
    it = sent_back(world, clock)
    found = by(world, it, THREE.replace(was.encode(), now.encode()))
    assert found.kind == "unknown" and found.why is not None and found.why.zh == why


def test_what_was_reopened_goes_back_as_long_after_the_end_of_the_draft(world: World, clock: Any) -> None:
    clock.move_to(dt.datetime(2026, 11, 23, 10, tzinfo=dt.timezone(8 * HOUR)))
    it = world.run(THREE)
    for element in "ABC":
        clock.advance(HOUR)
        world.do(it, element)
    clock.advance(DAY)
    assert reopened(world, it, Random(1))
    while world.state(it) == "active":
        clock.advance(HOUR)
        world.do(it, world.names(it)[0])
    longer = d.drawing(d.start(), d.task("A"), d.task("B"), d.task("C"), d.task("X", gives={}),
                       d.end("E", outcome="granted"), d.flows("S A B C X E"))
    found = by(world, it, longer)
    assert (by(world, it, THREE).kind, found.days, found.after.count("X")) == ("same", 2.0, 2)


# a countersign whose voters changed
@pytest.mark.parametrize("sequential", [False, True])
def test_voters_who_joined_left_and_were_replaced_are_played(world: World, clock: Any, sequential: bool) -> None:
    drawn = vote("percent", sequential, votePercent="60")
    clock.move_to(dt.datetime(2026, 11, 23, 10, tzinfo=dt.timezone(8 * HOUR)))
    it = world.run(drawn, who=people(HAN, LI, BOSS))
    clock.advance(HOUR)
    with unit(world.engine) as session:
        members.join(session, mine(world, it, HAN), Addressee(FOURTH.id, "周四"), by=SYSTEM, reason="x", weight=3)
    clock.advance(HOUR)
    with unit(world.engine) as session:
        members.leave(session, mine(world, it, HAN), by=SYSTEM, reason="x")
    clock.advance(HOUR)
    with unit(world.engine) as session:
        members.replace(session, mine(world, it, LI), Addressee(FIFTH.id, "吴五"), by=SYSTEM, reason="x")
    for who, verdict in ((FIFTH, "disagree"), (BOSS, "agree"), (FOURTH, "agree")):
        clock.advance(HOUR)
        say(world, it, who, verdict)
    clock.advance(HOUR)
    world.do(it, "B")
    found = compared(world, it)
    assert (found.kind, found.days, found.why, found.assumed) == ("same", 0, None, ())
    strict = by(world, it, drawn.replace(b'"60"', b'"90"'))
    assert strict.kind == "path" and "C" in strict.now
    found = by(world, it, drawn.replace(b"licet:vote", b"licet:novote"))
    assert found.why is not None and (found.why.rule, found.why.element) == ("voters", "A")
