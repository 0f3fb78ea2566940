"""The inbox: what is due first comes first, page after page; nobody sees what they may not do; found by index."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select, text

from engine import instances
from engine.model import Task, TaskCandidate
from engine.time import deadlines
from engine.usertasks import listing, tasks
from engine.usertasks.listing import Narrow
from ledger.actor import Absent, Actor, Grant
from ledger.clock import Fixed
from ledger.db import reading, unit
from tests.engine.conftest import ANNA, BOSS, HAN, LI, World
from tests.engine.drawings import drawing, end, flows, start, task
from tests.engine.test_offers import standing_in

THREE = drawing(start(), task("A", sla="5"), end(), flows("S A E"), id="P"), drawing(
    start(), task("A", sla="1"), end(), flows("S A E"), id="Q"), drawing(
    start(), task("A"), end(), flows("S A E"), id="R")
TWICE = drawing(start(), task("A"), task("B", notBy="A"), end(), flows("S A B E"))


def seen(world: World, actor: Actor, **asked: object) -> list[int]:
    """The instances of a page, in its order."""
    with reading(world.engine) as session:
        return [one.instance_id for one in listing.inbox(session, actor, **asked)]  # type: ignore[arg-type]


def began(world: World) -> tuple[int, int, int]:
    """One due in five days, one tomorrow, one never."""
    world.deploy(*THREE)
    return world.start("P"), world.start("Q"), world.start("R")


def test_what_is_due_first_comes_first_and_what_has_no_deadline_last(world: World) -> None:
    later, soon, never = began(world)
    assert seen(world, HAN) == [soon, later, never]
    assert seen(world, HAN, order="newest") == [never, soon, later]


def test_held_and_offered_stand_in_one_order(world: World) -> None:
    later, soon, never = began(world)
    with unit(world.engine) as session:
        tasks.claim(session, world.open(later)[0].id, HAN)
    assert seen(world, HAN) == [soon, later, never]
    assert seen(world, HAN, scope="mine") == [later] and seen(world, HAN, scope="groups") == [soon, never]
    assert seen(world, LI) == [soon, never]


@pytest.mark.parametrize("order", ["due", "newest"])
def test_every_page_goes_on_where_the_one_before_ended(world: World, clock: Fixed, order: listing.Order) -> None:
    world.deploy(*THREE)
    whole = [world.start(each) for _ in range(3) for each in "PQR"]
    found: list[tuple[listing.After, int]] = []
    with reading(world.engine) as session:
        while page := listing.inbox(session, HAN, order=order, limit=2, after=found[-1][0] if found else None):
            found += [((one.rank_at, one.id), one.instance_id) for one in page]
    assert sorted(instance for _, instance in found) == sorted(whole)
    if order == "due":
        assert all(one < two for (one, _), (two, _) in pairwise(found))


def test_a_moved_deadline_moves_the_task_for_everybody(world: World) -> None:
    later, soon, never = began(world)
    waiting = world.open(later)[0]
    with unit(world.engine) as session:
        deadlines.move(session, later, waiting.token, waiting.created_at, True)
    assert seen(world, LI) == [later, soon, never]


def test_only_what_is_late_is_asked_for(world: World, clock: Fixed) -> None:
    _, soon, _ = began(world)
    clock.advance(timedelta(days=4))
    assert seen(world, HAN, narrow=Narrow(due_by=clock())) == [soon]


def test_a_page_is_narrowed_by_process_step_and_words(world: World) -> None:
    later, soon, never = began(world)
    assert seen(world, HAN, narrow=Narrow(process_id="Q")) == [soon]
    assert seen(world, HAN, narrow=Narrow(element_id="B")) == []
    assert seen(world, HAN, narrow=Narrow(search="测试")) == [soon, later, never]
    assert seen(world, HAN, narrow=Narrow(search="%")) == []
    assert seen(world, HAN, narrow=Narrow(also=(Task.process_id == "R",))) == [never]


WORDS = ("申请 Ab_1%", "申请 ab21\\", "İstanbul ß 号", "申请（甲）Σας")


ASKED = ("", "申请", "b_1", "%", "\\", "AB", "ab2", "ß", "İST", "（甲）", "zz", "号", "σ", " 请 ", "K-1", "a\tb")


def test_nothing_is_found_by_less_than_before(world: World) -> None:
    """What a scan of title, step and number would find, whoever has the task; no letter is a wildcard."""
    world.deploy(THREE[0])
    made: dict[int, str] = {}
    for title in WORDS:
        with unit(world.engine) as session:
            begun = instances.start(session, "P", by=ANNA, group_id=1, places=[3, 1], business_key="K-1", title=title)
            made[begun.id] = title
    held = min(made)
    with unit(world.engine) as session:
        tasks.claim(session, world.open(held)[0].id, HAN)
    for search in ASKED:
        wanted = {it for it, title in made.items()
                  if any(search.strip().casefold() in text.casefold() for text in (title, "A", "K-1"))}
        for order in ("due", "newest"):
            found = seen(world, HAN, order=order, narrow=Narrow(search=search), limit=50)
            assert set(found) == wanted, search
        assert set(seen(world, HAN, scope="groups", narrow=Narrow(search=search))) == wanted - {held}, search


def test_nobody_sees_what_four_eyes_keep_from_them(world: World) -> None:
    it = world.run(TWICE)
    world.do(it, "A", by=HAN)
    assert seen(world, HAN) == [] and seen(world, LI) == [it]
    assert seen(world, standing_in(BOSS, HAN)) == []


def test_a_substitute_sees_what_was_there_before_they_stood_in(world: World) -> None:
    later, soon, never = began(world)
    with unit(world.engine) as session:
        tasks.claim(session, world.open(later)[0].id, HAN)
    assert seen(world, BOSS) == []
    assert seen(world, standing_in(BOSS, HAN)) == [soon, later, never]
    assert seen(world, standing_in(BOSS, HAN), scope="mine") == []
    assert seen(world, standing_in(BOSS, HAN, processes=frozenset({"Q"}))) == [soon]
    assert seen(world, standing_in(BOSS, LI), scope="groups") == [soon, never]


def test_what_a_substitute_has_taken_nobody_else_is_shown(world: World) -> None:
    later, _, _ = began(world)
    with unit(world.engine) as session:
        tasks.claim(session, world.open(later)[0].id, standing_in(BOSS, HAN))
    assert seen(world, standing_in(BOSS, HAN), scope="mine") == [later]
    assert later not in seen(world, HAN) and later not in seen(world, standing_in(ANNA, HAN))


def test_counts_are_of_what_is_held_and_what_may_be_taken(world: World) -> None:
    later, _, _ = began(world)
    with unit(world.engine) as session:
        tasks.claim(session, world.open(later)[0].id, HAN)
    with reading(world.engine) as session:
        assert listing.counts(session, HAN) == {"mine": 1, "groups": 2}
        assert listing.counts(session, standing_in(BOSS, HAN)) == {"mine": 0, "groups": 3}


def test_what_one_has_done_is_found_newest_first(world: World) -> None:
    it, other = world.run(TWICE), world.start()
    world.do(other, "A", by=HAN)
    world.do(it, "A", by=HAN)
    world.do(it, "B", by=LI)
    with reading(world.engine) as session:
        assert [one.instance_id for one in listing.done(session, HAN)] == [other, it]
        assert [one.element_id for one in listing.done(session, LI)] == ["B"]
        assert listing.count_done(session, HAN) == 2 and listing.done(session, ANNA) == []


def test_whoever_was_stood_in_for_took_part(world: World) -> None:
    it = world.run(TWICE)
    world.do(it, "A", by=standing_in(BOSS, HAN))
    with reading(world.engine) as session:
        for somebody in (BOSS, HAN):
            assert [one.element_id for one in listing.done(session, somebody)] == ["A"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_page_reads_indexes_only_as_far_as_it_shows(world: World) -> None:
    """Nothing is sorted, nothing is scanned: whatever the inbox holds, the page costs the same."""
    away = Actor(BOSS.id, BOSS.name, 1, BOSS.grants, stands_for=(Absent(HAN.id or 0, HAN.name, HAN.groups),))
    asked = listing.chosen(away, "all", limit=20)
    written = asked.compile(world.engine, compile_kwargs={"literal_binds": True})
    with world.engine.connect() as rows:
        plan = [row[3] for row in rows.execute(text(f"explain query plan {written}"))]
    assert not [step for step in plan if step.startswith("SCAN task") or "TEMP B-TREE" in step], plan
    assert sum("ix_task_candidate_due" in step for step in plan) == 4
    assert sum("ix_task_mine_due" in step for step in plan) == 2


def test_held_by_an_absent_person_in_another_process_stays_theirs(world: World) -> None:
    later, soon, _ = began(world)
    with unit(world.engine) as session:
        tasks.claim(session, world.open(later)[0].id, HAN)
    assert seen(world, standing_in(BOSS, HAN, processes=frozenset({"Q"}))) == [soon]


def test_whoever_has_hundreds_of_roles_has_an_inbox(world: World) -> None:
    """A task that is offered to several of them is there once, and takes nobody's place on the page."""
    later, soon, never = began(world)
    with unit(world.engine) as session:
        for one in session.scalars(select(Task)):
            session.add_all(TaskCandidate(task_id=one.id, candidate=f"x@{number}", rank_at=one.rank_at, search="")
                            for number in range(9))
    director = Actor(99, "总管", 1, tuple(Grant("x", number, "/1/") for number in range(600)))
    assert seen(world, director) == [soon, later, never]
    assert seen(world, director, order="newest", limit=2) == [never, soon]
    assert seen(world, director, limit=2) == [soon, later]
    with reading(world.engine) as session:
        assert listing.counts(session, director)["groups"] == 3
