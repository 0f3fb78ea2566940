"""The founded company, for every test that begins with it: built once for each kind of database, then put back."""

from __future__ import annotations

import base64
import datetime as dt
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from copy import deepcopy
from pathlib import Path

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
SUNDAY = dt.datetime(2026, 11, 22, 10, 0, tzinfo=clock.SHANGHAI)


class Founder:
    """Fills the empty database of a test with the company of `tests.journeys.company`, founded on 2026-11-22."""

    def __init__(self, folder: Path, postgres: Callable[[], PostgresDatabase]) -> None:
        self.folder, self.postgres = folder, postgres
        self.held: dict[str, tuple[Company, Path | Rows]] = {}

    def company(self, engine: Engine) -> Company:
        """Found it as it is founded; from the second test on, from a copy of what the database then held."""
        sealing.set_key(KEY)
        kind = engine.dialect.name
        if kind not in self.held:
            with clock.use(clock.Fixed(SUNDAY)):
                with unit(engine) as session:
                    made = found(session)
                while outbox.deliver(engine, triggers.HANDLERS):
                    pass  # what follows from founding is over before any test begins
            self.held[kind] = (deepcopy(made), self._taken(engine))
            return made
        made, held = self.held[kind]
        if isinstance(held, Rows):
            self.postgres().paste(held)
        else:
            _lay(engine, held)
        return deepcopy(made)  # a test may take on more people

    def _taken(self, engine: Engine) -> Path | Rows:
        if engine.dialect.name != "sqlite":
            return self.postgres().copy()
        template = self.folder / "founded.db"
        with closing(sqlite3.connect(str(engine.url.database))) as source, closing(sqlite3.connect(template)) as target:
            source.backup(target)
        return template


def _lay(engine: Engine, template: Path) -> None:
    """Put a SQLite file in the place of the test's own."""
    engine.dispose()
    file = str(engine.url.database)
    for rest in ("-wal", "-shm"):
        Path(file + rest).unlink(missing_ok=True)
    shutil.copyfile(template, file)
