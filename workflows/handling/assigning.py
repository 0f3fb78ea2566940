"""Handing a task on: whom it may go to is asked first (eligible.py), then the engine does it; the reason is kept."""

from __future__ import annotations

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from engine.model import DRAWN, OPEN, Task
from engine.usertasks import assigning, signing, tasks
from engine.usertasks.assigning import TaskDelegation
from engine.usertasks.hands import TaskPlan
from ledger.actor import Actor
from ledger.errors import BadAnswer, Conflict, NotAllowed, Problem
from registry.access.rules import can
from workflows.handling import eligible
from workflows.handling.eligible import For
from workflows.requests import INVOLVED, Request, of_instance

LONGEST = 500
"""Characters of a reason or a question."""


class NotTaken(Conflict):
    """“{name}”还没有人签收，请先签收再转办。"""


def may_transfer(session: Session, task: Task, actor: Actor) -> bool:
    """Whether the actor may hand the task on for good, as it stands: there is somebody else whom it could be for."""
    return _free(task, actor) and task.owner_id is None and eligible.passes_on(session, task)


def may_delegate(session: Session, task: Task, actor: Actor) -> bool:
    """Whether the actor may have somebody else do the task for them."""
    return _free(task, actor) and task.for_id is None and eligible.passes_on(session, task)


def may_recall(session: Session, task: Task, actor: Actor) -> bool:
    """Whether the task is with somebody to whom the actor has delegated it."""
    return any(row.from_id == actor.id for row in assigning.delegations(session, task.id))


def may_reassign(session: Session, request: Request, task: Task, actor: Actor) -> bool:
    """Whether the actor may put an open task that is not in their own hands into somebody's: by right where the request
    lies, and never of a request of their own."""
    of_others = task.state == OPEN and task.role == DRAWN and actor.id not in (None, task.assignee_id)
    return (of_others and actor.id != request.applicant_id and can(actor, "task.reassign", request)
            and eligible.passes_on(session, task))


def _free(task: Task, actor: Actor) -> bool:
    return task.assignee_id == actor.id and task.role == DRAWN and task.hold is None


def transfer(session: Session, actor: Actor, task_id: int, to_id: int | None, *, reason: str,
             version: int | None) -> Task:
    """转办. Raises BadAnswer at "to" or "reason", and what `engine.usertasks.assigning.transfer` raises."""
    task, _ = tasks.held(session, task_id, actor, version=version)
    tasks.at_rest(session, task)
    tasks.undelegated(task)
    to = chosen(session, task, to_id, "transfer", actor, reason=written("reason", reason))
    return assigning.transfer(session, task_id, to, by=actor, reason=reason.strip(), version=version)


def delegate(session: Session, actor: Actor, task_id: int, to_id: int | None, *, question: str,
             version: int | None) -> Task:
    """委派. Raises BadAnswer at "to" or "question", and what `engine.usertasks.assigning.delegate` raises."""
    task, _ = tasks.held(session, task_id, actor, version=version)
    tasks.at_rest(session, task)
    to = chosen(session, task, to_id, "delegate", actor, question=written("question", question))
    return assigning.delegate(session, task_id, to, by=actor, question=question.strip(), version=version)


def reassign(session: Session, actor: Actor, task_id: int, to_id: int | None, *, reason: str,
             version: int | None = None) -> Task:
    """改派, by somebody who may (task.reassign) where the request lies; what its holder has handed in and others are to
    sign counts no more. Raises NotAllowed, Moved where the page that was looked at (`version`) is older than the task,
    BadAnswer, and what the engine's `assigning.reassign` raises."""
    task, instance = tasks.locked(session, task_id)
    request = of_instance(session, task.instance_id)
    if not can(actor, "task.reassign", request):
        raise NotAllowed()
    if actor.id == request.applicant_id:
        raise NotAllowed("这是您自己的申请，请由别人改派。")
    if task.role != DRAWN or task.assignee_id == actor.id:
        raise NotAllowed("这项任务不能改派：在您手里的请转办或交回，请人加签或补正的请由提出的人取消。")
    if version is not None and version != task.version:
        raise tasks.moved(session, task)
    to = chosen(session, task, to_id, "transfer", actor, reason=written("reason", reason))
    signing.withdraw(session, task, instance, by=actor)
    return assigning.reassign(session, task_id, to, by=actor, reason=reason.strip())


def hand(session: Session, actor: Actor, task: Task, to_id: int | None, *, reason: str, version: int | None) -> Task:
    """Reassign what is in other hands, where the actor may; transfer what is in their own. Raises NotTaken where they
    have to take it first, and what `transfer` and `reassign` raise."""
    request = of_instance(session, task.instance_id)
    if task.assignee_id != actor.id and may_reassign(session, request, task, actor):
        return reassign(session, actor, task.id, to_id, reason=reason, version=version)
    if task.assignee_id is None and task.state == OPEN:
        raise NotTaken(name=task.name)
    return transfer(session, actor, task.id, to_id, reason=reason, version=version)


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
