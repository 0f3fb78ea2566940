"""Timers are rows. A sweep fires what is due, one transaction for each; nothing else makes time pass.

Two sweeps at once share the work: each locks the instance (SKIP LOCKED) before it looks at the timer again. A timer
that fails is tried again with a growing pause and then becomes an incident; it never holds up the others.
"""

from __future__ import annotations

import datetime as dt
import logging

from sqlalchemy import Engine, insert, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from engine import causes, run
from engine.model import OPEN, Incident, Instance, Task, TaskCandidate, Timer, sought
from engine.opening import at_places, words
from engine.operations import halting, incidents
from engine.time import clocks, deadlines, pausing, silence
from engine.usertasks import fates
from ledger import clock
from ledger.actor import SYSTEM, Actor
from ledger.db import reading, ring_after_commit, unit
from ledger.errors import Conflict, NotFound
from ledger.facts import record
from ledger.failpoints import fp

log = logging.getLogger("licet.engine")
ATTEMPTS = 3
PENDING = ("waiting", "suspended", "failed")


class TimerOver(Conflict):
    """该定时器已经触发或已取消。"""


def due(session: Session, limit: int = 100) -> list[int]:
    """The ids of timers of running instances to fire now, the longest overdue first."""
    wanted = select(Timer.id).join(Instance, Timer.instance_id == Instance.id)
    wanted = wanted.where(Timer.state == "waiting", Timer.next_try_at <= clock.now(), Instance.state == "active")
    return list(session.scalars(wanted.order_by(Timer.next_try_at, Timer.id).limit(limit)))


def of_instance(session: Session, instance_id: int, *, waiting: bool = True) -> list[Timer]:
    """An instance's timers, soonest first, those held back included; with `waiting` False also those that are over."""
    wanted = select(Timer).where(Timer.instance_id == instance_id).order_by(Timer.due_at, Timer.id)
    return list(session.scalars(wanted.where(Timer.state.in_(PENDING)) if waiting else wanted))


def sweep(engine: Engine, *, limit: int = 100) -> int:
    """Fire up to `limit` due timers, each in a transaction of its own; how many fired."""
    with reading(engine) as session:
        wanted = due(session, limit)
    return sum(_attempt(engine, timer_id) for timer_id in wanted)


def _attempt(engine: Engine, timer_id: int) -> bool:
    try:
        with unit(engine) as session:
            fired = fire(session, timer_id)
            fp("engine.timer.before_commit")
        fp("engine.timer.after_commit")
        return fired
    except OperationalError:
        return False  # the database made us wait too long; no attempt is counted, the next sweep looks again
    except Exception as error:
        log.warning("timer %s failed: %s", timer_id, causes.trail(error))
        with unit(engine) as session:
            _failed(session, timer_id, error)
        return False


def fire(session: Session, timer_id: int) -> bool:
    """Fire one timer if it is still due; False when it is not, or when its instance is being worked on."""
    instance = _claim(session, timer_id)
    timer = session.get(Timer, timer_id, populate_existing=True) if instance is not None else None
    now = clock.now()
    if instance is None or timer is None or timer.state != "waiting" or max(timer.due_at, timer.next_try_at) > now:
        return False
    if instance.state != "active":
        return False
    if timer.kind == "silence" and silence.waits(session, _watched(session, instance, timer)):
        timer.next_try_at = now + silence.LATER
        return False
    _fire(session, instance, timer, timer.due_at)
    return True


def _fire(session: Session, instance: Instance, timer: Timer, round_due: dt.datetime) -> None:
    """`round_due` is when this round was due by the drawing: the next round of a cycle is counted from there."""
    timer.state, timer.fired_at = "fired", clock.now()
    session.flush()
    if timer.kind == "event":
        _event(session, instance, timer, round_due)
    elif timer.kind == "retry":
        _again(session, instance, timer)
    else:
        _watch(session, instance, timer)


