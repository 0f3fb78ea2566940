"""How the machinery is, read once: for its page, and for whoever scrapes /metrics. Numbers only, nobody's data."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from redis import Redis, RedisError
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from engine.figures import counting
from engine.model import Delivery, Incident, Instance, Task, Timer
from ledger import beats, clock, clock_guard
from ledger.beats import WorkerBeat
from ledger.clock_guard import ClockWatch
from ledger.facts import Fact
from ledger.jobs import FAILED, RUNNING, WAITING, Job
from web.config import Config

QUEUES = {"worker": "rq:queue:licet", "imports": "rq:queue:licet-imports"}
"""Where RQ keeps the wake-ups of each kind of worker (worker.py)."""
MOST = 10_000
"""Further than this nothing is counted: more is "at least"."""
DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Backlog:
    """So many wait, the oldest since then; `failing` of them were tried in vain."""

    count: int = 0
    since: dt.datetime | None = None
    failing: int = 0

    def age(self, now: dt.datetime) -> float:
        """Seconds that the oldest has waited; 0 when none does."""
        return max(0.0, (now - self.since).total_seconds()) if self.since else 0.0


@dataclass(frozen=True)
class Database:
    """Which database it is. `revision` is that of its tables, `head` the one that the source has."""

    kind: str
    version: str
    size: int
    revision: str
    head: str


@dataclass(frozen=True)
class Vitals:
    """One look at everything. `queues` is None where Redis does not answer, and empty where none is used."""

    now: dt.datetime
    database: Database
    workers: Sequence[WorkerBeat] = ()
    queues: dict[str, int] | None = field(default_factory=dict)
    outbox: Backlog = Backlog()
    timers: Backlog = Backlog()
    deliveries: Backlog = Backlog()
    jobs: Backlog = Backlog()
    jobs_running: int = 0
    jobs_failed: int = 0
    incidents: Backlog = Backlog()
    uncounted: int = 0
    disk_free: int = 0
    disk_total: int = 0
    doubts: Sequence[ClockWatch] = ()


def read(session: Session, config: Config) -> Vitals:
    """All of it, in some twenty short statements, each bounded by an index."""
    now = clock.now()
    disk = shutil.disk_usage(config.data if config.data.exists() else Path())
    return Vitals(
        now, database(session), beats.workers(session), queues(config.redis_url), _outbox(session), _timers(session),
        _deliveries(session), _jobs(session), _number(session, select(Job.id).where(Job.state == RUNNING)),
        _number(session, select(Job.id).where(Job.state == FAILED, Job.ended_at > now - DAY)),
        _backlog(session, Incident, Incident.opened_at, Incident.resolved_at.is_(None)),
        counting.behind(session, MOST), disk.free, disk.total, clock_guard.doubts(session))


def database(session: Session) -> Database:
    """Kind, version, size and tables of the database."""
    if session.get_bind().dialect.name == "sqlite":
        version = session.scalar(text("select sqlite_version()"))
        size = "select page_count * page_size from pragma_page_count(), pragma_page_size()"
    else:
        version, size = session.scalar(text("show server_version")), "select pg_database_size(current_database())"
    try:
        with session.begin_nested():
            revision = session.scalar(text("select max(version_num) from alembic_version"))
    except SQLAlchemyError:  # tables that no migration made: in tests
        revision = None
    return Database(session.get_bind().dialect.name, str(version), int(session.scalar(text(size)) or 0),
                    revision or "", _head())


@cache
def _head() -> str:
    from migrations.run import FOLDER

    return max(path.name[:4] for path in (FOLDER / "versions").glob("[0-9]*.py"))


def queues(url: str) -> dict[str, int] | None:
    """How many wake-ups wait in Redis for each kind of worker; None: it does not answer. No Redis: nothing waits."""
    if not url:
        return {}
    try:
        with Redis.from_url(url, socket_connect_timeout=0.25, socket_timeout=0.25) as server:
            return {kind: int(server.llen(name)) for kind, name in QUEUES.items()}
    except (RedisError, OSError):
        return None


def running(session: Session) -> dict[tuple[str, str], int]:
    """(process, state) -> instances: all that run, and what ended, from one index."""
    rows = session.execute(select(Instance.process_id, Instance.state, func.count()).group_by(
        Instance.process_id, Instance.state))
    return {(process_id, state): count for process_id, state, count in rows}


def open_tasks(session: Session) -> tuple[int, int]:
    """How many tasks are open, and how many of them overdue."""
    open_ones = select(func.count(), func.count(Task.id).filter(Task.rank_at <= clock.now())).where(
        Task.state == "open", Task.parent_id.is_(None))
    count, late = session.execute(open_ones).one()
    return count, late


def _outbox(session: Session) -> Backlog:
    waits = Fact.delivered_at.is_(None)
    return _backlog(session, Fact, Fact.at, waits, Fact.attempts > 0)


def _timers(session: Session) -> Backlog:
    """Those that should have fired: of instances that run, and due. `failing`: tried in vain, to be tried again."""
    late = (Timer.state == "waiting") & (Timer.due_at <= clock.now()) & (Timer.next_try_at <= clock.now())
    kept = (Timer.state == "waiting") & (Timer.attempts > 0)
    found = _backlog(session, Timer, Timer.due_at, late)
    return Backlog(found.count, found.since, _number(session, select(Timer.id).where(kept)))


def _deliveries(session: Session) -> Backlog:
    late = (Delivery.state == "waiting") & (Delivery.next_try_at <= clock.now())
    return _backlog(session, Delivery, Delivery.sent_at, late, Delivery.attempts > 0)


def _jobs(session: Session) -> Backlog:
    return _backlog(session, Job, Job.asked_at, Job.state == WAITING)


def _backlog(session: Session, kind: type[Any], since: Any, which: Any, failing: Any = None) -> Backlog:
    some = select(since.label("since"), (failing if failing is not None else since.is_(None)).label("failing")).where(
        which).order_by(kind.id).limit(MOST).subquery()
    count, oldest, tried = session.execute(select(
        func.count(), func.min(some.c.since), func.count(some.c.since).filter(some.c.failing))).one()
    return Backlog(count, oldest, tried)


def _number(session: Session, query: Any) -> int:
    return session.scalar(select(func.count()).select_from(query.limit(MOST).subquery())) or 0
