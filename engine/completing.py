"""The end of a task that somebody does: its answers are kept, the token goes on, and whoever did it is kept apart from
what they must not do as well."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import assigning, opening, participation, rows, surviving, tasks
from engine.hooks import CHILDREN
from engine.model import DRAWN, OPEN, Task
from engine.packing import plain
from ledger.actor import SYSTEM, Actor

if TYPE_CHECKING:
    from engine.run import Act


def apart(act: Act, task: Task, *doers: int | None) -> bool:
    """Whether the task may be done by these people: none of them had a hand in what it must be kept apart from."""
    return not task.not_by or set(doers).isdisjoint(opening.barred(act, task.not_by, False, {}))


def finish(session: Session, act: Act, task: Task, doer: Actor, for_id: int | None, answers: Mapping[str, Any]) -> None:
    """Complete a task of a locked instance inside an act. Raises FourEyes, Conflict."""
    standing = {} if for_id is None else {"for_id": for_id}
    if not apart(act, task, doer.id, for_id):
        raise tasks.FourEyes()
    tasks.change(session, task, state="completed", completed_at=act.now, completed_by=doer.id,
                 completed_by_name=doer.name, **standing)
    if for_id is not None:
        participation.add(act.connection, task.id, for_id, "principal")
    rows.forget(act, task.id, offered=bool(task.offer), barring=bool(task.barred))
    given = {"task_id": task.id, "answers": plain(dict(answers)), "at": act.now, "by_id": doer.id}
    act.connection.execute(tasks.ADD_ANSWER, given)
    tasks.note(session, "task.completed", task, act.instance, doer, **standing)
    if task.owner_id is not None:
        assigning.end_delegations(session, task)
    if task.element_id in act.plan.kept_apart:
        _keep_apart(session, act, task)
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


def bar(act: Act, task: Task, people: Iterable[int]) -> bool:
    """Keep people from an open task: it is offered to them no more, and what they hold of it goes back to the others;
    whether it did."""
    new = sorted(set(people) - set(task.barred))
    if not new:
        return False
    back = task.assignee_id in new and bool(task.offer) and task.hold is None
    lost = assigning.losing(task)
    gone = {"assignee_id": None, "assignee_name": None, "for_id": None, "owner_id": None, "owner_name": None}
    tasks.change(act.session, task, barred=sorted([*task.barred, *new]), **(gone if back else {}))
    act.connection.execute(opening.ADD_EXCLUSION, [{"task_id": task.id, "person_id": one} for one in new])
    if back:
        assigning.end_delegations(act.session, task)
        tasks.show(act.session, task, True)
        tasks.note(act.session, "task.released", task, act.instance, SYSTEM, **lost)
    return back


__all__ = ["apart", "bar", "finish"]
