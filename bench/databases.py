"""Databases of a measurement's own: a SQLite file, or a PostgreSQL that really writes to disk (fsync on)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
