"""Which elements an instance has passed, where it stands, and how long things take."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import catalog
from engine.model import OPEN, Definition, Instance, Ruling, Task, Visit
from engine.operations.moved import Migration, Renaming
from engine.time.worktime import WorkTime, median, percentile
from ledger import clock
from ledger.errors import NotFound
from ledger.workdays import calendar

MOST = 100_000


@dataclass(frozen=True)
class Passage:
    """One visit of an element; `left_at` is None while it lasts, `how` is completed or cancelled.

    `within` is the number of the sub-process around (0: the process itself, None: not known). `account` fills in the
    rest: the version of the drawing it was entered and left under (both differ where a migration came between), the
    working days it took (until now while it lasts), and what a business rule task went by.
    """

    number: int
    element_id: str
    name: str | None
    entered_at: dt.datetime
    left_at: dt.datetime | None
    how: str | None
    by_id: int | None
    by_name: str | None
    task_id: int | None = None
    within: int | None = None
    version: int | None = None
    left_version: int | None = None
    working_days: float | None = None
    rules: tuple[dict[str, Any], ...] = ()


def visits(session: Session, instance_id: int) -> list[Passage]:
    """Every visit of every element, in the order of arrival."""
    instance = session.get(Instance, instance_id)
    names = {} if instance is None else catalog.plan(session, instance.definition_id).names()
    passed = [
        Passage(row.token, row.element_id, names.get(row.element_id), row.entered_at, row.left_at, row.left_how,
                row.by_id, row.by_name, within=row.within)
        for row in session.scalars(select(Visit).where(Visit.instance_id == instance_id))
    ]
    done = [
        Passage(task.token, task.element_id, task.name, task.created_at, task.completed_at,
                None if task.state == "open" else task.state, task.completed_by, task.completed_by_name, task.id,
                task.within)
        for task in session.scalars(select(Task).where(Task.instance_id == instance_id, Task.parent_id.is_(None)))
    ]
    return sorted(passed + done, key=lambda passage: passage.number)


def account(session: Session, instance_id: int) -> list[Passage]:
    """Every visit with the versions it was made under, the working days it took, and the rules that decided there.

    `rules` holds {"decision": id, "trace": [{"table": id, "rules": [numbers from 1], "missing": [names]}, ...]}, one
    for each time it was evaluated. Raises NotFound.
    """
    instance = session.get(Instance, instance_id)
    if instance is None:
        raise NotFound()
    passed = visits(session, instance_id)
    moved = list(session.scalars(
        select(Migration).where(Migration.instance_id == instance_id).order_by(Migration.id)))
    versions = _Versions(session, instance, moved)
    decided: dict[int, list[dict[str, Any]]] = {}
    for row in session.scalars(select(Ruling).where(Ruling.instance_id == instance_id).order_by(Ruling.id)):
        decided.setdefault(row.token, []).append({"decision": row.decision_id, "trace": row.trace})
    took = WorkTime(calendar(session))
    now = instance.ended_at or clock.now()
    return [
        replace(one, name=one.name or versions.name(one), version=versions.entered(one),
                left_version=versions.left(one),
                working_days=took.between(one.entered_at, one.left_at or now),
                rules=tuple(decided.get(one.number, ())))
        for one in passed
    ]


class _Versions:
    """Which version of the drawing an instance ran by, when."""

    def __init__(self, session: Session, instance: Instance, moved: list[Migration]) -> None:
        ids = {instance.definition_id, *(made.from_id for made in moved), *(made.to_id for made in moved)}
        self.numbers = {row.id: row.version for row in session.scalars(
            select(Definition).where(Definition.id.in_(ids)))}
        self.plans = {number: catalog.plan(session, number).names() for number in ids}
        self.turns: list[tuple[int, dt.datetime, int]] = []  # (last token before, when, definition from then on)
        self.first = moved[0].from_id if moved else instance.definition_id
        for made in moved:
            self.turns.append((made.serial, made.at, made.to_id))
            if made.undone_at is not None:
                self.turns.append((made.serial, made.undone_at, made.from_id))

    def _definition(self, passage: Passage) -> int:
        return next((to for serial, _, to in reversed(self.turns) if passage.number > serial), self.first)

    def entered(self, passage: Passage) -> int:
        """The version it was entered under."""
        return self.numbers[self._definition(passage)]

    def left(self, passage: Passage) -> int | None:
        """The version it was left under; None while it lasts."""
        if passage.left_at is None:
            return None
        begun = self._definition(passage)
        later = [to for serial, at, to in self.turns if passage.number <= serial and at <= passage.left_at]
        return self.numbers[later[-1] if later and passage.left_at > passage.entered_at else begun]

    def name(self, passage: Passage) -> str | None:
        """What the element was called in its own version."""
        return self.plans[self._definition(passage)].get(passage.element_id)


@dataclass(frozen=True)
class ElementTimes:
    """How long an element takes: completed visits counted, their median and 90th percentile in working days."""

    element_id: str
    count: int
    waiting: int
    median: float | None
    p90: float | None


def times(session: Session, process_id: str, *, since: dt.datetime | None = None, definition_id: int | None = None,
          most: int = MOST) -> list[ElementTimes]:
    """For each element of a process that anybody was at: how often it was completed, how long it took, who waits.

    The newest `most` visits entered from `since` on are looked at; `definition_id` keeps to instances that are on that
    version now. An element that a migration renamed counts under its new id. Longest median first.
    """
    chosen = [Instance.process_id == process_id]
    if definition_id is not None:
        chosen.append(Instance.definition_id == definition_id)
    renamed = {(row.instance_id, row.was): row.now for row in session.execute(
        select(Renaming.instance_id, Renaming.was, Renaming.now)
        .join(Instance, Instance.id == Renaming.instance_id).where(*chosen))}
    took = WorkTime(calendar(session))
    spans: dict[str, list[float]] = {}
    for instance_id, element_id, entered, left in _completed(session, chosen, since, most):
        spans.setdefault(renamed.get((instance_id, element_id), element_id), []).append(took.between(entered, left))
    waiting = _waiting(session, chosen)
    found = [_times(each, sorted(spans.get(each, [])), waiting.get(each, 0)) for each in {*spans, *waiting}]
    return sorted(found, key=lambda one: (-(one.median or 0), -one.waiting, one.element_id))


def _times(element_id: str, values: list[float], waiting: int) -> ElementTimes:
    if not values:
        return ElementTimes(element_id, 0, waiting, None, None)
    return ElementTimes(element_id, len(values), waiting, median(values), percentile(values, 90))


def _completed(session: Session, chosen: list[Any], since: dt.datetime | None,
               most: int) -> Iterable[Any]:
    """(instance, element, entered, left) of each."""
    passed = select(Visit.instance_id, Visit.element_id, Visit.entered_at, Visit.left_at).join(
        Instance, Instance.id == Visit.instance_id).where(Visit.left_how == "completed", *chosen)
    done = select(Task.instance_id, Task.element_id, Task.created_at, Task.completed_at).join(
        Instance, Instance.id == Task.instance_id).where(Task.state == "completed", Task.parent_id.is_(None), *chosen)
    if since is not None:
        passed, done = passed.where(Visit.entered_at >= since), done.where(Task.created_at >= since)
    yield from session.execute(passed.order_by(Visit.id.desc()).limit(most)).all()
    yield from session.execute(done.order_by(Task.id.desc()).limit(most)).all()


def _waiting(session: Session, chosen: list[Any]) -> dict[str, int]:
    found: dict[str, int] = {}
    for kind, still in ((Visit, Visit.left_at.is_(None)), (Task, (Task.state == OPEN) & Task.parent_id.is_(None))):
        counted = select(kind.element_id, func.count()).join(Instance, Instance.id == kind.instance_id).where(
            still, Instance.state.in_(("active", "suspended")), *chosen).group_by(kind.element_id)
        for element_id, number in session.execute(counted):
            found[element_id] = found.get(element_id, 0) + number
    return found
