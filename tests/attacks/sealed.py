"""A house with a past, sealed, with its head kept outside; and what an outsider sees of its database."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

import licet_verify
from ledger import clock
from ledger.actor import SYSTEM
from ledger.db import unit
from registry.certificates import lifecycle
from registry.certificates.models import Certificate
from registry.custody import originals
from registry.evidence.sealer import Sealer
from registry.people import sealing, tenure
from registry.people.persons import person_of
from registry.people.units import unit_of
from tests.founding import KEY
from tests.journeys.company import Company, found, open_accounts
from tests.workflows.walk import Walk

SEED = bytes(range(32))
Do = Callable[[str], None]
"""Runs an administrator's SQL."""


@dataclass(frozen=True)
class Past:
    """What an outsider kept: the head, the public key; and a certificate with a story."""

    head: str
    key: str
    certificate: int


@dataclass
class House:
    """A sealed database."""

    engine: Engine
    folder: Path
    past: Past
    findings: list[str] = field(default_factory=list)

    @contextmanager
    def tampered(self) -> Iterator[Do]:
        """An administrator at work, past every trigger; afterwards `findings` holds what an outsider finds, and the
        database is as before."""
        if self.engine.dialect.name == "sqlite":
            with self._sqlite() as do:
                yield do
            return
        with self.engine.connect() as connection:
            connection.execute(text("set session_replication_role = replica"))
            yield lambda statement: connection.exec_driver_sql(statement) and None
            target = self.folder / "dump.sql"
            with target.open("wb") as out:
                driver: Any = connection.connection.driver_connection
                names = connection.scalars(text("select tablename from pg_tables where schemaname = 'public'")).all()
                for name in names:
                    self._copy(driver, str(name), out)
            self.findings = self.checked(licet_verify.pg_dump(target))
            connection.rollback()
            connection.invalidate()

    @staticmethod
    def _copy(driver: Any, name: str, out: Any) -> None:
        """As pg_dump writes it."""
        with driver.cursor() as cursor:
            cursor.execute(f'select * from "{name}" limit 0')
            columns = ", ".join(column.name for column in cursor.description)
            out.write(f"COPY public.{name} ({columns}) FROM stdin;\n".encode())
            with cursor.copy(f'copy "{name}" to stdout') as rows:
                for part in rows:
                    out.write(bytes(part))
            out.write(b"\\.\n")

    @contextmanager
    def _sqlite(self) -> Iterator[Do]:
        source, target = str(self.engine.url.database), self.folder / "dump.sqlite"
        with closing(sqlite3.connect(source)) as base, closing(sqlite3.connect(target)) as copy:
            base.backup(copy)
        with closing(sqlite3.connect(target)) as base:
            for (name,) in base.execute("select name from sqlite_master where type = 'trigger'").fetchall():
                base.execute(f"drop trigger {name}")
            yield lambda statement: base.execute(statement) and None
            base.commit()
        self.findings = self.checked(licet_verify.sqlite(target))

    def checked(self, tables: dict[str, list[dict[str, Any]]]) -> list[str]:
        keys, book = licet_verify.Keys([self.past.key]), licet_verify.Book(tables)
        head = keys.checkpoint(self.past.head)
        found = [*licet_verify.entries(book, keys, head, None), *licet_verify.rows(book, None)]
        return found + list(licet_verify.story(book, self.past.certificate))


def lived(engine: Engine, folder: Path, fixed: clock.Fixed) -> Past:
    """A company with accounts, an application that went all its way, a licence that is suspended, and its papers."""
    sealing.set_key(KEY)
    with unit(engine) as session:
        company = found(session)
        open_accounts(session, company, "desk", "legal")
    Walk(engine, company, folder / "files", fixed, "J03").registered()
    number, sealer = _papers(engine, company), Sealer(SEED)
    while sealer.sweep(engine):
        pass
    with engine.connect() as connection:
        key = connection.execute(text("select key from log_head")).scalar_one()
        head = connection.execute(text("select note from log_checkpoint order by size desc limit 1")).scalar_one()
    return Past(head, key, number)


def _papers(engine: Engine, company: Company) -> int:
    with unit(engine) as session:
        firm, worker = unit_of(session, company.units["company"]), person_of(session, company.people["worker"])
        tenure.assign(session, worker, unit_of(session, company.units["project"]), post="project_manager",
                      from_on=dt.date(2026, 1, 1), by=SYSTEM)
        licence = lifecycle.grant(
            session, "E03", firm, number="（浙）JZ安许证字〔2026〕000777", issued_on=dt.date(2026, 1, 1),
            valid_from=dt.date(2026, 1, 1), valid_until=dt.date(2028, 12, 31), issuer="某省住建厅", by=SYSTEM)
        for serial in ("1", "2"):
            originals.enter(session, session.get_one(Certificate, licence.id), "original", serial=serial, place="柜",
                            by=SYSTEM, keeper=firm)
        number = licence.id
    with unit(engine) as session:
        lifecycle.suspend(session, session.get_one(Certificate, number), since=dt.date(2026, 11, 20),
                          reason="事故调查", by=SYSTEM)
    return number
