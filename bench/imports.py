"""Pages of a ledger that came in and of the steward's desk: 120k rows, 180k findings, 120k certificates.

On both databases. Two findings of three were put right by themselves; the others wait, in 600 cases of 12 kinds. Asked
by somebody who sees the whole group.
"""

from __future__ import annotations

import datetime as dt
import gc
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import Engine, insert
from werkzeug.test import Client

import workflows
from bench.measure import Figure
from bench.pages import signed_in
from bench.register_rows import fill
from ledger import clock, workdays
from ledger.actor import SYSTEM
from ledger.db import open_database, unit
from ledger.files import File
from migrations.run import upgrade
from registry.access.accounts import create_account
from registry.access.grants import grant_role
from registry.certificates.models import Certificate
from registry.intake.batch.cells import Kept, seal_cell, seal_row
from registry.intake.batch.models import Batch, Flaw, Row
from registry.intake.findings import KINDS, Finding
from registry.intake.judged import Judged
from registry.intake.mapping import Mapped, Mapping
from registry.intake.preview.staging import counted
from registry.intake.stewardship import counting
from registry.people import sealing
from registry.people.persons import person_of
from registry.people.units import unit_of
from tests.servers import Missing, Postgres
from web.app import create_app
from web.config import Config

ROWS, CHUNK, PAGES, BAR, PASSWORD = 120_000, 4_000, 20, 100, "a password for measuring"
MEANT = ("name", "type", "number", "issued_on", "valid_until", "issuer", "company", "project", "phone", "remark",
         "keep")
RAW = ["某人", "电工作业", "T00000000000000000", "2024.3.1", "2027-02-28", "某局", "某公司", "某工程", "139", "", "甲"]
ASKED = {
    "rows": "/imports/1/rows", "rows, last page": "/imports/1/rows?page=2400",
    "rows, new": "/imports/1/rows?outcome=new", "rows of a kind": "/imports/1/rows?kind={kind}",
    "rows of a table": "/imports/1/rows?table=0",
    "summary": "/imports/1/summary", "batch": "/imports/1", "queue": "/steward",
    "queue, a company": "/steward?unit=3", "queue, a kind": "/steward?kind={kind}",
    "findings of a kind": "/steward/items?kind={kind}", "finding": "/steward/items/{flaw}",
    "quality": "/steward/quality", "quality, a company": "/steward/quality?unit=3",
    "quality, lacking": "/steward/quality/lacking?part=settled",
}
WHOLE = {"burn-down": "/steward/burn-down?days=30", "register of a batch": "/certificates?batch=1"}
"""Told without a bar: what reads everything that ever was."""
CLOCKS = {"sqlite": time.process_time, "postgresql": time.perf_counter}


def figures() -> Iterator[Figure]:
    """The pages on SQLite, then on PostgreSQL if it is here."""
    with tempfile.TemporaryDirectory() as place:
        yield from measured(Path(place), f"sqlite:///{Path(place) / 'licet.db'}")
    try:
        server = Postgres()
    except Missing:
        return
    server.start(("listen_addresses=", "fsync=off", "max_connections=20"))
    try:
        with server.connect() as connection:
            connection.execute("create database imports")
        with tempfile.TemporaryDirectory() as place:
            yield from measured(Path(place), server.url("imports"))
    finally:
        server.stop()


def measured(folder: Path, url: str) -> Iterator[Figure]:
    """Every page of ASKED: by CPU on SQLite, which works in this process, by the clock on PostgreSQL."""
    client, names = site(folder, url)
    gc.collect()
    gc.freeze()  # what was made to fill it is not the pages' to walk
    kind = sa.make_url(url).get_backend_name()
    for what, address in ASKED.items():
        found = answered(client, address.format(**names), CLOCKS[kind])
        yield Figure(f"page {what}, 120k rows, 180k findings, {kind}, p95", found * 1e3, "ms", BAR)
    for what, address in WHOLE.items():
        found = answered(client, address, CLOCKS[kind])
        yield Figure(f"page {what}, 120k rows, 180k findings, {kind}, p95", found * 1e3, "ms")


def site(folder: Path, url: str) -> tuple[Client, dict[str, Any]]:
    """A browser signed in at a filled site, and a kind and an id to ask for."""
    sealing.load_key(folder)
    upgrade(url)
    engine = open_database(url)
    fill(engine, ROWS)
    with unit(engine) as session:
        workdays.seed(session)
        workflows.publish(session, by=SYSTEM)
        person = person_of(session, 1)
        create_account(session, person, login="bench", password=PASSWORD, by=SYSTEM)
        for role in ("custodian", "steward"):
            grant_role(session, person, role, unit_of(session, 1), by=SYSTEM, from_on=dt.date(2020, 1, 1))
    names = brought_in(engine)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as rows:
        rows.execute(sa.text("vacuum analyze" if engine.dialect.name == "postgresql" else "analyze"))
    counting.sweep(engine)
    engine.dispose()
    app = create_app(Config(data=folder, database_url=url, secret="s" * 40, testing=True, limits=False))
    return signed_in(app.test_client(), "bench", PASSWORD), names


