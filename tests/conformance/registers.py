"""Registers of other countries brought in whole: `python -m tests.conformance.registers [--database postgresql]`.

Each goes the way of a ledger (received, read, columns confirmed, judged, committed, undone) under a mapping such as a
person makes in the browser: one type for the whole file, held by one company, columns that mean nothing to us kept as
they are. Counted against the file itself, read by Python's csv module: no row lost or invented, the sums of the number
columns the same. One JSON line for each register; exit 1 when one does not balance.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path

import msgspec
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import undefer

from ledger import workdays
from ledger.actor import Actor
from ledger.db import reading, unit
from registry.certificates.models import Certificate, Version
from registry.intake import work
from registry.intake.batch.models import Batch, Row
from registry.intake.entry import committing
from registry.intake.mapping import Mapped, Mapping
from registry.intake.preview import mapping_acts, receiving
from registry.intake.settlement.settling import read as judged_of
from registry.intake.withdrawal import undoing
from registry.people import sealing
from registry.people.units import Unit
from tests.conformance.ledger_batches import fresh
from tests.registry.organisation import organisation

MATERIAL = Path(__file__).resolve().parents[3] / "shared" / "material"


@dataclass(frozen=True)
class Register:
    """A file, what its columns mean (heading -> field; others are kept) and the columns whose sums must come out."""

    key: str
    path: str
    means: dict[str, str]
    sums: tuple[str, ...]
    days: str = "ymd"
    encoding: str = "utf-8-sig"

    @property
    def content(self) -> bytes:
        """The file, unpacked."""
        raw = (MATERIAL / self.path).read_bytes()
        return gzip.decompress(raw) if self.path.endswith(".gz") else raw


REGISTERS = (
    Register("calgary", "registers/calgary/building_permits.csv", {
        "permitnum": "number", "issueddate": "issued_on", "completeddate": "keep"},
        ("estprojectcost", "totalsqft", "housingunits")),
    Register("seattle", "registers/seattle/current_permits.csv", {
        "Application/Permit Number": "number", "Issue Date": "issued_on", "Expiration Date": "valid_until"},
        ("Value",), days="mdy"),
    Register("chicago", "registers/chicago/business_licences.csv.gz", {
        "license_number": "number", "start_date": "valid_from", "expiration_date": "valid_until"}, ("zip",)),
    Register("wabo", "logs/wabo-receipt/receipt.csv", {
        "case:concept:name": "number", "case:startdate": "issued_on", "case:enddate": "keep"}, ()),
)


@dataclass
class Told:
    """What a register came to."""

    register: str
    rows: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    certificates: int = 0
    versions: int = 0
    sums: dict[str, str] = field(default_factory=dict)

    def must(self, right: bool, fault: str) -> None:
        if not right:
            self.faults.append(fault)

    def line(self) -> str:
        return json.dumps({**self.__dict__, "ok": not self.faults}, ensure_ascii=False)


def written(register: Register, content: bytes) -> list[dict[str, str]]:
    """The rows as Python's csv module reads them: the other opinion."""
    csv.field_size_limit(10_000_000)
    text = io.StringIO(content.decode(register.encoding), newline="")
    return [row for row in csv.DictReader(text) if any(row.values())]


def number(text: str | None) -> Decimal:
    """A cell as a number, 0 where it is none."""
    try:
        return Decimal((text or "").strip().replace(",", "") or "0")
    except InvalidOperation:
        return Decimal(0)


def through(engine: Engine, register: Register, content: bytes, folder: Path, by: Actor, company: int) -> Told:
    """One register there and back."""
    rows, told = written(register, content), Told(register.key)
    told.rows = len(rows)

    def step(name: str) -> None:
        begun = time.perf_counter()
        work.sweep(engine, folder)
        told.seconds[name] = round(time.perf_counter() - begun, 1)

    with unit(engine) as session:
        batch_id = receiving.receive(session, folder, io.BytesIO(content), f"{register.key}.csv",
                                     unit=session.get_one(Unit, company), by=by).id
    step("read")
    with unit(engine) as session:
        batch = session.get_one(Batch, batch_id)
        mapping_acts.confirm(session, batch, _mapped(register, batch, company), by=by)
    step("judge")
    _staged(engine, batch_id, register, rows, told)
    with unit(engine) as session:
        committing.ask(session, session.get_one(Batch, batch_id), by=by)
    step("commit")
    _entered(engine, batch_id, register, rows, told)
    with unit(engine) as session:
        undoing.undo(session, session.get_one(Batch, batch_id), by=by)
    step("undo")
    with reading(engine) as session:
        left = session.scalar(select(func.count(Certificate.id)).where(Certificate.state != "00"))
        told.must(left == 0, f"{left} certificates are left after the undo")
    return told


