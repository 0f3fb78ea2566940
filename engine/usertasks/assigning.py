"""A task passes into other hands: transferred for good, delegated to be done and given back, recalled, reassigned.

Whom it may go to is workflows.handling.eligible's to say; here only the four eyes are asked again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import Instance, Task
from engine.packing import plain
from engine.usertasks import offers, participation, tasks
from engine.usertasks.hands import Addressee, TaskDelegation
from ledger import clock
from ledger.actor import Actor
from ledger.errors import Conflict
from ledger.failpoints import fp

LONGEST_REASON = 500
MOST_HANDED = 30
"""How often one task is handed on by those who have it; a supervisor may still reassign it."""


class ForSomebody(Conflict):
    """该任务是您代别人办理的，不能再委派。请自己办理，或转办。"""


class NotDelegated(Conflict):
    """该任务不是委派给您的，请直接办理。"""


class HandedOften(Conflict):
    """“{name}”已被转办或委派 {most} 次，不能再往下转。请直接办理，或请上级改派。"""


class Circle(Conflict):
    """{name} 已经在这项任务的委派链上。"""


def delegations(session: Session, task_id: int) -> list[TaskDelegation]:
    """The chain of delegations that are open, the first one first."""
    chain = select(TaskDelegation).where(TaskDelegation.task_id == task_id, TaskDelegation.ended_at.is_(None))
    return list(session.scalars(chain.order_by(TaskDelegation.id).execution_options(populate_existing=True)))


def transfer(session: Session, task_id: int, to: Addressee, *, by: Actor, reason: str,
             version: int | None = None) -> Task:
    """The task is somebody else's from now on; what it was offered to stays, so that they may put it back.

    Raises Waiting while signers are asked, Delegated for a delegate (who gives it back instead), HandedOften, FourEyes,
    and what `tasks.held` raises.
    """
    task, instance = tasks.held(session, task_id, by, version=version)
    tasks.at_rest(session, task)
    tasks.undelegated(task)
    _room(session, task)
    _give(session, "task.transferred", task, instance, to, by, reason=reason[:LONGEST_REASON])
    fp("engine.transfer.before_commit")
    return task


def delegate(session: Session, task_id: int, to: Addressee, *, by: Actor, question: str,
             version: int | None = None) -> Task:
    """Somebody else does the task and gives it back to `by`, who completes it; a delegate may delegate further.

    Raises ForSomebody for a task held for somebody who is away, Circle, HandedOften, Waiting, FourEyes, and what
    `tasks.held` does.
    """
    task, instance = tasks.held(session, task_id, by, version=version)
    tasks.at_rest(session, task)
    if task.for_id is not None or by.id is None:
        raise ForSomebody()
    chain = delegations(session, task.id)
    if to.id in {by.id, *(number for row in chain for number in (row.from_id, row.to_id))}:
        raise Circle(name=to.name)
    _room(session, task)
    session.add(TaskDelegation(
        group_id=task.group_id, task_id=task.id, from_id=by.id, from_name=by.name, to_id=to.id, to_name=to.name,
        question=question[:LONGEST_REASON], at=clock.now()))
    _give(session, "task.delegated", task, instance, to, by, owner_id=by.id, owner_name=by.name)
    session.flush()
    fp("engine.delegate.before_commit")
    return task


def resolve(session: Session, task_id: int, *, by: Actor, answers: Mapping[str, Any] | None, opinion: str = "",
            version: int | None = None) -> Task:
    """The delegate has done it: the task goes back to whoever delegated it, who completes it.

    `answers` are kept as a proposal. The delegate counts as a doer from now on (four eyes). Raises NotDelegated,
    Waiting, and what `tasks.held` raises.
    """
    task, instance = tasks.held(session, task_id, by, version=version)
    tasks.at_rest(session, task)
    chain = delegations(session, task.id)
    if not chain:
        raise NotDelegated()
    done = chain[-1]
    done.answers = None if answers is None else plain(dict(answers))
    done.opinion = opinion[:2000]
    for number, how in ((by.id, "delegate"), (task.for_id, "principal")):
        if number is not None:
            participation.add(session.connection(), task.id, number, how)
    _back(session, task, instance, chain, len(chain) - 1, by, "done")
    fp("engine.resolve.before_commit")
    return task


def recall(session: Session, task_id: int, *, by: Actor, version: int | None = None) -> Task:
    """Whoever delegated the task takes it back; what the delegate delegated further ends with it.

    Raises Moved (who did what and when) where it has come back already, and what `tasks.opened` raises.
    """
    task, instance = tasks.opened(session, task_id, by)
    chain = delegations(session, task.id)
    place = next((number for number, row in enumerate(chain) if row.from_id == by.id), None)
    if place is None or (version is not None and version != task.version):
        raise tasks.moved(session, task)
    tasks.at_rest(session, task)
    _back(session, task, instance, chain, place, by, "recalled")
    fp("engine.recall.before_commit")
    return task


def reassign(session: Session, task_id: int, to: Addressee, *, by: Actor, reason: str) -> Task:
    """Whoever has the right to (the caller asks) puts the task into other hands: a supervisor, a hand-over.

    Open delegations end. A signature that was asked for is asked of `to` from now on. Raises FourEyes, NotFound,
    AlreadyDone, Over, NotRunning.
    """
    task, instance = tasks.locked(session, task_id)
    owners = end_delegations(session, task)
    _give(session, "task.reassigned", task, instance, to, by, owners, reason=reason[:LONGEST_REASON], owner_id=None,
          owner_name=None)
    fp("engine.reassign.before_commit")
    return task


def end_delegations(session: Session, task: Task) -> list[int]:
    """The task ended, or went elsewhere: whoever had it for somebody has it no more. Who had delegated it."""
    chain = delegations(session, task.id)
    for row in chain:
        row.ended_at, row.how = clock.now(), "moved_on"
    return [row.from_id for row in chain]


def _room(session: Session, task: Task) -> None:
    """Raises HandedOften: a task that goes round and round is nobody's."""
    if len(offers.told(session, task, ("task.transferred", "task.delegated"))) >= MOST_HANDED:
        raise HandedOften(name=task.name, most=MOST_HANDED)


