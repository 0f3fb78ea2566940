"""One instance as an operator reads it: where it stands, what it holds and waits for, and each element's visits."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import catalog, history, instances
from engine.history import Passage
from engine.model import Definition, Instance, Subscription, Task
from engine.operations import incidents, migration
from engine.returns.finality import several
from engine.watched import PERSONAL
from ledger.actor import Actor
from workflows.requests import Request, readable

SHOWN = 400
"""Characters of a value; longer ones are cut."""
TYPES: dict[type, str] = {
    bool: "是或否", int: "数字", float: "数字", Decimal: "数字", str: "文字", dt.datetime: "时刻", dt.date: "日期",
    dt.time: "时间", list: "列表", dict: "结构", type(None): "空",
}


@dataclass(frozen=True)
class Variable:
    """A variable as it is shown: `masked` says that a number of a person's was covered."""

    name: str
    kind: str
    text: str
    masked: bool


@dataclass(frozen=True)
class Element:
    """An element with its visits, oldest first; `days` is the sum of their working days. `several`: it is done several
    times, and what holds these rounds together is a visit too."""

    id: str
    name: str
    visits: tuple[Passage, ...]
    several: bool = False

    @property
    def here(self) -> bool:
        """Whether the instance stands there now."""
        return any(one.left_at is None for one in self.visits)

    @property
    def standing(self) -> int:
        """How many tokens stand there now."""
        return sum(one.left_at is None for one in self._rounds())

    @property
    def done(self) -> int:
        """How often it was completed."""
        return sum(one.how == "completed" for one in self._rounds())

    def _rounds(self) -> Iterator[Passage]:
        """The visits, without those that only hold rounds together: such a one lasts at least as long as its rounds."""
        around: Passage | None = None
        for one in self.visits:
            if self.several and (around is None or (around.left_at is not None and one.entered_at > around.left_at)):
                around = one
            else:
                yield one

    @property
    def days(self) -> float:
        return sum(one.working_days or 0 for one in self.visits)


def elements(session: Session, instance_id: int) -> list[Element]:
    """Every element that was passed or is stood at, in the order of the first visit."""
    found: dict[str, list[Passage]] = {}
    for one in history.account(session, instance_id):
        found.setdefault(one.element_id, []).append(one)
    plan = catalog.plan(session, session.get_one(Instance, instance_id).definition_id)
    return [Element(key, passed[0].name or key, tuple(passed), several(plan, key)) for key, passed in found.items()]


def marks(session: Session, instance: Instance, passed: Sequence[Element]) -> dict[str, list[str]]:
    """Element ids for the drawing: where tokens stand, what was passed, where something failed."""
    failed = {one.element_id for one in incidents.unresolved(session, instance.id)}
    over = instance.ended_at is not None
    active = {one.id for one in passed if one.here and not over} - failed
    done = {one.id for one in passed if any(visit.how == "completed" for visit in one.visits)}
    return {"active": sorted(active), "completed": sorted(done - active - failed), "failed": sorted(failed)}


def counts(instance: Instance, passed: Sequence[Element]) -> dict[str, dict[str, int]]:
    """For the drawing: how many tokens stand at an element, and how often it was completed where that was more than
    once - in a loop, for each of many, or anew."""
    found = {}
    for one in passed:
        told = {"here": 0 if instance.ended_at else one.standing, "done": one.done if one.done > 1 else 0}
        if any(told.values()):
            found[one.id] = told
    return found


def variables(session: Session, instance: Instance, *, unmasked: bool) -> list[Variable] | None:
    """The variables of the process by name; None where the state cannot be read any more. Numbers of people (identity,
    phone) are covered unless `unmasked`, wherever in a value they stand."""
    try:
        held = instances.variables(session, instance.id)
    except (ValueError, KeyError, IndexError, TypeError):
        return None
    return [shown(name, value, unmasked=unmasked) for name, value in sorted(held.items())]


def shown(name: str, value: Any, *, unmasked: bool) -> Variable:
    """One variable as it is shown."""
    text = _text(value)
    covered = text if unmasked else PERSONAL.sub(lambda hit: _covered(hit[0]), text)
    kind = next((words for known, words in TYPES.items() if type(value) is known), "其他")
    return Variable(name, kind, covered if len(covered) <= SHOWN else covered[:SHOWN] + "…", covered != text)


def _covered(number: str) -> str:
    ends = 6 if len(number) > 11 else 3
    return number[:ends] + "*" * (len(number) - ends - 4) + number[-4:]


def _text(value: Any) -> str:
    """As an operator would type it: JSON for texts, lists and structures; others as they are read."""
    if value is None or isinstance(value, bool | str | list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def tasks(session: Session, instance_id: int) -> list[Task]:
    """The open tasks, oldest first; of a crowd the first hundred."""
    return list(session.scalars(
        select(Task).where(Task.instance_id == instance_id, Task.state == "open").order_by(Task.id).limit(100)))


def completed(session: Session, instance_id: int) -> list[Task]:
    """The tasks that were done and still count, newest first: what one can go back to."""
    return list(session.scalars(select(Task).where(
        Task.instance_id == instance_id, Task.state == "completed", Task.parent_id.is_(None), Task.undone_at.is_(None),
    ).order_by(Task.id.desc()).limit(50)))


def awaited(session: Session, instance_id: int) -> list[Subscription]:
    """The messages and signals it waits for, the oldest first."""
    return list(session.scalars(
        select(Subscription).where(Subscription.instance_id == instance_id).order_by(Subscription.id)))


def versions(session: Session, instance: Instance) -> list[Definition]:
    """The other versions of its process, newest first."""
    return list(session.scalars(select(Definition).where(
        Definition.process_id == instance.process_id, Definition.id != instance.definition_id,
    ).order_by(Definition.version.desc())))


def moved(session: Session, instance_id: int) -> list[tuple[Any, int, int]]:
    """Its migrations, newest first: (migration, from version, to version)."""
    made = list(reversed(migration.of_instance(session, instance_id)))
    numbers = {row.id: row.version for row in session.scalars(select(Definition).where(
        Definition.id.in_({number for one in made for number in (one.from_id, one.to_id)})))} if made else {}
    return [(one, numbers[one.from_id], numbers[one.to_id]) for one in made]


def request_of(session: Session, actor: Actor, instance_id: int) -> Request | None:
    """The request it belongs to, for who may read that."""
    found = session.scalar(select(Request).where(Request.instance_id == instance_id))
    return found if found is not None and readable(session, actor, found.id) else None


def names(session: Session, instance: Instance) -> dict[str, str]:
    """What its drawing calls the elements."""
    return catalog.plan(session, instance.definition_id).names()


def ways_on(session: Session, instance: Instance, element_id: str) -> list[tuple[str, str]]:
    """The flows that leave an element, (id, where to), for an operator who says which to take."""
    blueprint = catalog.plan(session, instance.definition_id).blueprint
    for spec in (blueprint.spec, *blueprint.inner.values()):
        for node in spec.task_specs.values():
            if node.bpmn_id == element_id and node.flows:
                return [(flow.id, flow.target.bpmn_name or flow.target.bpmn_id) for flow in node.flows]
    return []


__all__ = ["Element", "Variable", "awaited", "completed", "counts", "elements", "marks", "moved", "names", "request_of",
           "shown", "tasks", "variables", "versions", "ways_on"]
