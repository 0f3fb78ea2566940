"""Deadlines counted again when a year's working days were announced: clocks move, each with a line that says so.

Only what the drawing gives in working days moves; a date that it computes, or that somebody set by hand, stays.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engine import catalog, run
from engine.model import OPEN, Instance, Task, Timer
from engine.time import clocks, deadlines
from engine.time.clocks import OVER, PAUSED, WHOLE, Clock, ClockEntry
from engine.time.pausing import WATCHING
from ledger import clock
from ledger.actor import SYSTEM
from ledger.db import ring_after_commit
from ledger.workdays import Calendar, calendar, working_days_after

BATCH = 50


def recount(session: Session, year: int, after: int = 0, reason: str = "") -> int | None:
    """Count the deadlines of one batch of instances again, those behind the id `after`; the last one's id, None when
    no more are left. What comes out the same is only marked as confirmed."""
    begin, end = clock.start_of_day(dt.date(year, 1, 1)), clock.end_of_day(dt.date(year, 12, 31))
    touched = select(Task.instance_id).where(
        Task.state == OPEN, Task.parent_id.is_(None), Task.created_at < end,
        or_(Task.due_at >= begin, Task.due_confirmed.is_(False)))
    whole = select(Clock.instance_id).where(
        Clock.element_id == WHOLE, Clock.state != OVER, or_(Clock.due_at >= begin, Clock.confirmed.is_(False)))
    query = select(Instance.id).where(
        Instance.id > after, Instance.ended_at.is_(None), or_(Instance.id.in_(touched), Instance.id.in_(whole)))
    batch = session.scalars(query.order_by(Instance.id).limit(BATCH)).all()
    cal = calendar(session)
    for number in batch:
        _instance(session, cal, run.lock(session, number), reason)
    ring_after_commit(session, "timers")
    return batch[-1] if len(batch) == BATCH else None


def _instance(session: Session, cal: Calendar, instance: Instance, reason: str) -> None:
    if instance.ended_at is not None:
        return
    tasks = session.scalars(select(Task).where(
        Task.instance_id == instance.id, Task.state == OPEN, Task.parent_id.is_(None), Task.due_at.is_not(None)))
    for task in tasks.all():
        said = _words(session, instance, task.element_id)
        if "licet:sla" in said[0] and not said[1]:
            _task(session, cal, task, said[0], reason)
    found = session.scalar(select(Clock).where(
        Clock.instance_id == instance.id, Clock.element_id == WHOLE, Clock.state != OVER))
    if found is not None:
        _moved(session, cal, found, found.allowed, reason)


def _words(session: Session, instance: Instance, element_id: str) -> tuple[Mapping[str, str], bool]:
    """The properties of an element, and whether it computes its own date."""
    blueprint = catalog.plan(session, instance.definition_id).blueprint
    specs: Sequence[Any] = (blueprint.spec, *blueprint.inner.values())
    node = next((found for spec in specs for found in spec.task_specs.values() if found.bpmn_id == element_id), None)
    return ({}, False) if node is None else (node.words.properties, node.words.due is not None)


def _task(session: Session, cal: Calendar, task: Task, properties: Mapping[str, str], reason: str) -> None:
    given = int(properties["licet:sla"])
    known = clocks.running_clock(session, task)
    if known is None:
        last = working_days_after(cal, clock.day_of(task.created_at), given)
        if clock.end_of_day(last.on) == task.due_at:
            if last.confirmed != task.due_confirmed:
                deadlines.move(session, task.instance_id, task.token, task.due_at, last.confirmed)
            return
    found = clocks.of_task(session, task, given)
    if not _moved(session, cal, found, found.allowed, reason):
        return
    deadlines.move(session, task.instance_id, task.token, found.due_at, found.confirmed)
    if found.state == PAUSED:
        deadlines.put_last(session, task.instance_id, task.token)
    _timers(session, cal, task, found, properties)


def _timers(session: Session, cal: Calendar, task: Task, found: Clock, properties: Mapping[str, str]) -> None:
    at = {"sla": (found.due_at, True), **deadlines.watches(cal, properties, found.due_at)}
    for timer in session.scalars(select(Timer).where(
            Timer.instance_id == task.instance_id, Timer.token == task.token, Timer.kind.in_(WATCHING),
            Timer.state.in_(("waiting", "suspended")))):
        moment, sure = at[timer.kind]
        timer.due_at = timer.next_try_at = moment
        timer.due_confirmed = found.confirmed and sure
    session.flush()


def _moved(session: Session, cal: Calendar, found: Clock, allowed: int, reason: str) -> bool:
    """Count a clock from its beginning over all its pauses; whether anything changed. Nothing is counted over a date
    that was set by hand."""
    entries = session.scalars(select(ClockEntry).where(ClockEntry.clock_id == found.id).order_by(ClockEntry.no)).all()
    if any(entry.what == "set" for entry in entries):
        return False
    last: dt.date = working_days_after(cal, found.began_on, allowed).on
    paused: dt.date | None = None
    sure = True
    for entry in entries:
        if entry.what == "paused":
            paused = clock.day_of(entry.at)
        elif entry.what == "resumed" and paused is not None:
            again = clock.day_of(entry.at)
            sure = sure and cal.confirmed(paused, again)
            last, paused = clocks.shifted(cal, last, paused, again).on, None
    confirmed = sure and cal.confirmed(found.began_on, last)
    due, was = clock.end_of_day(last), found.due_at
    if (due, confirmed) == (was, found.confirmed):
        return False
    found.due_at, found.confirmed = due, confirmed
    days = cal.between(clocks.last_day(was), last)
    clocks.note(session, found, "recounted", by=SYSTEM, reason=reason, before=was, after=due, days=days)
    return True


__all__ = ["BATCH", "recount"]
