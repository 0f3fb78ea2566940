"""Signatures asked for around a task: before it (advice that it waits for) or after it (nothing counts without them).

A signature is a task of its own with its host's token, so whatever withdraws the token takes it along. Signers of one
`no` sign side by side, a higher one waits for the lower ones. The answers of a task that is signed after it wait in
TaskPending; the last agreement completes it with them, a disagreement gives it back to be decided anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from engine import rows, run
from engine.hooks import CHILDREN
from engine.model import CORRECTION, DRAWN, OPEN, Instance, Task, TaskAnswer
from engine.packing import plain
from engine.usertasks import assigning, completing, participation, tasks
from engine.usertasks.hands import AFTER, BEFORE, Addressee, TaskPending, TaskPlan
from ledger import clock
from ledger.actor import Actor
from ledger.errors import Conflict, NotAllowed, NotFound
from ledger.failpoints import fp

if TYPE_CHECKING:
    from engine.run import Act

AGREE, FORM = "agree", "sign"
DEEPEST, MOST = 5, 30
Role = Literal["before", "after"]


class TooDeep(Conflict):
    """加签最多嵌套 {most} 层。请把意见写下，由上一位再请别人加签。"""


class TooMany(Conflict):
    """一项任务最多请 {most} 人次加签。"""


class Answer(Conflict):
    """补正由您自己答复，不能请别人加签。"""


class Dropped(Conflict):
    """对 {name} 的加签请求已经取消。"""


class Lapsed(Conflict):
    """{by} 的办理意见现在已不能生效。请选择“不同意”，由他重新办理。"""


def plans(session: Session, task_id: int) -> list[TaskPlan]:
    """Everybody who was asked to sign a task, in order; those no longer asked too."""
    asked = select(TaskPlan).where(TaskPlan.task_id == task_id).order_by(TaskPlan.no, TaskPlan.id)
    return list(session.scalars(asked.execution_options(populate_existing=True)))


def plan_of(session: Session, child: Task) -> TaskPlan | None:
    """What a signature was asked for with."""
    return session.scalar(select(TaskPlan).where(TaskPlan.made_id == child.id))


def pending(session: Session, task_id: int) -> TaskPending | None:
    """The answers that wait for signatures."""
    return session.get(TaskPending, task_id, populate_existing=True)


# asking
def ask(session: Session, task_id: int, signers: Sequence[Addressee], role: Role, *, by: Actor, question: str = "",
        in_order: bool = False, version: int | None = None) -> Task:
    """Ask people to sign a task that `by` holds: before it is completed, at once, or after it.

    A signer may ask others in turn. Raises TooDeep, TooMany, FourEyes, Waiting, Delegated, and what `tasks.held` does.
    """
    host, instance = tasks.held(session, task_id, by, version=version)
    may_be_asked(session, host)
    _room(session, host, len(signers))
    if not {one.id for one in signers}.isdisjoint(host.barred):
        raise tasks.FourEyes()
    first = max((plan.no for plan in plans(session, host.id)), default=0) + 1
    made = [TaskPlan(
        group_id=host.group_id, task_id=host.id, role=role, no=first + (place if in_order else 0), person_id=one.id,
        person_name=one.name, question=question[:500], by_id=by.id, by_name=by.name, at=clock.now())
        for place, one in enumerate(signers)]
    session.add_all(made)
    session.flush()
    if role == BEFORE:
        for plan in made:
            if plan.no == first:
                _make(session, host, plan)
    tasks.change(session, host, **({"hold": BEFORE} if role == BEFORE else {}))
    for one in signers:
        tasks.note(session, "task.sign_asked", host, instance, by, for_id=host.for_id, to=one.id, role=role)
    fp("engine.ask.before_commit")
    return host


def may_be_asked(session: Session, host: Task) -> None:
    """Raises Delegated, Waiting (it was handed in, or the applicant is asked), Answer."""
    tasks.undelegated(host)
    if host.hold not in (None, BEFORE):
        raise tasks.waiting(session, host)
    if host.role == CORRECTION:
        raise Answer()


def _room(session: Session, host: Task, more: int) -> None:
    deep, above = 0, host
    while above.parent_id is not None:
        deep, above = deep + 1, session.get_one(Task, above.parent_id)
    if deep >= DEEPEST:
        raise TooDeep(most=DEEPEST)
    asked = select(func.count()).select_from(TaskPlan).join(Task, Task.id == TaskPlan.task_id).where(
        Task.instance_id == host.instance_id, Task.token == host.token)
    if (session.scalar(asked) or 0) + more > MOST:
        raise TooMany(most=MOST)


def _make(session: Session, host: Task, plan: TaskPlan) -> None:
    """The signer's own task, at its host's place and with its deadline."""
    same = ("instance_id", "token", "element_id", "title", "business_key", "process_id", "group_id", "lane", "priority",
            "barred", "not_by", "within", "round", "due_at", "due_confirmed", "rank_at")
    child = Task(
        **{name: getattr(host, name) for name in same}, name=f"{host.name} · 加签"[:200], form_key=FORM, state=OPEN,
        version=1, assignee_id=plan.person_id, assignee_name=plan.person_name, offer=[], inputs=None,
        created_at=clock.now(), parent_id=host.id, role=plan.role)
    session.add(child)
    session.flush()
    plan.made_id = child.id
    session.flush()
    asker = Actor(plan.by_id, plan.by_name, host.group_id)
    tasks.note(session, "task.sign_due", child, session.get_one(Instance, host.instance_id), asker, to=plan.person_id,
               role=plan.role)


# signing
def signed_after(session: Session, task: Task) -> bool:
    """Whether somebody is to sign the task once it is handed in. Asking counts its version: a fresh one is not asked
    about in the database."""
    return task.version > 1 and session.scalar(select(TaskPlan.id).where(
        TaskPlan.task_id == task.id, TaskPlan.role == AFTER, TaskPlan.dropped_at.is_(None)).limit(1)) is not None


def hand_in(session: Session, act: Act, task: Task, doer: Actor, for_id: int | None,
            answers: Mapping[str, Any]) -> None:
    """Keep the answers of a task that is to be signed after it; ask the first signers. Raises FourEyes, OneVoice."""
    completing.look(act, task, doer.id, for_id)
    taken = {}
    if task.assignee_id != doer.id:
        tasks.note(session, "task.claimed", task, act.instance, doer, for_id=for_id)
        tasks.show(session, task, False)
        taken = {"assignee_id": doer.id, "assignee_name": doer.name, "for_id": for_id}
    tasks.change(session, task, hold=AFTER, **taken)
    act.connection.execute(insert(TaskPending), {
        "task_id": task.id, "answers": plain(dict(answers)), "at": act.now, "by_id": doer.id, "by_name": doer.name,
        "for_id": for_id})
    _go_on(session, act, task, AFTER)


def signed(session: Session, act: Act, child: Task, answers: Mapping[str, Any]) -> None:
    """A signature was given: the next in order is asked, or the host goes on; a disagreement after it gives it back."""
    host = _host(session, child)
    if child.completed_by is not None:
        participation.add(act.connection, host.id, child.completed_by, "signer")
    if child.role == BEFORE or answers.get("verdict") == AGREE:
        _go_on(session, act, host, child.role)
    else:
        _object(session, act, host)


CHILDREN |= {BEFORE: signed, AFTER: signed}


def drop(session: Session, plan_id: int, *, by: Actor, reason: str) -> Task:
    """Nobody waits for this signature any more; only who asked for it or holds the task says so, and only before it is
    given. The last one after a task completes it, as if it had been given.

    Raises Dropped, AlreadyDone (who signed and when), NotAllowed, NotFound, Over.
    """
    plan = session.get(TaskPlan, plan_id)
    if plan is None:
        raise NotFound()
    if by.kind == "person":
        host, instance = tasks.opened(session, plan.task_id, by)
    else:
        host, instance = tasks.locked(session, plan.task_id)
    session.refresh(plan)
    if by.kind == "person" and by.id not in (plan.by_id, host.assignee_id):
        raise NotAllowed()
    if plan.dropped_at is not None:
        raise Dropped(name=plan.person_name)
    child = None if plan.made_id is None else session.get_one(Task, plan.made_id, populate_existing=True)
    if child is not None and child.state != OPEN:
        raise tasks.over(session, child)
    with run.act(session, instance, by) as act:
        plan.dropped_at, plan.dropped_by = act.now, by.id
        session.flush()
        if child is not None:
            _cancel(session, act, child)
        tasks.note(session, "task.sign_dropped", host, instance, by, to=plan.person_id, role=plan.role,
                   reason=reason[:500])
        if host.hold == plan.role:
            _go_on(session, act, host, plan.role)
        else:
            tasks.change(session, host)
    fp("engine.drop.before_commit")
    return host


def withdraw(session: Session, host: Task, instance: Instance, *, by: Actor) -> None:
    """Somebody else is to decide: the answers that wait for signatures count no more, if there are any. Whoever is
    asked signs the next ones."""
    if host.hold == AFTER:
        with run.act(session, instance, by) as act:
            _object(session, act, host)


def completes(session: Session, plan: TaskPlan | None) -> Task | None:
    """The drawn task that is completed when nobody waits for this signature any more; None: others are waited for."""
    host = None if plan is None else session.get_one(Task, plan.task_id)
    if plan is None or host is None or plan.role != AFTER or host.hold != AFTER or _left(session, host, AFTER, plan.id):
        return None
    if host.role == DRAWN:
        return host
    kept = pending(session, host.id)
    agreed = kept is not None and kept.answers.get("verdict") == AGREE
    return completes(session, plan_of(session, host)) if agreed else None


# what follows
def _host(session: Session, child: Task) -> Task:
    return session.scalars(select(Task).where(Task.id == child.parent_id).execution_options(
        populate_existing=True)).one()


def _left(session: Session, host: Task, role: str, without: int = 0) -> list[TaskPlan]:
    """Who is asked and has not signed, in order."""
    asked = [plan for plan in plans(session, host.id)
             if plan.role == role and plan.dropped_at is None and plan.id != without]
    made = [plan.made_id for plan in asked if plan.made_id is not None]
    open_ = set(session.scalars(select(Task.id).where(Task.id.in_(made), Task.state == OPEN)))
    return [plan for plan in asked if plan.made_id is None or plan.made_id in open_]


def _go_on(session: Session, act: Act, host: Task, role: str) -> None:
    """Ask those whose turn it is; where nobody is left, the host goes on."""
    left = _left(session, host, role)
    if left:
        for plan in left:
            if plan.made_id is None and plan.no == left[0].no:
                _make(session, host, plan)
    elif role == BEFORE:
        tasks.change(session, host, hold=None)
        completing.free(act, host)
    else:
        _complete(session, act, host)


def _complete(session: Session, act: Act, host: Task) -> None:
    kept = pending(session, host.id)
    if kept is None:
        raise Conflict()
    doer = Actor(kept.by_id, kept.by_name, host.group_id)
    try:
        if not {kept.by_id, kept.for_id}.isdisjoint(host.barred):
            raise tasks.FourEyes()
        completing.look(act, host, kept.by_id, kept.for_id)
    except tasks.FourEyes:
        raise Lapsed(by=kept.by_name) from None
    tasks.change(session, host, hold=None)
    answers, for_id = kept.answers, kept.for_id
    session.delete(kept)
    session.flush()
    completing.finish(session, act, host, doer, for_id, answers)


def _object(session: Session, act: Act, host: Task) -> None:
    """Somebody did not agree: the answers count no more, and whoever is asked after it signs the next ones."""
    for plan in plans(session, host.id):
        if plan.role == AFTER and plan.dropped_at is None and plan.made_id is not None:
            child = session.get_one(Task, plan.made_id, populate_existing=True)
            if child.state == OPEN:
                _cancel(session, act, child)
            plan.made_id = None
    kept = pending(session, host.id)
    if kept is not None:
        session.delete(kept)
    session.flush()
    tasks.change(session, host, hold=None)
    completing.free(act, host)


def _cancel(session: Session, act: Act, task: Task) -> None:
    """A signature is waited for no more, nor those that its signer asked for."""
    below = select(Task).where(Task.parent_id == task.id, Task.state == OPEN)
    for child in session.scalars(below.execution_options(populate_existing=True)).all():
        _cancel(session, act, child)
    tasks.change(session, task, state="cancelled", completed_at=act.now, ended_how="sign_dropped",
                 ended_by_name=act.actor.name)
    assigning.end_delegations(session, task)
    rows.forget(act, task.id, offered=bool(task.offer), barring=bool(task.barred))


def said(session: Session, task_id: int) -> Mapping[str, Any]:
    """What a signer answered; empty before that."""
    found = session.get(TaskAnswer, task_id)
    return {} if found is None else found.answers


__all__ = [
    "AGREE", "Answer", "Dropped", "Lapsed", "TaskPending", "TaskPlan", "TooDeep", "TooMany", "ask", "completes", "drop",
    "hand_in", "may_be_asked", "pending", "plan_of", "plans", "said", "signed_after",
]
