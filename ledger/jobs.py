"""Long work that somebody asked for: a row that says how far it is, taken up by the worker, stopped and gone on with.

Whoever does the work cuts it into small transactions; in each it says how far it has come (`Turn.told`), so that a
killed worker goes on at the cursor that was committed with the work. The results are its own room's rows.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, Index, String, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger import clock
from ledger.actor import Actor
from ledger.claims import claimed
from ledger.db import Base, Bell, BigId, Id, Instant, Json, reading, ring_after_commit, unit
from ledger.errors import Conflict, NotFound, Problem, Refused
from ledger.facts import record
from ledger.failpoints import fp

log = logging.getLogger("licet.jobs")
BELL = "imports"
"""Long work is done by the worker for it, not by the one that deadlines wait for (worker.py)."""
CLAIMS = 71_055
TRIES = 3
"""So often a job may be taken up without getting any further before a person is told."""
WAITING, RUNNING, DONE, CANCELLED, FAILED = "waiting", "running", "done", "cancelled", "failed"
UNDER_WAY = (WAITING, RUNNING)
BROKEN = "处理时出错（{kind}），已完成的部分保留，请重试或联系管理员。"


class OverAlready(Conflict):
    """这项工作已经结束，不能取消。"""


class Cancelled(Exception):
    """Somebody asked for the job to stop."""


class Stopped(Exception):
    """This process is to end; whoever starts next goes on."""


class Job(Base):
    """A piece of long work: who asked for what, how far it is, and what came of it.

    `args` hold ids and dates only. `wish` is set when it is to stop. `cursor` is where it goes on; `result` a few
    numbers for its page; `problem` a Problem as JSON keeps it. `attempts` counts since the cursor last moved.
    """

    __tablename__ = "job"
    __table_args__ = (
        Index("ix_job_under_way", "id", postgresql_where=text("state IN ('waiting', 'running')"),
              sqlite_where=text("state IN ('waiting', 'running')")),
        Index("ix_job_asked", "kind", "by_id", "id"),
    )

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(String(40))
    args: Mapped[dict[str, Any]] = mapped_column(Json)
    group_id: Mapped[int | None] = mapped_column(BigId)
    by_id: Mapped[int | None] = mapped_column(BigId)
    by_name: Mapped[str] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(12), default=WAITING)
    wish: Mapped[bool] = mapped_column(default=False)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None]
    asked_at: Mapped[dt.datetime] = mapped_column(Instant)
    begun_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    ended_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(default=0)
    cursor: Mapped[dict[str, Any] | None] = mapped_column(Json)
    result: Mapped[dict[str, Any] | None] = mapped_column(Json)
    problem: Mapped[dict[str, Any] | None] = mapped_column(Json)

    @property
    def under_way(self) -> bool:
        """Whether it waits or runs."""
        return self.state in UNDER_WAY


@dataclass
class Turn:
    """What the one who does a job is handed. `cursor` is None at its very beginning."""

    job_id: int
    args: dict[str, Any]
    cursor: dict[str, Any] | None
    by_id: int | None
    stopping: Callable[[], bool] = field(default=lambda: False)

    def told(self, session: Session, *, done: int | None = None, total: int | None = None,
             cursor: Mapping[str, Any] | None = None, result: Mapping[str, Any] | None = None) -> None:
        """Write how far it is, in the transaction of the work itself. Raises Cancelled or Stopped, which undoes that
        transaction: what went before stands, and the cursor tells where to go on."""
        job = locked(session, self.job_id)
        if job.wish or not job.under_way:
            raise Cancelled
        if self.stopping():
            raise Stopped
        job.done = job.done if done is None else done
        job.total = job.total if total is None else total
        job.result = job.result if result is None else dict(result)
        if cursor is not None:
            self.cursor = job.cursor = dict(cursor)
            job.attempts = 0
        fp("ledger.jobs.told")


Do = Callable[[Engine, Turn], None]


def ask(session: Session, kind: str, args: Mapping[str, Any], *, by: Actor, group_id: int | None,
        total: int | None = None) -> Job:
    """Have it done: a row, and a wake-up once this transaction has committed."""
    job = Job(kind=kind, args=dict(args), group_id=group_id, by_id=by.id, by_name=by.name, total=total,
              asked_at=clock.now())
    session.add(job)
    session.flush()
    record(session, "job.asked", ("job", job.id), by=by, group_id=group_id, after={"kind": kind})
    ring_after_commit(session, BELL)
    return job


def locked(session: Session, job_id: int) -> Job:
    """The row, ours until the transaction ends. Raises NotFound."""
    found = session.get(Job, job_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def cancel(session: Session, job_id: int, *, by: Actor) -> Job:
    """Let it stop where it is; what it did stands. Raises OverAlready."""
    job = locked(session, job_id)
    if not job.under_way:
        raise OverAlready
    job.wish = True
    if job.state == WAITING:
        job.state, job.ended_at = CANCELLED, clock.now()
    record(session, "job.cancelled", ("job", job.id), by=by, group_id=job.group_id, after={"done": job.done})
    return job


def sweep(engine: Engine, doing: Mapping[str, Do], *, stopping: Callable[[], bool] = lambda: False,
          bell: Bell | None = None) -> int:
    """Do the jobs of these kinds that wait or were left, oldest first; how many came to an end."""
    with reading(engine) as session:
        waiting = session.execute(select(Job.id, Job.kind).where(Job.state.in_(UNDER_WAY)).order_by(Job.id)).all()
    ended = 0
    for job_id, kind in waiting:
        if stopping():
            break
        if kind in doing:
            with claimed(engine, CLAIMS, job_id) as mine:
                ended += mine and _work(engine, job_id, doing[kind], stopping, bell)
    return ended


def _work(engine: Engine, job_id: int, do: Do, stopping: Callable[[], bool], bell: Bell | None) -> bool:
    turn = _begin(engine, job_id, stopping)
    if turn is None:
        return False
    try:
        do(engine, turn)
    except Stopped:
        return False
    except Cancelled:
        _end(engine, job_id, CANCELLED, bell)
    except Exception as error:
        log.exception("job %s could not be done", job_id)
        _end(engine, job_id, FAILED, bell, _told(error))
    else:
        _end(engine, job_id, DONE, bell)
    return True


def _begin(engine: Engine, job_id: int, stopping: Callable[[], bool]) -> Turn | None:
    """Take it up; None when it has ended meanwhile, or ends now, having killed whoever took it up."""
    with unit(engine) as session:
        job = locked(session, job_id)
        if not job.under_way:
            return None
        if job.wish:
            job.state, job.ended_at = CANCELLED, clock.now()
            return None
        job.attempts += 1
        if job.attempts > TRIES:
            job.state, job.ended_at = FAILED, clock.now()
            job.problem = Problem(BROKEN, {"kind": "timeout"}).plain()
            return None
        job.state, job.begun_at = RUNNING, job.begun_at or clock.now()
        turn = Turn(job.id, dict(job.args), job.cursor, job.by_id, stopping)
        fp("ledger.jobs.begun")
    return turn


def _end(engine: Engine, job_id: int, state: str, bell: Bell | None, problem: Problem | None = None) -> None:
    with unit(engine, bell) as session:
        job = locked(session, job_id)
        job.state, job.ended_at = state, clock.now()
        job.problem = problem.plain() if problem else None
        fp("ledger.jobs.ended")


def _told(error: Exception) -> Problem:
    if not isinstance(error, Refused):
        return Problem(BROKEN, {"kind": type(error).__name__})
    return Problem(error.message, {key: str(value) for key, value in error.params.items()})
