"""The scan for certificates that cross a threshold: what it costs must follow those that do, not those in stock."""

from __future__ import annotations

import datetime as dt
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Engine

from bench.measure import Figure
from bench.register_rows import fill
from ledger import clock, workdays
from ledger.db import open_database, unit
from migrations.run import upgrade
from registry.certificates import timers
from registry.people import sealing

FEW, MANY, DUE, TIMES = 10_000, 1_000_000, 100, 3
STOCK = 10_000  # certificates that the waiting days belong to; more days lie on each where there are more
NUMBERS = "with recursive n(i) as (select 1 union all select i + 1 from n where i < :count)"
KINDS = ("opens", "hand_in", "target", "closes")
WAITING = (
    "insert into certificate_timer (certificate_id, version_id, kind, due_on, due_at, confirmed) "
    f"{NUMBERS} select 5 + i % :stock, (select min(id) from certificate_version where certificate_id = 5 + i % :stock),"
    " 'k' || (i / :stock), :day, :later, 1 from n"
)
SOON = (
    "insert into certificate_timer (certificate_id, version_id, kind, due_on, due_at, confirmed) "
    "select certificate_id, min(id), :kind, :day, :now, 1 from certificate_version "
    "where certificate_id between :first and :last group by certificate_id"
)


def figures() -> Iterator[Figure]:
    sealing.set_key(b"k" * 32)
    taken = {}
    with tempfile.TemporaryDirectory() as folder:
        for count in (FEW, MANY):
            url = f"sqlite:///{Path(folder) / f'{count}.sqlite'}"
            upgrade(url)
            engine = open_database(url)
            taken[count] = scanned(engine, count)
            engine.dispose()
    yield Figure("100 certificate days due among 1M waiting", taken[MANY] * 1e3, "ms CPU")
    yield Figure("certificate days due, 1M waiting : 10k", taken[MANY] / taken[FEW], "ratio", 2)


def scanned(engine: Engine, count: int) -> float:
    """CPU seconds of firing 100 due days while `count` others wait, the best of three."""
    fill(engine, STOCK)
    now = clock.now()
    later = {"day": now.date() + dt.timedelta(days=400), "later": (now + dt.timedelta(days=400)).replace(tzinfo=None)}
    with unit(engine) as session:
        workdays.seed(session)
        session.execute(sa.text(WAITING), {"count": count, "stock": STOCK, **later})
    spent = [once(engine, number) for number in range(TIMES)]
    return min(spent)


def once(engine: Engine, number: int) -> float:
    """One scan, of a hundred certificates of its own."""
    first = 5 + number * DUE
    with unit(engine) as session:
        session.execute(sa.text(SOON), {
            "kind": KINDS[number], "day": clock.today(), "first": first, "last": first + DUE - 1,
            "now": (clock.now() - dt.timedelta(hours=1)).replace(tzinfo=None)})
    with engine.begin() as rows:
        rows.execute(sa.text("analyze"))
    begun = time.process_time()
    fired = timers.sweep(engine, limit=DUE)
    spent = time.process_time() - begun
    if fired != DUE:
        raise SystemExit(f"{fired} of {DUE} due days were worked off")
    return spent
