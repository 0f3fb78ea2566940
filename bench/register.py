"""A page of the register at 120k certificates: every kind of search, every order, a past day, and a whole export."""

from __future__ import annotations

import datetime as dt
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bench.measure import Figure
from bench.register_rows import fill
from ledger.actor import Actor, Grant
from ledger.db import open_database, reading
from migrations.run import upgrade
from registry.access.comparison import compare
from registry.access.lines import Day, every_line, find_lines
from registry.access.register import SORTS, Filter, find
from registry.certificates.standing import Standing
from registry.people import sealing
from tests.servers import Missing, Postgres

CERTIFICATES, BAR, TIMES, EXPORTED = 120_000, 100, 5, 20_000
EVERYWHERE = Actor(1, "管理员", 1, (Grant("custodian", 1, "/1/"),), "person")
COMPANY = Actor(1, "管理员", 1, (Grant("custodian", 3, "/1/3/"),), "person")
WORDS = ("张伟", "zhang", "zw", "000123", "LC-P02", "zhang P02", "不在里面")
THEN, LATER = Day(dt.date(2025, 6, 1)), Day(dt.date(2025, 7, 1))
Ask = Callable[[Session], object]


def figures() -> Iterator[Figure]:
    sealing.set_key(b"k" * 32)
    with tempfile.TemporaryDirectory() as folder:
        yield from filled(f"sqlite:///{Path(folder) / 'register.sqlite'}")
    try:
        server = Postgres()
    except Missing:
        return
    server.start(("listen_addresses=", "fsync=off", "max_connections=20"))
    try:
        with server.connect() as connection:
            connection.execute("create database register")
        yield from filled(server.url("register"))
    finally:
        server.stop()


def filled(url: str) -> Iterator[Figure]:
    """The figures of one database, filled first."""
    upgrade(url)
    engine = open_database(url)
    fill(engine, CERTIFICATES)
    yield from measured(engine)
    engine.dispose()


def measured(engine: Engine) -> Iterator[Figure]:
    """The slowest of each group of questions, each asked five times and counted by its fastest (a shared machine)."""
    kind = engine.dialect.name
    for name, asks in (("search", _searches()), ("order", _orders()), ("filter", _filters())):
        taken = {what: fastest(engine, ask) for what, ask in asks.items()}
        slowest = max(taken, key=lambda what: taken[what])
        yield Figure(f"register {name}, 120k, {kind}, slowest ({slowest})", taken[slowest], "ms", BAR)
    past = fastest(engine, lambda session: find_lines(session, EVERYWHERE, Filter(), THEN), times=2)
    yield Figure(f"register of a past day, 120k, {kind}", past, "ms")
    both = fastest(engine, lambda session: compare(session, EVERYWHERE, Filter(), THEN, LATER), times=1)
    yield Figure(f"two days a month apart compared, 120k, {kind}", both, "ms")
    whole = fastest(engine, exported, times=1)
    yield Figure(f"lines read and written as a workbook, {kind}", EXPORTED / whole * 1000, "rows/s", 5_000, "at least")


def fastest(engine: Engine, ask: Ask, times: int = TIMES) -> float:
    """Milliseconds of the fastest of several."""
    taken = []
    for _ in range(times):
        with reading(engine) as session:
            begun = time.perf_counter()
            ask(session)
            taken.append((time.perf_counter() - begun) * 1000)
    return min(taken)


def exported(session: Session) -> int:
    """The size of a workbook of 20k lines."""
    from web.spreadsheet import Sheet, workbook

    lines = every_line(session, EVERYWHERE, Filter(), None, order="holder", limit=EXPORTED, action="certificate.export")
    rows = ([line.code, line.type.name, line.number, line.holder_name, line.unit, line.valid_from, line.ends_on,
             line.standing.label, line.issuer, line.issued_on] for line in lines)
    return sum(map(len, workbook([Sheet("台账", [("", 10)] * 10, rows)])))


def _searches() -> dict[str, Ask]:
    made: dict[str, Ask] = {}
    for word in WORDS:
        made[word] = partial(find, actor=EVERYWHERE, sought=Filter(text=word))
        made[f"{word}, a company"] = partial(find, actor=COMPANY, sought=Filter(text=word), order="holder")
    return made


def _orders() -> dict[str, Ask]:
    return {sign + key: partial(find, actor=EVERYWHERE, order=sign + key) for key in SORTS for sign in ("", "-")}


def _filters() -> dict[str, Ask]:
    day = dt.date(2026, 12, 1)
    sought = {
        "due": Filter(standings=(Standing.DUE,)), "expired": Filter(standings=(Standing.EXPIRED,)),
        "type and end": Filter(types=("P02", "P05"), ends_from=day, ends_to=day + dt.timedelta(days=60)),
        "word and state": Filter(text="zhang", standings=(Standing.VALID, Standing.DUE)),
    }
    return {what: partial(find, actor=EVERYWHERE, sought=each, order="ends") for what, each in sought.items()}
