"""When a request is promised to be done, and what follows for clocks when the calendar changes or silence is near."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import Task
from engine.time import recounting
from engine.time.clocks import NO_ROUND, OVER, PAUSED, WHOLE, Clock, ClockEntry, last_day
from ledger import clock
from ledger.actor import SYSTEM, Actor
from ledger.errors import NotAllowed, NotFound
from ledger.facts import Fact, record
from ledger.outbox import Handler
from ledger.workdays import CalendarYear, calendar
from registry.access.grants import holders
from registry.access.rules import can
from registry.alerts.notices import notify
from workflows.requests import Request

RECOUNTED = "clocks.recounted"
"""So far the deadlines of running instances follow a year that was announced."""
SAID: dict[str, str] = {
    "agree": "“{task}”将于 {due} 到期：逾期未办，按流程规定视为同意。{title}",
    "other": "“{task}”将于 {due} 到期：逾期未办，按流程规定由系统代为决定。{title}",
}


@dataclass(frozen=True)
class Promise:
    """What was promised: `due_at` moves on while the clock stands still. `waits_for` names why it does (msgids of the
    drawing), `left` are the working days left, negative when late; `met` how it ended."""

    due_at: dt.datetime
    confirmed: bool
    state: str
    allowed: int
    left: int
    waits_for: str = ""
    since: dt.date | None = None
    met: bool | None = None


def promise_of(session: Session, request: Request) -> Promise | None:
    """The promise of a request; None before it was handed in, and where its process promises nothing."""
    found = session.scalar(select(Clock).where(
        Clock.instance_id == request.instance_id, Clock.element_id == WHOLE, Clock.round == NO_ROUND))
    if found is None:
        return None
    last = session.scalars(
        select(ClockEntry).where(ClockEntry.clock_id == found.id).order_by(ClockEntry.no.desc()).limit(1)).one()
    state = OVER if request.instance.ended_at is not None else found.state
    from_day = found.paused_on if state == PAUSED and found.paused_on is not None else clock.today()
    left = calendar(session).between(from_day, last_day(found.due_at))
    met = last.what == "met" if last.what in ("met", "missed") else None
    return Promise(found.due_at, found.confirmed, state, found.allowed, left,
                   last.reason if state == PAUSED else "", found.paused_on, met)


class OwnClock(NotAllowed):
    """您自己在办或申请的事项，计时由别的负责人调整。"""


def may_move(actor: Actor, request: Request, task: Task) -> bool:
    """Whether somebody may stop a task's clock or give it more days: who may reassign it, never for themselves."""
    return can(actor, "task.reassign", request) and actor.id not in (task.assignee_id, request.applicant_id)


def clock_of(session: Session, actor: Actor, request: Request, task_id: int) -> Task:
    """A task of the request whose clock the actor may move. Raises NotFound, NotAllowed."""
    task = session.get(Task, task_id)
    if task is None or task.instance_id != request.instance_id or task.parent_id is not None:
        raise NotFound
    if not may_move(actor, request, task):
        raise OwnClock if can(actor, "task.reassign", request) else NotAllowed
    return task


def recount(session: Session, fact: Fact) -> None:
    """A year's working days were announced, or corrected afterwards: running clocks follow, a batch with each fact."""
    year = session.get(CalendarYear, fact.subject_id)
    if year is None or not year.confirmed or fact.kind == "calendar.retimed":
        return
    after = (fact.after or {}).get("instance", 0) if fact.kind == RECOUNTED else 0
    last = recounting.recount(session, year.year, after, year.source)
    if last is not None:
        record(session, RECOUNTED, ("calendar", year.year), by=SYSTEM, after={"instance": last})


def warn_of_silence(session: Session, fact: Fact) -> None:
    """A working day before silence decides, whoever could still decide is told."""
    told = fact.after or {}
    task = session.get(Task, told.get("task", 0))
    if task is None or task.state != "open" or task.due_at is None:
        return
    people: list[int] = [task.assignee_id] if task.assignee_id else holders(session, task.offer)
    text = SAID["agree" if told.get("verdict") in ("agree", "approve", "pass") else "other"]
    notify(session, set(people) - set(task.barred), fact, text,
           {"task": task.name, "title": task.title, "due": last_day(task.due_at).isoformat()},
           subject=("task", task.id))


HANDLERS: tuple[tuple[str, Handler], ...] = (
    ("calendar.", recount), (RECOUNTED, recount), ("task.silence_near", warn_of_silence),
)
