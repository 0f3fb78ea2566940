"""A thing that one process at a time works on: the claim goes with the process, however it ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, text


@contextmanager
def claimed(engine: Engine, kind: int, number: int) -> Iterator[bool]:
    """Whether thing `number` of a kind is ours until the block ends. `kind` tells the things of one room from others'.

    On PostgreSQL an advisory lock; on SQLite there is one worker for each queue (worker.py), and the answer is yes.
    """
    if engine.dialect.name != "postgresql":
        yield True
        return
    key = {"kind": kind, "number": number % 2**31}
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        mine = bool(connection.scalar(text("select pg_try_advisory_lock(:kind, :number)"), key))
        try:
            yield mine
        finally:
            if mine:
                connection.execute(text("select pg_advisory_unlock(:kind, :number)"), key)
