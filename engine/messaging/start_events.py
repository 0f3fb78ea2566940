"""Start events that are triggered from outside: by messages and signals (rows of every version, made once), by clocks
(rows where one runs, see engine/releases/arming.py)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import expressions
from engine.dialect import Blueprint
from engine.dialect.triggers import MessageTrigger, SignalTrigger, TimerTrigger
from engine.model import Definition, StartTrigger
from engine.releases import choosing
from ledger import clock
from ledger.workdays import calendar


def know(session: Session, definition: Definition, blueprint: Blueprint, group_id: int) -> None:
    """Write down what messages and signals start this version, once; whether they do now is for `starts` to say."""
    known = select(StartTrigger.id).where(StartTrigger.definition_id == definition.id, StartTrigger.kind != "timer")
    if session.scalar(known.limit(1)) is not None:
        return
    for element_id, flow in blueprint.spec.start.entries.items():
        for trigger in flow.target.waits:
            if isinstance(trigger, MessageTrigger | SignalTrigger):
                kind = "message" if isinstance(trigger, MessageTrigger) else "signal"
                session.add(StartTrigger(definition_id=definition.id, process_id=definition.process_id, kind=kind,
                                         name=trigger.name, element_id=element_id, group_id=group_id, places=[]))
    session.flush()


def starts(session: Session, kind: str, name: str, places: Sequence[int]) -> list[StartTrigger]:
    """The start events that a message or signal of this name triggers at a place: of the versions in force there."""
    wanted = select(StartTrigger).where(StartTrigger.kind == kind, StartTrigger.name == name)
    rows = list(session.scalars(wanted.order_by(StartTrigger.id)))
    valid = {process_id: choosing.in_force(session, process_id, places) for process_id in {r.process_id for r in rows}}
    return [row for row in rows if valid[row.process_id] == row.definition_id]


def next_due(session: Session, blueprint: Blueprint, row: StartTrigger) -> dt.datetime | None:
    """When a repeating start event comes after the moment it was due: one interval later, however late we are."""
    spec = blueprint.spec
    trigger = next(each for each in spec.start.entries[row.element_id].target.waits if isinstance(each, TimerTrigger))
    with expressions.at(expressions.Desk(lambda: calendar(session))):
        rounds = expressions.cycle(trigger.moment({}), clock.now())
    return None if rounds is None or row.due_at is None else rounds.after(row.due_at)
