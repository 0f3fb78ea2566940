"""What many tests begin with, in a database: built once for each kind of database, then put back from a copy."""

from __future__ import annotations

import base64
import datetime as dt
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from copy import deepcopy
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine

from ledger import clock, outbox
from ledger.db import unit
from registry.people import sealing
from tests.databases import PostgresDatabase, Rows
from tests.journeys.company import Company, found
from workflows import triggers

KEY = b"k" * 32
"""Seals what the copies hold of people; a site that opens them needs it too, as `KEY_FILE`."""
KEY_FILE = base64.b64encode(KEY).decode()
Built = TypeVar("Built")
SUNDAY = dt.datetime(2026, 11, 22, 10, 0, tzinfo=clock.SHANGHAI)


class Founder:
    """Fills the empty database of a test, on 2026-11-22, with what `build` writes; mostly with a company."""

    def __init__(self, folder: Path, postgres: Callable[[], PostgresDatabase]) -> None:
        self.folder, self.postgres = folder, postgres
        self.held: dict[tuple[str, str], tuple[Any, Path | Rows]] = {}

    def company(self, engine: Engine) -> Company:
        """The company of `tests.journeys.company`."""
        return self.once("company", engine, _company)

    def once(self, name: str, engine: Engine, build: Callable[[Engine], Built]) -> Built:
        """Build it as it is built; from the second test on, from a copy of what the database then held.

        What `build` returns is copied too: a test may change it.
        """
        sealing.set_key(KEY)
        kind = (name, engine.dialect.name)
        if kind not in self.held:
            with clock.use(clock.Fixed(SUNDAY)):
                made = build(engine)
            self.held[kind] = (deepcopy(made), self._taken(name, engine))
            return made
        made, held = self.held[kind]
        if isinstance(held, Rows):
            self.postgres().paste(held)
        else:
            _lay(engine, held)
        return deepcopy(made)

    def _taken(self, name: str, engine: Engine) -> Path | Rows:
        if engine.dialect.name != "sqlite":
            return self.postgres().copy()
        template = self.folder / f"{name}.db"
        with closing(sqlite3.connect(str(engine.url.database))) as source, closing(sqlite3.connect(template)) as target:
            source.backup(target)
        return template


def _company(engine: Engine) -> Company:
    with unit(engine) as session:
        made = found(session)
    while outbox.deliver(engine, triggers.HANDLERS):
        pass  # what follows from founding is over before any test begins
    return made


def _lay(engine: Engine, template: Path) -> None:
    """Put a SQLite file in the place of the test's own."""
    engine.dispose()
    file = str(engine.url.database)
    for rest in ("-wal", "-shm"):
        Path(file + rest).unlink(missing_ok=True)
    shutil.copyfile(template, file)
