"""What the approval list puts into a drawing is what the engine then does."""

from __future__ import annotations

import pytest

from engine.usertasks import tasks
from ledger.db import unit
from tests.engine.conftest import BOSS, HAN, World, person
from tests.engine.drawings import drawing, end, flows, start, task
from workflows.studio.faces import writing
from workflows.studio.faces.edits import Asked, Insert, Way

LEGAL = person(21, "方言", "legal")
PLAIN = drawing(start(), task("A", gives={}), task("B", gives={}), end(), flows("S A B E"))
WAYS = (Way("approve", "同意", "on"), Way("return", "退回", "A"), Way("reject", "驳回", "end"))


def inserted(mode: str = "one", percent: str | None = None) -> bytes:
    groups = ("legal",) if mode == "one" else ("legal", "approver")
    asked = Asked(name="法务审核", groups=groups, mode=mode, percent=percent, form="approve", sla="2")
    return writing.write(PLAIN, "P", [Insert("approve", asked, after="A", ways=WAYS)])


def say(world: World, it: int, who: object, verdict: str = "approve") -> None:
    mine = [one.id for one in world.open(it)]
    for number in mine:
        try:
            with unit(world.engine) as session:
                tasks.complete(session, number, who, {"verdict": verdict})  # type: ignore[arg-type]
            return
        except tasks.NotOffered:
            continue
    raise AssertionError("nothing is offered")


def named(world: World, it: int) -> list[str]:
    return sorted(one.name for one in world.open(it))


@pytest.mark.parametrize(("verdict", "then"), [("approve", ["任务B"]), ("return", ["任务A"]), ("reject", [])])
def test_each_verdict_of_an_inserted_approval_leads_where_the_list_says(
    world: World, verdict: str, then: list[str],
) -> None:
    it = world.run(inserted())
    say(world, it, HAN)
    assert named(world, it) == ["法务审核"]
    say(world, it, LEGAL, verdict)
    assert named(world, it) == then


@pytest.mark.parametrize(("mode", "first", "then"), [
    ("all", "reject", []), ("any", "approve", ["任务B"]), ("percent", "approve", ["任务B"]),
])
def test_an_inserted_countersign_asks_one_of_each_role(
    world: World, mode: str, first: str, then: list[str],
) -> None:
    it = world.run(inserted(mode, "50" if mode == "percent" else None))
    say(world, it, HAN)
    assert named(world, it) == ["法务审核", "法务审核"]
    say(world, it, LEGAL, first)
    assert named(world, it) == then


def test_all_of_an_inserted_countersign_must_agree(world: World) -> None:
    it = world.run(inserted("all"))
    say(world, it, HAN)
    say(world, it, LEGAL)
    assert named(world, it) == ["法务审核"]
    say(world, it, BOSS)
    assert named(world, it) == ["任务B"]
