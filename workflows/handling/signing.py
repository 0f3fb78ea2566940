"""Signatures around a task: asked of those who may be asked, and what it means when the last one is given.

What an answer of the task leaves behind is written when the task is completed, which is when the last signer agrees.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from engine.model import CORRECTION, Task
from engine.usertasks import signing, tasks
from engine.usertasks.hands import BEFORE, TaskPlan
from engine.usertasks.signing import Role
from ledger.actor import SYSTEM, Actor
from ledger.errors import BadAnswer, NotFound, Problem
from registry.access.accounts import actor_for
from registry.people.persons import person_of
from workflows import CATALOG
from workflows.handling import eligible
from workflows.handling.assigning import written
from workflows.process import Act
from workflows.requests import of_instance


def may_ask(task: Task, actor: Actor) -> bool:
    """Whether the actor may ask others to sign the task, as it stands."""
    mine = task.assignee_id == actor.id and task.owner_id is None and task.role != CORRECTION
    return mine and task.hold in (None, BEFORE)


def ask(session: Session, actor: Actor, task_id: int, to: Sequence[int], role: Role, *, question: str, in_order: bool,
        version: int | None) -> Task:
    """加签, before or after. Raises BadAnswer at "to" or "question", and what `engine.usertasks.signing.ask` raises."""
    task, _ = tasks.held(session, task_id, actor, version=version)
    signing.may_be_asked(session, task)
    wrong: dict[str, list[Problem]] = {"question": written("question", question)}
    if not to:
        wrong["to"] = [Problem("请选择请谁加签。")]
    if len(to) > signing.MOST:
        raise BadAnswer({"to": [Problem("一次最多选择 {most} 人。", {"most": signing.MOST})]})
    signers = []
    for number in dict.fromkeys(to):
        try:
            signers.append(eligible.require(session, task, number, for_="sign", by=actor))
        except BadAnswer as refused:
            wrong.setdefault("to", []).extend(refused.problems["to"])
    if any(wrong.values()):
        raise BadAnswer({key: found for key, found in wrong.items() if found})
    return signing.ask(session, task_id, signers, role, by=actor, question=question.strip(), in_order=in_order,
                       version=version)


def drop(session: Session, actor: Actor, plan_id: int, *, reason: str) -> Task:
    """减签. Where it was the last that a task waited for after it, the task is completed with the answers that waited.

    Raises BadAnswer at "reason", and what `engine.usertasks.signing.drop` raises.
    """
    plan = session.get(TaskPlan, plan_id)
    if plan is None:
        raise NotFound()
    host, _ = tasks.opened(session, plan.task_id, actor)
    if wrong := written("reason", reason):
        raise BadAnswer({"reason": wrong})
    if actor.id in (plan.by_id, host.assignee_id) and plan.dropped_at is None:
        settle(session, signing.completes(session, plan))
    return signing.drop(session, plan_id, by=actor, reason=reason.strip())


def settle(session: Session, task: Task | None) -> None:
    """Write down what the answers mean that waited for signatures; None: nothing is completed.

    Raises Lapsed where they cannot be what they were any more.
    """
    kept = None if task is None else signing.pending(session, task.id)
    if task is None or kept is None:
        return
    request = of_instance(session, task.instance_id)
    process = CATALOG[request.process_id]
    by = SYSTEM if kept.by_id is None else actor_for(session, person_of(session, kept.by_id))
    act = Act(session, request, task, dict(kept.answers), by)
    try:
        if judge := process.judge(task.form_key or ""):
            judge(act)
    except BadAnswer:
        raise signing.Lapsed(by=kept.by_name) from None
    if write := process.write(task.form_key or ""):
        write(act)
    session.flush()
