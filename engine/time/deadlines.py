"""When a task is due, in working days, and the timer rows that watch over it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Table, insert, select, update
from sqlalchemy.orm import Session

from engine import expressions
from engine.dialect.nodes import Token, fitting
from engine.dialect.tasks import UserTask
from engine.model import DRAWN, NEVER, OPEN, Task, TaskCandidate, Timer, rank
from engine.returns.carrying import carried
from engine.usertasks.hands import AFTER, BEFORE
from ledger import clock
from ledger.workdays import Calendar, working_days_after

if TYPE_CHECKING:
    from engine.run import Act

SILENCE = ("warning", "silence")
"""The kinds of timers by which silence decides."""
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
        details = {"escalation": properties.get("licet:escalateTo"), **dict.fromkeys(SILENCE, _verdict(spec, given))}
        for kind, detail in details.items():
            if detail:
                moment, sure = watches(act.desk.calendar, properties, due)[kind]
                later = max(moment, act.now) if kind == "warning" else moment
                timers.append(timer(act, token, spec.bpmn_id, kind, later, confirmed and sure, detail))
    return due, confirmed


def watches(cal: Calendar, properties: Mapping[str, str], due: dt.datetime) -> dict[str, tuple[dt.datetime, bool]]:
    """When the other timers of a task that is due then are due themselves, by kind, and whether the calendar was known.

    It escalates `licet:escalateAfter` working days later; silence decides `licet:silenceAfter` working days later, and
    the warning goes out when the working day before that begins.
    """
    last, found = clock.day_of(due - dt.timedelta(microseconds=1)), {}
    for kind, word in (("escalation", "licet:escalateAfter"), ("silence", "licet:silenceAfter")):
        later = working_days_after(cal, last, int(properties.get(word, "0")))
        found[kind] = (max(due, clock.end_of_day(later.on)), later.confirmed)
        before = clock.start_of_day(cal.before(later.on, 1))
        found["warning"] = (before, later.confirmed)
    return found


def _verdict(spec: UserTask, given: Any) -> str | None:
    """What silence means (`licet:silence`; FEEL after "=": null and "" let no silence decide)."""
    text = spec.words.properties.get("licet:silence")
    verdict = expressions.value(text)(given) if text else None
    return fitting(spec, verdict.strip(), 60) if isinstance(verdict, str) and verdict.strip() else None


def move(session: Session, instance_id: int, token: int, due_at: dt.datetime | None, confirmed: bool) -> None:
    """Give the open task of a token another due moment, and its place in everybody's inbox with it; whoever is asked to
    sign it has the same."""
    _write(session, instance_id, token, {"due_at": due_at, "due_confirmed": confirmed, "rank_at": rank(due_at)})


def put_last(session: Session, instance_id: int, token: int) -> None:
    """Its clock stands still: the open task keeps its due moment and stands behind all others in every inbox."""
    _write(session, instance_id, token, {"rank_at": NEVER})


def _write(session: Session, instance_id: int, token: int, at: dict[str, Any]) -> None:
    mine = (Task.instance_id == instance_id, Task.token == token, Task.state == OPEN,
            Task.role.in_((DRAWN, BEFORE, AFTER)))  # who signs it has the deadline of what is signed
    session.execute(update(Task).where(*mine).values(at))
    session.execute(update(TaskCandidate).where(TaskCandidate.task_id.in_(select(Task.id).where(*mine)))
                    .values(rank_at=at["rank_at"]), execution_options={"synchronize_session": False})


def timer(act: Act, token: Token, element_id: str, kind: str, due: dt.datetime, confirmed: bool,
          detail: str | None = None) -> dict[str, Any]:
    """A timer row."""
    act.process.serial += 1
    return {
        "instance_id": act.instance.id, "element_id": element_id, "occurrence": act.process.serial,
        "token": token.thread_id, "kind": kind, "detail": detail, "due_at": due, "due_confirmed": confirmed,
        "state": "waiting", "next_try_at": due, "attempts": 0,
    }
