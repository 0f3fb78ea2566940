"""Random processes in random states: whatever an operator does to them, they still come to their end."""

from __future__ import annotations

import re
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from engine.model import Task
from engine.operations import migration, modification
from ledger.db import reading, unit
from tests.engine import drawings
from tests.engine.conftest import BOSS, World
from tests.engine.processes import of_tasks

ONWARD = (0, 2, 3, 5, 6, 8, 9)  # answers that leave every loop
IDS = re.compile(r'(id|sourceRef|targetRef|attachedToRef|default)="([a-zA-Z]+\d+|S|E)"')
REFUSED = {"there", "twice", "scope", "round-over", "ahead"}


def several(world: World, most: int) -> int:
    """How many processes are tried: the deeds are the same on both databases, PostgreSQL is asked for a few of them."""
    return most if world.engine.dialect.name == "sqlite" else most // 4


def step(world: World, it: int, random: Random, answers: tuple[int, ...] = tuple(range(10))) -> str | None:
    """Complete one open task; its element."""
    open_ = world.open(it)
    if not open_:
        return None
    chosen = random.choice(open_).element_id
    world.do(it, chosen, c=random.choice(answers))
    return chosen


def finish(world: World, it: int, random: Random) -> None:
    for _ in range(300):
        if world.state(it) != "active":
            break
        assert step(world, it, random, ONWARD) is not None, "nothing is open and it is not over"
    assert (world.state(it), world.incidents(it)) == ("completed", [])


def completed(world: World, it: int) -> list[Task]:
    with reading(world.engine) as session:
        found = list(session.scalars(select(Task).where(Task.instance_id == it, Task.state == "completed")))
        session.expunge_all()
    return found


@pytest.mark.parametrize("first", range(0, 20, 10))
def test_after_going_back_to_any_task_a_process_still_comes_to_its_end(
    world: World, clock: Any, first: int, request: pytest.FixtureRequest
) -> None:
    if first:
        request.getfixturevalue("cold")
    gone_back = 0
    for seed in range(first, first + several(world, 10)):
        random = Random(seed)
        it = world.run(of_tasks(seed))
        for _ in range(3):
            for _ in range(random.randint(1, 6)):
                if step(world, it, random) is None:
                    break
            if random.random() < 0.2:
                clock.advance(timedelta(hours=10))
                world.sweep()
            if world.state(it) != "active":
                break
            gone_back += back(world, it, random)
        if world.state(it) == "active":
            finish(world, it, random)
    assert gone_back > several(world, 6), gone_back


def test_a_join_in_a_loop_keeps_the_branch_that_was_not_done_again(world: World) -> None:
    """Seed 181: the other branch is reachable again only through the join itself."""
    random, it = Random(181), world.run(of_tasks(181))
    for each in ("u1", "u2", "u4", "u5"):
        world.do(it, each, c=0)
    with unit(world.engine) as session:
        number = next(task.id for task in completed(world, it) if task.element_id == "u5")
        modification.apply(session, it, [modification.BackTo(number)], by=BOSS, reason="重办")
    assert world.names(it) == ["u3", "u5", "u6"]
    finish(world, it, random)


def back(world: World, it: int, random: Random) -> bool:
    done = completed(world, it)
    if not done:
        return False
    move = modification.BackTo(random.choice(done).id)
    with reading(world.engine) as session:
        told = modification.preview(session, it, [move])
    if told.refused is not None:
        assert told.refused.rule in REFUSED, told.refused
        return False
    before = {task.id for task in world.open(it)}
    with unit(world.engine) as session:
        assert modification.apply(session, it, [move], by=BOSS, reason="重办", version=told.version) == told
    after = {task.id: task.element_id for task in world.open(it)}
    assert {work.task_id for work in told.staying} == before & set(after)
    assert {work.task_id for work in told.withdrawn} == before - set(after)
    assert [after[number] for number in set(after) - before] == list(told.starts)
    return True


@pytest.mark.parametrize("first", range(0, 20, 10))
def test_a_process_moved_to_a_renamed_drawing_goes_on_as_its_twin(
    world: World, first: int, request: pytest.FixtureRequest
) -> None:
    if first:
        request.getfixturevalue("cold")
    for seed in range(first, first + several(world, 10)):
        random, drawn = Random(seed), of_tasks(seed).decode()
        ids = {found[2] for found in IDS.finditer(drawn) if found[2][0] != "t"}  # a timer's own id names no element
        mapping = {each: f"{each}z" for each in ids}
        renamed = IDS.sub(lambda found, names=mapping: f'{found[1]}="{names.get(found[2], found[2])}"', drawn).encode()
        moved, twin = world.run(drawn.encode()), world.start()
        to = world.deploy(renamed)
        for _ in range(random.randint(0, 8)):
            both(world, moved, twin, random, {})
        if world.state(moved) != "active":
            continue
        with unit(world.engine) as session:
            made = migration.migrate(session, moved, to, by=BOSS, reason="改名", mapping=mapping).id
        if random.random() < 0.3:
            with unit(world.engine) as session:
                migration.undo(session, made, by=BOSS, reason="改回")
            mapping = {}
        for _ in range(40):
            assert world.names(moved) == sorted(mapping.get(each, each) for each in world.names(twin)), seed
            assert world.state(moved) == world.state(twin)
            both(world, moved, twin, random, mapping)


@pytest.mark.parametrize("first", range(0, 40, 20))
def test_a_process_with_a_task_more_somewhere_still_comes_to_its_end(world: World, first: int) -> None:
    kinds = []
    for seed in range(first, first + several(world, 20)):
        random, drawn = Random(seed), of_tasks(seed).decode()
        it = world.run(drawn.encode())
        for _ in range(random.randint(1, 8)):
            step(world, it, random)
        to = world.deploy(with_one_more(drawn, random).encode())
        with reading(world.engine) as session:
            told = migration.plan(session, to, instance_ids=[it])[0]
        kinds.append(told.kind)
        if told.kind == "fine":
            with unit(world.engine) as session:
                migration.migrate(session, it, to, by=BOSS, reason="加一道审核")
            finish(world, it, random)
        else:
            assert {found.rule for found in told.findings} <= {"join-flow", "over"}, (seed, told)
    assert kinds.count("fine") > several(world, 10) - 1, kinds


def with_one_more(drawn: str, random: Random) -> str:
    """The drawing with a user task put on one of its flows."""
    flow = random.choice(list(re.finditer(r'<bpmn:sequenceFlow id="(\w+)" [^>]*targetRef="(\w+)">', drawn)))
    end = drawn.index("</bpmn:sequenceFlow>", flow.end()) + len("</bpmn:sequenceFlow>")
    before, rest = drawn[:flow.start(2)] + "more" + drawn[flow.end(2):end], drawn[end:]
    return before + drawings.task("more") + drawings.flow("more", flow[2], id="fmore") + rest


def both(world: World, one: int, other: int, random: Random, mapping: dict[str, str]) -> None:
    open_ = world.open(other)
    if open_:
        name, answer = random.choice(open_).element_id, random.randint(0, 9)
        world.do(other, name, c=answer)
        world.do(one, mapping.get(name, name), c=answer)
