"""A durable completion of a user task: ours, SpiffWorkflow written down whole, and the same rows without an engine.

What the engines alone cost, and the bar on that, is in bench/engine.py. Here all three write the same rows (task,
answers, offers, timer, visits, fact); they differ in who decides what comes next and how its state is kept. SQLite in
WAL with synchronous=FULL, one process, one transaction each; CPU seconds, the three taking turns.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bench.drawn import LOOP, OURS, PASSED, STEPS
from bench.measure import Figure
from bench.naive import Naive
from bench.plain import Plain
from engine import catalog, instances
from engine.model import Instance, Task
from engine.usertasks import tasks
from ledger.actor import SYSTEM, Actor, Grant
from ledger.db import open_database, reading, unit
from ledger.workdays import seed
from migrations.run import upgrade

HR = Actor(12, "韩梅", 1, (Grant("hr", 3, "/1/3/"),))
AT_ONCE = 40  # instances taking turns, as the tasks of different people do
ROUNDS = 7
LOOPS = 1000
Way = Callable[[int, int], float]


class Ours:
    """The engine, as workflows/ uses it."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        with unit(engine) as session:
            seed(session)
            catalog.deploy(session, OURS, by=SYSTEM)

    def start(self) -> int:
        with unit(self.engine) as session:
            began = instances.start(
                session, "Review", by=HR, group_id=1, places=[3, 1], business_key="K-1", title="评审", variables={}
            )
            return began.id

    def open_task(self, instance_id: int) -> int:
        with reading(self.engine) as session:
            wanted = sa.select(Task.id).where(Task.instance_id == instance_id, Task.state == "open")
            return int(session.scalars(wanted).one())

    def complete(self, task_id: int, answers: dict[str, Any]) -> None:
        with unit(self.engine) as session:
            tasks.complete(session, task_id, HR, answers)

    def run(self, at_once: int, corrections: int) -> float:
        """CPU seconds of the last five steps of so many instances, each corrected so often before."""
        begun = [self.start() for _ in range(at_once)]
        for _, answers in LOOP * corrections:
            self.step(begun, answers)
        return sum(self.step(begun, answers) for _, answers in STEPS)

    def step(self, begun: list[int], answers: dict[str, Any]) -> float:
        open_tasks = [self.open_task(instance) for instance in begun]
        return cpu_of(lambda: [self.complete(one, answers) for one in open_tasks])

    def bytes_of(self, instance_id: int) -> int:
        with reading(self.engine) as session:
            return len(session.scalars(sa.select(Instance.blob).where(Instance.id == instance_id)).one())


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.sqlite'}"
        upgrade(url)
        engine = open_database(url)
        yield from measured(Ours(engine), Naive(engine), Plain(engine))
        engine.dispose()


def measured(ours: Ours, naive: Naive, plain: Plain) -> Iterator[Figure]:
    short = compared(ROUNDS, AT_ONCE, ours=ours.run, naive=by_rows(ours, plain, naive), rows=by_rows(ours, plain))
    yield Figure("task completion, ours", short["ours"] * 1e6, "us CPU")
    yield Figure("task completion, rows alone", short["rows"] * 1e6, "us CPU")
    yield Figure("task completion, ours : rows alone", short["ours"] / short["rows"], "ratio", 2.5, "at most")
    yield Figure("task completion, naive : ours, of 5 steps", short["naive"] / short["ours"], "ratio")
    long = compared(3, 8, 20, ours=ours.run, naive=by_rows(ours, plain, naive))
    yield Figure("task completion, naive : ours, of 45 steps", long["naive"] / long["ours"], "ratio")
    yield from states(ours, naive)
    yield loops(ours)


def compared(rounds: int, at_once: int, corrections: int = 0, **ways: Way) -> dict[str, float]:
    """Median CPU seconds of a completion, the ways taking turns; the first round warms the caches."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            spent = way(at_once, corrections)
            if number:
                taken[name].append(spent / (at_once * len(STEPS)))
    return {name: statistics.median(times) for name, times in taken.items()}


def by_rows(ours: Ours, plain: Plain, naive: Naive | None = None) -> Way:
    """The rows begin as our engine left them after a start; from there on it takes no part."""
    names = [name for name, _ in STEPS]

    def way(at_once: int, corrections: int) -> float:
        open_tasks = [ours.open_task(ours.start()) for _ in range(at_once)]
        states = [naive.start() if naive else 0 for _ in range(at_once)]
        for name, answers in LOOP * corrections if naive else ():
            one_step(plain, naive, open_tasks, states, name, answers, "accept" if name == "submit" else "submit")
        spent = 0.0
        for at, (name, answers) in enumerate(STEPS):
            following = names[at + 1] if at + 1 < len(names) else None
            spent += cpu_of(partial(one_step, plain, naive, open_tasks, states, name, answers, following))
        return spent

    return way


def one_step(
    plain: Plain, naive: Naive | None, open_tasks: list[int], states: list[int], name: str, answers: dict[str, Any],
    following: str | None,
) -> None:  # fmt: skip
    for at, (task_id, state) in enumerate(zip(open_tasks, states, strict=True)):
        with plain.engine.begin() as rows:
            if naive:
                naive.complete(rows, state, name, answers)
            open_tasks[at] = plain.complete(rows, task_id, answers, following, PASSED[name])


def cpu_of(act: Callable[[], object]) -> float:
    begun = time.process_time()
    act()
    return time.process_time() - begun


def states(ours: Ours, naive: Naive) -> Iterator[Figure]:
    """Bytes stored for an instance with four of its five steps done."""
    instance, other = ours.start(), naive.start()
    for name, answers in STEPS[:-1]:
        ours.complete(ours.open_task(instance), answers)
        with naive.engine.begin() as rows:
            naive.complete(rows, other, name, answers)
    yield Figure("stored state of a running instance", ours.bytes_of(instance), "bytes", 2500)
    yield Figure("stored state, naive", naive.bytes_of(other), "bytes")


def loops(ours: Ours) -> Figure:
    """An instance that has gone round 1,000 times beside one that has gone round 10 times, taking turns."""
    old, young = ours.start(), ours.start()
    for instance, times in ((old, LOOPS), (young, 10)):
        for _, answers in LOOP * times:
            ours.step([instance], answers)
    taken: dict[int, list[float]] = {old: [], young: []}
    for _ in range(60):
        for instance, spent in taken.items():
            spent.append(sum(ours.step([instance], answers) for _, answers in LOOP))
    late, early = (statistics.median(times) for times in taken.values())
    return Figure("completion after 1,000 loops : after 10", late / early, "ratio", 1.2)