def brought_in(engine: Engine) -> dict[str, Any]:
    """One committed batch, a row for each certificate."""
    content, cell = seal_row(Kept(Judged(table=0, sheet=0, row=1, raw=RAW))), seal_cell(Finding(
        kind="", column=4, weight="doubt", text="", raw="2027.2.28", proposed="2027-02-28"))
    waiting = list(KINDS)[:12]
    with unit(engine) as session:
        session.add(_batch(session))
        session.flush()
        places = session.execute(sa.select(Certificate.id, Certificate.unit_path, Certificate.type_code)
                                 .order_by(Certificate.id)).all()
        for start in range(0, len(places), CHUNK):
            some = list(enumerate(places[start:start + CHUNK], start + 1))
            session.execute(insert(Row), [
                {"id": no, "batch_id": 1, "ordinal": no - 1, "table_no": 0, "sheet_no": 0, "row_no": no, "part": 0,
                 "outcome": "stopped" if no % 50 == 0 else "new", "type_code": one.type_code, "content": content,
                 "shown": {"holder": "某人", "number": "T1"}, "certificate_id": one.id} for no, one in some])
            session.execute(insert(Flaw), [
                _flaw(no, one, waiting, again, cell) for no, one in some for again in range(1 + no % 2)])
        session.flush()
        batch = session.get_one(Batch, 1)
        batch.counts = counted(session, batch)
        example = session.scalars(sa.select(Flaw.id).where(Flaw.state == "open").limit(1)).one()
    return {"kind": waiting[1], "flaw": example}


def _batch(session: sa.orm.Session) -> Batch:
    columns = [{"heading": f"列{no}", "place": no, "letter": "ABCDEFGHIJK"[no], "filled": ROWS, "examples": ["甲"],
                "numbers": 0, "sum": None, "words": []} for no in range(len(MEANT))]
    told = {"number": 0, "sheet": 0, "sheet_name": "总表", "name": "总表", "title": "", "shape": "rows",
            "hidden": False, "context": {}, "rows": ROWS, "first": 2, "last": ROWS + 1, "columns": columns, "words": []}
    file = File(sha256="0" * 64, name="总表.xlsx", media_type="application/vnd.ms-excel", size=1, group_id=1,
                at=clock.now())
    session.add(file)
    session.flush()
    return Batch(
        id=1, group_id=1, unit_id=1, unit_path="/1/", file_id=file.id, name="总表.xlsx", state="committed",
        mappings=[msgspec.to_builtins(Mapping(columns=[Mapped(field=field) for field in MEANT]))],
        told={"tables": [told], "skipped": {}, "rows": ROWS + 1}, confirmed=True, rows_total=ROWS, rows_done=ROWS,
        by_id=1, by_name="某人", committed_at=clock.now(), committed_by=1)


def _flaw(no: int, place: Any, waiting: list[str], again: int, cell: bytes) -> dict[str, Any]:
    open_, number = again == 1, no // 2
    stands = number % 25 == 0
    return {
        "group_id": 1, "unit_path": place.unit_path, "family": "P", "type_code": place.type_code, "batch_id": 1,
        "row_id": no, "certificate_id": None if open_ and stands else place.id,
        "kind": waiting[number % 12] if open_ else list(KINDS)[12 + no % 5], "column_no": 4, "content": cell,
        "weight": ("stop" if stands else "doubt") if open_ else "tidied", "field": "valid_until",
        "case": f"同类{number % 50}" if open_ else "", "text": "", "params": {},
        "state": "open" if open_ else "accepted", "since": clock.now(), "settled_at": None if open_ else clock.now(),
    }


def answered(client: Client, address: str, clock_: Callable[[], float]) -> float:
    """Seconds of a page, 95th percentile; the best of three rounds (a shared machine)."""
    taken(client, address, 2, clock_)
    return min(statistics.quantiles(taken(client, address, PAGES, clock_), n=20)[-1] for _ in range(3))


def taken(client: Client, address: str, times: int, clock_: Callable[[], float]) -> list[float]:
    """Seconds of each of several requests."""
    each = []
    for _ in range(times):
        begun = clock_()
        answer = client.get(address)
        each.append(clock_() - begun)
        if answer.status_code != 200:
            raise SystemExit(f"{address}: {answer.status_code}")
    return each
