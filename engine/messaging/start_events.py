"""Start events that are triggered from outside: rows of a process's newest version."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from engine import expressions
from engine.dialect import Blueprint
from engine.dialect.triggers import MessageTrigger, SignalTrigger, TimerTrigger
from engine.model import Definition, StartTrigger
from ledger import clock
from ledger.workdays import calendar


def arm(session: Session, definition: Definition, blueprint: Blueprint, group_id: int) -> None:
    """A new version is deployed: from now on it is the one that is started from outside."""
    session.execute(delete(StartTrigger).where(StartTrigger.process_id == definition.process_id))
    rows = []
    for element_id, flow in blueprint.spec.start.entries.items():
        for trigger in flow.target.waits:
            row = {"definition_id": definition.id, "process_id": definition.process_id, "element_id": element_id,
                   "group_id": group_id, "name": None, "due_at": None, "remaining": None}
            if isinstance(trigger, MessageTrigger):
                rows.append({**row, "kind": "message", "name": trigger.name})
            elif isinstance(trigger, SignalTrigger):
                rows.append({**row, "kind": "signal", "name": trigger.name})
            elif isinstance(trigger, TimerTrigger):
                due, times = _first(session, trigger)
                rows.append({**row, "kind": "timer", "due_at": due, "remaining": times})
    if rows:
        session.execute(insert(StartTrigger), rows)


def _first(session: Session, trigger: TimerTrigger) -> tuple[dt.datetime | None, int | None]:
    """When a timer start event comes for the first time, and how often in all (None: without end)."""
    now = clock.now()
    with expressions.at(expressions.Desk(lambda: calendar(session))):
        found = trigger.moment({})
        if not trigger.repeats:
            return expressions.instant(found, now), 1
        rounds = expressions.cycle(found, now)
    return (None, 0) if rounds is None else (rounds.first(now), rounds.times)


def next_due(session: Session, blueprint: Blueprint, row: StartTrigger) -> dt.datetime | None:
    """When a repeating start event comes after the moment it was due: one interval later, however late we are."""
    spec = blueprint.spec
    trigger = next(each for each in spec.start.entries[row.element_id].target.waits if isinstance(each, TimerTrigger))
    with expressions.at(expressions.Desk(lambda: calendar(session))):
        rounds = expressions.cycle(trigger.moment({}), clock.now())
    return None if rounds is None or row.due_at is None else rounds.after(row.due_at)
