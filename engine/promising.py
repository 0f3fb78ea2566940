"""The clock of a whole request: how many working days of our own it may take, written on the start event.

Stopped, resumed and ended with the acts that move the instance.

`licet:promise` = "15" there; `licet:clockStops` = "true" on what does not count against us (the applicant's own steps,
the wait for an authority). The clock begins when the process first leaves those, stands still while it waits for
nothing else, and ends with the instance. Whoever acts brings it in line, in the same transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from engine import clocks
from engine.clocks import NO_ROUND, OVER, PAUSED, RUNNING, WHOLE, Clock
from engine.dialect.nodes import Node
from ledger import clock
from ledger.workdays import working_days_after

if TYPE_CHECKING:
    from engine.run import Act

PROMISE, STOPS = "licet:promise", "licet:clockStops"


def keep(act: Act) -> None:
    """Begin, stop, resume or end the clock of the request, as the instance stands after this act."""
    allowed = _promised(act)
    if allowed is None:
        return
    found = act.session.scalar(select(Clock).where(
        Clock.instance_id == act.instance.id, Clock.element_id == WHOLE, Clock.round == NO_ROUND))
    if act.process.completed:
        _end(act, found)
        return
    waits = _waits(act)
    stops = bool(waits) and all(node.words.properties.get(STOPS) == "true" for node in waits)
    if found is None:
        if waits and not stops:
            _begin(act, int(allowed))
    elif found.state == OVER:
        found.state = RUNNING  # reopened: what was used up stays used up
        clocks.note(act.session, found, "resumed", by=act.actor, before=found.due_at, after=found.due_at)
    elif stops and found.state == RUNNING:
        found.state, found.paused_on = PAUSED, clock.day_of(act.now)
        named = dict.fromkeys(node.bpmn_name or node.bpmn_id for node in waits)
        clocks.note(act.session, found, "paused", by=act.actor, reason="、".join(named), before=found.due_at)
    elif found.state == PAUSED and not stops:
        _resume(act, found)


def _promised(act: Act) -> str | None:
    origin = act.plan.blueprint.spec.start
    starts = (*origin.flows, *origin.entries.values())
    return next((flow.target.words.properties[PROMISE] for flow in starts
                 if PROMISE in flow.target.words.properties), None)


def _waits(act: Act) -> list[Node]:
    """Where the process waits: what is only attached to something else, or stands ready in case, is not counted."""
    return [token.task_spec for token in act.process.tokens()
            if token.thread_id in act.process.known and not token.task_spec.is_boundary
            and not token.task_spec.armed(token)]


def _begin(act: Act, allowed: int) -> None:
    last = working_days_after(act.desk.calendar, clock.day_of(act.now), allowed)
    made = Clock(
        group_id=act.instance.group_id, instance_id=act.instance.id, element_id=WHOLE, round=NO_ROUND, task_id=None,
        allowed=allowed, began_on=clock.day_of(act.now), due_at=clock.end_of_day(last.on), confirmed=last.confirmed)
    act.session.add(made)
    clocks.note(act.session, made, "began", by=act.actor, at=act.now, after=made.due_at, days=allowed)


def _resume(act: Act, found: Clock) -> None:
    cal, today, was = act.desk.calendar, clock.day_of(act.now), found.due_at
    since = found.paused_on or today
    days, sure = max(0, cal.between(since, today)), cal.confirmed(since, today)
    found.due_at, known = clocks.moved(cal, was, days)
    found.state, found.paused_on, found.confirmed = RUNNING, None, found.confirmed and known and sure
    clocks.note(act.session, found, "resumed", by=act.actor, at=act.now, before=was, after=found.due_at, days=days)


def _end(act: Act, found: Clock | None) -> None:
    """Met while it stood still, if it was not late when it stopped."""
    if found is None or found.state == OVER:
        return
    on = found.paused_on if found.state == PAUSED and found.paused_on is not None else clock.day_of(act.now)
    what = "met" if on <= clocks.last_day(found.due_at) else "missed"
    found.state, found.paused_on = OVER, None
    clocks.note(act.session, found, what, by=act.actor, at=act.now, before=found.due_at)


__all__ = ["PROMISE", "STOPS", "keep"]
