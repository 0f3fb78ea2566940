"""User tasks and their verbs: claiming, releasing, completing. Who may do a task is offers.py's to say.

Every change locks the instance first and counts the task's version; the loser of a race reads who did what and when.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from sqlalchemy import Table, Update, bindparam, insert, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from engine import rows, run
from engine.hooks import AFTERWARDS, HOOKS
from engine.model import OPEN, Instance, Task, TaskAnswer
from engine.usertasks import completing, participation, signing
from engine.usertasks.fates import (
    ENDED,
    Appointed,
    Delegated,
    Fate,
    FourEyes,
    Gone,
    Held,
    Moved,
    NotHeld,
    OneVoice,
    OnlyYours,
    Over,
    ReleasedOften,
    RoleLost,
    StandingInOver,
    Waiting,
    fate,
    held_by,
    moved,
    over,
    waiting,
)
from engine.usertasks.hands import AFTER
from engine.usertasks.offers import Capacity, capacity, concerned, told
from ledger.actor import Actor
from ledger.errors import Conflict, NotFound
from ledger.facts import Fact, record
from ledger.failpoints import fp

ADD_ANSWER = insert(cast(Table, TaskAnswer.__table__))
BOTH = (select(Instance, Task).join(Task, Task.instance_id == Instance.id).where(Task.id == bindparam("of_task"))
        .with_for_update(of=Instance))
MOST_RELEASED = 20
_TASK = rows.TASK.c
SHOW = update(rows.CANDIDATE).where(rows.CANDIDATE.c.task_id == bindparam("of_task")).values(open=bindparam("shown"))


def get(session: Session, task_id: int, actor: Actor, *, reading: bool = True) -> Task:
    """The task, if the actor may take it, holds it or has done it. Raises NotFound otherwise.

    Without `reading` also for whom it was taken away from: a verb then tells them by whom.
    """
    task = session.get(Task, task_id)
    if task is None or not ((task.state == OPEN and capacity(task, actor)) or concerned(task, actor)
                            or participation.took_part(session, task.id, actor.id, reading=reading)):
        raise NotFound()
    return task


def answers(session: Session, task_id: int) -> dict[str, Any] | None:
    """What was filled in when the task was completed; None while it is open."""
    found = session.get(TaskAnswer, task_id)
    return None if found is None else found.answers


# the verbs
def claim(session: Session, task_id: int, actor: Actor) -> Task:
    """Take a task that is offered to the actor, or to somebody they stand in for.

    Raises Held when somebody else was faster, AlreadyDone or Over when it is not open any more, Waiting when it has
    been handed in for them and waits for signatures.
    """
    task, instance, right = _open_task(session, task_id, actor)
    run.active(instance)
    if task.assignee_id == actor.id:
        return task
    if right is None:
        raise held_by(session, task, actor)
    if task.hold == AFTER:
        raise waiting(session, task)
    change(session, task, assignee_id=actor.id, assignee_name=actor.name, for_id=right.for_id)
    show(session, task, False)
    note(session, "task.claimed", task, instance, actor, for_id=right.for_id)
    fp("engine.claim.before_commit")
    return task


def release(session: Session, task_id: int, actor: Actor) -> Task:
    """Give a held task back to everybody it was offered to. Raises OnlyYours when it was offered to nobody else, and
    ReleasedOften."""
    task, instance, _ = _open_task(session, task_id, actor)
    if task.assignee_id != actor.id:
        raise held_by(session, task, actor) if task.assignee_id is not None else moved(session, task)
    if not task.offer:
        raise OnlyYours()
    undelegated(task)
    if task.hold == AFTER:
        raise waiting(session, task)
    if sum(one.actor_id == actor.id for one in told(session, task, ("task.released",))) >= MOST_RELEASED:
        raise ReleasedOften(name=task.name, most=MOST_RELEASED)
    change(session, task, assignee_id=None, assignee_name=None, for_id=None)
    show(session, task, True)
    note(session, "task.released", task, instance, actor)
    fp("engine.release.before_commit")
    return task


def take(session: Session, task_id: int, actor: Actor, *, version: int | None = None) -> Task:
    """Lock the instance and see that the actor may complete the task now: for callers that write before `complete`.

    Raises what `complete` would raise; a delegate is let through, who gives it back instead.
    """
    task = _taken(session, task_id, actor, version)[0]
    at_rest(session, task)
    return task


def complete(session: Session, task_id: int, actor: Actor, answers: Mapping[str, Any], *,
             version: int | None = None) -> Task:
    """Complete a task with its answers and move the instance to its next waits.

    The answers are kept as given; only what the drawing's output mapping names becomes variables. `version` is the
    task version the page was drawn from. Whom the actor stands in for is kept, and counts as a doer (four eyes).
    Where signers sign after it, it stays open until the last has agreed. Raises NotFound, NotAllowed, AlreadyDone,
    Waiting, Delegated or another Conflict.
    """
    task, instance, right = _taken(session, task_id, actor, version)
    at_rest(session, task)
    if actor.kind == "person":
        undelegated(task)
    with run.act(session, instance, actor) as act:
        if actor.kind == "person" and signing.signed_after(session, task):
            signing.hand_in(session, act, task, actor, right.for_id, answers)
        else:
            completing.finish(session, act, task, actor, right.for_id, answers)
    if task.role in AFTERWARDS:
        AFTERWARDS[task.role](session, task, actor)
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
    if version is not None and version != task.version:
        raise moved(session, task)
    if actor.kind == "person" and task.assignee_id != actor.id and not (free and task.assignee_id is None):
        raise NotHeld()  # also who stands in for its holder: once they have taken it, it is written down for whom
    _entitled(session, task, instance, actor, right)
    return task, run.active(instance)


def opened(session: Session, task_id: int, actor: Actor) -> tuple[Task, Instance]:
    """An open task that concerns the actor, and its running instance, both locked; who holds it is not asked.

    Raises NotFound, AlreadyDone, Over, FourEyes, NotRunning.
    """
    task, instance, _ = _open_task(session, task_id, actor)
    return task, run.active(instance)


def locked(session: Session, task_id: int) -> tuple[Task, Instance]:
    """The same, whoever asks: for callers that have asked for the right to it. Raises NotFound, AlreadyDone, Over."""
    task, instance = _both(session, task_id)
    if task.state != OPEN:
        raise over(session, task)
    return task, run.active(instance)


def at_rest(session: Session, task: Task) -> None:
    """Raises Waiting while the task waits for signatures or corrections."""
    if task.hold is not None:
        raise waiting(session, task)


def undelegated(task: Task) -> None:
    """Raises Delegated where the holder has it from somebody who wants it back."""
    if task.owner_id is not None:
        raise Delegated(by=task.owner_name)


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


def _taken(session: Session, task_id: int, actor: Actor, version: int | None) -> tuple[Task, Instance, Capacity]:
    task, instance, right = _open_task(session, task_id, actor)
    if right is None:
        raise held_by(session, task, actor)
    if version is not None and version != task.version:
        raise moved(session, task)
    _entitled(session, task, instance, actor, right)
    return task, run.active(instance), right


def _entitled(session: Session, task: Task, instance: Instance, actor: Actor, right: Capacity) -> None:
    """Raises RoleLost where somebody holds a task for a role that they have no more."""
    hooks = HOOKS.get(instance.process_id)
    if right.how == "holder" and hooks is not None and hooks.entitled is not None and (
            not hooks.entitled(session, task, actor)):
        raise RoleLost(name=task.name)


def _open_task(session: Session, task_id: int, actor: Actor) -> tuple[Task, Instance, Capacity | None]:
    """The task and its instance, locked, the root row first; and by what right the actor may do it: none, where
    somebody else has it whom they might have been. Raises NotFound where it never concerned them."""
    task, instance = _both(session, task_id)
    if task.state != OPEN:
        raise over(session, task) if _knows(session, task, actor) else NotFound()
    right = capacity(task, actor)
    if actor.kind == "person" and actor.id in task.barred:
        raise FourEyes() if _knows(session, task, actor) else NotFound()
    if right is None and not _knows(session, task, actor):
        raise NotFound()
    return task, instance, right


def _both(session: Session, task_id: int) -> tuple[Task, Instance]:
    found = session.execute(BOTH, {"of_task": task_id}, execution_options={"populate_existing": True}).first()
    if found is None:
        raise NotFound()
    instance, task = found
    if session.get_bind().dialect.name != "sqlite":
        session.refresh(task)  # the join saw the task as it was before we got the lock
    return task, instance


def _knows(session: Session, task: Task, actor: Actor) -> bool:
    """Whether somebody may read what became of a task."""
    return concerned(task, actor) or participation.took_part(session, task.id, actor.id)


def show(session: Session, task: Task, open_: bool) -> None:
    """Offer the task to its groups, or (somebody holds it) no more."""
    session.connection().execute(SHOW, {"of_task": task.id, "shown": open_})


__all__ = [
    "ENDED", "Appointed", "Delegated", "Fate", "FourEyes", "Gone", "Held", "Moved", "NotHeld", "OneVoice",
    "OnlyYours", "Over", "ReleasedOften", "RoleLost", "StandingInOver", "Waiting", "answers", "at_rest", "change",
    "claim", "complete", "fate", "get", "held", "held_by", "locked", "moved", "note", "opened", "over", "release",
    "show", "take", "undelegated", "waiting",
]
