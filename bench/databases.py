"""Databases of a measurement's own: a SQLite file, or a PostgreSQL that really writes to disk (fsync on)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, text

from migrations.run import upgrade
from tests.servers import Postgres

DURABLE = ("listen_addresses=", "max_connections=60", "fsync=on", "synchronous_commit=on", "full_page_writes=on")


@contextmanager
def sqlite() -> Iterator[str]:
    """The address of an empty database in a file (WAL, synchronous=FULL)."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.sqlite'}"
        upgrade(url)
        yield url


@contextmanager
def postgres() -> Iterator[str]:
    """The address of an empty database in a cluster of its own."""
    cluster = Postgres()
    cluster.start(DURABLE)
    try:
        with cluster.connect() as server:
            server.execute("create database bench")
        upgrade(cluster.url("bench"))
        yield cluster.url("bench")
    finally:
        cluster.stop()


def serving(engine: Engine) -> int:
    """The process under which a PostgreSQL of this machine answers."""
    with engine.connect() as rows:
        backend = rows.scalar(text("select pg_backend_pid()"))
    return int(Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[1])


def cpu_under(server: int) -> float:
    """CPU seconds so far of the processes under this one (Linux); what ended since took its share with it."""
    found = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    return sum(_cpu(Path(f"/proc/{number}/schedstat")) for number in found)


def _cpu(file: Path) -> float:
    try:
        return int(file.read_text().split()[0]) / 1e9
    except FileNotFoundError:
        return 0.0
