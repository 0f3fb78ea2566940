"""Generated ledgers brought in as people would: received, read, judged, confirmed as proposed, committed."""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import undefer

from ledger import workdays
from ledger.actor import SYSTEM, Actor
from ledger.db import open_database, reading, unit
from registry.access.accounts import actor_for
from registry.access.grants import grant_role
from registry.certificates.models import Certificate
from registry.intake import work
from registry.intake.batch.models import Batch, Row
from registry.intake.entry import committing
from registry.intake.layout import lay_out
from registry.intake.preview import mapping_acts, receiving
from registry.intake.reading import read
from registry.intake.settlement.settling import read as judged_of
from registry.intake.withdrawal import undoing
from registry.people.identities import rename_unit
from registry.people.persons import Person, create_person
from registry.people.units import Unit, create_unit
from tests.conformance.ledger_key import Answers, Score, Watch, hold
from tests.databases import PostgresDatabase, SqliteFiles
from tests.servers import Postgres


@dataclass
class Desk:
    """A database with the organisation of the answers and a steward; seconds spent by step."""

    engine: Engine
    files: Path
    answers: Answers
    by: Actor
    seconds: Counter[str] = field(default_factory=Counter)

    def sweep(self, step: str) -> None:
        """The worker's part."""
        begun = time.perf_counter()
        work.sweep(self.engine, self.files)
        self.seconds[step] += time.perf_counter() - begun

    def state(self, number: int) -> tuple[str, Any]:
        """The batch's state and what is the matter."""
        with reading(self.engine) as session:
            batch = session.get_one(Batch, number)
            return batch.state, batch.problem


def through(database: str, folder: Path, answers: Answers, most: int | None = None) -> tuple[Score, float]:
    """Bring every file in; the score of the previews and the seconds from a file's receipt to its preview."""
    score = Score()
    with tempfile.TemporaryDirectory() as place, fresh(database, Path(place)) as engine:
        desk = Desk(engine, Path(place) / "files", answers, entered(engine, answers))
        numbers = []
        for file in answers.organisation["files"][:most]:
            number = _preview(desk, folder / "ledgers" / file["file"], file["unit"], score)
            _commit(desk, number)
            numbers.append(number)
        _balanced(engine, score)
        _undone_again(desk, numbers)
        told = {"seconds": {step: round(took, 1) for step, took in desk.seconds.items()}, **_register(engine)}
        sys.stderr.write(json.dumps(told, ensure_ascii=False) + "\n")
    return score, desk.seconds["read"] + desk.seconds["judge"]


@contextmanager
def fresh(database: str, place: Path) -> Iterator[Engine]:
    """A fresh database."""
    if database == "sqlite":
        engine = open_database(SqliteFiles(place).fresh(place))
        yield engine
        engine.dispose()
        return
    cluster = Postgres()
    cluster.start()
    try:
        engine = open_database(PostgresDatabase(cluster).url)
        yield engine
        engine.dispose()
    finally:
        cluster.stop()


def entered(engine: Engine, answers: Answers) -> Actor:
    """Enter the units, each under the names it once had, and somebody who may import."""
    with unit(engine) as session:
        workdays.seed(session)
        made: dict[str, Unit] = {}
        for given in answers.organisation["units"]:
            names = [*given["former"], given["name"]]
            made[given["code"]] = one = create_unit(
                session, kind=given["kind"], name=names[0], code=given["code"], parent=made.get(given["parent"] or ""),
                by=SYSTEM, uscc=given["uscc"], region=given["region"], province=given["province"],
                project={"work": given["project"]["work"]} if given.get("project") else None)
            for name in names[1:]:
                rename_unit(session, one, name, by=SYSTEM)
        group = next(one for one in made.values() if one.kind == "group")
        steward = create_person(session, unit=group, name="数据管理员", by=SYSTEM)
        grant_role(session, steward, "steward", group, by=SYSTEM)
        session.flush()
        return actor_for(session, steward)


def _preview(desk: Desk, path: Path, code: str, score: Score) -> int:
    """Receive, read, confirm as proposed, judge; the findings held against the key. The batch's id."""
    watch = Watch()
    with unit(desk.engine) as session, path.open("rb") as stream:
        where = session.scalars(select(Unit).where(Unit.code == code)).one()
        number = receiving.receive(session, desk.files, stream, path.name, unit=where, by=desk.by).id
    desk.sweep("read")
    with unit(desk.engine) as session:
        batch = session.get_one(Batch, number)
        mapping_acts.confirm(session, batch, mapping_acts.mappings_of(batch), by=desk.by)
    desk.sweep("judge")
    state, problem = desk.state(number)
    if state != "ready":
        raise SystemExit(f"{path.name}: {state} {problem}")
    with reading(desk.engine) as session:
        watch.timed(score, path.name, session.get_one(Batch, number).rows_total)
    _hold(desk, number, path, score)
    return number


def _hold(desk: Desk, number: int, path: Path, score: Score) -> None:
    book = read(path, path.name)
    with reading(desk.engine) as session:
        rows = session.scalars(select(Row).where(Row.batch_id == number).order_by(Row.ordinal)
                               .options(undefer(Row.content)).execution_options(yield_per=2000))
        judged = [judged_of(row) for row in rows]
    hold(score, desk.answers, path.name, lay_out(book), judged, [sheet.name for sheet in book.sheets])


def _commit(desk: Desk, number: int) -> None:
    with unit(desk.engine) as session:
        committing.ask(session, session.get_one(Batch, number), by=desk.by)
    desk.sweep("commit")
    state, problem = desk.state(number)
    if state != "committed":
        raise SystemExit(f"batch {number}: {state} {problem}")


def _balanced(engine: Engine, score: Score) -> None:
    """Each row that entered is one certificate of the register, and there is no other."""
    with reading(engine) as session:
        entered = session.scalar(select(func.count(Row.id)).where(Row.certificate_id.is_not(None))) or 0
        distinct = session.scalar(select(func.count(func.distinct(Row.certificate_id)))) or 0
        registered = session.scalar(select(func.count(Certificate.id))) or 0
    for name, number in (("rows in one certificate", entered - distinct), ("no row's", registered - distinct)):
        if number:
            score.invented[name] += abs(number)


def _undone_again(desk: Desk, numbers: list[int]) -> None:
    """The last batch is taken back, and nothing of it counts any more."""
    with unit(desk.engine) as session:
        undoing.undo(session, session.get_one(Batch, numbers[-1]), by=desk.by)
    desk.sweep("undo")
    state, problem = desk.state(numbers[-1])
    if state != "undone":
        raise SystemExit(f"batch {numbers[-1]}: {state} {problem}")


def _register(engine: Engine) -> dict[str, Any]:
    """What is in the register now, and what the rows came to."""
    with reading(engine) as session:
        outcomes = session.execute(select(Row.outcome, func.count()).group_by(Row.outcome)).all()
        return {
            "certificates": session.scalar(select(func.count(Certificate.id)).where(Certificate.state != "00")),
            "people": session.scalar(select(func.count(Person.id))),
            "outcomes": {str(outcome): count for outcome, count in outcomes},
            "peak_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        }