def _mapped(register: Register, batch: Batch, company: int) -> list[Mapping]:
    found = []
    for table, proposed in zip(batch.told["tables"], mapping_acts.mappings_of(batch), strict=True):
        columns = [Mapped(field=register.means.get(column["heading"], "keep")) for column in table["columns"]]
        found.append(msgspec.structs.replace(
            proposed, columns=columns, content="certificates", type_code="E17", holder_unit=company,
            days=register.days, types={}))
    return found


def _staged(engine: Engine, batch_id: int, register: Register, rows: list[dict[str, str]], told: Told) -> None:
    """Every row of the file is one row of the batch, cell by cell."""
    with reading(engine) as session:
        batch = session.get_one(Batch, batch_id)
        told.must(batch.state == "ready", f"{batch.state}: {batch.problem}")
        stored = session.scalars(select(Row).where(Row.batch_id == batch_id).order_by(Row.ordinal).options(
            undefer(Row.content)).execution_options(yield_per=2000))
        sums: Counter[str] = Counter()
        headings, count, strange = list(rows[0]), 0, 0
        for row, original in zip(stored, rows, strict=False):
            count += 1
            told.outcomes[row.outcome] += 1
            raw = judged_of(row).raw
            strange += [cell.strip() for cell in raw] != [_cell(original[heading]) for heading in headings][:len(raw)]
            for heading in register.sums:
                place = headings.index(heading)
                sums[heading] += number(raw[place]) if place < len(raw) else 0  # type: ignore[assignment]
        total = session.scalar(select(func.count(Row.id)).where(Row.batch_id == batch_id)) or 0
    told.must(count == total == len(rows), f"{total} rows of {len(rows)}")
    told.must(not strange, f"{strange} rows have other cells than the file")
    for heading in register.sums:
        wanted = sum((number(row[heading]) for row in rows), Decimal(0))
        told.sums[heading] = str(wanted)
        told.must(sums[heading] == wanted, f"{heading} sums up to {sums[heading]}, in the file to {wanted}")


def _cell(text: str | None) -> str:
    return (text or "").strip()


def _entered(engine: Engine, batch_id: int, register: Register, rows: list[dict[str, str]], told: Told) -> None:
    """Each number that was not stopped is one certificate, and each of its terms a version of it."""
    heading = next(name for name, field_ in register.means.items() if field_ == "number")
    with reading(engine) as session:
        batch = session.get_one(Batch, batch_id)
        told.must(batch.state == "committed", f"{batch.state}: {batch.problem}")
        stopped = {row.row_no for row in session.scalars(
            select(Row).where(Row.batch_id == batch_id, Row.outcome == "stopped"))}
        numbers = {_cell(row[heading]) for place, row in enumerate(rows, 1) if place not in stopped}
        entered = set(session.scalars(select(Version.number_raw).join(Certificate).where(Certificate.state != "00")))
        told.certificates = session.scalar(select(func.count(Certificate.id)).where(Certificate.state != "00")) or 0
        told.versions = session.scalar(select(func.count(Version.id))) or 0
        loose = session.scalar(select(func.count(Row.id)).where(
            Row.batch_id == batch_id, Row.outcome != "stopped", Row.certificate_id.is_(None))) or 0
    told.must(told.certificates == len({each.upper() for each in numbers}),
              f"{told.certificates} certificates of {len(numbers)} numbers")
    told.must({each.upper() for each in entered} <= {each.upper() for each in numbers}, "a number is not in the file")
    told.must(not loose, f"{loose} rows led to no certificate")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    options.add_argument("registers", nargs="*", default=[each.key for each in REGISTERS])
    given = options.parse_args()
    if not MATERIAL.is_dir():
        raise SystemExit("the folder shared/material is not here: nothing to bring in")
    sealing.set_key(b"k" * 32)
    right = True
    for register in REGISTERS:
        if register.key not in given.registers:
            continue
        with tempfile.TemporaryDirectory() as place, fresh(given.database, Path(place)) as engine:
            with unit(engine) as session:
                workdays.seed(session)
                org = organisation(session)
                company, by = org.company.id, org.actor("custodian", at=org.group, name="赵管理")
            told = through(engine, register, register.content, Path(place) / "files", by, company)
        print(told.line(), flush=True)
        right = right and not told.faults
    sys.exit(0 if right else 1)


if __name__ == "__main__":
    main()
