"""Instances that went back played again: by their own drawing exactly as it was, by another as it would have been."""

from __future__ import annotations

import datetime as dt
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from engine import catalog, instances
from engine.hooks import HOOKS, Hooks
from engine.messaging import messages
from engine.model import Instance, Task
from engine.packing import freeze, pack, unpack
from engine.rehearsal import comparing, playing, recording, scripts, written
from engine.returns import giving_back, reopening, returning, taking_back
from engine.usertasks import members, tasks
from engine.usertasks.hands import Addressee
from ledger.actor import SYSTEM
from ledger.clock import day_of, end_of_day
from ledger.db import reading, unit
from ledger.errors import Refused
from ledger.workdays import calendar, working_days_after
from tests.engine import drawings as d
from tests.engine.conftest import ANNA, BOSS, HAN, LI, World
from tests.engine.processes import process
from tests.engine.test_rehearsal import HOURS, by, compared, ran
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


def sent_back(world: World, clock: Any, drawn: bytes = THREE, *, straight: bool = False, days: float = 1) -> int:
    """From Monday 2026-11-23 at 10, a day before each act: A and B are done, C gives back to A, then on to the end,
    `days` before each act."""
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
        giving_back.give_back(session, held.id, known["A"], by=LI, reason="x", straight=straight, version=None)
    while world.state(it) == "active":
        clock.advance(days * DAY)
        world.do(it, world.names(it)[0])
    return it


def test_a_deadline_goes_on_after_a_return_as_it_does_in_life(world: World, clock: Any) -> None:
    """B is due in two days. One was used before the return, so it is late the next time; begun anew it would not be."""
    it = sent_back(world, clock, THREE.replace(d.task("B").encode(), d.task("B", sla="2").encode()), days=2.5)
    assert late_only_by_what_was_used_before(world)
    found = compared(world, it)
    assert (found.kind, found.late_before, found.late) == ("same", ("B",), ("B",))


def late_only_by_what_was_used_before(world: World) -> bool:
    """Whether B was late the second time, and would not have been with a deadline of its own."""
    with reading(world.engine) as session:
        _, again = session.scalars(select(Task).where(Task.element_id == "B").order_by(Task.token))
        fresh = end_of_day(working_days_after(calendar(session), day_of(again.created_at), 2).on)
        return again.due_at is not None and again.completed_at is not None and again.due_at < again.completed_at < fresh


def test_a_deadline_goes_on_after_a_return_that_the_diagram_draws(world: World, clock: Any) -> None:
    drawn = d.drawing(d.start(), d.task("A"), d.task("B", sla="2"), d.gateway("exclusive", "G", "no"), d.end("E"),
                      d.flows("S A B G"), d.flow("G", "A", "=c = 9"), d.flow("G", "E", id="no"))
    it = ran(world, clock, drawn, ("A", 1))
    clock.advance(DAY)
    with unit(world.engine) as session:
        one = session.scalars(select(Task).where(Task.instance_id == it, Task.element_id == "B")).one()
        returning.drawn(session, session.get_one(Instance, it), one, HAN, "x", clock())
        tasks.complete(session, one.id, HAN, {"c": 9})
    for element in "AB":
        clock.advance(3 * DAY)
        world.do(it, element, c=1)
    assert late_only_by_what_was_used_before(world)
    found = compared(world, it)
    assert (found.kind, found.late_before, found.late) == ("same", ("B",), ("B",))


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


def test_a_return_past_what_the_draft_carries_out_is_told(world: World, clock: Any) -> None:
    catalog.provide("P", steps={"file": lambda _step: None})
    it = sent_back(world, clock)
    filed = d.drawing(d.start(), d.task("A"), d.service("X", "file"), d.task("B"), d.task("C"),
                      d.end("E", outcome="granted"), d.flows("S A X B C E"))
    found = by(world, it, filed)
    assert found.kind == "unknown" and found.why is not None and "按草稿已经执行“X”，不能退回到它之前" in found.why.zh


def test_a_return_from_what_the_draft_has_beside_it_is_told(world: World, clock: Any) -> None:
    it = sent_back(world, clock)
    beside = d.drawing(d.start(), d.gateway("parallel", "F"), d.task("A"), d.task("B"), d.task("C"),
                       d.gateway("parallel", "J"), d.end("E"), d.flows("S F A B J E", "F C J"))
    found = by(world, it, beside)
    assert found.kind == "unknown" and found.why is not None and (found.why.rule, found.why.element) == ("return", "C")


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


def test_a_record_of_returns_is_the_same_when_it_is_read_back_and_still_leads_there_when_reduced(
        world: World, clock: Any) -> None:
    it = sent_back(world, clock, straight=True)
    assert reopened(world, it, Random(1))
    while world.state(it) == "active":
        clock.advance(HOUR)
        world.do(it, world.names(it)[0])
    with reading(world.engine) as session:
        [record] = recording.records(session, [it])
        assert isinstance(record, recording.Record)
        plan, days = catalog.plan(session, record.definition_id), calendar(session)
        small = written.load(written.dump(written.reduced(record, plan, days)))
        assert comparing.faithful(record, playing.play(small, plan, days, scripts.Exactly))
    record.started_by = None
    assert record.back and record.reopened and written.load(written.dump(record)) == record


def test_a_record_of_an_earlier_release_that_knew_no_returns_is_read(world: World, clock: Any) -> None:
    it = ran(world, clock, THREE, ("A", 1), ("B", 1), ("C", 1))
    with reading(world.engine) as session:
        [record] = recording.records(session, [it])
    assert isinstance(record, recording.Record)
    record.started_by = None
    body = unpack(memoryview(written.dump(record))[1:])[:-4]
    body[12] = [answer[:-2] for answer in body[12]]
    assert written.load(bytes([1]) + pack(freeze(body))) == record


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
