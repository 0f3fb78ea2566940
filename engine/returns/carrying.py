"""A task that comes again after a return goes on with the time that was left, instead of beginning anew."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.dialect.nodes import Token
from engine.dialect.tasks import UserTask
from engine.model import OPEN, Task
from engine.time import clocks
from engine.time.clocks import Clock
from engine.usertasks.participation import at
from ledger import clock
from ledger.actor import SYSTEM

if TYPE_CHECKING:
    from engine.run import Act

REASONS: dict[str, str] = {"returned": "退回期间不计时", "today": "至少留到当天"}
BACK = ("returned", "withdrawn", "taken_back", "corrected")
"""How an open task ended that somebody's return took away (Task.ended_how)."""


def carried(act: Act, token: Token, spec: UserTask, due: dt.datetime, confirmed: bool) -> tuple[dt.datetime, bool]:
    """When a task that begins to wait is due: `due`, or what a return left of the time it had.

    Where a return undid or took away the earlier task, or is still open, the time from the end of that task until
    today does not count; what was used up before does, so that no return makes a late approval punctual
    (`licet:clock="restart"` begins anew). At least today is left; the ledger has that as an extension.
    """
    if spec.words.properties.get("licet:clock") == "restart" or _in_a_round(token):
        return due, confirmed
    if act.dry:
        stopped = act.stopped(token, spec)
        return (due, confirmed) if stopped is None else (_left(act, *stopped)[1], confirmed)
    before = _before(act, token, spec)
    if before is None or before.due_at is None or before.completed_at is None:
        return due, confirmed
    cal = act.desk.calendar
    rest, later, days, known = _left(act, before.due_at, before.completed_at)
    found = _written(act, before, rest, known and before.due_confirmed, days)
    if later > rest:
        more = max(0, cal.between(clocks.last_day(rest), clocks.last_day(later)))
        found.due_at, found.allowed = later, found.allowed + more
        clocks.note(act.session, found, "extended", by=SYSTEM, at=act.now, before=rest, after=later, days=more,
                    reason=REASONS["today"])
    return later, found.confirmed


def _left(act: Act, due_at: dt.datetime, stopped_at: dt.datetime) -> tuple[dt.datetime, dt.datetime, int, bool]:
    """A due moment without the working days from when the clock stopped until today; the same with at least today;
    how many days these are, and whether the calendar was known."""
    cal, today, stopped_on = act.desk.calendar, clock.day_of(act.now), clock.day_of(stopped_at)
    days = max(0, cal.between(stopped_on, today))
    rest, known = clocks.moved(cal, due_at, days)
    return rest, max(rest, clock.end_of_day(today)), days, known and cal.confirmed(stopped_on, today)


def _before(act: Act, token: Token, spec: UserTask) -> Task | None:
    """The task that was here before the return; none where nothing was returned."""
    from engine.returns.returning import ReturnCase

    round_ = token.internal_data.get("round")
    same = Task.round.is_(None) if round_ is None else Task.round == round_
    query = select(Task).where(
        Task.instance_id == act.instance.id, at(act.instance.id, [spec.bpmn_id]), Task.parent_id.is_(None), same,
        Task.state != OPEN, Task.token < token.thread_id)
    before = act.session.scalar(query.order_by(Task.token.desc()).limit(1))
    if before is None or before.undone_at is not None or before.ended_how in BACK:
        return before
    open_case = select(ReturnCase.id).where(ReturnCase.instance_id == act.instance.id, ReturnCase.closed_at.is_(None))
    return before if act.session.scalar(open_case.limit(1)) is not None else None


def _in_a_round(token: Token) -> bool:
    """Whether a sub-process around it is one round of several: which of the earlier ones was this, cannot be told."""
    scope = token.workflow
    while scope.parent_task_id is not None:
        host = scope.top_workflow.get_task_from_id(scope.parent_task_id)
        if "round" in host.internal_data:
            return True
        scope = host.workflow
    return False


def _written(act: Act, before: Task, due: dt.datetime, confirmed: bool, days: int) -> Clock:
    """The pause in the ledger; the row waits for the task that is being opened (its id is not known yet)."""
    found: Clock = clocks.of_task(act.session, before)
    was = before.due_at
    clocks.note(act.session, found, "paused", by=SYSTEM, at=before.completed_at, before=was, reason=REASONS["returned"])
    found.due_at, found.confirmed, found.state, found.paused_on = due, confirmed, clocks.RUNNING, None
    clocks.note(act.session, found, "resumed", by=act.actor, at=act.now, before=was, after=due, days=days)
    found.task_id = None
    act.session.flush()
    return found


__all__ = ["carried"]
