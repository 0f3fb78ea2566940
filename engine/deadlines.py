"""When a task is due, in working days, and the timer rows that watch over it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Table, insert, select, update
from sqlalchemy.orm import Session

from engine import expressions
from engine.carrying import carried
from engine.dialect.nodes import Token, fitting
from engine.dialect.tasks import UserTask
from engine.model import NEVER, OPEN, Task, TaskCandidate, Timer, rank
from ledger import clock
from ledger.workdays import working_days_after

if TYPE_CHECKING:
    from engine.run import Act

ADD_TIMER = insert(cast(Table, Timer.__table__))


def deadline(act: Act, token: Token, spec: UserTask, given: Any,
             timers: list[dict[str, Any]]) -> tuple[dt.datetime | None, bool]:
    """When the task is due, and the timer rows that watch over it."""
    properties, act.desk.confirmed = spec.words.properties, True
    due = expressions.instant(spec.due(given), act.now) if spec.due else None
    confirmed = act.desk.confirmed
    if due is None and "licet:sla" in properties:
        last = working_days_after(act.desk.calendar, clock.day_of(act.now), int(properties["licet:sla"]))
        due, confirmed = carried(act, token, spec, clock.end_of_day(last.on), last.confirmed)
    if due is not None:
        timers.append(timer(act, token, spec.bpmn_id, "sla", due, confirmed))
        if "licet:escalateTo" in properties:
            timers.append(_escalation(act, token, spec, due, confirmed))
        timers += decisions(act, token, spec, given, due)
    return due, confirmed


def decisions(act: Act, token: Token, spec: UserTask, given: Any, due: dt.datetime) -> list[dict[str, Any]]:
    """The timers by which silence decides, where the drawing says so: the warning a working day before, the decision.

    `licet:silence` is the verdict (FEEL after "=": null or "" is none), `licet:silenceAfter` working days after due.
    """
    properties = spec.words.properties
    verdict = expressions.value(properties["licet:silence"])(given) if "licet:silence" in properties else None
    if not isinstance(verdict, str) or not verdict.strip():
        return []
    cal, verdict = act.desk.calendar, fitting(spec, verdict.strip(), 60)
    last = clock.day_of(due - dt.timedelta(microseconds=1))
    decides = working_days_after(cal, last, int(properties.get("licet:silenceAfter", "0")))
    moment = max(due, clock.end_of_day(decides.on))
    warned = max(act.now, clock.start_of_day(cal.before(decides.on, 1)))
    return [timer(act, token, spec.bpmn_id, "warning", warned, decides.confirmed, verdict),
            timer(act, token, spec.bpmn_id, "silence", moment, decides.confirmed, verdict)]


def move(session: Session, instance_id: int, token: int, due_at: dt.datetime | None, confirmed: bool) -> None:
    """Give the open task of a token another due moment, and its place in everybody's inbox with it."""
    _write(session, instance_id, token, {"due_at": due_at, "due_confirmed": confirmed, "rank_at": rank(due_at)})


def put_last(session: Session, instance_id: int, token: int) -> None:
    """Its clock stands still: the open task keeps its due moment and stands behind all others in every inbox."""
    _write(session, instance_id, token, {"rank_at": NEVER})


def _write(session: Session, instance_id: int, token: int, at: dict[str, Any]) -> None:
    mine = (Task.instance_id == instance_id, Task.token == token, Task.state == OPEN, Task.parent_id.is_(None))
    session.execute(update(Task).where(*mine).values(at))
    session.execute(update(TaskCandidate).where(TaskCandidate.task_id.in_(select(Task.id).where(*mine)))
                    .values(rank_at=at["rank_at"]), execution_options={"synchronize_session": False})


def _escalation(act: Act, token: Token, spec: UserTask, due: dt.datetime, confirmed: bool) -> dict[str, Any]:
    properties = spec.words.properties
    last_day = clock.day_of(due - dt.timedelta(microseconds=1))
    later = working_days_after(act.desk.calendar, last_day, int(properties.get("licet:escalateAfter", "0")))
    moment = max(due, clock.end_of_day(later.on))
    return timer(act, token, spec.bpmn_id, "escalation", moment, confirmed and later.confirmed,
                 properties["licet:escalateTo"])


def timer(act: Act, token: Token, element_id: str, kind: str, due: dt.datetime, confirmed: bool,
          detail: str | None = None) -> dict[str, Any]:
    """A timer row."""
    act.process.serial += 1
    return {
        "instance_id": act.instance.id, "element_id": element_id, "occurrence": act.process.serial,
        "token": token.thread_id, "kind": kind, "detail": detail, "due_at": due, "due_confirmed": confirmed,
        "state": "waiting", "next_try_at": due, "attempts": 0,
    }
