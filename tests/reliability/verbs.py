"""Deeds of people with tasks, done at random, and what must be true after each: read from facts, not from offers.py.

Rooms add their deeds to DEEDS and their truths to TRUTHS.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import assigning, offers, signing, tasks
from engine.hands import Addressee, TaskPlan
from engine.model import Task
from ledger.actor import Actor
from ledger.db import reading, unit
from ledger.errors import Refused
from ledger.facts import Fact
from tests.engine.conftest import BOSS, HAN, LI, World
from tests.engine.drawings import drawing, end, flows, gateway, loop, start, task
from tests.engine.hands import WANG, ZHAO, to

PEOPLE = (HAN, LI, WANG, ZHAO)
DRAWINGS = (
    drawing(start(), gateway("parallel", "F"), task("A"), task("B", notBy="A"), gateway("parallel", "J"),
            task("C", notBy="A,B"), end(), flows("S F A J C E", "F B J")),
    drawing(start(), task("A", loop("=[1,2]", "who")), task("C", notBy="A"), end(), flows("S A C E")),
    drawing(start(), task("A"), task("B", notBy="A"), task("C", notBy="B"), end(), flows("S A B C E")),
)
Deed = Callable[[Session, Task, Actor, Random], object]


def _other(random: Random, by: Actor) -> Addressee:
    return to(random.choice([one for one in PEOPLE if one is not by]))


def _complete(session: Session, task: Task, by: Actor, random: Random) -> object:
    verdict = "agree" if random.random() < 0.7 else "disagree"
    answers = {"verdict": verdict} if task.role != "drawn" else {"c": 1}
    if task.owner_id is not None and task.assignee_id == by.id:
        return assigning.resolve(session, task.id, by=by, answers=answers)
    return tasks.complete(session, task.id, by, answers)


def _ask(session: Session, task: Task, by: Actor, random: Random) -> object:
    others = [to(one) for one in random.sample([one for one in PEOPLE if one is not by], random.randint(1, 2))]
    return signing.ask(session, task.id, others, random.choice(("before", "after")), by=by,
                       in_order=random.random() < 0.5)


def _drop(session: Session, task: Task, by: Actor, random: Random) -> object:
    plans = list(session.scalars(select(TaskPlan.id).where(TaskPlan.task_id == task.id).order_by(TaskPlan.id)))
    return signing.drop(session, random.choice(plans), by=by, reason="不等了") if plans else None


DEEDS: dict[str, Deed] = {
    "claim": lambda session, task, by, _: tasks.claim(session, task.id, by),
    "release": lambda session, task, by, _: tasks.release(session, task.id, by),
    "complete": _complete,
    "transfer": lambda session, task, by, random: assigning.transfer(
        session, task.id, _other(random, by), by=by, reason="出差"),
    "delegate": lambda session, task, by, random: assigning.delegate(
        session, task.id, _other(random, by), by=by, question="请核对"),
    "recall": lambda session, task, by, _: assigning.recall(session, task.id, by=by),
    "reassign": lambda session, task, by, random: assigning.reassign(
        session, task.id, _other(random, by), by=BOSS, reason="离职"),
    "ask": _ask,
    "drop": _drop,
}
TELLS = {"transfer": "task.transferred", "delegate": "task.delegated",
         "reassign": "task.reassigned", "drop": "task.sign_dropped"}
"""Deeds that leave just one fact of this kind each time they are not refused."""


def deed(world: World, it: int, random: Random) -> str | None:
    """Somebody does something with some open task; the deed's name, None when it was refused or there was nothing."""
    open_ = world.open(it)
    if not open_:
        return None
    name, task, by = random.choice(list(DEEDS)), random.choice(open_), random.choice(PEOPLE)
    if random.random() < 0.6 and task.assignee_id is not None:
        by = next((one for one in PEOPLE if one.id == task.assignee_id), by)
    try:
        with unit(world.engine) as session:
            done = DEEDS[name](session, session.get_one(Task, task.id), by, random)
    except Refused:
        return None
    return name if done is not None else None


# what must be true
def doers_told(session: Session, it: int) -> dict[str, set[int]]:
    """Who had a hand in each element that was completed, as the facts tell it."""
    told = session.scalars(select(Fact).where(Fact.subject_kind == "instance", Fact.subject_id == it).order_by(Fact.id))
    hands: dict[int, set[int]] = defaultdict(set)
    at: dict[int, str] = {}
    for fact in told:
        after: dict[str, Any] = fact.after or {}
        if fact.kind == "task.completed" or (fact.kind == "task.delegation_ended" and after.get("how") == "done"):
            hands[after["task"]] |= {number for number in (fact.actor_id, after.get("for")) if number}
        if fact.kind == "task.completed":
            at[after["task"]] = after["element"]
    found: dict[str, set[int]] = defaultdict(set)
    for number, element in at.items():
        found[element] |= hands[number]
    return found


def kept_apart(session: Session, it: int) -> Iterator[str]:
    """Nobody is offered, holds completably, or has done what must be kept apart from what they did."""
    did = doers_told(session, it)
    for row in session.scalars(select(Task).where(Task.instance_id == it, Task.role == "drawn")):
        barred = {number for element in row.not_by for number in did[element]}
        if row.state == "completed" and row.completed_by in barred:
            yield f"{row.element_id} was done by {row.completed_by}, who did one of {row.not_by}"
        for one in PEOPLE:
            if row.state == "open" and one.id in barred and offers.capacity(row, one) is not None:
                yield f"{row.element_id} is offered to {one.id}, who did one of {row.not_by}"


def nothing_waits_for_nobody(session: Session, it: int) -> Iterator[str]:
    """What holds a task is somebody who is still asked; what is held by nothing may be done."""
    for row in session.scalars(select(Task).where(Task.instance_id == it, Task.state == "open")):
        children = [one.role for one in session.scalars(select(Task).where(
            Task.parent_id == row.id, Task.state == "open"))]
        if (row.hold is None) != (not children) or (row.hold is not None and row.hold not in children):
            yield f"task {row.id} is held for {row.hold}, its open children are {children}"
        if (row.owner_id is not None) != bool(assigning.delegations(session, row.id)):
            yield f"task {row.id} has the owner {row.owner_id}"


TRUTHS: list[Callable[[Session, int], Iterator[str]]] = [kept_apart, nothing_waits_for_nobody]


def wrong(world: World, it: int) -> list[str]:
    with reading(world.engine) as session:
        return [found for truth in TRUTHS for found in truth(session, it)]


def facts(world: World, it: int) -> Counter[str]:
    with reading(world.engine) as session:
        return Counter(session.scalars(select(Fact.kind).where(Fact.subject_kind == "instance",
                                                                Fact.subject_id == it)))
