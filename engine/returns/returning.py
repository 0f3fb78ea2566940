"""A request that went back: from where to where, why, and what became of each approval on the way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ForeignKey, String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.model import Instance, Task
from engine.returns.surviving import SERIAL, TaskBasis
from ledger.actor import Actor
from ledger.db import Base, BigId, Id, Instant
from ledger.facts import record

UNDONE, CANDIDATE, KEPT, REDONE = "undone", "candidate", "kept", "redone"
"""What a return did to a completed task (ReturnEffect.what)."""


class ReturnCase(Base):
    """One return: `kind` is returned, withdrawn, taken_back, reopened or corrected.

    `straight`: what is unchanged when it comes again stands. `version` is the instance's when it was done. It is closed
    when the place that it was returned from is reached again, or the instance ends.
    """

    __tablename__ = "return_case"

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId)
    instance_id: Mapped[int] = mapped_column(ForeignKey("instance.id"), type_=BigId, index=True)
    from_task_id: Mapped[int | None] = mapped_column(BigId)
    to_task_id: Mapped[int | None] = mapped_column(BigId)
    kind: Mapped[str] = mapped_column(String(12))
    straight: Mapped[bool]
    by_id: Mapped[int | None] = mapped_column(BigId)
    by_name: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(String(2000))
    version: Mapped[int]
    at: Mapped[dt.datetime] = mapped_column(Instant)
    closed_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class ReturnEffect(Base):
    """What a return did to one completed task: undone, candidate (may stand), kept or redone; `at` when it was told."""

    __tablename__ = "return_effect"

    case_id: Mapped[int] = mapped_column(ForeignKey("return_case.id"), type_=BigId, primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), type_=BigId, primary_key=True)
    what: Mapped[str] = mapped_column(String(12))
    at: Mapped[dt.datetime | None] = mapped_column(Instant)


@dataclass(frozen=True)
class Going:
    """A return as somebody wants it: the task it comes from and the one it goes to, if any."""

    kind: str
    by: Actor
    reason: str = ""
    straight: bool = False
    from_id: int | None = None
    to_id: int | None = None


def begin(session: Session, instance: Instance, going: Going, now: dt.datetime) -> ReturnCase:
    """Write down that something goes back, within the act that does it. Unless it is to come straight back, what an
    earlier return left to stand is asked for again as well."""
    if not going.straight:
        session.execute(update(ReturnCase).where(
            ReturnCase.instance_id == instance.id, ReturnCase.closed_at.is_(None)).values(closed_at=now))
    case = ReturnCase(
        group_id=instance.group_id, instance_id=instance.id, from_task_id=going.from_id, to_task_id=going.to_id,
        kind=going.kind, straight=going.straight, by_id=going.by.id, by_name=going.by.name, reason=going.reason[:2000],
        version=instance.version, at=now)
    session.add(case)
    session.flush()
    return case


def undo(session: Session, case: ReturnCase, tasks: Iterable[Task], by: Actor, now: dt.datetime) -> list[Task]:
    """Completed tasks count no more; with `case.straight` an approval among them may stand when it comes again."""
    done = [task for task in tasks if task.state == "completed" and task.undone_at is None]
    known = based(session, done) if case.straight else set()
    for task in done:
        task.undone_at = now
        may_stand = task.id in known and task.id != case.to_task_id
        session.add(ReturnEffect(case_id=case.id, task_id=task.id, what=CANDIDATE if may_stand else UNDONE, at=now))
        if task.id != case.to_task_id:  # that it goes back there is a fact already
            told(session, "task.undone", task, by)
    if not any(task.id in known and task.id != case.to_task_id for task in done):
        case.closed_at = now
    session.flush()
    return done


def drawn(session: Session, instance: Instance, task: Task, by: Actor, reason: str, now: dt.datetime, *,
          straight: bool = True) -> ReturnCase:
    """A return that the diagram itself draws: what was approved so far may stand when the way leads there again; until
    then it counts. Unless `straight`, nothing stands: whoever is on the way decides anew."""
    case = begin(session, instance, Going("returned", by, reason, straight, task.id), now)
    for each in effective(session, instance.id):
        if each.id != task.id:
            session.add(ReturnEffect(case_id=case.id, task_id=each.id, what=CANDIDATE, at=None))
    session.flush()
    return case


def effective(session: Session, instance_id: int) -> list[Task]:
    """The completed tasks with a basis that no return has undone, oldest token first."""
    return list(session.scalars(
        select(Task).join(TaskBasis, TaskBasis.task_id == Task.id).where(
            Task.instance_id == instance_id, Task.state == "completed", Task.undone_at.is_(None)).order_by(Task.token)))


def before(session: Session, task: Task) -> list[Task]:
    """The judgements that stood when this task began to wait; those of branches beside it did not, nor does what an
    open return may still ask for again."""
    here = ReturnCase.instance_id == task.instance_id
    cases = session.scalars(select(ReturnCase).where(here, ReturnCase.closed_at.is_(None))).all()
    doubtful = {case.from_task_id for case in cases} | set(session.scalars(select(ReturnEffect.task_id).where(
        ReturnEffect.case_id.in_([case.id for case in cases]), ReturnEffect.what == CANDIDATE)))
    bases = dict(session.execute(select(TaskBasis.task_id, TaskBasis.parts).join(Task, Task.id == TaskBasis.task_id)
                                 .where(Task.instance_id == task.instance_id)).all())
    return [each for each in effective(session, task.instance_id) if each.id not in {task.id, *doubtful}
            and int(bases[each.id].get(SERIAL, "0")) < task.token]


def based(session: Session, tasks: Iterable[Task]) -> set[int]:
    """Which of the tasks have a basis, by id: only those can outlive a return."""
    return set(session.scalars(select(TaskBasis.task_id).where(TaskBasis.task_id.in_([task.id for task in tasks]))))


def told(session: Session, kind: str, task: Task, by: Actor, **after: object) -> None:
    """Record what a return did with a task."""
    record(session, kind, ("instance", task.instance_id), by=by, group_id=task.group_id,
           after={"task": task.id, "element": task.element_id, "name": task.name, **after})


def newest(session: Session, instance_id: int, *, open_only: bool = True) -> ReturnCase | None:
    """The last return of an instance, if the way back to where it came from is not over yet."""
    query = select(ReturnCase).where(ReturnCase.instance_id == instance_id).order_by(ReturnCase.id.desc())
    return session.scalars(query.where(ReturnCase.closed_at.is_(None)) if open_only else query).first()
