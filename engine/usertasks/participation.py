"""Who had a hand in a task besides its holder: asked to sign, acting for somebody, doing it for its owner.

Whoever completed a task stands on the task itself; rows here are only for the others. Duties that must be kept apart
(four eyes) count both, so that no task is passed round the rule.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    Select,
    String,
    Table,
    insert,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.hooks import HOOKS
from engine.model import CORRECTION, DRAWN, OPEN, Instance, Task
from engine.operations.moved import Renaming
from engine.usertasks.hands import TaskDelegation, TaskPlan
from ledger.db import Base, BigId


class TaskParticipant(Base):
    """Somebody who took part in a task without completing it: `how` is delegate, principal or signer."""

    __tablename__ = "task_participant"
    __table_args__ = (Index("ix_task_participant_person_id", "person_id"),)

    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), type_=BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    how: Mapped[str] = mapped_column(String(12), primary_key=True)


ADD = insert(cast(Table, TaskParticipant.__table__))


def add(connection: Connection, task_id: int, person_id: int, how: str) -> None:
    """Write down that somebody took part in a task; each way once."""
    table = cast(Table, TaskParticipant.__table__).c
    known = select(table.task_id).where(table.task_id == task_id, table.person_id == person_id, table.how == how)
    if connection.execute(known).first() is None:
        connection.execute(ADD, {"task_id": task_id, "person_id": person_id, "how": how})


def at(instance_id: int, element_ids: Iterable[str]) -> ColumnElement[bool]:
    """The tasks of an instance at these elements; those that a migration has renamed under their former ids too."""
    wanted = list(element_ids)
    former = select(Renaming.was).where(Renaming.instance_id == instance_id, Renaming.now.in_(wanted))
    return or_(Task.element_id.in_(wanted), Task.element_id.in_(former))


def called(session: Session, task: Task) -> str:
    """The id by which the element of a task goes now: a migration may have renamed it since the task was over."""
    if task.state == OPEN:
        return task.element_id
    now = session.scalar(select(Renaming.now).where(
        Renaming.instance_id == task.instance_id, Renaming.was == task.element_id))
    return now or task.element_id


def doers(instance_id: int, element_ids: Iterable[str]) -> Select[Any]:
    """(person, task, element's name, when) of everybody who had a hand in these elements of an instance.

    What was completed counts even when a return has undone it: who once approved does not check themselves. An element
    that a migration renamed counts under both ids. Whoever answered what was asked there did not judge.
    """
    there = (Task.instance_id == instance_id, Task.state == "completed", at(instance_id, element_ids))
    told = (Task.id.label("task_id"), Task.name, Task.completed_at.label("at"))
    direct = select(Task.completed_by.label("person_id"), *told).where(
        *there, Task.completed_by.is_not(None), Task.role != CORRECTION)
    others = select(TaskParticipant.person_id.label("person_id"), *told).join(
        TaskParticipant, TaskParticipant.task_id == Task.id).where(*there)
    both = union_all(direct, others).subquery()
    return select(both.c.person_id, both.c.task_id, both.c.name, both.c.at).order_by(both.c.task_id)


def applicants(session: Session, instance: Instance) -> set[int]:
    """Everybody who filled in what is asked for, whoever the applicant is: a substitute, a successor, a colleague where
    the system began it; and for whom they did."""
    hooks = HOOKS.get(instance.process_id)
    if hooks is None or hooks.applied is None:
        return set()
    done = session.scalars(select(Task).where(
        Task.instance_id == instance.id, Task.state == "completed", Task.role.in_((DRAWN, CORRECTION)))).all()
    filled = [task for task in done if hooks.applied(session, task)]
    others = session.scalars(select(TaskParticipant.person_id).where(
        TaskParticipant.task_id.in_([task.id for task in filled]), TaskParticipant.how != "signer"))
    return {task.completed_by for task in filled if task.completed_by is not None} | set(others if filled else ())


def took_part(session: Session, task_id: int, person_id: int | None, *, reading: bool = False) -> bool:
    """Whether somebody had a hand in a task, delegated it, or asked others to sign it. `reading`: so that they may read
    on, which from whom a delegation was taken away may not: they only hear that it was."""
    if person_id is None:
        return False
    delegate = TaskDelegation.to_id == person_id
    if reading:
        delegate &= or_(TaskDelegation.ended_at.is_(None), TaskDelegation.how == "done")
    known = (
        select(TaskParticipant.task_id).where(
            TaskParticipant.task_id == task_id, TaskParticipant.person_id == person_id),
        select(TaskDelegation.task_id).where(
            TaskDelegation.task_id == task_id, or_(TaskDelegation.from_id == person_id, delegate)),
        select(TaskPlan.task_id).where(TaskPlan.task_id == task_id, or_(
            TaskPlan.by_id == person_id, (TaskPlan.person_id == person_id) & TaskPlan.made_id.is_not(None))))
    return session.execute(union_all(*known).limit(1)).first() is not None
