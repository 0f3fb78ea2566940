"""Steps a second of 1, 2 and 4 worker processes on one PostgreSQL (fsync on): starts and completed tasks."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from multiprocessing.queues import Queue
from typing import Any

from bench import databases
from bench.measure import Figure
from bench.review import STEPS, Ours
from ledger.db import open_database

SECONDS = 5.0
WORKERS = (1, 2, 4)


def work(url: str, ready: Any, told: Queue[int]) -> None:
    """Complete tasks until the time is over; starts are made as needed and counted as steps too."""
    engine = open_database(url)
    ours = Ours(engine)
    ready.wait()
    steps, until = 0, time.monotonic() + SECONDS
    while time.monotonic() < until:
        it = ours.start()
        for number in range(len(STEPS)):
            ours.step(ours.find(it), number)
        steps += 1 + len(STEPS)
    told.put(steps)
    engine.dispose()


def figures() -> Iterator[Figure]:
    context = multiprocessing.get_context("spawn")
    with databases.postgres() as url:
        prepared = open_database(url)
        Ours(prepared)  # the calendar and the definition, once
        prepared.dispose()
        for count in WORKERS:
            ready, told = context.Barrier(count), context.Queue()
            running = [context.Process(target=work, args=(url, ready, told)) for _ in range(count)]
            for each in running:
                each.start()
            steps = sum(told.get(timeout=60) for _ in running)
            for each in running:
                each.join(30)
            yield Figure(f"steps a second, {count} worker processes, PostgreSQL", steps / SECONDS, "1/s")
