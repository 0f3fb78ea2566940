"""The clocks of an instance and its tasks in working days, and the ledger of everything that moved them.

A task's clock has no row before something moves it: until then its task says when it began and is due, and that is
one write less for each task. What a row holds is the present; its entries are what happened, and are only added.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.model import OPEN, Task
from ledger import clock
from ledger.actor import SYSTEM, Actor
from ledger.db import Base, BigId, Id, Instant
from ledger.workdays import Calendar, Deadline, calendar, working_days_after

RUNNING, PAUSED, OVER = "running", "paused", "over"
WHOLE, NO_ROUND = "", -1
"""The element and the round of the clock of a whole request."""


class Clock(Base):
    """One clock: of an element (and its round in a loop), or of the whole request (element "", round -1).

    `allowed` counts working days; `state` is running, paused or over. The lines of its ledger are ClockEntry.
    """

    __tablename__ = "clock"
    __table_args__ = (UniqueConstraint("instance_id", "element_id", "round"),)

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId)
    instance_id: Mapped[int] = mapped_column(ForeignKey("instance.id"), type_=BigId)
    element_id: Mapped[str] = mapped_column(String(120), default="")
    round: Mapped[int] = mapped_column(default=-1)
    task_id: Mapped[int | None] = mapped_column(BigId)
    allowed: Mapped[int]
    began_on: Mapped[dt.date]
    due_at: Mapped[dt.datetime] = mapped_column(Instant)
    confirmed: Mapped[bool]
    state: Mapped[str] = mapped_column(String(8), default="running")
    paused_on: Mapped[dt.date | None]


class ClockEntry(Base):
    """A line of a clock's ledger, never changed: what happened, who did it and why, and what it did to the due moment.

    `what` is began, paused, resumed, extended, set (by an operator), recounted, met, missed or ended; `days` are
    working days.
    How a task's clock ended is not written: its task says so (timesheet.py).
    """

    __tablename__ = "clock_entry"
    __table_args__ = (UniqueConstraint("clock_id", "no"),)

    id: Mapped[Id]
    clock_id: Mapped[int] = mapped_column(ForeignKey("clock.id"), type_=BigId)
    no: Mapped[int]
    what: Mapped[str] = mapped_column(String(12))
    at: Mapped[dt.datetime] = mapped_column(Instant)
    by_id: Mapped[int | None] = mapped_column(BigId)
    by_name: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(String(500), default="")
    due_before: Mapped[dt.datetime | None] = mapped_column(Instant)
    due_after: Mapped[dt.datetime | None] = mapped_column(Instant)
    days: Mapped[int] = mapped_column(default=0)
    confirmed: Mapped[bool]


# pure
def last_day(due_at: dt.datetime) -> dt.date:
    """The day a due instant belongs to: 24:00 is the end of a day, not the beginning of the next."""
    return clock.day_of(due_at - dt.timedelta(microseconds=1))


def shifted(cal: Calendar, due_on: dt.date, paused_on: dt.date, resumed_on: dt.date) -> Deadline:
    """The last day after a pause: later by the working days after `paused_on` up to and including `resumed_on`.

    Days count whole and the first one does not (民法典 201; working days without holidays: 行政许可法 82), as the time
    an authority must not count against itself (行政许可法 45): stopped and resumed on one day moves nothing.
    """
    return working_days_after(cal, due_on, max(0, cal.between(paused_on, resumed_on)))


def moved(cal: Calendar, due_at: dt.datetime, days: int) -> tuple[dt.datetime, bool]:
    """A due instant so many working days later, at the same time of day; and whether the calendar was known.

    No days move nothing, not even from a day of rest.
    """
    if days <= 0:
        return due_at, True
    was = last_day(due_at)
    now = working_days_after(cal, was, days)
    return due_at + (now.on - was), now.confirmed


# rows
def running_clock(session: Session, task: Task) -> Clock | None:
    """The clock of a task where something has moved it already."""
    return session.scalar(select(Clock).where(Clock.instance_id == task.instance_id, Clock.task_id == task.id))


def stopped(session: Session, task: Task) -> bool:
    """Whether the task's clock stands still."""
    found = running_clock(session, task)
    return found is not None and found.state == PAUSED


