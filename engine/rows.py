"""The rows beside an instance's state, kept in line with it: what begins to wait (opening.py), what is left or ends."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import BindParameter, Table, bindparam, delete, insert, update

from engine import opening, state
from engine.dialect.nodes import OVER, Node, Token
from engine.model import OPEN, Incident, Ruling, Subscription, Task, TaskCandidate, TaskExclusion, Timer, Visit
from engine.usertasks.hands import TaskDelegation

if TYPE_CHECKING:
    from engine.run import Act

# Statements are made once: building one costs ten times as much as running it.
TASK, CANDIDATE, EXCLUSION, TIMER, SUBSCRIPTION, VISIT, INCIDENT, RULING = (
    cast(Table, kind.__table__)
    for kind in (Task, TaskCandidate, TaskExclusion, Timer, Subscription, Visit, Incident, Ruling))
ADD_VISIT, ADD_RULING = insert(VISIT), insert(RULING)
HERE: BindParameter[Any] = bindparam("here")
TOKEN: BindParameter[Any] = bindparam("of_token")
AT: BindParameter[Any] = bindparam("at")
HOW: BindParameter[Any] = bindparam("how")
LEAVE = update(VISIT).where(VISIT.c.instance_id == HERE, VISIT.c.token == TOKEN).values(left_at=AT, left_how=HOW)
CANCEL_TASK = update(TASK).where(TASK.c.instance_id == HERE, TASK.c.token == TOKEN, TASK.c.state == OPEN).values(
    state="cancelled", completed_at=AT, ended_how=HOW, ended_by_name=bindparam("who"),
    version=TASK.c.version + 1).returning(TASK.c.id)
CANCEL_TIMERS = update(TIMER).where(
    TIMER.c.instance_id == HERE, TIMER.c.token == TOKEN, TIMER.c.state.in_(("waiting", "suspended")),
).values(state="cancelled")
END_INCIDENTS = update(INCIDENT).where(
    INCIDENT.c.instance_id == HERE, INCIDENT.c.token == TOKEN, INCIDENT.c.resolved_at.is_(None)).values(
    resolved_at=AT, resolved_by=bindparam("who"), resolution=HOW)
HEARD = delete(SUBSCRIPTION).where(
    SUBSCRIPTION.c.instance_id == HERE, SUBSCRIPTION.c.token == TOKEN, SUBSCRIPTION.c.kind == "signal",
    SUBSCRIPTION.c.name == bindparam("of_name"))
END_SUBSCRIPTIONS = delete(SUBSCRIPTION).where(SUBSCRIPTION.c.instance_id == HERE, SUBSCRIPTION.c.token == TOKEN)
DELEGATION = cast(Table, TaskDelegation.__table__)
END_DELEGATIONS = update(DELEGATION).where(
    DELEGATION.c.task_id == bindparam("of_task"), DELEGATION.c.ended_at.is_(None)).values(
    ended_at=bindparam("when"), how="moved_on")
DROP_CANDIDATES = delete(CANDIDATE).where(CANDIDATE.c.task_id == bindparam("of_task"))
DROP_EXCLUSIONS = delete(EXCLUSION).where(EXCLUSION.c.task_id == bindparam("of_task"))


def visit(act: Act, number: int, spec: Node, where: int = 0) -> dict[str, Any]:
    """A visit row, entered now."""
    return {
        "instance_id": act.instance.id, "token": number, "element_id": spec.bpmn_id, "entered_at": act.now,
        "left_at": None, "left_how": None, "by_id": act.actor.id, "by_name": act.actor.name, "within": where,
    }


def rule(act: Act, token: Token, decision_id: str, trace: Iterable[Any]) -> None:
    """Keep which rules decided: [{"table": id, "rules": [1, 3], "missing": [names]}, ...] in order of evaluation."""
    told = [{"table": seen.id, "rules": [match.rule for match in seen.matches], "missing": list(seen.missing)}
            for seen in trace if seen.matches or seen.missing or seen.kind == "table"]
    act.connection.execute(ADD_RULING, {"instance_id": act.instance.id, "token": token.thread_id, "at": act.now,
                                        "decision_id": decision_id, "trace": told})


def write(act: Act) -> None:
    """Bring the rows in line with what the process waits for now."""
    opened = opening.begun(act, [wait for wait in act.waits if not wait.token._state & OVER])
    before, after = act.process.known, state.waiting_at(act.process)
    gone = [number for number in before if number not in after]
    if gone:
        _close(act, gone)
    if act.heard_signals:
        here = {"here": act.instance.id}
        act.connection.execute(HEARD, [{**here, "of_token": token, "of_name": name}
                                       for token, name in act.heard_signals])
    opened.insert(act)
    _tell(act)
    act.process.known = after


def _tell(act: Act) -> None:
    if act.entries:
        act.connection.execute(ADD_VISIT, list(act.entries.values()))
    if act.departures:
        here = {"here": act.instance.id, "at": act.now}
        act.connection.execute(LEAVE, [{**here, "of_token": number, "how": how} for number, how in act.departures])


def _close(act: Act, gone: list[int]) -> None:
    execute, known = act.connection.execute, act.process.known
    for number in gone:
        kinds, where = known[number], {"here": act.instance.id, "of_token": number}
        if "task" in kinds and number != act.done:
            ended = {"at": act.now, "how": act.why_of.get(number, act.why), "who": act.actor.name}
            for (task_id,) in execute(CANCEL_TASK, {**where, **ended}).all():
                forget(act, task_id)
                execute(END_DELEGATIONS, {"of_task": task_id, "when": act.now})
        if "timer" in kinds:
            execute(CANCEL_TIMERS, where)
        if "message" in kinds:
            execute(END_SUBSCRIPTIONS, where)
        if "halt" in kinds:
            execute(CANCEL_TIMERS, where)
            execute(END_INCIDENTS, {**where, "at": act.now, "who": act.actor.name, "how": "moved on"})


def forget(act: Act, task_id: int, *, offered: bool = True, barring: bool = True) -> None:
    """A task ended: nobody is offered it any more."""
    if offered:
        act.connection.execute(DROP_CANDIDATES, {"of_task": task_id})
    if barring:
        act.connection.execute(DROP_EXCLUSIONS, {"of_task": task_id})
