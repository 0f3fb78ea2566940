"""What the sums say: for each element of a process how often it was completed in a period, how long that took, how many
wait there now, and what failed."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, and_, cast, func, or_, select
from sqlalchemy.orm import Session

from engine.figures import sketch
from engine.figures.model import DAY, MONTH, ElementDay, ElementNow
from engine.model import Incident, Instance
from ledger import clock
from ledger.workdays import ONE_DAY


@dataclass(frozen=True)
class Asked:
    """Which figures: of a process (of the instances that are on one version of it now), in groups, companies
    or projects with everything below, left from the first to the last day of a period, both included."""

    process_id: str
    units: tuple[int, ...]
    first: dt.date
    last: dt.date
    definition_id: int | None = None


@dataclass(frozen=True)
class Passed:
    """How often an element was completed; the median and 90th percentile in working days (off by sketch.ERROR)."""

    count: int
    median: float | None
    p90: float | None


@dataclass(frozen=True)
class Waiting:
    """How many wait at an element now, and since when the first of them does."""

    count: int
    since: dt.datetime


@dataclass(frozen=True)
class Failed:
    """Incidents at an element: those opened in the period, and those that nobody has settled yet."""

    opened: int
    unresolved: int


def passed(session: Session, asked: Asked) -> dict[str, Passed]:
    """By element: whole months from the sums of months, the days around them from those of days."""
    found: dict[str, sketch.Sketch] = {}
    query = select(ElementDay.element_id, ElementDay.sketch).where(
        ElementDay.process_id == asked.process_id, ElementDay.unit_id.in_(asked.units),
        or_(*_spans(asked.first, asked.last)))
    if asked.definition_id is not None:
        query = query.where(ElementDay.definition_id == asked.definition_id)
    for element_id, kept in session.execute(query):
        sketch.add(found.setdefault(element_id, {}), sketch.read(kept))
    return {element: Passed(sum(one.values()), sketch.median(one), sketch.percentile(one, 90))
            for element, one in found.items()}


def _spans(first: dt.date, last: dt.date) -> Iterable[Any]:
    """Conditions that together hold each day of the period once."""
    month = first.replace(day=1) if first.day == 1 else _following(first)
    if _following(month) > last + ONE_DAY:  # no whole month in it
        yield _within(DAY, first, last)
        return
    whole = (last + ONE_DAY).replace(day=1)
    yield _within(MONTH, month, whole - ONE_DAY)
    if first < month:
        yield _within(DAY, first, month - ONE_DAY)
    if whole <= last:
        yield _within(DAY, whole, last)


def _within(span: str, first: dt.date, last: dt.date) -> Any:
    return and_(ElementDay.span == span, ElementDay.day >= first, ElementDay.day <= last)


def _following(day: dt.date) -> dt.date:
    return (day.replace(day=1) + dt.timedelta(days=31)).replace(day=1)


def waits(session: Session, asked: Asked) -> dict[str, Waiting]:
    """By element, as it was when the worker looked last (standing.looked_at); the period does not matter."""
    query = select(ElementNow.element_id, func.sum(ElementNow.count), func.min(ElementNow.since)).where(
        ElementNow.process_id == asked.process_id, ElementNow.unit_id.in_(asked.units))
    if asked.definition_id is not None:
        query = query.where(ElementNow.definition_id == asked.definition_id)
    rows = session.execute(query.group_by(ElementNow.element_id))
    return {element_id: Waiting(int(count), since) for element_id, count, since in rows}


def busiest(session: Session, processes: Collection[str], units: Collection[int]) -> str | None:
    """The process of which most was completed since the last month began or waits now; None where nothing was."""
    begun = (clock.today().replace(day=1) - ONE_DAY).replace(day=1)
    done = select(ElementDay.process_id, func.sum(ElementDay.count)).where(
        ElementDay.process_id.in_(processes), ElementDay.unit_id.in_(units), ElementDay.span == MONTH,
        ElementDay.day >= begun).group_by(ElementDay.process_id)
    waits = select(ElementNow.process_id, func.sum(ElementNow.count)).where(
        ElementNow.process_id.in_(processes), ElementNow.unit_id.in_(units)).group_by(ElementNow.process_id)
    found: Counter[str] = Counter()
    for query in (done, waits):
        found.update({process_id: int(count) for process_id, count in session.execute(query)})
    return max(sorted(found), key=lambda process_id: found[process_id]) if found else None


def failed(session: Session, asked: Asked) -> dict[str, Failed]:
    """By element: incidents opened in the period, and those that are open now, whenever they came."""
    at = cast(Instance.places, Text)
    open_now = Incident.resolved_at.is_(None)
    in_period = and_(Incident.opened_at >= clock.start_of_day(asked.first),
                     Incident.opened_at < clock.end_of_day(asked.last))
    of = [Instance.process_id == asked.process_id]
    if asked.definition_id is not None:
        of.append(Instance.definition_id == asked.definition_id)
    counted: dict[str, list[int]] = {}
    for place, which in enumerate((in_period, open_now)):
        query = select(Incident.element_id, at, func.count()).select_from(Incident).join(
            Instance, Instance.id == Incident.instance_id).where(which, *of).group_by(Incident.element_id, at)
        for element_id, places, count in session.execute(query):
            if _in(places, asked.units):
                counted.setdefault(element_id, [0, 0])[place] += count
    return {element: Failed(*counts) for element, counts in counted.items()}


def _in(places: str, units: Iterable[int]) -> bool:
    return not set(json.loads(places)).isdisjoint(units)
