"""The verdict on ledgers, over batches that were spoilt: each way of being half in the register is noticed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ledger import clock
from ledger.db import open_database, unit
from ledger.facts import Fact
from registry.certificates.models import Certificate
from registry.intake.batch.models import Batch, Row
from registry.intake.settlement import settling
from registry.people import sealing
from registry.people.persons import Person
from tests.chaos.bringing import Ledger, written
from tests.chaos.client import Entry, Log
from tests.chaos.entered import entered
from tests.databases import SqliteFiles
from tests.registry.intake.desk import COMPANY, Desk, sheet


class Brought:
    """A ledger in the register, and the verdict when the database is spoilt: nothing of that is kept."""

    def __init__(self, folder: Path, url: str) -> None:
        sealing.set_key(b"k" * 32)
        self.engine, self.folder = open_database(url), folder
        desk, self.ledger = Desk(self.engine, folder / "files"), written("ledger-1-0000", "stay", 1, COMPANY)
        number = desk.receive(sheet(self.ledger.rows), self.ledger.name)
        desk.work()
        desk.confirm(number)
        desk.work()
        with unit(self.engine) as session:
            settling.accept_case(session, session.get_one(Batch, number), "blank_end", None, by=desk.by)
        desk.ask(number)
        desk.work()

    def says(self, spoil: Callable[[Session], object] | None = None, plan: str = "stay", told: str = "") -> list[str]:
        """`told` is a further wish that was answered with success."""
        log = Log(self.folder / "log")
        for what in filter(None, ("open", told)):
            log.add(Entry(self.ledger.key, f"ledger:{what}", "custodian", outcome="ok"))
        with Session(self.engine) as session:
            if spoil:
                spoil(session)
            found = list(entered(session, log, [Ledger(self.ledger.key, plan, self.ledger.rows)]))
            session.rollback()
        return found


@pytest.fixture(scope="module")
def brought(tmp_path_factory: pytest.TempPathFactory, sqlite_files: SqliteFiles) -> Iterator[Brought]:
    """Brought in once for all tests here."""
    folder = tmp_path_factory.mktemp("brought")
    with clock.use(clock.Fixed(datetime(2026, 11, 22, 10, 0, tzinfo=clock.SHANGHAI))):
        made = Brought(folder, sqlite_files.fresh(folder))
        yield made
        made.engine.dispose()


def test_a_whole_ledger_is_found_to_be_whole(brought: Brought) -> None:
    assert brought.says() == []
    assert [one[:2] for one in brought.says(plan="undo", told="undo")] == ["I3", "I1"]


def _first(session: Session, thing: Any) -> Any:
    return session.scalars(select(thing).order_by(thing.id)).first()


def _again(session: Session) -> None:
    told = session.scalars(select(Fact).where(Fact.kind == "intake.committed")).one()
    session.add(Fact(at=told.at, actor_name=told.actor_name, kind=told.kind, subject_kind=told.subject_kind,
                     subject_id=told.subject_id, group_id=told.group_id))


SPOILT: dict[str, tuple[Callable[[Session], object], str]] = {
    "a row without its certificate": (
        lambda session: setattr(_first(session, Row), "certificate_id", None), "11 of 12 rows entered"),
    "a batch that says it is not in": (
        lambda session: setattr(_first(session, Batch), "state", "ready"), "1 facts in the register"),
    "a certificate that no row has entered": (
        lambda session: setattr(_first(session, Row), "outcome", "same"), "entered by 0 rows"),
    "another holder than the file's": (
        lambda session: session.execute(update(Person).values(name="别人")), "is not as its row says"),
    "a version that is not there": (
        lambda session: setattr(_first(session, Certificate), "version_no", 2), "has 1 versions, says 2"),
    "entered twice": (_again, "2 facts"),
    "a slice that is lost": (
        lambda session: setattr(_first(session, Batch), "rows_done", 10), "12 rows stored, 10 told"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_what_is_not_as_it_should_be_is_said(name: str, brought: Brought) -> None:
    spoil, words = SPOILT[name]
    assert any(words in one for one in brought.says(spoil))
