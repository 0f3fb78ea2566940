"""Taking back what one has just done, and withdrawing what one has asked for, as long as nobody has gone on with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import catalog, instances, run
from engine.hooks import HOOKS
from engine.model import Instance, Task
from engine.operations import modification
from engine.operations.modification import Preview
from engine.operations.moves import BackTo, Draft
from engine.returns import finality, giving_back, returning
from engine.returns.backwards import Backwards
from engine.returns.returning import Going, ReturnCase
from engine.usertasks import fates, tasks
from engine.usertasks.offers import concerned
from ledger import clock
from ledger.actor import Actor
from ledger.errors import Conflict, NotAllowed, NotFound
from ledger.failpoints import fp

TAKE_BACK = dt.timedelta(minutes=10)
"""So long after completing a task its doer may take it back."""
Look = Callable[[Sequence[Task]], None]


class NotYours(NotAllowed):
    """只有办理人本人可以取回。"""


class NoMore(NotAllowed):
    """您已不再担任办理这一步的角色，或代理已经结束，不能取回。可以请后面的办理人退回。"""


class TooLate(Conflict):
    """办结已超过 {minutes} 分钟，不能取回。可以请后面的办理人退回。"""


class Followed(Conflict):
    """后面的“{name}”已由 {by} 办理，不能取回。可以请后面的办理人退回。"""


class Touched(Conflict):
    """后面的“{name}”已有人着手办理，不能取回。可以请后面的办理人退回。"""


class NothingToTakeBack(Conflict):
    """这一步已经退回或已被取回，没有可以取回的内容。"""


def may_take_back(task: Task, actor: Actor) -> bool:
    """Whether it is the actor's and still in time; what has happened since is only seen when it is done."""
    return (task.state == "completed" and task.undone_at is None and task.kept_from is None
            and actor.id is not None and actor.id == task.completed_by
            and task.completed_at is not None and clock.now() - task.completed_at <= TAKE_BACK)


def take_back(session: Session, task_id: int, *, by: Actor, untouched: Look | None = None) -> ReturnCase:
    """Have one's own task again. `untouched` sees the open tasks that go, and refuses where somebody has begun.

    Raises NotFound, NotYours, NoMore, NothingToTakeBack, TooLate, Followed, Touched, Final, NotRunning.
    """
    found = session.get(Task, task_id)
    if found is None or not concerned(found, by):
        raise NotFound()
    instance = run.lock(session, found.instance_id)
    session.refresh(found)
    _own(found, by)
    _still(session, found, by)
    run.active(instance)
    with run.act(session, instance, by) as act:
        act.why = "taken_back"
        back = Backwards.of(session, instance.id)

        def check(draft: Draft, told: Preview) -> None:
            giving_back.look(act.plan, back, found, draft)
            _nobody_followed(session, found, told, untouched)

        told = modification.carry_out(act, [BackTo(found.id)], back, check)
        tasks.note(session, "task.taken_back", found, instance, by,
                   withdrawn=[work.task_id for work in told.withdrawn])
        case = returning.begin(session, instance, Going("taken_back", by, "", True, None, found.id), act.now)
        returning.undo(session, case, [found], by, act.now)
    fp("engine.take_back.before_commit")
    return case


def _own(task: Task, by: Actor) -> None:
    if task.state != "completed" or task.undone_at is not None:
        raise NothingToTakeBack()
    if task.completed_by != by.id or task.kept_from is not None:
        raise NotYours()
    if not may_take_back(task, by):
        raise TooLate(minutes=int(TAKE_BACK.total_seconds() // 60))


def _still(session: Session, task: Task, by: Actor) -> None:
    """Raises NoMore where whoever did it could not do it again: their role or their appointment is over."""
    hooks = HOOKS.get(task.process_id)
    stands = task.for_id is None or any(
        one.id == task.for_id and one.covered(task.process_id) for one in by.stands_for)
    if not stands or (hooks is not None and hooks.entitled is not None and not hooks.entitled(session, task, by)):
        raise NoMore()


def _nobody_followed(session: Session, task: Task, told: Preview, untouched: Look | None) -> None:
    later = next((work for work in told.again if work.task_id != task.id), None)
    if later is not None:
        raise Followed(name=later.name, by=fates.named(later.by or ""))
    open_ = list(session.scalars(select(Task).where(Task.id.in_([work.task_id for work in told.withdrawn]))))
    for each in open_:
        if each.version != 1 or each.parent_id is not None or each.hold is not None:
            raise Touched(name=each.name)
    if untouched is not None:
        untouched(open_)


def withdraw(session: Session, instance_id: int, to_task_id: int, *, by: Actor, reason: str) -> ReturnCase:
    """What was asked for goes back to whoever asked, to be changed; who may is the caller's to say.

    `to_task_id` is the task in which it was asked. Approvals that rest on nothing that is changed stand when it comes
    again. Raises NotFound, NotRunning, Final, CannotModify.
    """
    instance = run.active(run.lock(session, instance_id))
    with run.act(session, instance, by) as act:
        act.why = "withdrawn"
        back = Backwards.of(session, instance.id)
        to = back.tasks.get(to_task_id)
        if to is None or to.undone_at is not None:
            raise NothingToTakeBack()
        told = modification.carry_out(act, [BackTo(to.id)], back,
                                      lambda draft, _told: giving_back.look(act.plan, back, to, draft))
        case = returning.begin(session, instance, Going("withdrawn", by, reason, True, None, to.id), act.now)
        returning.undo(session, case, [back.tasks[work.task_id] for work in told.again], by, act.now)
    fp("engine.withdraw.before_commit")
    return case


def call_off(session: Session, instance_id: int, *, by: Actor, reason: str, outcome: str) -> Instance:
    """End what was asked for, at the wish of whoever asked. Raises Final, NotFound, NotRunning."""
    instance = run.active(run.lock(session, instance_id))
    back = Backwards.of(session, instance.id)
    plan = catalog.plan(session, instance.definition_id)
    wall = finality.barrier(plan, back.passed.values(), back.tasks.values())
    if wall is not None:
        raise giving_back.Final(element=wall.bpmn_name or wall.bpmn_id)
    return instances.terminate(session, instance.id, by=by, reason=reason, outcome=outcome, how="withdrawn")
