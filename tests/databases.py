"""The two databases every test of storage runs on: a SQLite file and a PostgreSQL cluster, emptied between tests."""

from __future__ import annotations

import importlib
import shutil
import warnings
from pathlib import Path

import sqlalchemy as sa

from ledger.db import Base, open_database
from tests.servers import Postgres

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("ledger", "engine", "registry", "forms", "workflows", "web")
KINDS = ("sqlite", "postgresql")


def model_modules() -> list[str]:
    """Every module of the rooms that declares a table."""
    files = (path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")))
    holding = (path for path in files if "__tablename__" in path.read_text(encoding="utf-8"))
    return [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in holding]


def import_models() -> sa.MetaData:
    """All tables of the house. A room that does not import is left out here and fails in tests/structure."""
    for name in model_modules():
        try:
            importlib.import_module(name)
        except Exception as broken:
            warnings.warn(f"{name} does not import: {broken!r}", stacklevel=1)
    return Base.metadata


def build(url: str) -> None:
    """Create every table (in production only the migrations do; tests/structure holds the two together)."""
    engine = open_database(url)
    import_models().create_all(engine)
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
