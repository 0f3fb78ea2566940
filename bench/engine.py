"""The engine alone: one step of an instance and its state made durable, beside SpiffWorkflow written down whole.

Both keep one row per instance (id, version, state) in the same SQLite file, one transaction a step, so that the ratio
is that of the engines and their ways to keep state; bench/completion.py adds the rows that people and clocks look for.
Measured for the five steps of the review, and again for instances that have gone round twenty times (45 steps).
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bench.drawn import LOOP, OURS, STEPS
from bench.measure import Figure
from bench.naive import Naive
from engine import catalog, expressions, state
from engine.dialect.nodes import READY, context
from engine.dialect.scopes import Process
from engine.run import Act
from ledger.db import open_database

STATE = sa.Table(
    "engine_state", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("version", sa.Integer),
    sa.Column("state", sa.LargeBinary),
)  # fmt: skip
AT_ONCE, ROUNDS, LOOPS = 20, 5, 20


class Moved(Act):
    """An act that moves the process and leaves rows alone."""

    def __init__(self, process: Process, plan: catalog.Plan) -> None:
        self.process, self.plan, self.budget, self.stage, self.outcome = process, plan, 2000, None, None
        self.waits, self.entries, self.departures = [], {}, []

    def entered(self, token: Any) -> None:
        self.number(token)

    def left(self, token: Any, how: str) -> None:
        return None

    def decide(self, token: Any, decision_id: str) -> Any:
        model = self.plan.decisions[decision_id]
        return model.evaluate(decision_id, context(token), functions=expressions.FUNCTIONS).value


class Engine:
    """Keeps live processes as the engine does: used again only while they equal their row's version."""

    def __init__(self, database: sa.Engine) -> None:
        self.engine, self.shelf = database, state.Shelf()
        STATE.create(database)
        self.plan = catalog.assemble(catalog.unpack(OURS), "Review")
        self.insert = sa.insert(STATE).returning(STATE.c.id)
        self.version = sa.select(STATE.c.version).where(STATE.c.id == sa.bindparam("wanted"))
        self.read = sa.select(STATE.c.state).where(STATE.c.id == sa.bindparam("wanted"))
        known = sa.and_(STATE.c.id == sa.bindparam("wanted"), STATE.c.version == sa.bindparam("known"))
        self.save = sa.update(STATE).where(known).values(version=sa.bindparam("version"), state=sa.bindparam("state"))

    def start(self) -> int:
        process = state.begin(self.plan.blueprint, {})
        self._move(process)
        with self.engine.begin() as rows:
            written = rows.execute(self.insert, {"version": 1, "state": state.dump(process)})
            return int(written.scalar_one())

    def complete(self, rows: sa.Connection, instance_id: int, name: str, answers: dict[str, Any]) -> None:
        version = rows.execute(self.version, {"wanted": instance_id}).scalar_one()
        process = self.shelf.take(instance_id, version)
        if process is None:
            blob = rows.execute(self.read, {"wanted": instance_id}).scalar_one()
            process = state.load(self.plan.blueprint, blob)
        process.act = Moved(process, self.plan)
        token = next(one for one in process.tokens() if one.task_spec.bpmn_id == name and one._state == READY)
        token.task_spec.finish(token, answers)
        self._move(process)
        kept = {"wanted": instance_id, "known": version, "version": version + 1, "state": state.dump(process)}
        rows.execute(self.save, kept)
        self.shelf.put(instance_id, state.Live(version + 1, process))

    def _move(self, process: Process) -> None:
        process.act = Moved(process, self.plan)
        process.act.advance()
        state.prune(process)


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{Path(folder) / 'bench.sqlite'}")
        kept = {"ours": Engine(database), "naive": Naive(database)}
        for loops in (0, LOOPS):
            yield from beside(kept, loops)
        database.dispose()


def beside(kept: dict[str, Any], loops: int) -> Iterator[Figure]:
    """The five steps, by both, of instances that have gone round `loops` times before."""
    taken: dict[str, list[float]] = {name: [] for name in kept}
    for number in range(ROUNDS + 1):
        for name, way in kept.items():
            spent = steps(way, loops, AT_ONCE if not loops else AT_ONCE // 5)
            if number:  # the first round warms the caches
                taken[name].append(spent)
    each = {name: statistics.median(times) for name, times in taken.items()}
    after = f" after {loops} loops" if loops else ""
    for name, seconds in each.items():
        yield Figure(f"engine step with its state{after}, {name}", seconds * 1e6, "us CPU")
    ratio = each["naive"] / each["ours"]
    yield Figure(f"engine step with its state{after}, naive : ours", ratio, "ratio", 6, "at least")


def steps(way: Any, loops: int, count: int) -> float:
    """CPU seconds of one step."""
    begun = [way.start() for _ in range(count)]
    for instance in begun:
        for name, answers in LOOP * loops:
            one(way, instance, name, answers)
    start = time.process_time()
    for name, answers in STEPS:
        for instance in begun:
            one(way, instance, name, answers)
    return (time.process_time() - start) / (count * len(STEPS))


def one(way: Any, instance: int, name: str, answers: dict[str, Any]) -> None:
    with way.engine.begin() as rows:
        way.complete(rows, instance, name, answers)
