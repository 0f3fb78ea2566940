"""Open incidents of all instances: grouped by process, element and cause, and one by one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.orm import Session

from engine import catalog
from engine.model import Definition, Incident, Instance
from engine.operations.repair import Trouble
from ledger.actor import Actor
from workflows.cockpit import account, reach
from workflows.cockpit.finding import Sought

MOST_GROUPS = 100
OPEN = text("incident.resolved_at IS NULL")
WHOLE = ("retry", "edit", "skip", "cancel")


@dataclass(frozen=True)
class Group:
    """Incidents of one cause at one element: how many, since when; `element` and `process` in the drawing's words."""

    process_id: str
    process: str
    element_id: str
    element: str
    cause: str
    cause_en: str
    count: int
    first: dt.datetime


@dataclass(frozen=True)
class Line:
    """One incident with its instance, and the flows an operator may have it skip along."""

    trouble: Trouble
    instance: Instance
    ways: list[tuple[str, str]]


def groups(session: Session, actor: Actor, *, process_id: str = "") -> list[Group]:
    """The largest first."""
    cause_en = func.max(func.coalesce(Incident.cause_en, Incident.cause))
    counted = select(
        Instance.process_id, Incident.element_id, Incident.cause, cause_en, func.count(), func.min(Incident.opened_at),
        func.max(Instance.definition_id),
    ).join(Instance, Instance.id == Incident.instance_id).where(OPEN, reach.seen(actor)).group_by(
        Instance.process_id, Incident.element_id, Incident.cause)
    if process_id:
        counted = counted.where(Instance.process_id == process_id)
    rows = session.execute(counted.order_by(func.count().desc(), Instance.process_id, Incident.element_id)
                           .limit(MOST_GROUPS)).all()
    titles = {one.id: one.name for one in session.scalars(
        select(Definition).where(Definition.id.in_({row[6] for row in rows})))}
    return [Group(process, titles[definition], element, _name(session, definition, element), cause, english, number,
                  first) for process, element, cause, english, number, first, definition in rows]


def _name(session: Session, definition_id: int, element_id: str) -> str:
    return catalog.plan(session, definition_id).names().get(element_id, element_id)


def meant(sought: Sought) -> list[ColumnElement[bool]]:
    """The conditions on the incidents of one group."""
    found: list[ColumnElement[bool]] = []
    if sought.process:
        found.append(Instance.process_id == sought.process)
    if sought.trouble:
        found.append(Incident.element_id == sought.trouble)
    if sought.cause:
        found.append(Incident.cause.startswith(sought.cause, autoescape=True))
    return found


def find(session: Session, actor: Actor, sought: Sought, *, after: int | None = None, size: int = 25) -> Sequence[Line]:
    """One page of open incidents, newest first."""
    wanted = select(Incident, Instance).join(Instance, Instance.id == Incident.instance_id).where(
        OPEN, reach.seen(actor), *meant(sought))
    if after is not None:
        wanted = wanted.where(Incident.id < after)
    rows = session.execute(wanted.order_by(Incident.id.desc()).limit(size)).all()
    return [_line(session, incident, instance) for incident, instance in rows]


def _line(session: Session, one: Incident, instance: Instance) -> Line:
    name = account.names(session, instance).get(one.element_id)
    trouble = Trouble(one.id, one.instance_id, instance.process_id, instance.title, one.element_id, name, one.cause,
                      one.cause_en or one.cause, one.opened_at, WHOLE if one.token is not None else WHOLE[:3])
    return Line(trouble, instance, account.ways_on(session, instance, one.element_id))
