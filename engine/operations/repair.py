"""What a person does about an incident. The instance is locked first, as in every act; each deed has a reason."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

import feel
from engine import catalog, expressions, instances, run
from engine.dialect.catching import EventGateway
from engine.dialect.containers import EventSubProcess
from engine.dialect.gateways import Choosing, Joining
from engine.dialect.nodes import COMPLETED, GIVING, LEAVING, STUCK, Fault, Token, assign, context, move, withdraw
from engine.messaging import deliveries
from engine.model import Delivery, Incident, Instance, Timer
from engine.operations import halting, incidents, modification
from engine.time import timers
from ledger.actor import Actor
from ledger.errors import BadAnswer, Conflict, NotFound, Problem
from ledger.facts import record
from ledger.failpoints import fp
from ledger.workdays import calendar


class SayWhere(Conflict):
    """“{element}”不知道往哪里走，请指定一条出线。"""


class NothingToSkip(Conflict):
    """“{element}”不能跳过，请修改变量后重试，或取消。"""


class MustBeDone(Conflict):
    """“{element}”须由没有参与过的人办理（四眼原则），不能跳过。请修改变量后重试。"""


@dataclass(frozen=True)
class Trouble:
    """An open incident as an operator reads it; `ways` are the deeds that make sense (retry edit skip cancel)."""

    id: int
    instance_id: int
    process_id: str
    title: str
    element_id: str
    element_name: str | None
    cause: str
    cause_en: str
    opened_at: dt.datetime
    ways: tuple[str, ...]


def troubles(session: Session, instance_id: int | None = None, *, limit: int = 100) -> list[Trouble]:
    """Open incidents in plain language, newest first."""
    found = []
    for one in incidents.unresolved(session, instance_id, limit=limit):
        instance = session.get_one(Instance, one.instance_id)
        name = catalog.plan(session, instance.definition_id).names().get(one.element_id)
        ways = ("retry", "edit", "skip", "cancel") if one.token is not None else ("retry", "edit", "skip")
        found.append(Trouble(one.id, one.instance_id, instance.process_id, instance.title, one.element_id, name,
                             one.cause, one.cause_en or one.cause, one.opened_at, ways))
    return found


# what a halted token works with
def variables(session: Session, incident_id: int) -> dict[str, Any]:
    """The variables that the halted element sees. Raises NotFound."""
    incident = session.get(Incident, incident_id)
    if incident is None:
        raise NotFound()
    process = run.read_only(session, session.get_one(Instance, incident.instance_id))
    number = _number(session, incident)
    token = next((token for token in process.tokens() if number and token.thread_id == number), process.task_tree)
    return dict(context(token))


def typed(session: Session, texts: Mapping[str, str]) -> dict[str, Any]:
    """Values as an operator types them: FEEL after "=" (=date("2027-03-15"), =12.30), else JSON (numbers are exact).

    Raises BadAnswer with a problem for each name that is neither.
    """
    values: dict[str, Any] = {}
    problems: dict[str, list[Problem]] = {}
    with expressions.at(expressions.Desk(lambda: calendar(session))):
        for name, text in texts.items():
            try:
                values[name] = _value(text.strip())
            except feel.FeelError as error:
                problems[name] = [Problem("FEEL 表达式有误：{cause}", {"cause": error.told("zh")})]
            except ValueError:
                problems[name] = [Problem("不是 JSON 值，也不是以“=”开头的 FEEL 表达式")]
    if problems:
        raise BadAnswer(problems)
    return values


def _value(text: str) -> Any:
    if text.startswith("="):
        return expressions.formula(text)({})
    return json.loads(text, parse_float=Decimal, parse_constant=_no_constant)


def _no_constant(name: str) -> Any:
    raise ValueError(name)


# the deeds
def retry(session: Session, incident_id: int, *, by: Actor, reason: str = "", edit: Mapping[str, Any] | None = None,
          ) -> Incident:
    """Settle the incident and let what failed try again, at once, with changed variables if any are given.

    `edit` holds values (see `typed`), set where the halted element sees them. Raises Conflict when it is settled
    already, NotRunning, NotFound, TypeError for a value that no variable may hold.
    """
    instance, found = _taken(session, incident_id, by, "retry" if not edit else "edit", reason)
    number = _number(session, found)
    if edit or (found.timer_id is None and found.delivery_id is None and number is not None):
        with run.act(session, instance, by) as act:
            if edit:
                _edit(act, number, edit)
            if number is not None and found.timer_id is None:
                halting.resume(act.token(number))
    if found.timer_id is not None:
        timers.again(session, found.timer_id)
    elif found.delivery_id is not None:
        deliveries.again(session, found.delivery_id)
    fp("engine.repair.before_commit")
    return found


def _edit(act: run.Act, number: int | None, edit: Mapping[str, Any]) -> None:
    token = act.process.task_tree if number is None else act.token(number)
    known = context(token)
    record(act.session, "instance.variables_changed", ("instance", act.instance.id), by=act.actor,
           group_id=act.instance.group_id, before={"names": sorted(set(edit) & set(known))},
           after={"names": sorted(edit), "element": token.task_spec.bpmn_id})
    for name, value in edit.items():
        if name in token.data:
            token.data[name] = value
        else:
            assign(token, name, value)


def skip(session: Session, incident_id: int, *, by: Actor, reason: str, along: str | None = None) -> Incident:
    """Go on as if the element had been done and given nothing; what failed is not tried again.

    `along` names the sequence flow to take where the element cannot tell (SayWhere). A timer or message that failed is
    dropped. Raises NothingToSkip where there is no way on, MustBeDone for a task that four eyes must see, Conflict,
    NotRunning, NotFound.
    """
    instance, found = _taken(session, incident_id, by, "skip", reason)
    if found.timer_id is not None:
        session.get_one(Timer, found.timer_id).state = "cancelled"
    elif found.delivery_id is not None:
        session.get_one(Delivery, found.delivery_id).state = "missed"
    elif found.token is not None:
        with run.act(session, instance, by) as act:
            _pass(act.token(found.token), along)
    session.flush()
    fp("engine.repair.before_commit")
    return found


def _pass(token: Token, along: str | None) -> None:
    """Let a halted token go on without its work."""
    spec = token.task_spec
    phase = token.internal_data.pop("halt", None)
    happened = phase in (GIVING, LEAVING)
    words = spec.words
    if not happened and (words.words("licet:notBy") or words.properties.get("licet:notApplicant") == "true"):
        raise MustBeDone(element=spec.bpmn_name or spec.bpmn_id)
    if not happened and (spec.is_boundary or (isinstance(spec, EventSubProcess) and spec.armed(token))):
        withdraw(token)  # an event beside the work that can never happen
    elif along is not None:
        flow = next((flow for flow in spec.flows if flow.id == along), None)
        if flow is None:
            raise SayWhere(element=spec.bpmn_name or spec.bpmn_id)
        _along(token, flow)
    elif phase == LEAVING and spec.body is not None:
        token._set_state(COMPLETED)
        spec.leave(token)
        spec.body.pass_over(token)
    elif phase == LEAVING and len(spec.flows) == 1:
        _along(token, spec.flows[0])
    elif isinstance(spec, EventGateway) or (phase == LEAVING and len(spec.flows) > 1) or _undecided(spec):
        raise SayWhere(element=spec.bpmn_name or spec.bpmn_id)
    elif phase == STUCK and isinstance(spec, Joining) and "arrived" in token.internal_data:
        spec.release(token)
    elif phase == STUCK and not spec.flows:
        raise NothingToSkip(element=spec.bpmn_name or spec.bpmn_id)
    else:
        _given_nothing(token)
        token.complete()


def _undecided(spec: Any) -> bool:
    return isinstance(spec, Choosing) and len(spec.flows) > 1


def _given_nothing(token: Token) -> None:
    """Its outputs, as if it had returned nothing; a mapping that fails with nothing is left out."""
    try:
        token.task_spec.take(token, {})
    except (feel.FeelError, Fault):
        return


def _along(token: Token, flow: Any) -> None:
    token._set_state(COMPLETED)
    token.task_spec.leave(token)
    move(token, flow)


def cancel(session: Session, incident_id: int, *, by: Actor, reason: str, whole: bool = False) -> Incident:
    """Take the halted token off the drawing; with `whole`, end the instance.

    Raises CannotModify where nothing would be left to do (then only the whole can end), Conflict, NotFound.
    """
    owner, found = _taken(session, incident_id, by, "cancel", reason)
    if whole or found.token is None:
        instances.terminate(session, owner.id, by=by, reason=reason)
    else:
        modification.apply(session, owner.id, [modification.Cancel(found.token)], by=by, reason=reason)
    return found


def _taken(session: Session, incident_id: int, by: Actor, deed: str, reason: str) -> tuple[Instance, Incident]:
    """The instance, locked and running, and the incident, settled."""
    owner = session.scalar(select(Incident.instance_id).where(Incident.id == incident_id))
    if owner is None:
        raise NotFound()
    instance = run.active(run.lock(session, owner))
    return instance, incidents.close(session, incident_id, by, f"{deed}: {reason}" if reason else deed)


def _number(session: Session, incident: Incident) -> int | None:
    """The serial number of the token an incident is about."""
    if incident.token is not None or incident.timer_id is None:
        return incident.token
    return session.get_one(Timer, incident.timer_id).token


__all__ = [
    "NothingToSkip", "SayWhere", "Trouble", "cancel", "retry", "skip", "troubles", "typed", "variables",
]
