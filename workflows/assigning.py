"""Handing a task on: whom it may go to is asked first (eligible.py), then the engine does it; the reason is kept."""

from __future__ import annotations

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from engine import assigning, tasks
from engine.assigning import TaskDelegation
from engine.hands import TaskPlan
from engine.model import DRAWN, Task
from ledger.actor import Actor
from ledger.errors import BadAnswer, NotAllowed, Problem
from registry.access.rules import can
from workflows import eligible
from workflows.eligible import For
from workflows.requests import INVOLVED, of_instance

LONGEST = 500
"""Characters of a reason or a question."""


def may_transfer(session: Session, task: Task, actor: Actor) -> bool:
    """Whether the actor may hand the task on for good, as it stands: there is somebody else whom it could be for."""
    return _free(task, actor) and task.owner_id is None and eligible.passes_on(session, task)


def may_delegate(session: Session, task: Task, actor: Actor) -> bool:
    """Whether the actor may have somebody else do the task for them."""
    return _free(task, actor) and task.for_id is None and eligible.passes_on(session, task)


def may_recall(session: Session, task: Task, actor: Actor) -> bool:
    """Whether the task is with somebody to whom the actor has delegated it."""
    return any(row.from_id == actor.id for row in assigning.delegations(session, task.id))


def _free(task: Task, actor: Actor) -> bool:
    return task.assignee_id == actor.id and task.role == DRAWN and task.hold is None


def transfer(session: Session, actor: Actor, task_id: int, to_id: int | None, *, reason: str,
             version: int | None) -> Task:
    """转办. Raises BadAnswer at "to" or "reason", and what `engine.assigning.transfer` raises."""
    task, _ = tasks.held(session, task_id, actor, version=version)
    to = chosen(session, task, to_id, "transfer", actor, reason=written("reason", reason))
    return assigning.transfer(session, task_id, to, by=actor, reason=reason.strip(), version=version)


def delegate(session: Session, actor: Actor, task_id: int, to_id: int | None, *, question: str,
             version: int | None) -> Task:
    """委派. Raises BadAnswer at "to" or "question", and what `engine.assigning.delegate` raises."""
    task, _ = tasks.held(session, task_id, actor, version=version)
    to = chosen(session, task, to_id, "delegate", actor, question=written("question", question))
    return assigning.delegate(session, task_id, to, by=actor, question=question.strip(), version=version)


def reassign(session: Session, actor: Actor, task_id: int, to_id: int | None, *, reason: str) -> Task:
    """改派, by somebody who may (task.reassign) where the request lies. Raises NotAllowed, BadAnswer, and what
    `engine.assigning.reassign` raises."""
    task, _ = tasks.locked(session, task_id)
    if not can(actor, "task.reassign", of_instance(session, task.instance_id)):
        raise NotAllowed()
    to = chosen(session, task, to_id, "transfer", actor, reason=written("reason", reason))
    return assigning.reassign(session, task_id, to, by=actor, reason=reason.strip())


def chosen(session: Session, task: Task, to_id: int | None, for_: For, by: Actor,
           **texts: list[Problem]) -> assigning.Addressee:
    """The addressee, if nothing is wrong with them nor with the texts. Raises BadAnswer with all that is."""
    wrong = {key: found for key, found in texts.items() if found}
    try:
        to = eligible.require(session, task, to_id or 0, for_=for_, by=by)
    except BadAnswer as refused:
        raise BadAnswer({**refused.problems, **wrong}) from None
    if wrong:
        raise BadAnswer(wrong)
    return to


def written(key: str, text: str) -> list[Problem]:
    """What is wrong with a text that is asked for."""
    if not text.strip():
        return [Problem("请写明原因。" if key == "reason" else "请写明要对方做什么。")]
    return [Problem("最多 {most} 个字。", {"most": LONGEST})] if len(text.strip()) > LONGEST else []


def _by_delegation(actor: Actor) -> Select[int]:
    """Of what they delegated to others."""
    delegated = select(Task.instance_id).join(TaskDelegation, TaskDelegation.task_id == Task.id)
    return delegated.where(TaskDelegation.from_id == actor.id)


def _by_asking(actor: Actor) -> Select[int]:
    """Of what they asked others to sign."""
    return select(Task.instance_id).join(TaskPlan, TaskPlan.task_id == Task.id).where(TaskPlan.by_id == actor.id)


def _by_signing(actor: Actor) -> Select[int]:
    """Of what they were asked to sign, once it was their turn."""
    asked = select(Task.instance_id).join(TaskPlan, TaskPlan.task_id == Task.id)
    return asked.where(TaskPlan.person_id == actor.id, TaskPlan.made_id.is_not(None))


INVOLVED += [_by_delegation, _by_asking, _by_signing]
