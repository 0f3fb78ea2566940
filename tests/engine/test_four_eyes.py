"""Nobody is moved over a task that other eyes must see: not by a start behind it, not by taking its token away."""

from __future__ import annotations

import pytest

from engine.operations.modification import Cancel, CannotModify, Move, StartBefore
from tests.engine.conftest import HAN, LI, World
from tests.engine.drawings import (
    boundary,
    drawing,
    end,
    flow,
    flows,
    gateway,
    loop,
    start,
    sub,
    task,
    timer,
)
from tests.engine.test_modification import back, change, look, token

LINE = drawing(start(), task("A"), task("F", notBy="A"), task("B"), end(), flows("S A F B E"))
FORK = drawing(start(), gateway("parallel", "X"), task("A"), task("F", notApplicant="true"), gateway("parallel", "J"),
               task("B"), end(), flows("S X A J B E", "X F"), flow("F", "J", id="fj"))
CHOICE = drawing(start(), task("A"), gateway("exclusive", "G", default="no"), task("F", notBy="A"), task("B"),
                 end(), end("E2"), flows("S A G", "F B E"), flow("G", "F", "=c = 1"), flow("G", "E2", id="no"))
INSIDE = drawing(start(), task("A"), sub("U", start("XS"), task("F", notBy="A"), task("I"), end("XE"),
                                         flows("XS F I XE")), task("B"), end(), flows("S A U B E"))
EXPIRES = drawing(start(), task("A"), task("F", notBy="A"), boundary("X", "F", timer("timeDuration", "P9D")),
                  task("B"), end(), end("E2"), flows("S A F B E", "X E2"))


def refused(world: World, it: int, *moves: Move) -> bool:
    """By the preview and by the deed alike, with the finding that says why."""
    told = look(world, it, *moves).refused
    if told is None:
        change(world, it, *moves)
        return False
    with pytest.raises(CannotModify) as said:
        change(world, it, *moves)
    assert said.value.finding.rule == told.rule == "four-eyes"
    return True


@pytest.mark.parametrize("drawn", [LINE, CHOICE, INSIDE, EXPIRES], ids=["line", "choice", "inside", "expires"])
def test_nothing_begins_behind_a_task_that_nobody_has_seen(world: World, drawn: bytes) -> None:
    it = world.run(drawn)
    assert refused(world, it, StartBefore("B"))
    assert refused(world, it, Cancel(token(world, it, "A")), StartBefore("B"))
    world.do(it, "A", c=1)
    here = token(world, it, "U" if drawn is INSIDE else "F")
    assert world.names(it) == ["F"] and refused(world, it, Cancel(here), StartBefore("B"))


def test_behind_what_was_seen_it_may_begin_again(world: World) -> None:
    it = world.run(LINE)
    world.do(it, "A", HAN)
    world.do(it, "F", LI)
    assert not refused(world, it, Cancel(token(world, it, "B")), StartBefore("B")) and world.names(it) == ["B"]
    assert not refused(world, it, Cancel(token(world, it, "B")), StartBefore("A")) and world.names(it) == ["A"]


def test_what_a_return_has_undone_must_be_seen_again(world: World) -> None:
    it = world.run(LINE)
    world.do(it, "A", HAN)
    world.do(it, "F", LI)
    change(world, it, back(world, it, "A"))
    assert refused(world, it, Cancel(token(world, it, "A")), StartBefore("B"))


def test_a_branch_that_other_eyes_must_see_is_not_taken_away_beside_another(world: World) -> None:
    it = world.run(FORK)
    assert refused(world, it, Cancel(token(world, it, "F")), StartBefore("fj"))
    assert refused(world, it, StartBefore("B"))
    assert not refused(world, it, Cancel(token(world, it, "A")), StartBefore("A"))


def test_a_way_that_is_drawn_around_it_stays_open(world: World) -> None:
    drawn = drawing(start(), task("A"), task("F", notBy="A"), boundary("X", "F", timer("timeDuration", "P9D")),
                    task("C"), task("B"), end(), flows("S A F B E", "X C A"))
    it = world.run(drawn)
    world.do(it, "A")
    assert not refused(world, it, Cancel(token(world, it, "F")), StartBefore("C")) and world.names(it) == ["C"]
    assert refused(world, it, Cancel(token(world, it, "C")), StartBefore("B"))


def test_a_sub_process_goes_only_when_its_duties_are_behind_it(world: World) -> None:
    it = world.run(INSIDE)
    world.do(it, "A", HAN)
    assert refused(world, it, Cancel(token(world, it, "U")), StartBefore("B"))
    world.do(it, "F", LI)
    assert not refused(world, it, Cancel(token(world, it, "U")), StartBefore("B")) and world.names(it) == ["B"]


def test_of_a_countersign_one_may_go_but_not_all(world: World) -> None:
    it = world.run(drawing(start(), task("A"), task("F", loop("=[1,2]", "who"), notBy="A"), task("B"), end(),
                           flows("S A F B E")))
    world.do(it, "A", HAN)
    first, second = (one.token for one in world.open(it))
    assert refused(world, it, Cancel(first), Cancel(second))
    assert not refused(world, it, Cancel(first))
    assert refused(world, it, Cancel(second))
