"""The two databases every test of storage runs on: a SQLite file and a PostgreSQL cluster, emptied between tests."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

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


RESTART = """
select setval(format('%I.%I', schemaname, sequencename), start_value, false) from pg_sequences
where schemaname = 'public' and last_value is not null
"""


class PostgresDatabase:
    """One database, emptied after each test: only the tables that were touched, so that emptying takes milliseconds."""

    NAME = "licet_test"

    def __init__(self, cluster: Postgres) -> None:
        self.cluster = cluster
        self.url = cluster.url(self.NAME)
        with cluster.connect() as server:
            server.execute(f"create database {self.NAME}")
        build(self.url)
        names = [table.name for table in Base.metadata.sorted_tables]
        self.filled = " union all ".join(f"""select '{name}' where exists (select 1 from "{name}")""" for name in names)

    def empty(self) -> None:
        """Remove all rows, whatever triggers say, restart the sequences, end connections that a test left open.

        Rows are deleted, not truncated: a `truncate … cascade` rewrites the file of every table that leads here.
        """
        with self.cluster.connect(self.NAME) as server:
            server.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
            server.execute("set session_replication_role = replica")
            filled = [f'"{name}"' for (name,) in server.execute(self.filled)]  # type: ignore[arg-type]
            for name in filled:
                server.execute(f"delete from {name}")
            server.execute(RESTART)
            if filled:
                server.execute(f"vacuum {', '.join(filled)}")

    def copy(self) -> Rows:
        """All rows as they are now, and where each sequence stands."""
        with self.cluster.connect(self.NAME) as server:
            tables = {}
            for (name,) in server.execute(self.filled).fetchall():  # type: ignore[arg-type]
                with server.cursor().copy(f'copy "{name}" to stdout') as out:
                    tables[str(name)] = b"".join(bytes(part) for part in out)
            stand = "select sequencename, last_value from pg_sequences where last_value is not null"
            return Rows(tables, {str(name): int(str(last)) for name, last in server.execute(stand)})

    def paste(self, rows: Rows) -> None:
        """Into an empty database, the rows that `copy` took."""
        with self.cluster.connect(self.NAME) as server:
            server.execute("set session_replication_role = replica")
            for name, text in rows.tables.items():
                with server.cursor().copy(f'copy "{name}" from stdin') as into:
                    into.write(text)
            for name, last in rows.sequences.items():
                server.execute("select setval(quote_ident(%s), %s)", (name, last))


@dataclass(frozen=True)
class Rows:
    """What a database held: the text of each table, the last number of each sequence."""

    tables: dict[str, bytes]
    sequences: dict[str, int]
