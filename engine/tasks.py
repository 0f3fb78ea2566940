"""User tasks: the inbox, claiming, releasing, completing. Who may do a task was decided when it opened (candidates).

Every change locks the instance first and counts the task's version; the loser of a race reads who won and when.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, cast

from sqlalchemy import Select, Table, bindparam, exists, func, insert, or_, select, union_all, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from engine import rows, run
from engine.model import OPEN, Instance, Task, TaskAnswer, TaskCandidate, TaskExclusion
from ledger.actor import Actor
from ledger.errors import AlreadyDone, Conflict, NotAllowed, NotFound
from ledger.facts import record
from ledger.failpoints import fp

Scope = Literal["mine", "groups", "all"]
COUNT_TO = 1000
CHANGING = ("state", "version", "assignee_id", "assignee_name", "completed_at", "completed_by", "completed_by_name")
ADD_ANSWER = insert(cast(Table, TaskAnswer.__table__))
BOTH = (select(Instance, Task).join(Task, Task.instance_id == Instance.id).where(Task.id == bindparam("of_task"))
        .with_for_update(of=Instance))
_TASK = rows.TASK.c
CHANGE = (
    update(rows.TASK)
    .where(_TASK.id == bindparam("of_task"), _TASK.version == bindparam("of_version"), _TASK.state == OPEN)
    .values({name: bindparam(name) for name in CHANGING})
)
SHOW = update(rows.CANDIDATE).where(rows.CANDIDATE.c.task_id == bindparam("of_task")).values(open=bindparam("shown"))


class FourEyes(NotAllowed):
    """四眼原则：您已参与本流程的相关环节，此任务须由他人办理。"""


def groups_of(actor: Actor) -> list[str]:
    """Every candidate text that stands for this actor."""
    own = [f"person@{actor.id}"] if actor.id is not None else []
    return sorted(actor.groups) + own


def offered(session: Session, task: Task, actor: Actor) -> bool:
    """Whether the actor may take this open task (or holds it)."""
    if actor.kind == "system":
        return True
    if task.state != OPEN or actor.id in task.barred:
        return False
    if task.assignee_id is not None:
        return task.assignee_id == actor.id
    return not set(task.offer).isdisjoint(groups_of(actor))


def get(session: Session, task_id: int, actor: Actor) -> Task:
    """The task, if the actor may take it, holds it or has done it. Raises NotFound otherwise."""
    task = session.get(Task, task_id)
    if task is None or not (offered(session, task, actor) or _concerned(task, actor)):
        raise NotFound()
    return task


def _concerned(task: Task, actor: Actor) -> bool:
    """Did it, holds it, or was among those it was offered to (and may read who took it)."""
    if actor.kind == "system" or (actor.id is not None and actor.id in (task.completed_by, task.assignee_id)):
        return True
    return not set(task.offer).isdisjoint(groups_of(actor))


# reading
def inbox(session: Session, actor: Actor, *, scope: Scope = "all", search: str | None = None, after: int | None = None,
          limit: int = 20) -> list[Task]:
    """Open tasks, newest first: held by the actor, offered to the actor's groups, or both.

    `after` is the id of the last task of the page before; `search` looks into title, name and business key.
    """
    wanted = select(Task).where(Task.id.in_(_ids(actor, scope, search, after, limit))).order_by(Task.id.desc())
    return list(session.scalars(wanted.limit(limit)))


def counts(session: Session, actor: Actor) -> dict[str, int]:
    """How many open tasks the actor holds ("mine") and is offered ("groups"), each counted up to 1000."""
    scopes: tuple[Scope, Scope] = ("mine", "groups")
    return {scope: _count(session, _ids(actor, scope, None, None, COUNT_TO)) for scope in scopes}


def _count(session: Session, ids: Select[Any]) -> int:
    found = ids.subquery()
    return min(COUNT_TO, session.scalar(select(func.count(func.distinct(found.c.id)))) or 0)


def _ids(actor: Actor, scope: Scope, search: str | None, after: int | None, limit: int) -> Select[Any]:
    """Task ids of the page: for each group the newest few from its own index, so cost does not grow with the inbox."""
    parts = []
    if scope in ("mine", "all") and actor.id is not None:
        mine = select(Task.id).where(Task.assignee_id == actor.id, Task.state == OPEN)
        parts.append(_page(mine, Task.id, search, after, limit))
    if scope in ("groups", "all"):
        for group in groups_of(actor):
            offers = select(TaskCandidate.task_id.label("id"))
            offers = offers.where(TaskCandidate.candidate == group, TaskCandidate.open)
            if actor.id is not None:
                offers = offers.where(~exists().where(
                    TaskExclusion.task_id == TaskCandidate.task_id, TaskExclusion.person_id == actor.id))
            parts.append(_page(offers, TaskCandidate.task_id, search, after, limit))
    if not parts:
        return select(Task.id).where(Task.id.is_(None))
    together = union_all(*(select(part.subquery().c.id) for part in parts)).subquery()
    return select(together.c.id)


def _page(chosen: Select[Any], task_id: Any, search: str | None, after: int | None, limit: int) -> Select[Any]:
    if after is not None:
        chosen = chosen.where(task_id < after)
    if search and search.strip():
        like = "%" + search.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        texts = [column.ilike(like, escape="\\") for column in (Task.title, Task.name, Task.business_key)]
        chosen = chosen if task_id is Task.id else chosen.join(Task, Task.id == task_id)
        chosen = chosen.where(or_(*texts))
    return chosen.order_by(task_id.desc()).limit(limit)


def answers(session: Session, task_id: int) -> dict[str, Any] | None:
    """What was filled in when the task was completed; None while it is open."""
    found = session.get(TaskAnswer, task_id)
    return None if found is None else found.answers


# changing
def claim(session: Session, task_id: int, actor: Actor) -> Task:
    """Take a task that is offered to the actor. Raises AlreadyDone when somebody else was faster."""
    task, instance = _open_task(session, task_id, actor)
    run.active(instance)
    if task.assignee_id == actor.id:
        return task
    _held_by_nobody(task, actor)
    _change(session, task, assignee_id=actor.id, assignee_name=actor.name)
    _show(session, task, False)
    _note(session, "task.claimed", task, instance, actor)
    fp("engine.claim.before_commit")
    return task


def release(session: Session, task_id: int, actor: Actor) -> Task:
    """Give a held task back to everybody it was offered to. Raises Conflict when it was offered to nobody else."""
    task, instance = _open_task(session, task_id, actor)
    if task.assignee_id != actor.id:
        raise NotAllowed()
    if not task.offer:
        raise Conflict("该任务只指派给您，不能退回。")
    _change(session, task, assignee_id=None, assignee_name=None)
    _show(session, task, True)
    _note(session, "task.released", task, instance, actor)
    fp("engine.release.before_commit")
    return task


def take(session: Session, task_id: int, actor: Actor, *, version: int | None = None) -> Task:
    """Lock the instance and see that the actor may complete the task now: for callers that write before `complete`.

    Raises what `complete` would raise.
    """
    return _taken(session, task_id, actor, version)[0]


def _taken(session: Session, task_id: int, actor: Actor, version: int | None) -> tuple[Task, Instance]:
    task, instance = _open_task(session, task_id, actor)
    _held_by_nobody(task, actor)
    if version is not None and version != task.version:
        raise Conflict()
    return task, run.active(instance)


def complete(session: Session, task_id: int, actor: Actor, answers: Mapping[str, Any], *,
             version: int | None = None) -> Task:
    """Complete a task with its answers and move the instance to its next waits.

    The answers are kept as given; only what the drawing's output mapping names becomes variables. `version` is the
    task version the page was drawn from. Raises NotFound, NotAllowed, AlreadyDone or Conflict.
    """
    task, instance = _taken(session, task_id, actor, version)
    with run.act(session, instance, actor) as act:
        if task.not_by and actor.id in rows.barred(act, task.not_by, False, {}):
            raise FourEyes()
        _change(session, task, state="completed", completed_at=act.now, completed_by=actor.id,
                completed_by_name=actor.name)
        rows.forget(act, task.id, offered=bool(task.offer), barring=bool(task.barred))
        act.done = task.token
        given = {"task_id": task.id, "answers": rows.plain(dict(answers)), "at": act.now, "by_id": actor.id}
        act.connection.execute(ADD_ANSWER, given)
        _note(session, "task.completed", task, instance, actor)
        token = act.token(task.token)
        token.task_spec.finish(token, answers)
    fp("engine.complete.before_commit")
    return task


def _open_task(session: Session, task_id: int, actor: Actor) -> tuple[Task, Instance]:
    """The task and its instance, locked; the actor may take or hold the task. The root row is locked first."""
    found = session.execute(BOTH, {"of_task": task_id}, execution_options={"populate_existing": True}).first()
    if found is None:
        raise NotFound()
    instance, task = found
    if session.get_bind().dialect.name != "sqlite":
        session.refresh(task)  # the join saw the task as it was before we got the lock
    if task.state != OPEN:
        raise _over(task, actor)
    if actor.kind == "person" and actor.id in task.barred:
        raise FourEyes() if _concerned(task, actor) else NotFound()
    if not offered(session, task, actor) and not _concerned(task, actor):
        raise NotFound()
    return task, instance


def _over(task: Task, actor: Actor) -> Exception:
    if not _concerned(task, actor):
        return NotFound()
    if task.state == "completed":
        return AlreadyDone(task.completed_by_name or "", task.completed_at)
    return Conflict("该任务已被流程取消，无需办理。")


def _held_by_nobody(task: Task, actor: Actor) -> None:
    if task.assignee_id is not None and task.assignee_id != actor.id and actor.kind == "person":
        raise Conflict("该任务已由 {by} 签收。", by=task.assignee_name or task.assignee_id)


def _change(session: Session, task: Task, **values: Any) -> None:
    values["version"] = task.version + 1
    known = {"of_task": task.id, "of_version": task.version}
    if session.connection().execute(CHANGE, {**known, **_as_is(task), **values}).rowcount != 1:
        raise Conflict()
    for name, value in values.items():
        set_committed_value(task, name, value)


def _as_is(task: Task) -> dict[str, Any]:
    return {name: getattr(task, name) for name in CHANGING}


def _show(session: Session, task: Task, open_: bool) -> None:
    session.connection().execute(SHOW, {"of_task": task.id, "shown": open_})


def _note(session: Session, kind: str, task: Task, instance: Instance, actor: Actor) -> None:
    record(session, kind, ("instance", instance.id), by=actor, group_id=instance.group_id,
           after={"task": task.id, "element": task.element_id, "name": task.name})


__all__ = [
    "FourEyes", "answers", "claim", "complete", "counts", "get", "groups_of", "inbox", "offered", "release", "take",
]
