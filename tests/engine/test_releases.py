"""Releases: four eyes, from a day on, for all or for a pilot; one press back; clocks and messages follow."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from engine import catalog, instances
from engine.model import Definition, Instance, StartTrigger
from engine.releases import choosing, coming, deciding
from engine.releases.choosing import Candidate, NotInForce, choose
from engine.releases.deciding import Wish
from engine.releases.model import Release
from engine.time import starting
from ledger import failpoints
from ledger.clock import SHANGHAI, Fixed
from ledger.db import reading, unit
from ledger.errors import BadAnswer, BadDiagram
from ledger.facts import Fact
from ledger.failpoints import FailpointHit
from tests.engine.conftest import ANNA, BOSS, COMPANY, GROUP, HAN, LI, World
from tests.engine.drawings import drawing, end, flows, message, service, start, tag, task, throw, timer

BRANCH, OTHER = 31, 4
PATHS = {COMPANY: f"/{GROUP}/{COMPANY}/", BRANCH: f"/{GROUP}/{COMPANY}/{BRANCH}/", OTHER: f"/{GROUP}/{OTHER}/"}
TODAY, TOMORROW = date(2026, 11, 22), date(2026, 11, 23)


def version(number: int, *before: str, **more: Any) -> bytes:
    return drawing(*(before or (start(),)), task(f"A{number}"), end(), flows(f"S A{number} E"), **more)


def ask(world: World, drawn: bytes, *units: int, on: date = TODAY, over: bool = False) -> int:
    with unit(world.engine) as session:
        made = catalog.add(session, {"d0.bpmn": drawn}, by=HAN)
        wish = Wish(on, "改了一处", {number: PATHS[number] for number in units}, over)
        return deciding.ask(session, made, wish, by=HAN).id


def decide(world: World, release_id: int, by: Any = LI, approve: bool = True) -> None:
    with unit(world.engine) as session:
        deciding.decide(session, release_id, approve=approve, remark="看过了", by=by)


def release(world: World, drawn: bytes, *units: int, **more: Any) -> int:
    number = ask(world, drawn, *units, **more)
    decide(world, number)
    return number


def back(world: World, release_id: int) -> None:
    with unit(world.engine) as session:
        deciding.roll_back(session, release_id, by=BOSS, reason="有误")


def begun(world: World, *places: int) -> list[str]:
    with unit(world.engine) as session:
        number = instances.start(session, "P", by=ANNA, group_id=GROUP, places=[*places, GROUP], business_key="K",
                                 title="x").id
    return world.names(number)


def to(clock: Fixed, day: date, hour: int = 0, minute: int = 0) -> None:
    clock.move_to(datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI))


def test_a_pilot_begins_at_midnight_in_its_company_alone_and_one_press_brings_the_old_version_back(
        world: World, clock: Fixed) -> None:
    world.deploy(version(1))
    number = release(world, version(2), COMPANY, on=TOMORROW)
    to(clock, TODAY, 23, 59)
    assert begun(world, BRANCH, COMPANY) == ["A1"]
    to(clock, TOMORROW)  # no worker has run
    assert (begun(world, COMPANY), begun(world, BRANCH, COMPANY), begun(world, OTHER)) == (["A2"], ["A2"], ["A1"])
    to(clock, TOMORROW, 9)
    back(world, number)
    assert begun(world, COMPANY) == ["A1"]
    with reading(world.engine) as session:  # those that began on it stay there; what was, can be asked for later
        versions = session.scalars(select(Definition.version).join(Instance).order_by(Instance.id)).all()
        assert list(versions) == [1, 2, 2, 1, 1]
        noon = datetime(2026, 11, 22, 16, tzinfo=UTC)
        assert choosing.in_force(session, "P", [COMPANY, GROUP], at=noon) == 2


def test_who_asks_does_not_decide(world: World) -> None:
    number = ask(world, version(1))
    with pytest.raises(deciding.OwnRelease):
        decide(world, number, by=HAN)
    with pytest.raises(NotInForce):
        begun(world, COMPANY)
    decide(world, number)
    assert begun(world, COMPANY) == ["A1"]


def test_the_second_decider_reads_who_decided_and_when(world: World, clock: Fixed) -> None:
    number = ask(world, version(1))
    decide(world, number, by=LI, approve=False)
    clock.advance(timedelta(minutes=5))
    with pytest.raises(deciding.AlreadyDecided) as refused:
        decide(world, number, by=BOSS)
    assert (refused.value.by, refused.value.at) == ("李雷", clock() - timedelta(minutes=5))


def test_a_refusal_and_taking_back_need_a_reason_and_a_wish_a_day_that_is_not_past(world: World) -> None:
    number = release(world, version(1))
    for wrong in (Wish(TODAY - timedelta(days=1), "x"), Wish(TODAY, " "), Wish(TODAY + timedelta(days=400), "x")):
        with pytest.raises(BadAnswer), unit(world.engine) as session:
            deciding.ask(session, session.get_one(Definition, 1), wrong, by=HAN)
    with pytest.raises(BadAnswer), unit(world.engine) as session:
        deciding.roll_back(session, number, by=LI, reason="")
    other = ask(world, version(2))
    with pytest.raises(BadAnswer), unit(world.engine) as session:
        deciding.decide(session, other, approve=False, remark=" ", by=LI)


def test_a_version_is_asked_for_once_at_a_time(world: World) -> None:
    drawn = version(1)
    ask(world, drawn)
    with pytest.raises(deciding.AlreadyAsked):
        ask(world, drawn)


def test_errors_are_looked_for_again_when_it_is_decided(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog.provide("P", steps={"book": lambda _step: None})
    drawn = drawing(start(), service("B", "book"), end(), flows("S B E"))
    number = ask(world, drawn)
    monkeypatch.setitem(catalog.STEPS, "P", {})
    with pytest.raises(BadDiagram):
        decide(world, number)
    with pytest.raises(BadDiagram):
        ask(world, drawing(start(), service("B2", "book"), end(), flows("S B2 E")))


def test_what_is_coming_can_be_withdrawn_and_what_has_begun_cannot(world: World, clock: Fixed) -> None:
    world.deploy(version(1))
    number = release(world, version(2), on=TOMORROW)
    with pytest.raises(deciding.NotBegun):
        back(world, number)
    with unit(world.engine) as session:
        deciding.withdraw(session, number, by=HAN, reason="再看看")
    to(clock, TOMORROW, 12)
    world.sweep()
    assert begun(world) == ["A1"]
    later = release(world, version(3), on=TOMORROW)
    with pytest.raises(deciding.AlreadyDecided), unit(world.engine) as session:
        deciding.withdraw(session, later, by=HAN, reason="x")


def test_taking_back_what_came_back_goes_one_version_further_and_stops_at_the_first(world: World, clock: Fixed) -> None:
    world.deploy(version(1))
    numbers = []
    for each in (2, 3):
        clock.advance(timedelta(hours=1))
        numbers.append(release(world, version(each)))
    with pytest.raises(deciding.Replaced):
        back(world, numbers[0])
    back(world, numbers[1])
    assert begun(world) == ["A2"]
    back(world, numbers[0])
    assert begun(world) == ["A1"]
    with pytest.raises(deciding.AlreadyEnded):
        back(world, numbers[0])
    with pytest.raises(deciding.NothingBefore):
        back(world, 1)
    release(world, version(3))  # the version itself may be asked for again
    assert begun(world) == ["A3"]


def test_a_release_over_pilots_is_for_them_too_and_gives_them_back_when_taken_back(world: World, clock: Fixed) -> None:
    world.deploy(version(1))
    release(world, version(2), COMPANY)
    clock.advance(timedelta(hours=1))
    release(world, version(3))
    assert (begun(world, COMPANY), begun(world, OTHER)) == (["A2"], ["A3"])
    clock.advance(timedelta(hours=1))
    over = release(world, version(4), over=True)
    assert (begun(world, COMPANY), begun(world, OTHER)) == (["A4"], ["A4"])
    back(world, over)
    assert (begun(world, COMPANY), begun(world, OTHER)) == (["A2"], ["A3"])


def test_what_people_released_is_not_replaced_by_the_shipped_version(world: World) -> None:
    world.deploy(version(1))
    with reading(world.engine) as session:
        assert not deciding.by_people(session, "P")
    release(world, version(2))
    with reading(world.engine) as session:
        assert deciding.by_people(session, "P")


UNITS = {1: None, 3: 1, 4: 1, 31: 3, 32: 3, 311: 31}


def chain(number: int) -> tuple[int, ...]:
    above = UNITS[number]
    return (number,) if above is None else (number, *chain(above))


def model(all_of_them: list[Candidate], at: int) -> int | None:
    """The rule told the other way: walk down from the root, each level by age, and let the last one heard win."""
    held: Candidate | None = None
    for place in (None, *reversed(chain(at))):
        for one in sorted((one for one in all_of_them if one.unit_id == place), key=lambda one: one.age):
            over = [o for o in all_of_them if o.over and (o.unit_id is None or o.unit_id in chain(at))]
            if not any(other.age > one.age for other in over):
                held = one
    return held.release_id if held else None


@pytest.mark.parametrize("seed", range(40))
def test_random_releases_are_chosen_as_the_rule_says(seed: int) -> None:
    luck = random.Random(seed)
    days = [datetime(2026, 11, day, tzinfo=UTC) for day in range(1, 5)]
    made = [Candidate(number, 100 + number, luck.choice(days), luck.random() < 0.2, luck.choice([None, *UNITS]))
            for number in range(luck.randint(0, 9))]
    luck.shuffle(made)
    for place in UNITS:
        found = choose(made, chain(place))
        assert (found.release_id if found else None) == model(made, place)


DAILY = tag("startEvent", "S", timer("timeCycle", "R/P1D"))


def beginnings(world: World) -> list[tuple[str, int]]:
    """What the clock began: the element that waits, and where."""
    with reading(world.engine) as session:
        rows = session.scalars(select(Instance).order_by(Instance.id)).all()
        return [(world.names(row.id)[0], row.places[0]) for row in rows]


def test_a_clock_goes_on_through_a_release_nothing_twice_nothing_missed_however_late_the_worker(
        world: World, clock: Fixed) -> None:
    release(world, version(1, DAILY))  # 10:00 each day from the 23rd
    release(world, version(2, DAILY), on=date(2026, 11, 25))
    to(clock, date(2026, 11, 27), 9)  # the worker was away: due are 23, 24 (the first's), 25, 26 (the second's)
    for _ in range(6):
        world.sweep()
    assert sorted(beginnings(world)) == [("A1", GROUP), ("A1", GROUP), ("A2", GROUP), ("A2", GROUP)]
    with reading(world.engine) as session:
        assert session.scalars(select(StartTrigger.due_at)).all() == [datetime(2026, 11, 27, 2, tzinfo=UTC)]


def test_a_clock_waits_for_the_release_that_came_before_its_round(world: World, clock: Fixed) -> None:
    release(world, version(1, DAILY))
    release(world, version(2, DAILY), on=TOMORROW)
    to(clock, TOMORROW, 11)
    assert starting.sweep(world.engine) == 0  # whose round it is, the release says first
    assert coming.sweep(world.engine) == 1 and starting.sweep(world.engine) == 1
    assert beginnings(world) == [("A2", GROUP)]


def test_a_pilots_clock_runs_in_its_company_and_stops_with_it(world: World, clock: Fixed) -> None:
    release(world, version(1, DAILY))
    pilot = release(world, version(2, DAILY), COMPANY)
    clock.advance(timedelta(days=1))
    world.sweep()
    assert sorted(beginnings(world)) == [("A1", GROUP), ("A2", COMPANY)]
    back(world, pilot)
    clock.advance(timedelta(days=1))
    world.sweep()
    assert sorted(beginnings(world))[:2] == [("A1", GROUP), ("A1", GROUP)] and len(beginnings(world)) == 3


def test_a_moment_that_has_been_started_is_not_started_again_by_taking_a_release_back(
        world: World, clock: Fixed) -> None:
    once = tag("startEvent", "S", timer("timeDate", "2026-11-23T08:00:00+08:00"))
    release(world, version(1, once))
    to(clock, TOMORROW, 9)
    world.sweep()
    number = release(world, version(2), on=TOMORROW)
    back(world, number)
    for _ in range(3):
        world.sweep()
    assert beginnings(world) == [("A1", GROUP)]


def test_a_message_starts_the_version_that_is_in_force_where_its_sender_is(world: World) -> None:
    heard = tag("startEvent", "S", message("m"))
    world.deploy(version(1, heard, messages={"m": "please"}))
    release(world, version(2, heard, messages={"m": "please"}), COMPANY)
    world.deploy(drawing(start(), throw("T", message("m")), end(), flows("S T E"), id="Q", messages={"m": "please"}))
    for place in (COMPANY, OTHER):
        with unit(world.engine) as session:
            instances.start(session, "Q", by=ANNA, group_id=GROUP, places=[place, GROUP], business_key="K", title="x")
    world.publish("please")  # from outside, to the group
    assert [world.names(it) for it in world.all("P")] == [["A2"], ["A1"], ["A1"]]


@pytest.mark.parametrize("at", ["engine.release.asked.before_commit", "engine.release.decided.before_commit",
                                "engine.release.withdrawn.before_commit", "engine.release.rolled_back.before_commit"])
def test_an_act_that_is_cut_off_has_not_happened_and_can_be_done_again(world: World, at: str) -> None:
    world.deploy(version(1))
    made: list[int] = []
    acts: dict[str, Callable[[], Any]] = {
        "asked": lambda: made.append(ask(world, version(2))), "decided": lambda: decide(world, made[0]),
        "rolled_back": lambda: back(world, made[0]), "withdrawn": lambda: _withdrawn(world, made[1]),
    }
    for name, act in acts.items():
        if name == "withdrawn":
            made.append(ask(world, version(4)))
        if name in at:
            failpoints.arm(f"{at}=raise")
            with pytest.raises(FailpointHit):
                act()
            failpoints.arm(None)
        act()
    assert begun(world) == ["A1"]
    with reading(world.engine) as session:
        assert [row.state for row in session.scalars(select(Release).order_by(Release.id))] == [
            "approved", "ended", "withdrawn"]


def _withdrawn(world: World, number: int) -> None:
    with unit(world.engine) as session:
        deciding.withdraw(session, number, by=HAN, reason="x")


@pytest.mark.parametrize("at", ["engine.release.before_commit", "engine.release.after_commit"])
def test_the_sweep_that_is_cut_off_notes_each_release_once(world: World, clock: Fixed, at: str) -> None:
    release(world, version(1, DAILY))
    release(world, version(2, DAILY), on=TOMORROW)
    to(clock, TOMORROW, 11)
    failpoints.arm(f"{at}=raise")
    coming.sweep(world.engine)
    failpoints.arm(None)
    for _ in range(3):
        world.sweep()
    assert beginnings(world) == [("A2", GROUP)]
    with reading(world.engine) as session:
        told = session.scalars(select(Fact).where(Fact.kind == "release.begun", Fact.subject_id == 2)).all()
        assert len(told) == 1
