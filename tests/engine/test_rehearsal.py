"""Finished instances played again: by their own drawing exactly as it was, by another as it would have been."""

from __future__ import annotations

import datetime as dt
from random import Random
from typing import Any

import pytest

from engine import catalog
from engine.messaging import messages
from engine.rehearsal import comparing, recording
from ledger.db import reading
from ledger.workdays import calendar
from tests.engine.conftest import World
from tests.engine.processes import process

HOURS = (0.01, 1, 5, 8.5, 20, 70)


def live(world: World, clock: Any, seed: int) -> int | None:
    """A random process of every construct, taken to its end by chance; None where it goes on for too long."""
    random = Random(seed)
    it = world.run(process(seed)[1], c=random.randint(0, 9))
    for _ in range(80):
        clock.advance(dt.timedelta(hours=random.choice(HOURS), seconds=1))
        world.sweep()
        clock.advance(dt.timedelta(seconds=1))
        if world.state(it) != "active":
            return it
        with reading(world.engine) as session:
            waited = messages.waiting(session, it)
        open_ = world.names(it)
        chosen = random.choice([*open_, *waited] or [""])
        if chosen in open_:
            world.do(it, chosen, c=random.randint(0, 9))
        elif chosen:
            world.send(it, chosen, value=random.randint(0, 9))
    return None


def compared(world: World, it: int, files: dict[str, bytes] | None = None, **more: Any) -> comparing.Compared:
    """The instance played by the drawing of these files, or by its own."""
    with reading(world.engine) as session:
        [record] = recording.records(session, [it])
        own = None if isinstance(record, recording.Untold) else catalog.plan(session, record.definition_id)
        new = own if files is None else catalog.assemble(catalog.unpack(files), "P")
        bench = comparing.Bench(new or own, lambda number: catalog.plan(session, number), calendar(session), **more)
        return comparing.compare(record, bench)


@pytest.mark.parametrize("first", range(0, 24, 8))
def test_a_random_instance_played_by_its_own_drawing_is_what_it_was(world: World, clock: Any, first: int) -> None:
    most = 8 if world.engine.dialect.name == "sqlite" else 2
    found = [(seed, compared(world, it)) for seed in range(first, first + most)
             if (it := live(world, clock, seed)) is not None]
    assert found and [(seed, one.kind, one.why, one.was, one.now) for seed, one in found
                      if (one.kind, one.days) != ("same", 0)] == []