def paused_in(session: Session, found: Clock) -> int:
    """The line of the ledger in which the clock was stopped last; 0 where it never was."""
    return session.scalar(select(func.max(ClockEntry.no)).where(
        ClockEntry.clock_id == found.id, ClockEntry.what == "paused")) or 0


def of_task(session: Session, task: Task, allowed: int | None = None) -> Clock:
    """The clock of a task that has a deadline, made from the task when there is none yet.

    One that the same element had before goes on in the same row, which the task takes over. `allowed` are the working
    days it was given, where that is known; else they are counted from when it came until it is due.
    """
    found = running_clock(session, task) or _left_behind(session, task)
    if found is None:
        found = _made(session, task, allowed)
    elif found.task_id != task.id:
        fresh = found.task_id is not None
        found.task_id, found.state, found.paused_on = task.id, RUNNING, None
        found.due_at, found.confirmed = task.due_at or found.due_at, task.due_confirmed
        if fresh:
            _begin(session, found, task, allowed)
    return found


def _left_behind(session: Session, task: Task) -> Clock | None:
    """The clock of this element and round whose own task is over."""
    round_ = NO_ROUND if task.round is None else task.round
    found = session.scalar(select(Clock).where(
        Clock.instance_id == task.instance_id, Clock.element_id == task.element_id, Clock.round == round_))
    if found is None or found.task_id is None:
        return found
    before = session.get(Task, found.task_id)
    return None if before is not None and before.state == OPEN else found


def _made(session: Session, task: Task, allowed: int | None) -> Clock:
    assert task.due_at is not None
    round_ = NO_ROUND if task.round is None else task.round
    taken = session.scalar(select(Clock.id).where(
        Clock.instance_id == task.instance_id, Clock.element_id == task.element_id, Clock.round == round_))
    found = Clock(
        group_id=task.group_id, instance_id=task.instance_id, element_id=task.element_id,
        round=round_ if taken is None else -1 - task.token,  # two of them run at once, in rounds of a sub-process
        task_id=task.id, allowed=0, began_on=clock.day_of(task.created_at), due_at=task.due_at,
        confirmed=task.due_confirmed)
    session.add(found)
    _begin(session, found, task, allowed)
    return found


def _begin(session: Session, found: Clock, task: Task, allowed: int | None) -> None:
    found.began_on = clock.day_of(task.created_at)
    counted = calendar(session).between(found.began_on, last_day(found.due_at))
    found.allowed = max(0, counted) if allowed is None else allowed
    note(session, found, "began", by=SYSTEM, at=task.created_at, after=found.due_at, days=found.allowed)


def note(session: Session, found: Clock, what: str, *, by: Actor, reason: str = "", at: dt.datetime | None = None,
         before: dt.datetime | None = None, after: dt.datetime | None = None, days: int = 0) -> ClockEntry:
    """Add a line to a clock's ledger."""
    session.flush()
    last = session.scalar(select(func.max(ClockEntry.no)).where(ClockEntry.clock_id == found.id)) or 0
    entry = ClockEntry(clock_id=found.id, no=last + 1, what=what, at=at or clock.now(), by_id=by.id, by_name=by.name,
                       reason=reason[:500], due_before=before, due_after=after, days=days, confirmed=found.confirmed)
    session.add(entry)
    session.flush()
    return entry


__all__ = [
    "NO_ROUND", "OVER", "PAUSED", "RUNNING", "WHOLE", "Clock", "ClockEntry", "last_day", "moved", "note", "of_task",
    "paused_in", "running_clock", "shifted", "stopped",
]
