"""The end of a task that somebody does: its answers are kept, the token goes on, and whoever did it is kept apart from
what they must not do as well."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import opening, rows
from engine.hooks import CHILDREN, HOOKS
from engine.model import CORRECTION, DRAWN, OPEN, Task
from engine.packing import plain
from engine.returns import surviving
from engine.usertasks import assigning, participation, tasks
from ledger import deeds
from ledger.actor import SYSTEM, Actor

if TYPE_CHECKING:
    from engine.run import Act


def look(act: Act, task: Task, doer_id: int | None, for_id: int | None) -> None:
    """Raises FourEyes where the task may not be done by these people: one of them had a hand in what it must be kept
    apart from; OneVoice where they have a vote of their own in the same countersign."""
    if task.not_by and not {doer_id, for_id}.isdisjoint(opening.barred(act, task.not_by, False, {})):
        raise tasks.FourEyes()
    if doer_id is not None and task.role == DRAWN and _voted(act, task, doer_id, for_id):
        raise tasks.OneVoice()


def _voted(act: Act, task: Task, doer_id: int, for_id: int | None) -> bool:
    """Whether somebody has a vote beside this one: they cast it, or it is theirs and this one is another's."""
    token = act.token(task.token)
    if token.task_spec.body is None or not token.task_spec.body.votes:
        return False
    book, own = token.parent.internal_data, token.internal_data["round"]
    others = [(index, vote[2]) for index, vote in enumerate(book["votes"]) if index != own and vote[2] != "left"]
    asked = {index for index, _said in others if _asks(book["items"][index], doer_id)}
    cast = select(Task.id).where(
        Task.instance_id == task.instance_id, Task.element_id == task.element_id, Task.completed_by == doer_id,
        Task.token > token.parent.thread_id, Task.state == "completed", Task.undone_at.is_(None),
        Task.round.in_([index for index, said in others if said is not None]))
    return (for_id is not None and bool(asked)) or act.session.scalar(cast.limit(1)) is not None


def _asks(item: Any, person_id: int) -> bool:
    return isinstance(item, Mapping) and item.get("person_id") == person_id


def finish(session: Session, act: Act, task: Task, doer: Actor, for_id: int | None, answers: Mapping[str, Any]) -> None:
    """Complete a task of a locked instance inside an act. Raises FourEyes, OneVoice, Conflict."""
    standing = {} if for_id is None else {"for_id": for_id}
    look(act, task, doer.id, for_id)
    tasks.change(session, task, state="completed", completed_at=act.now, completed_by=doer.id,
                 completed_by_name=doer.name, **standing)
    if for_id is not None:
        participation.add(act.connection, task.id, for_id, "principal")
    rows.forget(act, task.id, offered=bool(task.offer), barring=bool(task.barred))
    given = {"task_id": task.id, "answers": plain(dict(answers)), "at": act.now, "by_id": doer.id}
    act.connection.execute(tasks.ADD_ANSWER, given)
    deeds.wrote(session, "task_answer", given)
    tasks.note(session, "task.completed", task, act.instance, doer, **standing)
    if task.owner_id is not None:
        assigning.end_delegations(session, task)
    if task.element_id in act.plan.kept_apart:
        _keep_apart(session, act, task)
    if act.plan.not_applicants and _applied(session, act, task):
        _keep_from_applicants(session, act)
    if task.role != DRAWN:
        CHILDREN[task.role](session, act, task, answers)
        return
    surviving.rest(act, task)
    act.done = task.token
    token = act.token(task.token)
    token.task_spec.finish(token, answers)


def _keep_apart(session: Session, act: Act, done: Task) -> None:
    """What is open already and must be done by others is offered no more to whoever did this; what they hold of it
    goes back to the others it was offered to."""
    people = set(session.scalars(participation.doers(act.instance.id, [done.element_id])))
    query = select(Task).where(Task.instance_id == act.instance.id, Task.state == OPEN, Task.id != done.id)
    for task in session.scalars(query.execution_options(populate_existing=True)):
        if done.element_id in task.not_by:
            bar(act, task, people)


def _applied(session: Session, act: Act, task: Task) -> bool:
    hooks = HOOKS.get(act.instance.process_id)
    return hooks is not None and hooks.applied is not None and hooks.applied(session, task)


def _keep_from_applicants(session: Session, act: Act) -> None:
    """Whoever has just applied, for whomever, does not do what is open already and is not the applicant's to do."""
    query = select(Task).where(Task.instance_id == act.instance.id, Task.state == OPEN, Task.role != CORRECTION,
                               Task.element_id.in_(sorted(act.plan.not_applicants)))
    open_ = session.scalars(query.execution_options(populate_existing=True)).all()
    people = participation.applicants(session, act.instance) if open_ else set()
    for task in open_:
        bar(act, task, people)


def bar(act: Act, task: Task, people: Iterable[int]) -> bool:
    """Keep people from an open task: it is offered to them no more, and what they hold of it goes back to the others;
    whether it did."""
    new = sorted(set(people) - set(task.barred))
    if not new:
        return False
    tasks.change(act.session, task, barred=sorted([*task.barred, *new]))
    act.connection.execute(opening.ADD_EXCLUSION, [{"task_id": task.id, "person_id": one} for one in new])
    return free(act, task)


def free(act: Act, task: Task) -> bool:
    """What its holder may not do (any more) goes back to the others it is offered to, once it waits for nothing;
    whether it did."""
    barred = set(task.barred)
    if barred.isdisjoint({task.assignee_id, task.for_id}) or not task.offer or task.hold is not None:
        return False
    lost = assigning.losing(task)
    tasks.change(act.session, task, assignee_id=None, assignee_name=None, for_id=None, owner_id=None, owner_name=None)
    assigning.end_delegations(act.session, task)
    tasks.show(act.session, task, True)
    tasks.note(act.session, "task.released", task, act.instance, SYSTEM, **lost)
    return True


__all__ = ["bar", "finish", "free", "look"]