def _claim(session: Session, timer_id: int) -> Instance | None:
    owner = select(Timer.instance_id).where(Timer.id == timer_id).scalar_subquery()
    wanted = select(Instance).where(Instance.id == owner).with_for_update(skip_locked=True)
    return session.scalar(wanted, execution_options={"populate_existing": True})


def _event(session: Session, instance: Instance, timer: Timer, round_due: dt.datetime) -> None:
    record(session, "timer.fired", ("instance", instance.id), by=SYSTEM, group_id=instance.group_id,
           after={"timer": timer.id, "element": timer.element_id, "due": timer.due_at.isoformat()},
           key=f"timer:{timer.id}")
    with run.act(session, instance, SYSTEM) as act:
        act.token(timer.token).internal_data["due"] = round_due
        run.trigger(act, timer.token, timer.element_id, "timer", None, {})
        fp("engine.timer.fired")


def _again(session: Session, instance: Instance, timer: Timer) -> None:
    """A step that failed is tried again."""
    record(session, "step.retried", ("instance", instance.id), by=SYSTEM, group_id=instance.group_id,
           after={"element": timer.element_id}, key=f"timer:{timer.id}")
    with run.act(session, instance, SYSTEM) as act:
        halting.resume(act.token(timer.token))
        fp("engine.timer.fired")


def _watch(session: Session, instance: Instance, timer: Timer) -> None:
    """A task's deadline has passed: say so, offer it to somebody higher, or let silence decide."""
    task = _watched(session, instance, timer)
    if timer.kind in deadlines.SILENCE:
        silence.spoken(session, instance, task, timer)
        return
    kind, added = "task.overdue", {}
    if timer.kind == "escalation":
        kind, added = "task.escalated", {"added": _widen(session, instance, task, timer.detail or "")}
    record(session, kind, ("instance", instance.id), by=SYSTEM, group_id=instance.group_id,
           after={"task": task.id, "element": task.element_id, "name": task.name, "to": timer.detail, **added},
           key=f"timer:{timer.id}")
    fp("engine.timer.fired")


def _watched(session: Session, instance: Instance, timer: Timer) -> Task:
    """The open task that a timer watches over."""
    return session.scalars(select(Task).where(
        Task.instance_id == instance.id, Task.token == timer.token, Task.state == OPEN, Task.parent_id.is_(None))).one()


def _runs(session: Session, instance: Instance, timer: Timer) -> Task:
    """The same, where its clock runs. Raises StandsStill: whoever stopped the clock held its timers back with it."""
    task = _watched(session, instance, timer)
    if clocks.stopped(session, task):
        raise pausing.StandsStill()
    return task


def _widen(session: Session, instance: Instance, task: Task, role: str) -> list[str]:
    """Offer a task to more; which groups these are."""
    added = [name for name in at_places(words(role), instance.places) if name not in task.offer]
    task.offer = [*task.offer, *added]  # the version stays: a form that somebody is filling in remains good
    if added:
        free = task.assignee_id is None
        search = sought(task.title, task.name, task.business_key)
        offers = [{"task_id": task.id, "candidate": name, "open": free, "rank_at": task.rank_at, "search": search}
                  for name in added]
        session.execute(insert(TaskCandidate), offers)
    session.flush()
    return added


def _failed(session: Session, timer_id: int, error: Exception) -> None:
    """Count the attempt; after the last one it becomes an incident."""
    owner = session.scalars(select(Timer.instance_id).where(Timer.id == timer_id)).one()
    instance = run.lock(session, owner)
    timer = session.get_one(Timer, timer_id, populate_existing=True)
    if timer.state != "waiting":
        return
    attempts = timer.attempts + 1
    timer.attempts, timer.last_error = attempts, halting.brief(error)[:500]
    timer.next_try_at = clock.now() + halting.PAUSE * 2 ** (attempts - 1)
    if attempts >= ATTEMPTS:
        timer.state = "failed"
        zh, en = halting.told(error)
        incidents.open(session, instance, timer.element_id, zh, cause_en=en, timer_id=timer.id)


