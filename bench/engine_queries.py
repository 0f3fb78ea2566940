"""What must not grow with the number of rows: a page of the inbox, and a sweep for due timers."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from bench.completion import HR, Ours
from bench.measure import Figure
from engine.time import timers
from engine.usertasks import listing
from ledger import clock
from ledger.db import open_database, reading, unit
from migrations.run import upgrade

FEW, SOME_TASKS, MANY_TASKS, MANY_TIMERS, DUE, PAGES = 1_000, 50_000, 200_000, 1_000_000, 100, 60
NUMBERS = "with recursive n(i) as (select 1 union all select i + 1 from n where i < :count)"

WAITING = (
    "insert into timer (instance_id, element_id, occurrence, token, kind, due_at, due_confirmed, state, attempts, "
    f"next_try_at) {NUMBERS} select :instance, 'Z', i, 0, 'event', :later, 1, 'waiting', 0, :later from n"
)


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        page = {count: taken(folder, pages, count) for count in (FEW, SOME_TASKS, MANY_TASKS)}
        for count in (SOME_TASKS, MANY_TASKS):
            yield Figure(f"inbox page, 20 newest of {count:,}, p95", page[count] * 1e3, "ms CPU", 5)
        yield Figure("inbox page, 200k open tasks : 1k, p95", page[MANY_TASKS] / page[FEW], "ratio", 1.5)
        sweep = taken(folder, sweeps, MANY_TIMERS) / taken(folder, sweeps, FEW)
        yield Figure("sweep of 100 due timers, 1M waiting : 1k", sweep, "ratio", 2)


def taken(folder: str, measure: Callable[[Ours, int], float], count: int) -> float:
    """CPU seconds with so many rows."""
    url = f"sqlite:///{Path(folder) / f'{measure.__name__}{count}.sqlite'}"
    upgrade(url)
    engine = open_database(url)
    seconds = measure(Ours(engine), count)
    engine.dispose()
    return seconds


def pages(ours: Ours, count: int) -> float:
    """CPU seconds, 95th percentile, of the 20 newest of `count` tasks, a tenth of them offered to the reader's role."""
    instance = ours.start()
    fill = (
        "insert into task (instance_id, token, element_id, name, title, business_key, process_id, group_id, priority, "
        "state, version, offer, barred, not_by, created_at, due_confirmed) "
        f"{NUMBERS} select :instance, i, 'A', 'A', '申请', 'K', 'P', 1, 50, 'open', 1, '[]', '[]', '[]', :now, 1 from n"
    )
    offer = (
        "insert into task_candidate (task_id, candidate, open, rank_at, search) select id, "
        "case when id % 10 then 'legal@3' else 'hr@3' end, 1, rank_at, "
        "lower(title || ' ' || name || ' ' || business_key) from task where element_id = 'A'"
    )
    with unit(ours.engine) as session:
        session.execute(sa.text(fill), {"count": count, "instance": instance, "now": clock.now().replace(tzinfo=None)})
        session.execute(sa.text(offer))
    _analyse(ours.engine)
    each = []
    with reading(ours.engine) as session:
        for number in range(PAGES):
            begun = time.process_time()
            found = listing.inbox(session, HR, order="newest", limit=20)
            each.append(time.process_time() - begun)
            assert len(found) == 20, number
            session.expunge_all()
    return statistics.quantiles(each[10:], n=20)[-1]


def sweeps(ours: Ours, count: int) -> float:
    """CPU seconds of firing 100 due reminders while `count` other timers wait."""
    with clock.use(clock.Fixed(clock.now())) as now:
        assert isinstance(now, clock.Fixed)
        begun = [ours.start() for _ in range(DUE)]
        for instance in begun:
            ours.complete(ours.open_task(instance), {"amount": 1})
        later = {"count": count, "instance": begun[0], "later": (now() + timedelta(days=365)).replace(tzinfo=None)}
        with unit(ours.engine) as session:
            session.execute(sa.text(WAITING), later)
        _analyse(ours.engine)
        now.advance(timedelta(days=6))
        start = time.process_time()
        fired = timers.sweep(ours.engine, limit=DUE)
        spent = time.process_time() - start
        assert fired == DUE, fired
    return spent


def _analyse(engine: sa.Engine) -> None:
    with engine.begin() as rows:
        rows.execute(sa.text("analyze"))
