"""What somebody would try on hands, clocks and votes: none of it gives two approvals or leaves a task to nobody."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from engine.model import Task
from engine.time import clocks, pausing, timers, timesheet
from engine.time.pausing import StandsStill
from engine.usertasks import assigning, correcting, members, signing, tasks
from engine.usertasks.assigning import Addressee
from ledger.actor import SYSTEM, Actor
from ledger.clock import SHANGHAI
from ledger.db import reading, unit
from ledger.errors import NotFound
from tests.engine.conftest import ANNA, BOSS, HAN, LI, World, person
from tests.engine.drawings import drawing, end, flow, flows, gateway, loop, start, sub, task
from tests.engine.hands import APART, ONE, WANG, ZHAO, ask, complete, delegate, held, row, sign, to, transfer
from tests.engine.test_votes import people, say, vote
from tests.reliability.invariants import violations

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LATE = drawing(start(), task("A", sla="2"), task("B"), end(), flows("S A B E"))


def at(clock: Any, text: str) -> None:
    clock.move_to(dt.datetime.combine(dt.date.fromisoformat(text), dt.time(10), SHANGHAI))


def sound(world: World) -> None:
    with reading(world.engine) as session:
        assert violations(session) == []


def asked(world: World, number: int, by: Actor) -> int:
    with unit(world.engine) as session:
        return correcting.ask(session, number, to(ANNA), by=by, form_key="fix", count=1).id


def stands(world: World, number: int) -> bool:
    with reading(world.engine) as session:
        return clocks.stopped(session, session.get_one(Task, number))


def verb(world: World, do: Any, number: int, **more: Any) -> None:
    with unit(world.engine) as session:
        do(session, number, **more)


# hands
def both(world: World) -> tuple[int, int, int]:
    """An instance in which 韩梅 holds B, which is not hers once she has done A: (instance, A, B)."""
    it = world.run(APART)
    a, b = (next(one.id for one in world.open(it) if one.element_id == name) for name in "AB")
    verb(world, tasks.claim, b, actor=HAN)
    return it, a, b


@pytest.mark.parametrize("how", ["advice", "objection", "correction"])
def test_what_its_holder_may_not_do_any_more_does_not_stay_with_them_when_the_waiting_is_over(
    world: World, how: str
) -> None:
    it, a, b = both(world)
    if how == "correction":
        question = asked(world, b, HAN)
    else:
        ask(world, b, "before" if how == "advice" else "after", HAN, WANG)
        if how == "objection":
            complete(world, b, HAN, c=1)
    complete(world, a, HAN, c=1)
    assert row(world, b).assignee_id == HAN.id
    if how == "correction":
        complete(world, question, ANNA)
    else:
        sign(world, it, WANG, "agree" if how == "advice" else "disagree")
    assert (row(world, b).assignee_id, row(world, b).hold) == (None, None)
    sound(world)
    complete(world, b, LI, c=1)


def test_from_whom_a_delegation_is_taken_away_reads_who_did_and_nothing_more(world: World) -> None:
    number = held(world, world.run(ONE), HAN)
    delegate(world, number, BOSS, HAN)
    verb(world, assigning.recall, number, by=HAN)
    with reading(world.engine) as session, pytest.raises(NotFound):
        tasks.get(session, number, BOSS)
    with unit(world.engine) as session, pytest.raises(tasks.Held) as told:
        tasks.complete(session, number, BOSS, {})
    assert told.value.params["who"] == HAN.name


def test_a_task_goes_round_only_so_often(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assigning, "MOST_HANDED", 4)
    number = held(world, world.run(ONE), HAN)
    for _ in range(2):
        transfer(world, number, LI, HAN)
        transfer(world, number, HAN, LI)
    for do in (transfer, delegate):
        with pytest.raises(assigning.HandedOften):
            do(world, number, LI, HAN)
    with unit(world.engine) as session:
        assigning.reassign(session, number, to(LI), by=BOSS, reason="请尽快办")
    complete(world, number, LI, c=1)


def test_nobody_takes_and_drops_a_task_for_ever(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "MOST_RELEASED", 2)
    number = world.open(world.run(ONE))[0].id
    for _ in range(2):
        verb(world, tasks.claim, number, actor=HAN)
        verb(world, tasks.release, number, actor=HAN)
    verb(world, tasks.claim, number, actor=HAN)
    with pytest.raises(tasks.ReleasedOften):
        verb(world, tasks.release, number, actor=HAN)
    transfer(world, number, LI, HAN)
    verb(world, tasks.release, number, actor=LI)


def test_corrections_clocks_and_members_are_bounded_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for where, name, most in ((correcting, "MOST", 3), (pausing, "MOST_LINES", 7), (members, "MOST", 3)):
        monkeypatch.setattr(where, name, most)
    number = held(world, world.run(LATE), HAN)
    for _ in range(3):
        with unit(world.engine) as session:
            correcting.drop(session, asked_again(session, number), by=HAN)
    with pytest.raises(correcting.AskedOften):
        asked(world, number, HAN)
    for do, more in ((pausing.pause, {}), (pausing.extend, {"days": 1})):
        with pytest.raises(pausing.MovedOften):
            verb(world, do, number, by=BOSS, reason="等", **more)
    it = world.run(vote("percent", votePercent="50"), who=people(HAN, LI))
    first = world.open(it)[0].id
    verb(world, members.join, first, to=to(WANG), by=SYSTEM, reason="也要听他的")
    for do in (members.join, members.replace):
        with pytest.raises(members.TooMany):
            verb(world, do, first, to=to(ZHAO), by=SYSTEM, reason="也要听他的")
    assert len(world.open(it)) == 3


def asked_again(session: Any, number: int) -> int:
    return correcting.ask(session, number, to(ANNA), by=HAN, form_key="fix", count=1).id


# clocks
def test_an_answer_lets_no_clock_go_on_that_somebody_else_has_stopped(world: World) -> None:
    number = held(world, world.run(LATE), HAN)
    question = asked(world, number, HAN)
    verb(world, pausing.resume, number, by=BOSS, reason="不等了")
    verb(world, pausing.pause, number, by=BOSS, reason="等外地档案")
    complete(world, question, ANNA)
    assert stands(world, number)
    verb(world, pausing.resume, number, by=BOSS)
    question = asked(world, number, HAN)
    complete(world, question, ANNA)
    assert not stands(world, number)
    sound(world)


def test_a_pause_over_a_year_that_nobody_has_announced_is_counted_as_not_confirmed(world: World, clock: Any) -> None:
    at(clock, "2026-11-23")
    number = held(world, world.run(LATE), HAN)
    at(clock, "2026-12-30")
    verb(world, pausing.pause, number, by=BOSS, reason="等外地档案")
    at(clock, "2027-01-06")
    verb(world, pausing.resume, number, by=BOSS)
    found = row(world, number)
    assert found.due_at is not None and found.due_at.year == 2026 and not found.due_confirmed


def test_silence_is_not_made_to_speak_while_somebody_is_asked_or_the_clock_stands_still(world: World) -> None:
    it = world.run(drawing(start(), task("A", sla="2", silence="agree", silenceBasis="内部规定"), task("B"), end(),
                           flows("S A B E")))
    number = held(world, it, HAN)
    with reading(world.engine) as session:
        silent = next(one.id for one in timers.of_instance(session, it) if one.kind == "silence")
    ask(world, number, "before", HAN, WANG)
    with pytest.raises(tasks.Waiting):
        verb(world, timers.fire_now, silent, by=BOSS, reason="催办")
    sign(world, it, WANG)
    verb(world, pausing.pause, number, by=BOSS, reason="等外地档案")
    with pytest.raises(StandsStill):
        verb(world, timers.fire_now, silent, by=BOSS, reason="催办")
    verb(world, pausing.resume, number, by=BOSS)
    verb(world, timers.fire_now, silent, by=BOSS, reason="催办")
    assert world.names(it) == ["B"]


def told(world: World, it: int, element: str = "A") -> list[list[str]]:
    with reading(world.engine) as session:
        return [[line.what for line in sheet.lines] for sheet in timesheet.sheets(session, it)
                if sheet.element_id == element]


def test_no_line_is_lost_of_what_runs_side_by_side(world: World, clock: Any) -> None:
    """Two rounds of a sub-process: what moves the clock of one says nothing of the other."""
    rounds = sub("U", loop("=[1, 2]", "one"), start("XS"), task("A", sla="3"), end("XE"), flows("XS A XE"))
    it = world.run(drawing(start(), rounds, end(), flows("S U E")))
    first, second = (one.id for one in world.open(it))
    verb(world, pausing.pause, first, by=BOSS, reason="等外地档案")
    clock.advance(dt.timedelta(hours=1))
    complete(world, second, HAN, c=1)
    assert sorted(told(world, it)) == [["began", "met"], ["began", "paused"]]


def test_no_line_is_lost_of_what_comes_again_in_a_loop(world: World, clock: Any) -> None:
    it = world.run(drawing(start(), gateway("exclusive", "M"), task("A", sla="3"),
                           gateway("exclusive", "G", default="out"), end(), flows("S M A G"),
                           flow("G", "M", "=c = 1"), flow("G", "E", id="out")))
    for turn, moves in enumerate((False, True, True)):
        number = world.open(it)[0].id
        clock.advance(dt.timedelta(hours=1))
        if moves:
            verb(world, pausing.extend, number, days=1, by=BOSS, reason="材料多")
        clock.advance(dt.timedelta(hours=1))
        complete(world, number, HAN, c=1 if turn < 2 else 0)
    assert told(world, it) == [["began", "met"], ["began", "extended", "met", "began", "extended", "met"]]
    assert world.state(it) == "completed"


# votes
@pytest.mark.parametrize("weight", ["-1", "10 ** 30", "1000001", '"viel"', "null", "true", "[1]", "1 / 0",
                                    'number("NaN")', 'number("1e400")'])
def test_a_weight_that_is_none_halts_the_vote_and_says_where(world: World, weight: str) -> None:
    it = world.run(vote(voteWeight=f"={weight}"), who=people(HAN, LI))
    assert [element for element, _cause in world.incidents(it)] == ["A"] and world.names(it) == []


def test_an_abstention_is_no_veto_and_nobody_who_left_has_one(world: World) -> None:
    it = world.run(vote("any"), who=people(HAN, LI, BOSS, veto=(1, 2)))
    say(world, it, HAN, "agree")
    say(world, it, LI, "abstain")
    assert world.names(it) == ["A"]
    verb(world, members.leave, world.open(it)[0].id, by=SYSTEM, reason="回避")
    assert world.names(it) == ["B"]


def test_of_a_countersign_that_any_may_sign_each_signs_once(world: World) -> None:
    """Two of human resources must agree: one who agrees twice is one."""
    asked_ = task("A", loop("=[1, 2]", "one"), gives={}, vote="all", voteResult="r")
    it = world.run(drawing(start(), asked_, task("B"), end(), flows("S A B E")))
    first, second = (one.id for one in world.open(it))
    complete(world, first, HAN, verdict="agree")
    with pytest.raises(tasks.OneVoice):
        complete(world, second, HAN, verdict="agree")
    ask(world, held(world, it, HAN), "after", HAN, WANG)
    with pytest.raises(tasks.OneVoice):  # nor by handing it in to be signed
        complete(world, second, HAN, verdict="agree")
    transfer_out(world, second)
    assert world.names(it) == ["B"]


def transfer_out(world: World, number: int) -> None:
    """A supervisor gives it to somebody else, who agrees."""
    with unit(world.engine) as session:
        plan = signing.plans(session, number)[-1].id
        signing.drop(session, plan, by=HAN, reason="改派")
        assigning.reassign(session, number, Addressee(16, "赵敏"), by=BOSS, reason="须回避")
    complete(world, number, person(16, "赵敏", "hr"), verdict="agree")
