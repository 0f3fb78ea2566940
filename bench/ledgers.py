"""One old ledger of 120,000 rows: received, read, every defect found, committed in one transaction, undone.

The rows are those of the sample group (registry.sample --ledger) put into one workbook, sheet after sheet. Each
database is measured in a process of its own, so that its peak of memory is its own.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.measure import Figure
from ledger import clock
from ledger.db import reading, unit
from registry.intake import work
from registry.intake.batch.models import Batch
from registry.intake.book import Value
from registry.intake.entry import committing
from registry.intake.preview import mapping_acts, receiving
from registry.intake.reading import read
from registry.intake.withdrawal import undoing
from registry.people import sealing
from registry.people.units import Unit
from tests.conformance.ledger_batches import entered, fresh
from tests.conformance.ledger_key import Answers
from tests.servers import Missing
from web.spreadsheet import Cell, Sheet, workbook

CERTIFICATES, ROWS_A_SECOND, MEGABYTES = 120_000, 5_000, 1_000
WHOLE = "whole.xlsx"


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as place:
        folder, seed = Path(place), int(clock.now().timestamp())
        _run("registry.sample", "--seed", str(seed), "--certificates", str(CERTIFICATES), "--ledger", place)
        gather(folder)
        for database in ("sqlite", "postgresql"):
            try:
                told = json.loads(_run("bench.ledgers", database, place).splitlines()[-1])
            except subprocess.CalledProcessError as error:
                if str(Missing.__name__) in (error.stderr or ""):
                    continue
                raise
            preview = told["seconds"]["read"] + told["seconds"]["judge"]
            yield Figure(f"rows of a ledger previewed, {database}", told["rows"] / preview, "rows/s", ROWS_A_SECOND,
                         "at least")
            yield Figure(f"memory at 120k rows, {database}", told["megabytes"], "MB", MEGABYTES)
            for step in ("commit", "undo"):
                yield Figure(f"{step} of 120k rows, {database}", told["seconds"][step], "s")


def _run(*words: str) -> str:
    done = subprocess.run([sys.executable, "-m", *words], check=True, capture_output=True, text=True)
    return done.stdout


def gather(folder: Path) -> None:
    """All sheets of all files in one workbook, as values."""
    sheets = []
    for path in sorted((folder / "ledgers").iterdir()):
        for sheet in read(path, path.name).sheets:
            sheets.append(Sheet(f"{len(sheets) + 1} {sheet.name}"[:31], (), [_cells(row) for row in sheet.rows],
                                merged=sheet.merged))
    with (folder / WHOLE).open("wb") as out:
        out.writelines(workbook(sheets))


def _cells(row: Sequence[Value]) -> list[Cell]:
    return [str(value) if isinstance(value, bool) else value for value in row]


def _measured(database: str, folder: Path) -> dict[str, object]:
    seconds: dict[str, float] = {}
    key = Answers(folder)
    with tempfile.TemporaryDirectory() as place, fresh(database, Path(place)) as engine:
        by, files = entered(engine, key), Path(place) / "files"

        def step(name: str) -> None:
            begun = time.perf_counter()
            work.sweep(engine, files)
            seconds[name] = time.perf_counter() - begun

        def batch_in(session: object) -> Batch:
            return session.get_one(Batch, number)  # type: ignore[attr-defined,no-any-return]

        with unit(engine) as session, (folder / WHOLE).open("rb") as stream:
            group = session.get_one(Unit, by.group_id)
            number = receiving.receive(session, files, stream, WHOLE, unit=group, by=by).id
        step("read")
        with unit(engine) as session:
            mapping_acts.confirm(session, batch_in(session), mapping_acts.mappings_of(batch_in(session)), by=by)
        step("judge")
        with unit(engine) as session:
            rows = batch_in(session).rows_total
            committing.ask(session, batch_in(session), by=by)
        step("commit")
        with unit(engine) as session:
            undoing.undo(session, batch_in(session), by=by)
        step("undo")
        with reading(engine) as session:
            state, problem = batch_in(session).state, batch_in(session).problem
        if state != "undone":
            raise SystemExit(f"{state}: {problem}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {"rows": rows, "seconds": seconds, "megabytes": peak}


if __name__ == "__main__":
    sealing.set_key(b"k" * 32)
    print(json.dumps(_measured(sys.argv[1], Path(sys.argv[2]))))
