"""The verbs of a task's clock: stop it, let it go on, give it more days. Each is a line of the ledger and a fact.

While it stands still nothing warns, escalates or decides, and the task stands last in every inbox; it can be done.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from engine import run
from engine.model import Instance, Task, Timer
from engine.time import clocks, deadlines
from engine.time.clocks import PAUSED, RUNNING, Clock, ClockEntry
from engine.usertasks.fates import drawn
from ledger import clock
from ledger.actor import Actor
from ledger.db import ring_after_commit
from ledger.errors import Conflict
from ledger.facts import record
from ledger.failpoints import fp
from ledger.workdays import calendar

WATCHING = ("sla", "escalation", *deadlines.SILENCE)
"""The kinds of timers that a task's clock drives."""
MOST_DAYS = 250
MOST_LINES = 200


class NoClock(Conflict):
    """这一步没有期限，没有可以暂停或延长的计时。"""


class StandsStill(Conflict):
    """这一步的计时已经暂停，请先恢复计时。"""


class MovedOften(Conflict):
    """这一步的计时已经调整很多次，不能再暂停或延长。请尽快办理，或请上级改派。"""


class Runs(Conflict):
    """这一步的计时没有暂停，不需要恢复。"""


def pause(session: Session, task_id: int, *, by: Actor, reason: str) -> Clock:
    """Stop the clock of an open task. Raises NotFound, NotRunning, NoClock, StandsStill, MovedOften, Conflict
    (it is over)."""
    task, instance = _timed(session, task_id)
    found = clocks.of_task(session, task)
    if found.state == PAUSED:
        raise StandsStill()
    _room(session, found)
    found.state, found.paused_on = PAUSED, clock.today()
    session.execute(update(Timer).where(*_watching(task, "waiting")).values(state="suspended"),
                    execution_options={"synchronize_session": "fetch"})
    deadlines.put_last(session, instance.id, task.token)
    clocks.note(session, found, "paused", by=by, reason=reason, before=task.due_at)
    _tell(session, "clock.paused", task, instance, by, reason=reason[:500])
    fp("engine.pause.before_commit")
    return found


def resume(session: Session, task_id: int, *, by: Actor, reason: str = "") -> Clock:
    """Let it go on: due later by the working days it stood still. Raises as `pause`, and Runs."""
    task, instance = _timed(session, task_id)
    found = clocks.running_clock(session, task)
    if found is None or found.state != PAUSED or found.paused_on is None:
        raise Runs()
    cal, today = calendar(session), clock.today()
    days, sure = max(0, cal.between(found.paused_on, today)), cal.confirmed(found.paused_on, today)
    found.state, found.paused_on = RUNNING, None
    was = _later(session, task, found, days, sure)
    session.execute(update(Timer).where(*_watching(task, "suspended")).values(
        state="waiting", next_try_at=Timer.due_at), execution_options={"synchronize_session": "fetch"})
    clocks.note(session, found, "resumed", by=by, reason=reason, before=was, after=found.due_at, days=days)
    _tell(session, "clock.resumed", task, instance, by, days=days, reason=reason[:500])
    ring_after_commit(session, "timers")
    fp("engine.pause.before_commit")
    return found


def extend(session: Session, task_id: int, days: int, *, by: Actor, reason: str) -> Clock:
    """Give an open task more working days, from 1 to 250; one that was late is late no more, and is watched again.

    Raises as `pause`; ValueError for other numbers.
    """
    if not 1 <= days <= MOST_DAYS:
        raise ValueError(days)
    task, instance = _timed(session, task_id)
    found = clocks.of_task(session, task)
    if found.state == PAUSED:
        raise StandsStill()
    _room(session, found)
    was = _later(session, task, found, days)
    found.allowed += days
    if found.due_at > clock.now():
        _watch_again(session, task, instance, found, by)
    clocks.note(session, found, "extended", by=by, reason=reason, before=was, after=found.due_at, days=days)
    _tell(session, "clock.extended", task, instance, by, days=days, reason=reason[:500])
    ring_after_commit(session, "timers")
    fp("engine.pause.before_commit")
    return found


def moved_by_hand(session: Session, task: Task, due_at: dt.datetime, *, by: Actor, reason: str) -> None:
    """A line for a deadline that an operator set. Raises StandsStill while the clock is paused."""
    found = clocks.of_task(session, task)
    if found.state == PAUSED:
        raise StandsStill()
    was = found.due_at
    days = calendar(session).between(clocks.last_day(was), clocks.last_day(due_at))
    found.due_at, found.confirmed = due_at, True
    clocks.note(session, found, "set", by=by, reason=reason, before=was, after=due_at, days=days)


def _timed(session: Session, task_id: int) -> tuple[Task, Instance]:
    task, instance = drawn(session, task_id)
    if task.due_at is None:
        raise NoClock()
    return task, instance


def _room(session: Session, found: Clock) -> None:
    """Raises MovedOften: a ledger is to be read, and a deadline that always moves is none."""
    if (session.scalar(select(func.count()).where(ClockEntry.clock_id == found.id)) or 0) >= MOST_LINES:
        raise MovedOften()


def _watching(task: Task, *states: str) -> tuple[ColumnElement[bool], ...]:
    return (Timer.instance_id == task.instance_id, Timer.token == task.token, Timer.kind.in_(WATCHING),
            Timer.state.in_(states))


def _later(session: Session, task: Task, found: Clock, days: int, sure: bool = True) -> dt.datetime:
    """Move the deadline and what watches over it by working days, `sure`: counted by an announced calendar; when it was
    due before."""
    cal, was = calendar(session), found.due_at
    found.due_at, known = clocks.moved(cal, was, days)
    found.confirmed = found.confirmed and known and sure
    deadlines.move(session, task.instance_id, task.token, found.due_at, found.confirmed)
    for timer in session.scalars(select(Timer).where(*_watching(task, "waiting", "suspended", "failed"))):
        timer.due_at, known = clocks.moved(cal, timer.due_at, days)
        timer.next_try_at, timer.due_confirmed = timer.due_at, timer.due_confirmed and known and sure
    session.flush()
    return was


def _watch_again(session: Session, task: Task, instance: Instance, found: Clock, by: Actor) -> None:
    """The deadline had passed and its timer has fired: the new one gets a timer of its own."""
    watched = select(Timer.id).where(*_watching(task, "waiting"), Timer.kind == "sla")
    if session.scalar(watched.limit(1)) is not None:
        return
    with run.act(session, instance, by) as act:
        row = deadlines.timer(act, act.token(task.token), task.element_id, "sla", found.due_at, found.confirmed)
        act.connection.execute(deadlines.ADD_TIMER, row)


def _tell(session: Session, kind: str, task: Task, instance: Instance, by: Actor, **after: object) -> None:
    session.flush()
    session.refresh(task)
    record(session, kind, ("instance", instance.id), by=by, group_id=instance.group_id,
           after={"task": task.id, "element": task.element_id, "name": task.name, **after})


__all__ = ["MOST_DAYS", "MovedOften", "NoClock", "Runs", "StandsStill", "extend", "moved_by_hand", "pause", "resume"]
