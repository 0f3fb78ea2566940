"""The clock of a whole request: how many working days of our own it may take, written on the start event.

Stopped, resumed and ended with the acts that move the instance.

`licet:promise` = "15" there; `licet:clockStops` = "true" on what does not count against us (the applicant's own steps,
the wait for an authority); nor does a task that waits for the applicant's answer to a question
(engine/usertasks/correcting.py). The clock begins when the process first leaves those, stands still while it waits for
nothing else, and ends with the instance. Whoever acts brings it in line, in the same transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.dialect.nodes import Token
from engine.model import CORRECTION, OPEN, Instance, Task
from engine.time import clocks
from engine.time.clocks import NO_ROUND, OVER, PAUSED, RUNNING, WHOLE, Clock
from ledger import clock
from ledger.workdays import working_days_after

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from engine.run import Act

PROMISE, STOPS = "licet:promise", "licet:clockStops"
QUESTION = "请申请人补正"
"""What it waits for where a task waits for an answer, beside the names of what is drawn."""


def runs(session: Session, instance: Instance) -> bool:
    """Whether the request has a clock that is not over."""
    return session.scalar(select(Clock.id).where(
        Clock.instance_id == instance.id, Clock.element_id == WHOLE, Clock.round == NO_ROUND,
        Clock.state != OVER)) is not None


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
    stops = bool(waits) and _stop(act, waits)
    if found is None:
        if waits and not stops:
            _begin(act, int(allowed))
    elif found.state == OVER:
        found.state = RUNNING  # reopened: what was used up stays used up
        clocks.note(act.session, found, "resumed", by=act.actor, before=found.due_at, after=found.due_at)
    elif stops and found.state == RUNNING:
        found.state, found.paused_on = PAUSED, clock.day_of(act.now)
        named = dict.fromkeys(map(_named, waits))
        clocks.note(act.session, found, "paused", by=act.actor, reason="、".join(named), before=found.due_at)
    elif found.state == PAUSED and not stops:
        _resume(act, found)


def _promised(act: Act) -> str | None:
    origin = act.plan.blueprint.spec.start
    starts = (*origin.flows, *origin.entries.values())
    return next((flow.target.words.properties[PROMISE] for flow in starts
                 if PROMISE in flow.target.words.properties), None)


def _waits(act: Act) -> list[Token]:
    """Where the process waits: what is only attached to something else, or stands ready in case, is not counted."""
    return [token for token in act.process.tokens()
            if token.thread_id in act.process.known and not token.task_spec.is_boundary
            and not token.task_spec.armed(token)]


def _stop(act: Act, waits: list[Token]) -> bool:
    """Whether nothing of it counts against us."""
    ours = {token.thread_id for token in waits if not _drawn(token)}
    if not ours:
        return True
    asked = select(Task.token).where(
        Task.instance_id == act.instance.id, Task.state == OPEN, Task.hold == CORRECTION)
    return ours <= set(act.session.scalars(asked))


def _drawn(token: Token) -> bool:
    return bool(token.task_spec.words.properties.get(STOPS) == "true")


def _named(token: Token) -> str:
    return (token.task_spec.bpmn_name or token.task_spec.bpmn_id) if _drawn(token) else QUESTION


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


__all__ = ["PROMISE", "QUESTION", "STOPS", "keep", "runs"]
