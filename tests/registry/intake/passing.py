"""Everything that the import worker does, once: every failpoint of the room is passed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from ledger.actor import Actor
from ledger.db import unit
from registry.intake import work
from registry.intake.batch import progress
from registry.intake.batch.models import Batch
from tests.registry.intake.desk import Desk, sheet, worker


def import_everything(engine: Engine, folder: Path, company: int, by: Actor) -> None:
    """A ledger all the way in and out again, one that cannot be read, one that is cancelled, one that fails."""
    desk = Desk.__new__(Desk)
    desk.engine, desk.folder, desk.company, desk.by, desk.files = engine, folder, company, by, 0
    number = desk.preview([worker(1, 单位="")])
    _then(desk, number, errands=[{"do": "dismiss", "kind": "similar", "case": None, "by": [by.id, by.name]}])
    desk.ask(number)
    desk.work()
    _then(desk, number, state="undoing", undone_by=by.id)
    desk.receive(b"PK\x03\x04 this is no workbook", "坏.xlsx")
    desk.work()
    number = desk.receive(sheet([worker(2)]))
    with unit(engine) as session:
        progress.cancel(folder, session.get_one(Batch, number), by)
    desk.work()
    number = desk.receive(sheet([worker(3)]))
    for _ in range(work.TRIES):
        progress.Teller(folder, number).begun_before("received")
    desk.work()


def _then(desk: Desk, number: int, **columns: Any) -> None:
    with unit(desk.engine) as session:
        batch = session.get_one(Batch, number)
        for name, value in columns.items():
            setattr(batch, name, value)
    desk.work()


