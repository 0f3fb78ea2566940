"""User tasks and their verbs: claiming, releasing, completing. Who may do a task is offers.py's to say.

Every change locks the instance first and counts the task's version; the loser of a race reads who did what and when.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from sqlalchemy import Table, Update, bindparam, insert, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from engine import opening, participation, rows, run
from engine.model import OPEN, Instance, Task, TaskAnswer
from engine.offers import Capacity, capacity, concerned, handed
from engine.packing import plain
from ledger.actor import SYSTEM, Actor
from ledger.errors import AlreadyDone, Conflict, NotAllowed, NotFound
from ledger.facts import Fact, record
from ledger.failpoints import fp

ADD_ANSWER = insert(cast(Table, TaskAnswer.__table__))
BOTH = (select(Instance, Task).join(Task, Task.instance_id == Instance.id).where(Task.id == bindparam("of_task"))
        .with_for_update(of=Instance))
_TASK = rows.TASK.c
SHOW = update(rows.CANDIDATE).where(rows.CANDIDATE.c.task_id == bindparam("of_task")).values(open=bindparam("shown"))
ENDED: dict[str, str] = {
    "returned": "因退回而取消", "withdrawn": "因撤回申请而取消", "taken_back": "因取回上一步而取消",
    "vote_over": "因会签已有结果而取消", "vote_left": "因退出会签而取消",
    "sign_dropped": "因减签而取消", "terminated": "因终止流程而取消",
    "modified": "因调整流程而取消", "event": "因流程转到别处而取消",
}
"""How a task can end that nobody completed (`Task.ended_how`), in the words of `Over`."""
HANDS: dict[str, str] = {
    "task.claimed": "签收了它", "task.released": "放回了它", "task.transferred": "转办了它",
    "task.delegated": "委派了它", "task.delegation_ended": "结束了委派", "task.reassigned": "改派了它",
    "task.returned_after_absence": "把它转回本人",
}
"""What the facts of offers.HANDED are called in the sentences of `Held` and `Moved`."""


class FourEyes(NotAllowed):
    """四眼原则：您已参与本流程的相关环节，此任务须由他人办理。"""


class Over(Conflict):
    """该任务已由 {by} 于 {at} {what}，不需要再办。"""

    def __init__(self, fate: Fate) -> None:
        self.fate = fate
        super().__init__(by=_named(fate.by), at=fate.at, what=ENDED.get(fate.how, ENDED["event"]))


class Held(Conflict):
    """该任务由 {by} 办理：{who} 于 {at} {what}。"""


class Moved(Conflict):
    """您打开页面之后，{who} 于 {at} {what}。请刷新后再办。"""


class NotHeld(Conflict):
    """请先签收该任务。"""


class Appointed(Conflict):
    """该任务由流程指派给了别人。"""


class OnlyYours(Conflict):
    """该任务只指派给您，不能放回。"""


class StandingInOver(Conflict):
    """您的代理已经结束，该任务将转回本人。"""


class Gone(Conflict):
    """该任务已被流程取消，无需办理。"""


@dataclass(frozen=True)
class Fate:
    """How a task ended that is open no more: "completed" or a key of ENDED, by whom and when."""

    how: str
    by: str
    at: dt.datetime | None


def get(session: Session, task_id: int, actor: Actor) -> Task:
    """The task, if the actor may take it, holds it or has done it. Raises NotFound otherwise."""
    task = session.get(Task, task_id)
    if task is None or not ((task.state == OPEN and capacity(task, actor)) or concerned(task, actor)):
        raise NotFound()
    return task


def answers(session: Session, task_id: int) -> dict[str, Any] | None:
    """What was filled in when the task was completed; None while it is open."""
    found = session.get(TaskAnswer, task_id)
    return None if found is None else found.answers


def fate(session: Session, task: Task) -> Fate | None:
    """What became of a task; None while it is open, and for one cancelled before this was written down."""
    if task.state == "completed":
        return Fate("completed", task.completed_by_name or "", task.completed_at)
    return None if task.ended_how is None else Fate(task.ended_how, task.ended_by_name or "", task.completed_at)


# the verbs
def claim(session: Session, task_id: int, actor: Actor) -> Task:
    """Take a task that is offered to the actor, or to somebody they stand in for.

    Raises Held when somebody else was faster, AlreadyDone or Over when it is not open any more.
    """
    task, instance, right = _open_task(session, task_id, actor)
    run.active(instance)
    if task.assignee_id == actor.id:
        return task
    if right is None:
        raise held_by(session, task, actor)
    change(session, task, assignee_id=actor.id, assignee_name=actor.name, for_id=right.for_id)
    _show(session, task, False)
    note(session, "task.claimed", task, instance, actor, for_id=right.for_id)
    fp("engine.claim.before_commit")
    return task


def release(session: Session, task_id: int, actor: Actor) -> Task:
    """Give a held task back to everybody it was offered to. Raises Conflict when it was offered to nobody else."""
    task, instance, _ = _open_task(session, task_id, actor)
    if task.assignee_id != actor.id:
        raise held_by(session, task, actor) if task.assignee_id is not None else moved(session, task)
    if not task.offer:
        raise OnlyYours()
    change(session, task, assignee_id=None, assignee_name=None, for_id=None)
    _show(session, task, True)
    note(session, "task.released", task, instance, actor)
    fp("engine.release.before_commit")
    return task


def take(session: Session, task_id: int, actor: Actor, *, version: int | None = None) -> Task:
    """Lock the instance and see that the actor may complete the task now: for callers that write before `complete`.

    Raises what `complete` would raise.
    """
    return _taken(session, task_id, actor, version)[0]


def complete(session: Session, task_id: int, actor: Actor, answers: Mapping[str, Any], *,
             version: int | None = None) -> Task:
    """Complete a task with its answers and move the instance to its next waits.

    The answers are kept as given; only what the drawing's output mapping names becomes variables. `version` is the
    task version the page was drawn from. Whom the actor stands in for is kept, and counts as a doer (four eyes).
    Raises NotFound, NotAllowed, AlreadyDone or Conflict.
    """
    task, instance, right = _taken(session, task_id, actor, version)
    standing = {} if right.for_id is None else {"for_id": right.for_id}
    with run.act(session, instance, actor) as act:
        if task.not_by and {actor.id, right.for_id}.intersection(opening.barred(act, task.not_by, False, {})):
            raise FourEyes()
        change(session, task, state="completed", completed_at=act.now, completed_by=actor.id,
               completed_by_name=actor.name, **standing)
        if right.for_id is not None:
            participation.add(act.connection, task.id, right.for_id, "principal")
        rows.forget(act, task.id, offered=bool(task.offer), barring=bool(task.barred))
        act.done = task.token
        given = {"task_id": task.id, "answers": plain(dict(answers)), "at": act.now, "by_id": actor.id}
        act.connection.execute(ADD_ANSWER, given)
        note(session, "task.completed", task, instance, actor, **standing)
        token = act.token(task.token)
        token.task_spec.finish(token, answers)
    fp("engine.complete.before_commit")
    return task


# for verbs in other files
def held(session: Session, task_id: int, actor: Actor, *, version: int | None = None,
         free: bool = False) -> tuple[Task, Instance]:
    """The open task that the actor holds and its running instance, both locked (the instance first), for a verb.

    `free`: one that nobody has claimed will do, if it is offered to them. Raises NotFound, Conflict (`Held`, `Moved`,
    `NotHeld`, `Over`), AlreadyDone, FourEyes, NotRunning.
    """
    task, instance, right = _open_task(session, task_id, actor)
    if right is None:
        raise held_by(session, task, actor)
    if task.assignee_id is None and not free and actor.kind == "person":
        raise NotHeld()
    if version is not None and version != task.version:
        raise moved(session, task)
    return task, run.active(instance)


def change(session: Session, task: Task, **values: Any) -> None:
    """Write columns of an open task and count its version. Raises Conflict when it is not as it was read.

    Who changes `due_at` uses deadlines.move: its place in the inbox goes with it.
    """
    values["version"] = task.version + 1
    known = {"of_task": task.id, "of_version": task.version}
    if session.connection().execute(changing(tuple(sorted(values))), {**known, **values}).rowcount != 1:
        raise Conflict()
    for name, value in values.items():
        set_committed_value(task, name, value)


@cache
def changing(names: tuple[str, ...]) -> Update:
    """The statement that writes these columns of a task that is open and of the version it was read with."""
    same = (_TASK.id == bindparam("of_task"), _TASK.version == bindparam("of_version"), _TASK.state == OPEN)
    return update(rows.TASK).where(*same).values({name: bindparam(name) for name in names})


def note(session: Session, kind: str, task: Task, instance: Instance, actor: Actor, *, for_id: int | None = None,
         **after: Any) -> Fact:
    """Record what somebody did with a task: `after` holds ids, codes and counts, and a reason of at most 500
    characters. `for_id` is whom they stood in for."""
    told = {"task": task.id, "element": task.element_id, "name": task.name, **after}
    return record(session, kind, ("instance", instance.id), by=actor, group_id=instance.group_id,
                  after=told if for_id is None else {**told, "for": for_id})


def over(session: Session, task: Task) -> Conflict:
    """What somebody reads who comes to a task that is open no more: who ended it, how and when."""
    ended = fate(session, task)
    if ended is None:
        return Gone()
    return AlreadyDone(_named(ended.by), ended.at) if ended.how == "completed" else Over(ended)


def held_by(session: Session, task: Task, actor: Actor) -> Conflict:
    """What somebody reads whom another one has forestalled: who has the open task, since when, and how."""
    if task.assignee_id == actor.id:
        return StandingInOver()
    last = handed(session, task)
    by = task.assignee_name or task.assignee_id
    if last is None or last.kind == "task.released":
        return Appointed()
    return Held(by=by, who=_named(last.actor_name), at=last.at, what=HANDS[last.kind])


def moved(session: Session, task: Task) -> Conflict:
    """What somebody reads whose page of an open task is older than the task."""
    last = handed(session, task)
    if last is None:
        return Conflict()
    return Moved(who=_named(last.actor_name), at=last.at, what=HANDS[last.kind])


def _named(name: str) -> str:
    return "系统" if name == SYSTEM.name else name


def _taken(session: Session, task_id: int, actor: Actor, version: int | None) -> tuple[Task, Instance, Capacity]:
    task, instance, right = _open_task(session, task_id, actor)
    if right is None:
        raise held_by(session, task, actor)
    if version is not None and version != task.version:
        raise moved(session, task)
    return task, run.active(instance), right


def _open_task(session: Session, task_id: int, actor: Actor) -> tuple[Task, Instance, Capacity | None]:
    """The task and its instance, locked, the root row first; and by what right the actor may do it: none, where
    somebody else has it whom they might have been. Raises NotFound where it never concerned them."""
    found = session.execute(BOTH, {"of_task": task_id}, execution_options={"populate_existing": True}).first()
    if found is None:
        raise NotFound()
    instance, task = found
    if session.get_bind().dialect.name != "sqlite":
        session.refresh(task)  # the join saw the task as it was before we got the lock
    if task.state != OPEN:
        raise over(session, task) if concerned(task, actor) else NotFound()
    right = capacity(task, actor)
    if actor.kind == "person" and actor.id in task.barred:
        raise FourEyes() if concerned(task, actor) else NotFound()
    if right is None and not concerned(task, actor):
        raise NotFound()
    return task, instance, right


def _show(session: Session, task: Task, open_: bool) -> None:
    session.connection().execute(SHOW, {"of_task": task.id, "shown": open_})


__all__ = [
    "ENDED", "Fate", "FourEyes", "Held", "Moved", "NotHeld", "Over", "answers", "change", "claim", "complete", "fate",
    "get", "held", "held_by", "moved", "note", "over", "release", "take",
]
