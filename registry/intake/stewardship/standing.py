"""The scores of what somebody may see: of each company, of each type, and of all of it together."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from operator import add
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from ledger.actor import Actor
from registry.access.rules import visible
from registry.intake.batch.models import Flaw
from registry.intake.stewardship.counting import QualityCount, nearest
from registry.intake.stewardship.quality import Counts, Score, rules, score, total
from registry.intake.stewardship.queue import waiting
from registry.people.scope import subtree
from registry.people.units import Unit

COUNTED = ("live", "wanted", "filled", "undated", "scanned", "expired")
Cells = dict[tuple[int | None, str], Counts]
"""Counts by company (None: the group's own) and type ("" for quarantined rows of no known type)."""


@dataclass(frozen=True)
class Overview:
    """Scores with the key they are of; the worst first, what has nothing to judge last. `at` is the oldest count."""

    whole: Score
    companies: list[tuple[int | None, Score]]
    types: list[tuple[str, Score]]
    at: dt.datetime | None


def overview(session: Session, actor: Actor, unit: Unit | None = None, type_code: str = "") -> Overview:
    """Of everything the actor sees, or of what lies at and below a unit, or is of a type."""
    cells, at = _kept(session, actor, unit, type_code)
    for key, found in _open(session, actor, unit, type_code).items():
        kept = cells.get(key, Counts())
        cells[key] = replace(kept, numbers=found.numbers, unique=found.unique, doubted=found.doubted,
                             stopped=found.stopped)
    companies: dict[int | None, list[Counts]] = defaultdict(list)
    kinds: dict[str, list[Counts]] = defaultdict(list)
    for (company, code), counts in cells.items():
        companies[company].append(counts)
        kinds[code].append(counts)
    return Overview(
        score(total(cells.values())),
        sorted(((key, score(total(found))) for key, found in companies.items()), key=_worst),
        sorted(((key, score(total(found))) for key, found in kinds.items() if key), key=_worst),
        at,
    )


def _worst(entry: tuple[object, Score]) -> tuple[int, int]:
    points = entry[1].points
    return (101 if points is None else points, -entry[1].counts.live)


def _kept(session: Session, actor: Actor, unit: Unit | None, code: str) -> tuple[Cells, dt.datetime | None]:
    row = QualityCount
    sums = [func.sum(getattr(row, name)) for name in COUNTED]
    query = visible(select(row.company_id, row.type_code, func.min(row.at), *sums), actor, model=row)
    if unit is not None:
        low, high = subtree(unit.path)
        query = query.where(row.unit_path >= low, row.unit_path < high)
    if code:
        query = query.where(row.type_code == code)
    cells: Cells = {}
    oldest: dt.datetime | None = None
    for company, kind, at, *counted in session.execute(query.group_by(row.company_id, row.type_code)):
        cells[company, kind] = Counts(**dict(zip(COUNTED, map(int, counted), strict=True)))
        oldest = at if oldest is None else min(oldest, at)
    return cells, oldest


def _open(session: Session, actor: Actor, unit: Unit | None, code: str) -> Cells:
    """Certificates with open findings and quarantined rows, as of now."""
    companies = set(session.scalars(select(Unit.id).where(Unit.kind == "company")))
    company = cache(lambda path: nearest(path, companies))
    sums: dict[tuple[int | None, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for path, kind, *found in session.execute(_held(actor, unit, code)):
        kept = sums[company(path), kind]
        kept[:3] = map(add, kept, found)
    for path, kind, stopped in session.execute(_stopped(actor, unit, code)):
        sums[company(path), kind][3] += stopped
    return {key: Counts(numbers=numbers, unique=unique, doubted=doubted, stopped=stopped)
            for key, (numbers, unique, doubted, stopped) in sums.items()}


def _held(actor: Actor, unit: Unit | None, code: str) -> Select[Any]:
    """Certificates with an open finding of each sort, by unit and type."""
    known, held = rules(), func.count(Flaw.certificate_id.distinct())
    counts = (held.filter(Flaw.kind.in_(sorted(known.numbers))), held.filter(Flaw.kind.in_(sorted(known.unique))), held)
    return _by_place(counts, actor, unit, code).where(Flaw.certificate_id.is_not(None))


def _stopped(actor: Actor, unit: Unit | None, code: str) -> Select[Any]:
    """Rows in quarantine, by unit and type."""
    query = _by_place((func.count(Flaw.row_id.distinct()),), actor, unit, code)
    return query.where(Flaw.weight == "stop", Flaw.certificate_id.is_(None))


def _by_place(counts: Iterable[Any], actor: Actor, unit: Unit | None, code: str) -> Select[Any]:
    query: Select[Any] = waiting(visible(select(Flaw.unit_path, Flaw.type_code, *counts), actor, model=Flaw),
                                 by_place=True)
    if unit is not None:
        low, high = subtree(unit.path)
        query = query.where(Flaw.unit_path >= low, Flaw.unit_path < high)
    if code:
        query = query.where(Flaw.type_code == code)
    return query.group_by(Flaw.unit_path, Flaw.type_code)
