"""Clocks in working days: they stop, go on and get more days; the ledger tells each move, and adds up."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from engine.model import NEVER, Task, Timer
from engine.returns import giving_back
from engine.returns.returning import ReturnCase
from engine.time import clocks, pausing, recounting, timers, timesheet
from engine.time.clocks import shifted
from engine.usertasks import signing, tasks
from ledger import workdays
from ledger.clock import SHANGHAI, end_of_day
from ledger.db import reading, unit
from ledger.facts import Fact
from ledger.workdays import Calendar
from tests.engine.conftest import BOSS, HAN, World
from tests.engine.drawings import drawing, end, extensions, flows, properties, start, tag, task
from tests.engine.hands import held, to
from tests.reliability.invariants import violations

pytestmark = pytest.mark.usefixtures("cold")
MONDAY = dt.datetime(2026, 11, 23, 10, tzinfo=SHANGHAI)
NEW_YEAR = Calendar(off=frozenset({dt.date(2027, 1, 1)}), years=frozenset({2026, 2027}))


@pytest.fixture(autouse=True)
def monday(clock: Any) -> None:
    clock.move_to(MONDAY)


def day(text: str) -> dt.datetime:
    return end_of_day(dt.date.fromisoformat(text))


def at(clock: Any, text: str) -> None:
    clock.move_to(dt.datetime.combine(dt.date.fromisoformat(text), dt.time(10), SHANGHAI))


def one(world: World, it: int) -> Task:
    return world.open(it)[0]


def watched(world: World, it: int) -> list[tuple[str, str, str]]:
    """Kind, state and day of every timer."""
    with reading(world.engine) as session:
        return [(each.kind, each.state, clocks.last_day(each.due_at).isoformat())
                for each in timers.of_instance(session, it)]


def lines(world: World, it: int, element: str = "A") -> list[str]:
    with reading(world.engine) as session:
        return [line.what for sheet in timesheet.sheets(session, it) if sheet.element_id == element
                for line in sheet.lines]


def sound(world: World) -> None:
    with reading(world.engine) as session:
        assert violations(session) == []


def pause(world: World, it: int) -> None:
    with unit(world.engine) as session:
        pausing.pause(session, one(world, it).id, by=BOSS, reason="等外地档案")


def resume(world: World, it: int) -> None:
    with unit(world.engine) as session:
        pausing.resume(session, one(world, it).id, by=BOSS)


@pytest.mark.parametrize(("due", "paused", "resumed", "later"), [
    ("2026-11-25", "2026-11-23", "2026-11-23", "2026-11-25"),  # the same day moves nothing
    ("2026-11-25", "2026-11-23", "2026-11-24", "2026-11-26"),
    ("2026-11-25", "2026-11-24", "2026-11-30", "2026-12-01"),  # over a weekend: four working days
    ("2026-11-25", "2026-11-27", "2026-11-29", "2026-11-25"),  # Friday to Sunday: none
    ("2026-12-31", "2026-12-31", "2027-01-04", "2027-01-04"),  # New Year's Day is none
])
def test_a_deadline_moves_by_the_working_days_it_stood_still(due: str, paused: str, resumed: str, later: str) -> None:
    found = shifted(NEW_YEAR, *map(dt.date.fromisoformat, (due, paused, resumed)))
    assert found.on.isoformat() == later


LATE = drawing(start(), task("A", sla="2", escalateAfter="1", escalateTo="approver"), task("B"), end(),
               flows("S A B E"))


def test_while_it_stands_still_nothing_warns_and_the_task_stands_last(world: World, clock: Any) -> None:
    it = world.run(LATE)
    pause(world, it)
    assert one(world, it).rank_at == NEVER and one(world, it).due_at == day("2026-11-25")
    assert watched(world, it) == [("sla", "suspended", "2026-11-25"), ("escalation", "suspended", "2026-11-26")]
    at(clock, "2026-12-10")
    assert world.sweep() == 0
    sound(world)


def test_resumed_everything_moves_by_the_days_of_the_pause(world: World, clock: Any) -> None:
    it = world.run(LATE)
    at(clock, "2026-11-24")
    pause(world, it)
    at(clock, "2026-11-30")
    resume(world, it)
    assert one(world, it).due_at == one(world, it).rank_at == day("2026-12-01")
    assert watched(world, it) == [("sla", "waiting", "2026-12-01"), ("escalation", "waiting", "2026-12-02")]
    with reading(world.engine) as session:
        [sheet] = timesheet.sheets(session, it)
        assert [(line.what, line.days) for line in sheet.lines] == [("began", 2), ("paused", 0), ("resumed", 4)]
        assert session.scalars(select(Fact.kind).where(Fact.kind.like("clock.%")).order_by(Fact.id)).all() == [
            "clock.paused", "clock.resumed"]
    sound(world)


@pytest.mark.parametrize("first", ["paused", "asked"])
def test_a_signature_stands_still_and_goes_on_with_the_task_it_is_asked_for(
    world: World, clock: Any, first: str
) -> None:
    it = world.run(drawing(start(), task("A", sla="5"), end(), flows("S A E")))
    number = held(world, it, HAN)
    for each in (first, "paused" if first == "asked" else "asked"):
        with unit(world.engine) as session:
            if each == "paused":
                pausing.pause(session, number, by=HAN, reason="等补正")
            else:
                signing.ask(session, number, [to(BOSS)], "before", by=HAN)
    assert {each.rank_at for each in world.open(it)} == {NEVER}
    sound(world)
    at(clock, "2026-11-26")
    with unit(world.engine) as session:
        pausing.resume(session, number, by=HAN)
    assert {(each.due_at, each.rank_at) for each in world.open(it)} == {(day("2026-12-03"), day("2026-12-03"))}
    sound(world)


def test_a_clock_that_stands_still_is_not_stopped_twice_nor_one_that_runs_resumed(world: World) -> None:
    it = world.run(LATE)
    with unit(world.engine) as session, pytest.raises(pausing.Runs):
        pausing.resume(session, one(world, it).id, by=BOSS)
    pause(world, it)
    with unit(world.engine) as session, pytest.raises(pausing.StandsStill):
        pausing.pause(session, one(world, it).id, by=BOSS, reason="x")
    with unit(world.engine) as session, pytest.raises(pausing.StandsStill):
        pausing.extend(session, one(world, it).id, 1, by=BOSS, reason="x")
    world.do(it, "A")
    with unit(world.engine) as session, pytest.raises(pausing.NoClock):
        pausing.pause(session, one(world, it).id, by=BOSS, reason="x")


def test_an_operator_cannot_start_the_timers_of_a_clock_that_was_stopped(world: World) -> None:
    it = world.run(LATE)
    pause(world, it)
    with reading(world.engine) as session:
        number = timers.of_instance(session, it)[0].id
    for act in (lambda s: timers.resume(s, number, by=BOSS, reason="x"),
                lambda s: timers.reschedule(s, number, day("2026-12-24"), by=BOSS, reason="x")):
        with unit(world.engine) as session, pytest.raises(pausing.StandsStill):
            act(session)


def test_what_is_done_while_its_clock_stands_still_was_done_in_time(world: World, clock: Any) -> None:
    it = world.run(LATE)
    pause(world, it)
    at(clock, "2026-12-10")
    world.do(it, "A")
    assert lines(world, it) == ["began", "paused", "met"] and watched(world, it) == []
    sound(world)


def test_what_nothing_moved_is_told_from_its_task(world: World, clock: Any) -> None:
    it = world.run(LATE)
    assert lines(world, it) == ["began"]
    at(clock, "2026-11-26")
    world.do(it, "A")
    assert lines(world, it) == ["began", "missed"]
    with reading(world.engine) as session:
        assert session.scalar(select(clocks.Clock.id)) is None  # the hot path writes nothing


def test_more_days_after_the_deadline_are_watched_anew(world: World, clock: Any) -> None:
    it = world.run(LATE)
    at(clock, "2026-11-26")
    assert world.sweep() == 1  # overdue
    with unit(world.engine) as session:
        pausing.extend(session, one(world, it).id, 3, by=BOSS, reason="材料不齐")
    assert one(world, it).due_at == day("2026-11-30")
    assert ("sla", "waiting", "2026-11-30") in watched(world, it)
    at(clock, "2026-12-02")
    world.sweep()
    assert [kind for kind, _state, _day in watched(world, it)] == []
    sound(world)


def test_a_deadline_set_by_an_operator_stands_in_the_ledger(world: World) -> None:
    it = world.run(LATE)
    with unit(world.engine) as session:
        timers.reschedule(session, timers.of_instance(session, it)[0].id, day("2026-12-24"), by=BOSS, reason="年底")
    assert lines(world, it) == ["began", "set"] and one(world, it).due_at == day("2026-12-24")
    sound(world)


def test_after_a_return_a_task_goes_on_with_what_was_left(world: World, clock: Any) -> None:
    again = drawing(start(), task("A", sla="5"), task("F"), tag("exclusiveGateway", "G", default="d"), end(),
                    flows("S A F G"), tag("sequenceFlow", "d", sourceRef="G", targetRef="A"),
                    tag("sequenceFlow", "e", '<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">=c = 2'
                        "</bpmn:conditionExpression>", sourceRef="G", targetRef="E"))
    it = world.run(again, c=0)
    at(clock, "2026-11-25")
    world.do(it, "A")  # two of five days used
    with unit(world.engine) as session:
        session.add(ReturnCase(group_id=1, instance_id=it, kind="returned", straight=True, by_name="韩梅", reason="x",
                               version=1, at=MONDAY))
    at(clock, "2026-12-07")
    world.do(it, "F", c=1)
    assert (one(world, it).element_id, one(world, it).due_at) == ("A", day("2026-12-10"))
    assert lines(world, it) == ["began", "paused", "resumed"]
    sound(world)


def test_what_was_late_before_a_return_has_today_and_the_ledger_adds_up(world: World, clock: Any) -> None:
    it = world.run(drawing(start(), task("A", sla="1"), task("F"), end(), flows("S A F E")))
    at(clock, "2026-11-27")
    done = world.do(it, "A")  # due on the 24th
    at(clock, "2026-11-30")
    number = one(world, it).id
    with unit(world.engine) as session:
        tasks.claim(session, number, HAN)
        giving_back.give_back(session, number, done, by=HAN, reason="材料不齐", straight=True, version=2)
    assert one(world, it).due_at == day("2026-11-30") and world.names(it) == ["A"]
    assert lines(world, it) == ["began", "paused", "resumed", "extended"]
    with reading(world.engine) as session:
        told = [(line.days, line.due_after) for sheet in timesheet.sheets(session, it) for line in sheet.lines]
    assert told[-2:] == [(1, day("2026-11-25")), (3, day("2026-11-30"))]
    sound(world)


def test_the_promise_of_a_request_counts_our_own_days_only(world: World, clock: Any) -> None:
    drawn = drawing(
        tag("startEvent", "S", extensions(properties(promise="5"))), task("F", clockStops="true"), task("A"),
        task("K", clockStops="true"), task("B"), end(), flows("S F A K B E"))
    it = world.run(drawn)
    assert lines(world, it, "") == []
    at(clock, "2026-11-24")
    world.do(it, "F")
    world.do(it, "A")
    assert lines(world, it, "") == ["began", "paused"]
    at(clock, "2026-12-01")
    world.do(it, "K")
    with reading(world.engine) as session:
        [sheet] = [one for one in timesheet.sheets(session, it) if one.element_id == ""]
        assert (sheet.due_at, sheet.stood_still) == (day("2026-12-08"), 5)
    world.do(it, "B")
    assert lines(world, it, "")[-1] == "met"


def test_a_promise_that_was_broken_is_missed(world: World, clock: Any) -> None:
    it = world.run(drawing(tag("startEvent", "S", extensions(properties(promise="1"))), task("A"), end(),
                           flows("S A E")))
    at(clock, "2026-11-25")
    world.do(it, "A")
    assert lines(world, it, "") == ["began", "missed"]


def test_an_announced_year_moves_running_deadlines_and_the_ledger_says_so(world: World, clock: Any) -> None:
    at(clock, "2027-02-03")
    it = world.run(LATE)
    assert (one(world, it).due_at, one(world, it).due_confirmed) == (day("2027-02-05"), False)
    with unit(world.engine) as session:
        session.add(workdays.CalendarDay(day=dt.date(2027, 2, 4), kind="off", name="春节"))
        workdays.touch(session, 2027, confirmed=True, source="国办发明电")
        assert recounting.recount(session, 2027, reason="国办发明电") is None
    assert (one(world, it).due_at, one(world, it).due_confirmed) == (day("2027-02-08"), True)
    assert watched(world, it) == [("sla", "waiting", "2027-02-08"), ("escalation", "waiting", "2027-02-09")]
    assert lines(world, it) == ["began", "recounted"]
    sound(world)


SILENT = drawing(start(), task("A", sla="2", silence="agree", silenceBasis="内部规定"), task("B"), end(),
                 flows("S A B E"))


def test_silence_decides_after_a_warning_the_day_before(world: World, clock: Any) -> None:
    it = world.run(SILENT)
    at(clock, "2026-11-24")
    world.sweep()
    assert told(world, "task.silence_near") == 1 and world.names(it) == ["A"]
    clock.move_to(day("2026-11-25"))
    world.sweep()
    world.sweep()
    assert world.names(it) == ["B"] and told(world, "task.silent") == 1
    sound(world)


def test_silence_decides_nothing_while_the_clock_stands_still(world: World, clock: Any) -> None:
    it = world.run(SILENT)
    pause(world, it)
    at(clock, "2026-12-10")
    world.sweep()
    assert world.names(it) == ["A"] and told(world, "task.silent") == 0


def test_silence_waits_for_whoever_was_asked_to_sign(world: World, clock: Any) -> None:
    it = world.run(SILENT)
    with unit(world.engine) as session:
        session.get_one(Task, one(world, it).id).hold = "before"
    clock.move_to(day("2026-11-26"))
    world.sweep()
    assert world.names(it) == ["A"]
    with unit(world.engine) as session:
        session.get_one(Task, one(world, it).id).hold = None
    clock.advance(dt.timedelta(hours=2))
    world.sweep()
    assert world.names(it) == ["B"]


def told(world: World, kind: str) -> int:
    with reading(world.engine) as session:
        return len(session.scalars(select(Fact.id).where(Fact.kind == kind)).all())


def test_a_task_done_in_time_is_not_decided_by_silence(world: World, clock: Any) -> None:
    it = world.run(SILENT)
    world.do(it, "A", HAN)
    at(clock, "2026-12-10")
    world.sweep()
    assert told(world, "task.silent") == 0
    with reading(world.engine) as session:
        assert {each.state for each in session.scalars(select(Timer))} == {"cancelled"}
