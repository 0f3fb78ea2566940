"""The two databases every test of storage runs on: a SQLite file and a PostgreSQL cluster, emptied between tests."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Engine, event

from ledger.db import Base, open_database
from migrations.tables import every_table
from tests.servers import Postgres

KINDS = ("sqlite", "postgresql")


def build(url: str) -> None:
    """Create every table (in production only the migrations do; tests/structure holds the two together)."""
    engine = open_database(url)
    every_table(lenient=True).create_all(engine)
    engine.dispose()


class SqliteFiles:
    """A copy of one empty database file for each test."""

    def __init__(self, folder: Path) -> None:
        self.template = folder / "template.db"
        build(f"sqlite:///{self.template}")

    def fresh(self, folder: Path) -> str:
        target = folder / "licet.db"
        shutil.copyfile(self.template, target)
        return f"sqlite:///{target}"


class Kept:
    """Connections to PostgreSQL that a test closed, for the next test, as if they were new: what a server process has
    read of tables and indexes, which it does anew for each connection, costs more than all that most tests do.

    psycopg gives a connection that names it as its pool back instead of closing it.
    """

    close_returns = True

    def __init__(self) -> None:
        self.free: dict[tuple[int, str], list[psycopg.Connection[Any]]] = {}

    def connect(self, dialect: Any, _record: object, _arguments: object, given: dict[str, Any]) -> Any:
        """For SQLAlchemy's "do_connect"."""
        if dialect.name != "postgresql":
            return None
        key = os.getpid(), repr(sorted((name, value) for name, value in given.items() if name != "context"))
        free = self.free.setdefault(key, [])
        while free:
            if not (taken := free.pop()).closed:
                return taken
        made = psycopg.connect(**given)
        vars(made).update(_pool=self, kept=key)
        return made

    def putconn(self, given: psycopg.Connection[Any]) -> None:
        with suppress(psycopg.Error):
            given.rollback()
            given.autocommit = True
            given.execute("discard all")
            given.autocommit = False
        key = vars(given)["kept"]
        if given.info.transaction_status == TransactionStatus.IDLE and key[0] == os.getpid():
            given._notice_handlers.clear()
            self.free[key].append(given)
        else:
            del given._pool
            given.close()

    def processes(self) -> list[int]:
        """Those of the server at the other end."""
        return [one.info.backend_pid for free in self.free.values() for one in free if not one.closed]


KEPT = Kept()
event.listen(Engine, "do_connect", KEPT.connect)
RESTART = """
select setval(format('%I.%I', schemaname, sequencename), start_value, false) from pg_sequences
where schemaname = 'public' and last_value is not null
"""


class PostgresDatabase:
    """One database, emptied after each test: only the tables that were touched, so that emptying takes milliseconds.

    All of it goes through one connection that stays: a new one would first read what there is to know of all tables.
    """

    NAME = "licet_test"
    SWEPT = 20
    """After so many tests the rows that they deleted are taken out of the files too."""

    def __init__(self, cluster: Postgres) -> None:
        self.cluster = cluster
        self.url = cluster.url(self.NAME)
        with cluster.connect() as server:
            server.execute(f"create database {self.NAME}")
        build(self.url)
        names = [table.name for table in Base.metadata.sorted_tables]
        self.filled = " union all ".join(f"""select '{name}' where exists (select 1 from "{name}")""" for name in names)
        self.server = cluster.connect(self.NAME)
        self.server.execute("set session_replication_role = replica")  # whatever triggers and references say
        self.emptied, self.swept = 0, set[str]()

    def empty(self) -> None:
        """Remove all rows, restart the sequences, end connections that a test left open.

        Rows are deleted, not truncated: a `truncate … cascade` rewrites the file of every table that leads here.
        """
        self.server.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid() and pid <> all(%s)",
            [KEPT.processes()],
        )
        for name in self._filled():
            self.server.execute(f'delete from "{name}"')
            self.swept.add(f'"{name}"')
        self.server.execute(RESTART, prepare=True)
        self.emptied += 1
        if self.emptied % self.SWEPT == 0:
            self.server.execute(f"vacuum {', '.join(self.swept)}")
            self.swept.clear()

    def _filled(self) -> list[str]:
        """The tables with rows in them."""
        return [str(name) for (name,) in self.server.execute(self.filled, prepare=True)]  # type: ignore[arg-type]

    def copy(self) -> Rows:
        """All rows as they are now, and where each sequence stands."""
        tables = {}
        for name in self._filled():
            with self.server.cursor().copy(f'copy "{name}" to stdout') as out:
                tables[name] = b"".join(bytes(part) for part in out)
        stand = "select sequencename, last_value from pg_sequences where last_value is not null"
        return Rows(tables, {str(name): int(str(last)) for name, last in self.server.execute(stand)})

    def paste(self, rows: Rows) -> None:
        """Into an empty database, the rows that `copy` took."""
        for name, text in rows.tables.items():
            with self.server.cursor().copy(f'copy "{name}" from stdin') as into:
                into.write(text)
        for name, last in rows.sequences.items():
            self.server.execute("select setval(quote_ident(%s), %s)", (name, last))


@dataclass(frozen=True)
class Rows:
    """What a database held: the text of each table, the last number of each sequence."""

    tables: dict[str, bytes]
    sequences: dict[str, int]