def again(session: Session, timer_id: int) -> None:
    """Let a failed timer be tried again."""
    session.execute(update(Timer).where(Timer.id == timer_id, Timer.state == "failed")
                    .values(state="waiting", attempts=0, next_try_at=clock.now()))


# what an operator may do to a single timer
def fire_now(session: Session, timer_id: int, *, by: Actor, reason: str) -> Timer:
    """Let a timer fire now instead of when it is due; a cycle goes on as if this round had come in time.

    Raises TimerOver, NotRunning, NotFound, StandsStill (its clock is paused), Waiting (silence decides nothing while
    somebody is asked).
    """
    instance, timer = _held(session, timer_id)
    run.active(instance)
    if timer.kind in pausing.WATCHING and silence.waits(session, task := _runs(session, instance, timer)):
        if timer.kind == "silence":
            raise fates.waiting(session, task)
    was, now = timer.due_at, clock.now()
    timer.due_at = min(was, now)
    _note(session, "timer.fired_by_hand", instance, timer, by, reason, was)
    _fire(session, instance, timer, was)
    fp("engine.timer.before_commit")
    return timer


def reschedule(session: Session, timer_id: int, due_at: dt.datetime, *, by: Actor, reason: str) -> Timer:
    """Give a timer another moment (aware; one in the past fires with the next sweep). A deadline moves with its timer.

    One that was held back or had failed waits again. Raises TimerOver, NotFound, StandsStill (its clock is paused).
    """
    instance, timer = _held(session, timer_id)
    was = timer.due_at
    if timer.kind in pausing.WATCHING:
        task = _runs(session, instance, timer)
        if timer.kind == "sla":
            pausing.moved_by_hand(session, task, due_at, by=by, reason=reason)
            deadlines.move(session, instance.id, timer.token, due_at, True)
    timer.due_at = timer.next_try_at = due_at
    timer.state, timer.attempts, timer.due_confirmed = "waiting", 0, True
    _note(session, "timer.rescheduled", instance, timer, by, reason, was)
    return timer


def suspend(session: Session, timer_id: int, *, by: Actor, reason: str) -> Timer:
    """Hold a single timer back; nothing else of its instance stands still. Raises TimerOver, NotFound."""
    instance, timer = _held(session, timer_id)
    if timer.state == "suspended":
        raise Conflict()
    timer.state = "suspended"
    _note(session, "timer.suspended", instance, timer, by, reason, timer.due_at)
    return timer


def resume(session: Session, timer_id: int, *, by: Actor, reason: str) -> Timer:
    """Let a timer that was held back go on; past its moment it fires once, with the next sweep."""
    instance, timer = _held(session, timer_id)
    if timer.state != "suspended":
        raise Conflict()
    if timer.kind in pausing.WATCHING:
        _runs(session, instance, timer)
    timer.state, timer.attempts, timer.next_try_at = "waiting", 0, timer.due_at
    _note(session, "timer.resumed", instance, timer, by, reason, timer.due_at)
    return timer


def _held(session: Session, timer_id: int) -> tuple[Instance, Timer]:
    """A timer that has not fired, and its instance, locked; whoever took it in hand settles its incident."""
    owner = session.scalar(select(Timer.instance_id).where(Timer.id == timer_id))
    if owner is None:
        raise NotFound()
    instance = run.lock(session, owner)
    timer = session.get_one(Timer, timer_id, populate_existing=True)
    if timer.state not in PENDING:
        raise TimerOver()
    return instance, timer


def _note(session: Session, kind: str, instance: Instance, timer: Timer, by: Actor, reason: str,
          was: dt.datetime) -> None:
    session.flush()
    for incident_id in session.scalars(
            select(Incident.id).where(Incident.timer_id == timer.id, Incident.resolved_at.is_(None))).all():
        incidents.close(session, incident_id, by, reason)
    record(session, kind, ("instance", instance.id), by=by, group_id=instance.group_id,
           before={"due": was.isoformat()},
           after={"timer": timer.id, "element": timer.element_id, "kind": timer.kind, "due": timer.due_at.isoformat(),
                  "reason": reason[:500]})
    ring_after_commit(session, "timers")
