"""What evidence costs: sealing facts, proving one of ten million, and what a deed adds to a task completion."""

from __future__ import annotations

import secrets
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bench.completion import STEPS, Ours
from bench.databases import postgres, sqlite
from bench.measure import Figure, cpu
from ledger import deeds
from ledger.actor import SYSTEM
from ledger.chain import BYTES, WIDTH, Log, Tree, check_inclusion
from ledger.db import open_database, reading, unit
from ledger.facts import record
from migrations.run import upgrade
from registry.evidence import sealer
from registry.evidence.model import LogTile
from registry.evidence.sealer import Sealer

FACTS, EACH = 10_000, 4  # so many, in transactions of so many
LEAVES = 10_000_000
TURNS, AT_ONCE = 9, 40


def figures() -> Iterator[Figure]:
    deeds.set_key(secrets.token_bytes(32))
    for kind, opened in (("SQLite", sqlite), ("PostgreSQL", postgres)):
        with opened() as url:
            engine = open_database(url)
            yield sealed(engine, kind)
            yield proven(engine, kind)
            engine.dispose()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.sqlite'}"
        upgrade(url)
        engine = open_database(url)
        yield added(engine)
        engine.dispose()


def sealed(engine: sa.Engine, kind: str) -> Figure:
    """Facts per CPU second of the sealer: the database's answers read, hashed, signed one by one, stored."""
    for _ in range(FACTS // EACH):
        with unit(engine) as session:
            for number in range(EACH):
                record(session, "bench.done", ("thing", number), by=SYSTEM, about=[("other", 1)], after={"n": number})
    work = Sealer(secrets.token_bytes(32))

    def seal() -> None:
        while work.sweep(engine):
            pass

    return Figure(f"facts sealed, {kind}", FACTS / cpu(seal), "facts/s", 5000, "at least")


def proven(engine: sa.Engine, kind: str) -> Figure:
    """Milliseconds of CPU for the proof of one of ten million leaves, from tiles in the database: slowest of 200."""
    tree = Tree()
    with unit(engine) as session:
        session.execute(sa.delete(LogTile))
        _fill(session, tree)
    took = []
    with reading(engine) as session:
        root = Log(tree, LEAVES, lambda *at: sealer.tile(session, *at)).root()
        for number in range(0, LEAVES, LEAVES // 200):
            log = Log(tree, LEAVES, lambda *at: sealer.tile(session, *at))
            took.append(cpu(lambda log=log, number=number: log.inclusion(number)))  # type: ignore[misc]
            check_inclusion(tree, number, LEAVES, log.leaf(number), log.inclusion(number), root)
    return Figure(f"proof for one of ten million, {kind}", max(took) * 1000, "ms", 10)


def _fill(session: Session, tree: Tree) -> None:
    """Ten million leaves in 256 different tiles, over and over: the tree above them is computed for real."""
    kinds = [secrets.token_bytes(WIDTH * BYTES) for _ in range(WIDTH)]
    tops = [tree.root([kind[at:at + BYTES] for at in range(0, len(kind), BYTES)]) for kind in kinds]
    whole, rest = divmod(LEAVES, WIDTH)
    rows: list[dict[str, Any]] = [{"level": 0, "number": n, "hashes": kinds[n % WIDTH]} for n in range(whole)]
    rows += [{"level": 0, "number": whole, "hashes": kinds[0][:rest * BYTES]}] if rest else []
    level, hashes = 1, [tops[n % WIDTH] for n in range(whole)]
    while hashes:
        rows += [{"level": level, "number": n // WIDTH, "hashes": b"".join(hashes[n:n + WIDTH])}
                 for n in range(0, len(hashes), WIDTH)]
        hashes = [tree.root(hashes[n:n + WIDTH]) for n in range(0, len(hashes) - WIDTH + 1, WIDTH)]
        level += 1
    session.execute(sa.insert(LogTile), rows)


def added(engine: sa.Engine) -> Figure:
    """How much more CPU a completed task takes with its deed than without, the two taking turns; the median."""
    ours = Ours(engine)
    write, ratios = deeds.write, []
    ours.run(AT_ONCE // 4, 0)
    for _ in range(TURNS):
        with_deed = ours.run(AT_ONCE, 0)
        deeds.write = lambda *_: None  # type: ignore[assignment]
        try:
            ratios.append(with_deed / ours.run(AT_ONCE, 0))
        finally:
            deeds.write = write
    assert len(STEPS) > 1
    return Figure("a deed adds to a task completion", (statistics.median(ratios) - 1) * 100, "%", 10)
