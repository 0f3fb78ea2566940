"""Corrections asked of the applicant by whoever holds a task, who keeps it meanwhile.

The question is a task of its own with its host's token, as a signature is: whatever withdraws the token takes it along.
The host waits (`hold`) and its clock stands still until the answer is given or nobody wants it any more; that of the
whole request (promising.py) while nothing else is open. After an answer the approvals that it touches are asked for
again (asking_again.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import run
from engine.hooks import AFTERWARDS, CHILDREN
from engine.model import CORRECTION, DRAWN, NEVER, OPEN, Instance, Task
from engine.returns import asking_again
from engine.time import clocks, pausing, promising
from engine.usertasks import completing, tasks
from engine.usertasks.hands import Addressee
from ledger import clock
from ledger.actor import Actor
from ledger.errors import Conflict, NotAllowed
from ledger.failpoints import fp

if TYPE_CHECKING:
    from engine.run import Act

STOPPED, COUNT = "licet_clock_stopped", "licet_corrections"
"""In the inputs of a question: the line of the ledger in which it stopped the clock of its host, which goes on then (0:
it did not); how much it asks for."""


MOST = 20


class AskedOften(Conflict):
    """这项任务已经 {most} 次请申请人补正，不能再请。请退回，或直接决定。"""


class OnlyDrawn(Conflict):
    """这是别人请您办的事，不能由您请申请人补正。请把意见写给请您办的人。"""


def ask(session: Session, task_id: int, to: Addressee, *, by: Actor, form_key: str, count: int,
        version: int | None = None) -> Task:
    """Ask `to` for `count` corrections, to be answered in a form, of a task that `by` holds and keeps; the question.

    Raises OnlyDrawn, AskedOften, Waiting, Delegated, and what `tasks.held` does.
    """
    host, instance = tasks.held(session, task_id, by, version=version)
    tasks.undelegated(host)
    tasks.at_rest(session, host)
    if host.role != DRAWN:
        raise OnlyDrawn()
    asked = select(func.count()).select_from(Task).where(Task.parent_id == host.id, Task.role == CORRECTION)
    if (session.scalar(asked) or 0) >= MOST:
        raise AskedOften(most=MOST)
    stops = host.due_at is not None and not clocks.stopped(session, host)
    same = ("instance_id", "token", "element_id", "title", "business_key", "process_id", "group_id", "lane", "priority",
            "within", "round")
    child = Task(
        **{name: getattr(host, name) for name in same}, name=f"{host.name} · 补正"[:200], form_key=form_key, state=OPEN,
        version=1, assignee_id=to.id, assignee_name=to.name, offer=[], barred=[], not_by=[],
        inputs={STOPPED: 0, COUNT: count}, due_at=None, due_confirmed=True, rank_at=NEVER,
        created_at=clock.now(), parent_id=host.id, role=CORRECTION)
    session.add(child)
    session.flush()
    tasks.change(session, host, hold=CORRECTION)
    tasks.note(session, "correction.asked", host, instance, by, for_id=host.for_id, to=to.id, count=count,
               question=child.id)
    if stops:
        stopped = pausing.pause(session, host.id, by=by, reason=promising.QUESTION)
        child.inputs = {STOPPED: clocks.paused_in(session, stopped), COUNT: count}
        session.flush()
    _promise(session, instance, by)
    fp("engine.correct.before_commit")
    return child


def answered(session: Session, act: Act, child: Task, _answers: Mapping[str, Any]) -> None:
    """The answer was given: the host is at rest again. Its clock goes on after the act (`go_on`)."""
    host = host_of(session, child)
    others = session.scalars(select(Task).where(
        Task.instance_id == child.instance_id, Task.state == OPEN, Task.role == DRAWN, Task.id != host.id,
    ).execution_options(populate_existing=True)).all()
    tasks.change(session, host, hold=None)
    completing.free(act, host)
    for other in others:  # who has its page open judges what is no longer asked for
        tasks.change(session, other)
    tasks.note(session, "correction.answered", host, act.instance, act.actor, for_id=child.for_id, question=child.id,
               count=(child.inputs or {}).get(COUNT, 0), others=[other.id for other in others])


def _promise(session: Session, instance: Instance, by: Actor) -> None:
    """Bring the clock of the whole request in line: whether only the applicant is waited for has changed."""
    if promising.runs(session, instance):
        with run.act(session, instance, by):
            pass


def go_on(session: Session, child: Task, by: Actor) -> None:
    """After an answer: the clock of the host goes on, and what others approved on other answers is asked for again."""
    _resume(session, child, by)
    while asking_again.ask_again(session, host_of(session, child), by):
        pass  # what could not be begun anew together may be now


def _resume(session: Session, child: Task, by: Actor) -> None:
    """Let the clock of the host go on, where the question had stopped it; what somebody has stopped since stays."""
    host = host_of(session, child)
    found = clocks.running_clock(session, host) if host.state == OPEN else None
    if found is None or found.state != clocks.PAUSED:
        return
    if (child.inputs or {}).get(STOPPED) == clocks.paused_in(session, found):
        pausing.resume(session, host.id, by=by)


CHILDREN[CORRECTION] = answered
AFTERWARDS[CORRECTION] = go_on


def drop(session: Session, question_id: int, *, by: Actor) -> Task:
    """The answer is wanted no more; only whoever holds the task says so, and only before it is given. The host.

    Raises AlreadyDone (who answered and when), Over, NotAllowed, NotFound.
    """
    child, instance = tasks.locked(session, question_id)
    host = host_of(session, child)
    if child.role != CORRECTION or by.id is None or by.id != host.assignee_id:
        raise NotAllowed()
    tasks.change(session, child, state="cancelled", completed_at=clock.now(), ended_how="unasked",
                 ended_by_name=by.name)
    tasks.change(session, host, hold=None)
    tasks.note(session, "correction.dropped", host, instance, by, to=child.assignee_id, question=child.id)
    _resume(session, child, by)
    _promise(session, instance, by)
    fp("engine.correct.before_commit")
    return host


def host_of(session: Session, child: Task) -> Task:
    """The task in which the question was asked."""
    return session.scalars(select(Task).where(Task.id == child.parent_id).execution_options(
        populate_existing=True)).one()


__all__ = ["AskedOften", "OnlyDrawn", "answered", "ask", "drop", "go_on", "host_of"]
