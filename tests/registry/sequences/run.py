"""Play so many sequences on one database; each begins with the same register and is thrown away."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterable
from functools import cache
from random import Random

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from ledger import clock, workdays
from ledger.clock import Fixed
from ledger.db import open_database
from migrations.tables import every_table
from registry.people import sealing
from tests.registry.organisation import organisation
from tests.registry.sequences import checks
from tests.registry.sequences.play import BEGIN, Play, prepare

SQL_EVERY = 10
"""The lists' columns are compared in every tenth sequence: they cost as much as all the rest."""


class Broken(AssertionError):
    """A sequence that must not be possible; the seed plays it again."""


def play_heap(seeds: range) -> Counter[str]:
    """What a process plays in one go, in a database in its memory."""
    gc.set_threshold(50_000, 20, 50)  # what a sequence leaves behind is collected in larger heaps
    return play_all(database(), seeds)


@cache
def database() -> Engine:
    """The tables, made once in each process."""
    engine = open_database("sqlite://", poolclass=StaticPool)
    every_table().create_all(engine)
    return engine


def play_all(engine: Engine, seeds: Iterable[int]) -> Counter[str]:
    """How often each act was done ("renew") or refused ("renew: Ended"); Broken names the seed and what was tried."""
    sealing.set_key(b"k" * 32)
    seen: Counter[str] = Counter()
    fixed = Fixed(BEGIN)
    with clock.use(fixed), Session(engine) as session:
        workdays.seed(session)
        org = organisation(session)
        holders = prepare(session, org)
        kept = set(session)
        for seed in seeds:
            fixed.move_to(BEGIN)
            session.connection().exec_driver_sql("SAVEPOINT one_sequence")
            sequence = session.begin_nested()
            seen.update(_one(Play(org, holders, fixed, Random(seed)), seed))
            sequence.rollback()
            # SQLAlchemy's rollback leaves its savepoint open, and SQLite slows down under a pile of them
            session.connection().exec_driver_sql("RELEASE SAVEPOINT one_sequence")
            for each in set(session) - kept:
                session.expunge(each)
        session.rollback()
    return seen


def _one(play: Play, seed: int) -> list[str]:
    def count(*_: object) -> None:
        play.flushed += 1

    event.listen(play.session, "after_flush", count)
    try:
        play.cabinet = play.random.random() < 0.5
        for _ in range(play.random.choice((5, 5, 5, 5, 6, 6, 7, 8, 9, 10, 20)) + 3 * play.cabinet):
            refused = play.step()
            if play.spoilt:
                return play.tried
            if not refused and play.cards:
                checks.after_an_act(play)
        if play.cards:
            checks.at_the_end(play)
            if seed % SQL_EVERY == 0:
                checks.in_sql(play)
    except Exception as wrong:
        story = "\n  ".join(play.tried)
        raise Broken(f"seed {seed}: {wrong!r}\n  {story}") from wrong
    finally:
        event.remove(play.session, "after_flush", count)
    return play.tried
