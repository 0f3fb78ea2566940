"""The ledger of the clocks of an instance, as it is printed in a dispute: every line with who, when, why and how long.

What nothing moved is told from its task: when it came, until when, when it was done. The rest are the entries.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import Instance, Task
from engine.time import clocks
from engine.time.clocks import NO_ROUND, OVER, PAUSED, WHOLE, Clock, ClockEntry
from ledger import clock
from ledger.actor import SYSTEM
from ledger.workdays import Calendar, calendar


@dataclass(frozen=True)
class Line:
    """One line: `what` as ClockEntry.what; `days` are working days."""

    at: dt.datetime
    what: str
    by: str
    reason: str = ""
    due_before: dt.datetime | None = None
    due_after: dt.datetime | None = None
    days: int = 0
    confirmed: bool = True


@dataclass(frozen=True)
class Sheet:
    """One clock: of a task (`task_id`, `element_id`, `name`), or of the whole request (no task, element "").

    `state` is running, paused or over; `allowed` and `stood_still` count working days.
    """

    element_id: str
    name: str
    task_id: int | None
    allowed: int
    due_at: dt.datetime
    confirmed: bool
    state: str
    lines: list[Line] = field(default_factory=list)

    @property
    def stood_still(self) -> int:
        """The working days of all pauses that are over."""
        return sum(line.days for line in self.lines if line.what == "resumed")


def sheets(session: Session, instance_id: int) -> list[Sheet]:
    """Every clock of an instance, that of the whole request first, then in the order they began."""
    tasks = list(session.scalars(select(Task).where(
        Task.instance_id == instance_id, Task.parent_id.is_(None), Task.due_at.is_not(None)).order_by(Task.id)))
    found = list(session.scalars(select(Clock).where(Clock.instance_id == instance_id).order_by(Clock.id)))
    entries = _entries(session, found)
    cal = calendar(session)
    whole = [_whole(session, one, entries.get(one.id, [])) for one in found if one.element_id == WHOLE]
    return [*whole, *_of_tasks(cal, tasks, [one for one in found if one.element_id != WHOLE], entries)]


def ledger(session: Session, instance_id: int) -> list[Line]:
    """All lines of all clocks, in order of time."""
    return sorted((line for sheet in sheets(session, instance_id) for line in sheet.lines), key=lambda line: line.at)


def _entries(session: Session, found: Iterable[Clock]) -> dict[int, list[ClockEntry]]:
    told: dict[int, list[ClockEntry]] = {one.id: [] for one in found}
    query = select(ClockEntry).where(ClockEntry.clock_id.in_(list(told))).order_by(ClockEntry.clock_id, ClockEntry.no)
    for entry in session.scalars(query) if told else ():
        told[entry.clock_id].append(entry)
    return told


def _whole(session: Session, found: Clock, entries: list[ClockEntry]) -> Sheet:
    instance = session.get_one(Instance, found.instance_id)
    lines = [_line(entry) for entry in entries]
    if instance.ended_at is not None and (not lines or lines[-1].what not in ("met", "missed", "ended")):
        lines.append(Line(instance.ended_at, "ended", SYSTEM.name))  # ended by force: no act could write it
    state = OVER if instance.ended_at is not None else found.state
    return Sheet(WHOLE, "", None, found.allowed, found.due_at, found.confirmed, state, lines)


def _of_tasks(cal: Calendar, tasks: list[Task], found: list[Clock],
              entries: dict[int, list[ClockEntry]]) -> Iterator[Sheet]:
    """One sheet for each task; the entries of a clock that several tasks had after each other stand with the last."""
    last = {(task.element_id, _round(task)): task.id for task in tasks}
    by_task = {one.task_id or last.get((one.element_id, one.round)): one for one in found}
    known = {task.id: task for task in tasks}
    went_on = {(one.element_id, one.round): (one, entries[one.id][0].at, known[number])
               for number, one in by_task.items() if number in known and entries[one.id]}
    before: dict[int, list[Line]] = {one.id: [] for one in found}
    for task in tasks:
        clock_, later = by_task.get(task.id), went_on.get((task.element_id, _round(task)))
        if clock_ is None and later is not None and _within(task, *later[1:]):
            stopped = {entry.at for entry in entries[later[0].id] if entry.what == "paused"}
            if task.completed_at not in stopped and task.due_at is not None:  # else the clock went on after a return
                before[later[0].id] += _end(task, task.due_at, None)
            continue  # its lines are those of the clock that went on
        own = _unmoved(cal, task) if clock_ is None else sorted(
            [*before[clock_.id], *map(_line, entries[clock_.id])], key=lambda line: line.at)
        state = OVER if task.state != "open" else clock_.state if clock_ is not None else clocks.RUNNING
        due = task.due_at if clock_ is None else clock_.due_at
        assert due is not None
        allowed = own[0].days if clock_ is None else clock_.allowed
        confirmed = task.due_confirmed if clock_ is None else clock_.confirmed
        yield Sheet(task.element_id, task.name, task.id, allowed, due, confirmed, state,
                    [*own, *_end(task, due, clock_)])


def _within(task: Task, began: dt.datetime, now: Task) -> bool:
    """Whether a task that is over was one of those that a clock had after each other: it came when the clock ran
    already, and was over when the one came that has the clock now."""
    return task.completed_at is not None and began <= task.created_at and task.completed_at <= now.created_at


def _round(task: Task) -> int:
    return NO_ROUND if task.round is None else task.round


def _unmoved(cal: Calendar, task: Task) -> list[Line]:
    assert task.due_at is not None
    days = max(0, cal.between(clock.day_of(task.created_at), clocks.last_day(task.due_at)))
    return [Line(task.created_at, "began", SYSTEM.name, due_after=task.due_at, days=days,
                 confirmed=task.due_confirmed)]


def _line(entry: ClockEntry) -> Line:
    return Line(entry.at, entry.what, entry.by_name, entry.reason, entry.due_before, entry.due_after, entry.days,
                entry.confirmed)


def _end(task: Task, due: dt.datetime, found: Clock | None) -> Iterator[Line]:
    """How the task's clock ended: in time (also while it stood still before it was due), late, or with its task."""
    if task.state == "open" or task.completed_at is None:
        return
    if task.state != "completed":
        yield Line(task.completed_at, "ended", task.ended_by_name or SYSTEM.name)
        return
    still = found is not None and found.state == PAUSED and found.paused_on is not None
    in_time = task.completed_at <= due or (
        still and found is not None and found.paused_on is not None and found.paused_on <= clocks.last_day(due))
    yield Line(task.completed_at, "met" if in_time else "missed", task.completed_by_name or SYSTEM.name, due_before=due)


__all__ = ["Line", "Sheet", "ledger", "sheets"]
