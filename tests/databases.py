"""The two databases every test of storage runs on: a SQLite file and a PostgreSQL cluster, emptied between tests."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine

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


USED_SEQUENCES = """
select distinct owner.relname from pg_sequences s
join pg_class q on q.relname = s.sequencename and q.relnamespace = 'public'::regnamespace
join pg_depend d on d.objid = q.oid and d.deptype in ('a', 'i')
join pg_class owner on owner.oid = d.refobjid
where s.last_value is not null
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
        """Remove all rows, whatever triggers say, restart the sequences, end connections that a test left open."""
        with self.cluster.connect(self.NAME) as server:
            server.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
            touched = {row[0] for query in (self.filled, USED_SEQUENCES) if query for row in server.execute(query)}  # type: ignore[arg-type]
            if touched:
                names = ", ".join(f'"{name}"' for name in sorted(map(str, touched)))
                server.execute("set session_replication_role = replica")
                server.execute(f"truncate {names} restart identity cascade")


class Rows:
    """All rows of a PostgreSQL database, kept to be put back into an empty one: quicker than to make them again."""

    def __init__(self, engine: Engine) -> None:
        self.copied: dict[str, bytes] = {}
        with closing(engine.raw_connection()) as connection, connection.cursor() as cursor:
            for table in Base.metadata.sorted_tables:
                with cursor.copy(f'copy "{table.name}" to stdout (format binary)') as rows:
                    self.copied[table.name] = b"".join(bytes(part) for part in rows)
            cursor.execute("select quote_ident(sequencename), last_value from pg_sequences"
                           " where last_value is not null")
            self.sequences = cursor.fetchall()

    def put(self, engine: Engine) -> None:
        """Write them, whatever triggers and foreign keys say of the order."""
        with closing(engine.raw_connection()) as connection, connection.cursor() as cursor:
            cursor.execute("set local session_replication_role = replica")
            for name, content in self.copied.items():
                with cursor.copy(f'copy "{name}" from stdin (format binary)') as rows:
                    rows.write(content)
            for name, last in self.sequences:
                cursor.execute("select setval(%s, %s)", (name, last))
            connection.commit()
