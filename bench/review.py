"""A whole small review: started with 1 kB of form data, three tasks by three people, an exclusive gateway between.

Every call returns after its commit; one process, one thread, no HTTP. Beside it the same rows in the same transactions,
written through SQLAlchemy Core by somebody who knows what comes next (the floor). They take turns, on SQLite
(synchronous=FULL) and on PostgreSQL (fsync on).
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from bench import databases, plain
from bench.drawn import extended, flows, node, process
from bench.measure import Figure
from engine import catalog, instances
from engine.model import Task
from engine.usertasks import tasks
from ledger.actor import SYSTEM, Actor, Grant
from ledger.db import open_database, reading, unit
from ledger.workdays import seed

FORM: dict[str, Any] = {f"field{number}": f"{number:02}" + "值" * 30 for number in range(10)}
NAMES = {12: "韩梅", 13: "李雷", 14: "王总"}
PEOPLE = [Actor(number, name, 1, (Grant("hr", 3, "/1/3/"),)) for number, name in NAMES.items()]
STEPS = (("apply", {"amount": 5}), ("check", {"good": True}), ("sign", {"signed": True}))
PASSED = {"apply": ["large"], "check": [], "sign": ["E"]}
AT_ONCE, ROUNDS = 20, 6


def task(id: str, given: str) -> str:
    mapped = f'<zeebe:ioMapping><zeebe:output source="={given}" target="{given}"/></zeebe:ioMapping>'
    return node("userTask", id, extended('<zeebe:assignmentDefinition candidateGroups="hr"/>' + mapped))


DRAWN = process(
    "P", node("startEvent", "S"), task("apply", "amount"), node("exclusiveGateway", "large", default="large_check"),
    task("check", "good"), task("sign", "signed"), node("endEvent", "refused"), node("endEvent", "E"),
    flows("S", "apply", "large", "check", "sign", "E"), flows("large", "refused", condition="=amount > 1000"),
).encode()  # fmt: skip


class Ours:
    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        with unit(engine) as session:
            seed(session)
            catalog.deploy(session, {"p.bpmn": DRAWN}, by=SYSTEM)

    def start(self) -> int:
        with unit(self.engine) as session:
            return instances.start(session, "P", by=PEOPLE[0], group_id=1, places=[3, 1], business_key="K-1",
                                   title="评审", variables={"form": FORM}).id

    def find(self, instance_id: int) -> int:
        """What the person's inbox shows; not part of what is measured."""
        with reading(self.engine) as session:
            return int(session.scalars(
                sa.select(Task.id).where(Task.instance_id == instance_id, Task.state == "open")).one())

    def step(self, task_id: int, number: int) -> int:
        with unit(self.engine) as session:
            done = tasks.complete(session, task_id, PEOPLE[number], STEPS[number][1])
            return done.instance_id


class Floor:
    """The same rows without an engine."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine, self.blob = engine, bytes(1200)

    def start(self) -> int:
        with self.engine.begin() as rows:
            return plain.start(rows, "apply", self.blob)

    def find(self, task_id: int) -> int:
        return task_id

    def step(self, task_id: int, number: int) -> int:
        name, answers = STEPS[number]
        following = STEPS[number + 1][0] if number + 1 < len(STEPS) else None
        with self.engine.begin() as rows:
            return plain.write(rows, task_id, answers, following, PASSED[name])


def figures() -> Iterator[Figure]:
    for place, where in ((databases.sqlite, "SQLite"), (databases.postgres, "PostgreSQL")):
        with place() as url:
            engine = open_database(url)
            yield from beside(engine, where)
            engine.dispose()


def beside(engine: sa.Engine, where: str) -> Iterator[Figure]:
    """Both in turns on one database; the bars are SQLite's, where everything happens in our process."""
    ways: dict[str, Ours | Floor] = {"ours": Ours(engine), "Core floor": Floor(engine)}
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for number in range(ROUNDS + 1):
        for name, way in ways.items():
            spent = whole(way)
            if number:  # the first round warms the caches
                taken[name].append(spent)
    cpu = {name: statistics.median(each[0] for each in found) for name, found in taken.items()}
    wall = {name: statistics.median(each[1] for each in found) for name, found in taken.items()}
    barred = where == "SQLite"
    yield Figure(f"review instance, ours, {where}", cpu["ours"] * 1e3, "ms CPU", 15 if barred else None)
    yield Figure(f"review instance, Core floor, {where}", cpu["Core floor"] * 1e3, "ms CPU")
    ratio = cpu["ours"] / cpu["Core floor"]
    yield Figure(f"review instance, ours : Core floor, {where}", ratio, "ratio", 2.5 if barred else None)
    for name, seconds in wall.items():
        yield Figure(f"review instances a second, {name}, {where}", 1 / seconds, "1/s")


def whole(way: Ours | Floor) -> tuple[float, float]:
    """CPU and wall seconds of one instance, begun to finished."""
    cpu = wall = 0.0
    begun_cpu, begun = time.process_time(), time.perf_counter()
    marks = [way.start() for _ in range(AT_ONCE)]
    cpu, wall = cpu + time.process_time() - begun_cpu, wall + time.perf_counter() - begun
    for number in range(len(STEPS)):
        open_tasks = [way.find(mark) for mark in marks]
        begun_cpu, begun = time.process_time(), time.perf_counter()
        marks = [way.step(one, number) for one in open_tasks]
        cpu, wall = cpu + time.process_time() - begun_cpu, wall + time.perf_counter() - begun
    return cpu / AT_ONCE, wall / AT_ONCE