def losing(task: Task, owners: Iterable[int] = (), keeps: Iterable[int | None] = ()) -> dict[str, Any]:
    """For a fact: who had the task in hand, whoever they stood in for, and who had delegated it, without those who keep
    it or gave it away themselves; nothing where there is nobody."""
    lost = sorted({task.assignee_id, task.for_id, *owners} - {None, *keeps}, key=lambda one: one or 0)
    return {"lost": [one for one in lost if one is not None]} if lost else {}


def _give(session: Session, kind: str, task: Task, instance: Instance, to: Addressee, by: Actor,
          owners: Iterable[int] = (), *, reason: str = "", **columns: Any) -> None:
    if to.id in task.barred:
        raise tasks.FourEyes()
    lost = {} if kind == "task.delegated" else losing(task, owners, (to.id, by.id))
    given_for = task.for_id if task.assignee_id == by.id else None
    tasks.change(session, task, assignee_id=to.id, assignee_name=to.name, for_id=None, **columns)
    tasks.show(session, task, False)
    said = {"reason": reason} if reason else {}
    tasks.note(session, kind, task, instance, by, for_id=given_for, to=to.id, **said, **lost)


def _back(session: Session, task: Task, instance: Instance, chain: list[TaskDelegation], place: int, by: Actor,
          how: str) -> None:
    """Back to whoever is at `place` in the chain; it and all that came of it ends."""
    row, now = chain[place], clock.now()
    for one in chain[place:]:
        one.ended_at, one.how = now, how if one is chain[-1] or how == "recalled" else "moved_on"
    owner = chain[place - 1] if place else None
    tasks.change(session, task, assignee_id=row.from_id, assignee_name=row.from_name, for_id=None,
                 owner_id=owner.from_id if owner else None, owner_name=owner.from_name if owner else None)
    tasks.note(session, "task.delegation_ended", task, instance, by, to=row.from_id, how=how)
    session.flush()


__all__ = ["Addressee", "TaskDelegation", "delegate", "delegations", "end_delegations", "losing", "reassign", "recall",
           "resolve", "transfer"]
