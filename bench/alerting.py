"""Planning the alerts of a day: what it costs must follow the certificates that reach a stage, not those in stock; by a
rule that somebody set, with stages in working days."""

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
from ledger.actor import SYSTEM
from ledger.db import open_database, unit
from migrations.run import upgrade
from registry.alerts import planning, ruling
from registry.alerts.model import END, Alert, AlertDay
from registry.alerts.rules import Rule, Stage
from registry.people import sealing
from registry.people.units import Unit

FEW, MANY, REACHING, TIMES = 10_000, 1_000_000, 300, 3
AHEAD = 30
"""Days before the end that some of them reach; the others end in three years or later."""
LATER = "date(:today, '+' || (1100 + id % 2000) || ' days')"
FAR = f"update certificate set state = '01', term = 'dated', ends_on = {LATER}, valid_until = {LATER}"
NEAR = "update certificate set ends_on = :ends where id between :first and :last"


def figures() -> Iterator[Figure]:
    sealing.set_key(b"k" * 32)
    taken = {}
    with tempfile.TemporaryDirectory() as folder:
        for count in (FEW, MANY):
            url = f"sqlite:///{Path(folder) / f'{count}.sqlite'}"
            upgrade(url)
            engine = open_database(url)
            taken[count] = planned(engine, count)
            engine.dispose()
    yield Figure(f"a day of alerts, {REACHING} of 1M certificates reach a stage", taken[MANY] * 1e3, "ms CPU")
    yield Figure("a day of alerts, 1M certificates : 10k", taken[MANY] / taken[FEW], "ratio", 2)


def planned(engine: Engine, count: int) -> float:
    """CPU seconds of planning a day on which so many reach a stage, the best of three days."""
    fill(engine, count)
    with unit(engine) as session:
        workdays.seed(session)
        session.execute(sa.text(FAR), {"today": clock.today().isoformat()})
        yesterday = clock.today() - dt.timedelta(days=1)
        session.add(AlertDay(id=planning.ONLY, day=yesterday, begun_on=yesterday))
        rule = Rule((Stage(AHEAD), Stage(5, "work"), Stage(-2, "work")), ((3650, ("holder", "owner")),), 5, 60)
        row = ruling.set_rule(session, session.get_one(Unit, 1), "", END, rule, seen=0, by=SYSTEM)
        row.since = yesterday
    with engine.begin() as rows:
        rows.execute(sa.text("analyze"))
    now = clock.Fixed(clock.now())
    with clock.use(now):
        return min(once(engine, now, number) for number in range(TIMES))


def once(engine: Engine, now: clock.Fixed, number: int) -> float:
    """A day, with certificates of its own."""
    first = 5 + number * REACHING
    with unit(engine) as session:
        session.execute(sa.text(NEAR), {"ends": (clock.today() + dt.timedelta(days=AHEAD)).isoformat(), "first": first,
                                        "last": first + REACHING - 1})
        before = session.scalar(sa.select(sa.func.count()).select_from(Alert)) or 0
    begun = time.process_time()
    while planning.sweep(engine):
        pass
    spent = time.process_time() - begun
    with unit(engine) as session:
        raised = (session.scalar(sa.select(sa.func.count()).select_from(Alert)) or 0) - before
    if raised != REACHING:
        raise SystemExit(f"{raised} of {REACHING} alerts were raised")
    now.advance(dt.timedelta(days=1))
    return spent
