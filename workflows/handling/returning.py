"""Going back, as people do it: giving a task back, taking one's own back, withdrawing what one has asked for."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import DRAWN, OPEN, Instance, Task
from engine.returns import giving_back, returning, surviving, taking_back
from engine.returns.giving_back import Target
from engine.returns.keeping import redone
from engine.returns.returning import ReturnCase, ReturnEffect
from engine.usertasks import tasks
from engine.usertasks.participation import called
from ledger import clock
from ledger.actor import Actor
from ledger.errors import BadAnswer, NotAllowed, Problem
from ledger.facts import Fact, record
from ledger.outbox import Handler
from registry.access.grants import holders
from registry.access.substitutions import expand
from registry.alerts.notices import notify
from workflows import form_for
from workflows.handling.desk import Draft
from workflows.requests import Correction, Request, of_instance

LEAST, MOST = 2, 2000
"""Characters of a reason."""
CALLED_OFF = "called_off"


def targets(session: Session, actor: Actor, task_id: int) -> list[Target]:
    """Where a task may be given back to, each with what that would do."""
    return giving_back.targets(session, task_id, actor)


def give_back(session: Session, actor: Actor, task_id: int, to_task_id: int | None, *, reason: str, straight: bool,
              version: int | None, instance_version: int | None) -> ReturnCase:
    """Give a task back to an earlier step; where that is the application itself, the reason stands there as well.

    Raises what giving_back.give_back does, and BadAnswer without a reason.
    """
    held, _ = tasks.held(session, task_id, actor, version=version)  # who is too late reads that first
    giving_back.free(session, held)
    said = _reason(reason)
    case = giving_back.give_back(session, task_id, to_task_id, by=actor, reason=said, straight=straight,
                                 version=version, instance_version=instance_version)
    to = session.get_one(Task, case.to_task_id)
    request = of_instance(session, to.instance_id)
    if asks(request, to):
        request.corrections.append(Correction(
            request_id=request.id, element_id=session.get_one(Task, task_id).element_id, reason=said,
            by_name=actor.name, at=clock.now()))
        session.flush()
    return case


def _reason(text: str) -> str:
    said = text.strip()
    if not LEAST <= len(said) <= MOST:
        raise BadAnswer({"reason": [Problem("请写明原因，{least} 到 {most} 个字。", {"least": LEAST, "most": MOST})]})
    return said


def asks(request: Request, task: Task) -> bool:
    """Whether the application itself was filled in at this task."""
    known = {content.form_key for content in request.contents}
    return task.role == DRAWN and form_for(request, task.form_key or "").key in known


def take_back(session: Session, actor: Actor, task_id: int) -> Task:
    """Have one's own task again; gives the task that is open now. What it had asked to be corrected is asked no more.

    Raises what taking_back.take_back does.
    """
    def untouched(open_: Sequence[Task]) -> None:
        begun = session.scalars(select(Draft).where(Draft.task_id.in_([task.id for task in open_]))).first()
        if begun is not None:
            raise taking_back.Touched(name=session.get_one(Task, begun.task_id).name)

    case = taking_back.take_back(session, task_id, by=actor, untouched=untouched)
    old = session.get_one(Task, case.to_task_id)
    request = of_instance(session, old.instance_id)
    for item in request.open_corrections:
        if item.element_id == old.element_id and old.completed_at is not None and item.at >= old.completed_at:
            item.resolved_at = clock.now()
    again = session.scalars(select(Task).where(
        Task.instance_id == old.instance_id, Task.element_id == called(session, old), Task.state == OPEN,
        Task.token > old.token).order_by(Task.token)).first()
    return again or old


def recent(session: Session, actor: Actor, request: Request) -> list[Task]:
    """What the actor has done in a request and may still want to take back, newest first."""
    if request.instance_id is None or actor.id is None:
        return []
    done = session.scalars(select(Task).where(
        Task.instance_id == request.instance_id, Task.completed_by == actor.id, Task.undone_at.is_(None),
        Task.role == DRAWN,
        Task.completed_at >= clock.now() - taking_back.TAKE_BACK).order_by(Task.token.desc()).limit(3))
    return [task for task in done if taking_back.may_take_back(task, actor)]


# withdrawing
def may_withdraw(session: Session, actor: Actor, request: Request) -> bool:
    """Whether the applicant can withdraw: it is submitted, runs, and does not lie with themselves."""
    if actor.id is None or actor.id != request.applicant_id or not request.contents:
        return False
    instance = session.get_one(Instance, request.instance_id)
    return instance.state == "active" and asked_in(session, request) is not None and not _with_them(session, request)


def _with_them(session: Session, request: Request) -> bool:
    open_ = session.scalars(select(Task).where(Task.instance_id == request.instance_id, Task.state == OPEN))
    return any(asks(request, task) for task in open_)


def asked_in(session: Session, request: Request) -> Task | None:
    """The task in which it was asked for, as it stands now."""
    done = session.scalars(select(Task).where(
        Task.instance_id == request.instance_id, Task.state == "completed", Task.undone_at.is_(None),
        Task.completed_by == request.applicant_id).order_by(Task.token.desc()))
    return next((task for task in done if asks(request, task)), None)


def withdraw(session: Session, actor: Actor, request: Request, *, how: str, reason: str) -> None:
    """Take an application back to change it ("edit"), or call it off ("end").

    Raises NotAllowed, BadAnswer, and what taking_back.withdraw and call_off do (Final: it was handed on already).
    """
    if actor.id is None or actor.id != request.applicant_id:
        raise NotAllowed()
    said, to = _reason(reason), asked_in(session, request)
    if to is None or request.instance_id is None:
        raise taking_back.NothingToTakeBack()
    if how == "end":
        if request.parent_id is not None:
            raise BadAnswer({"how": [Problem("本事项由其他流程发起，不能单独撤销，只能撤回修改。")]})
        taking_back.call_off(session, request.instance_id, by=actor, reason=said, outcome=CALLED_OFF)
    else:
        taking_back.withdraw(session, request.instance_id, to.id, by=actor, reason=said)
    record(session, "request.withdrawn", ("request", request.id), by=actor, group_id=request.group_id,
           after={"how": "end" if how == "end" else "edit", "reason": said[:500]})


# what is told
def why_here(session: Session, task: Task) -> ReturnCase | None:
    """The return that this open task comes of: somebody gave it back to this step."""
    case = returning.newest(session, task.instance_id, open_only=False)
    to = session.get(Task, case.to_task_id) if case is not None and case.to_task_id else None
    if case is None or to is None or case.kind == "taken_back":
        return None
    return case if called(session, to) == called(session, task) and task.token > to.token else None


def changed_since(session: Session, task: Task) -> list[str]:
    """Why a task that was approved before is to be decided anew: the parts that changed ("f:trade"); empty if none."""
    former = redone(session, task)
    instance = session.get_one(Instance, task.instance_id)
    return surviving.differing(session, instance, former, task) if former is not None else []


def effects(session: Session, case: ReturnCase) -> list[tuple[ReturnEffect, Task]]:
    """What a return did to each approval, in order."""
    found = session.execute(select(ReturnEffect, Task).join(Task, Task.id == ReturnEffect.task_id).where(
        ReturnEffect.case_id == case.id).order_by(Task.token))
    return list(found)


def tell_whoever_is_not_needed(session: Session, fact: Fact) -> None:
    """Who had something in hand that went away with a return reads who gave back what: signers, the applicant who was
    asked something, reviewers beside it."""
    after = fact.after or {}
    gone = session.scalars(select(Task).where(
        Task.id.in_(after.get("withdrawn", ())), Task.id != after.get("task"), Task.state == "cancelled",
        Task.assignee_id.is_not(None)).order_by(Task.id)).all()
    for task in gone:
        request = of_instance(session, task.instance_id)
        if task.assignee_id is not None and task.assignee_id != fact.actor_id:
            notify(session, [task.assignee_id], fact, NOT_NEEDED[task.role],
                   {"by": fact.actor_name, "task": task.name.removesuffix(SIGN).removesuffix(ANSWER),
                    "to": after.get("target", ""), "title": task.title}, subject=("request", request.id))


def tell_returned(session: Session, fact: Fact) -> None:
    """Who has to do a step again is told, unless they sent it back themselves."""
    after = fact.after or {}
    old = session.get(Task, after.get("to_task", 0))
    if old is None:
        return
    task = session.scalars(select(Task).where(
        Task.instance_id == old.instance_id, Task.element_id == called(session, old), Task.state == OPEN,
        Task.parent_id.is_(None)).order_by(Task.token.desc())).first()
    if task is None:
        return
    people = [task.assignee_id] if task.assignee_id else holders(session, task.offer)
    notify(session, set(expand(session, people, task.process_id)) - {*task.barred, fact.actor_id}, fact,
           "“{task}”被退回重办：{title}", {"task": task.name, "title": task.title}, subject=("task", task.id))


SIGN, ANSWER = " · 加签", " · 补正"
NOT_NEEDED: dict[str, str] = {
    "drawn": "{by} 已把申请退回到“{to}”，您手里的“{task}”不用再办：{title}",
    "before": "{by} 已把“{task}”退回，不用再加签：{title}", "after": "{by} 已把“{task}”退回，不用再加签：{title}",
    "correction": "{by} 已把“{task}”退回，原来请您补正的不用再答复：{title}",
}
HANDLERS: list[tuple[str, Handler]] = [
    ("task.returned", tell_returned), ("task.returned", tell_whoever_is_not_needed)]
