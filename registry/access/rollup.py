"""A group at a glance: for each company below a unit how its certificates stand, its people, and what is blocked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, null, or_, select
from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import Actor
from registry.access.rules import visible
from registry.access.standing_columns import standing_column
from registry.certificates.models import Certificate
from registry.people.persons import Person
from registry.people.scope import subtree
from registry.people.units import Unit
from registry.rules.effects import Effect

NOTHING = null()
SHOWN = ("valid", "due", "expired", "suspended")


@dataclass
class Sum:
    """One company with everything below it that is not another row's. `standings` counts certificates by standing."""

    unit: Unit
    standings: dict[str, int] = field(default_factory=dict)
    people: int = 0
    projects: int = 0
    blocked: dict[str, int] = field(default_factory=dict)

    @property
    def certificates(self) -> int:
        """All that are not ended."""
        return sum(self.standings.get(key, 0) for key in SHOWN)


def rollup(session: Session, actor: Actor, unit: Unit, on: dt.date | None = None) -> list[Sum]:
    """The unit's own row first, then one for each company directly below it with all that is under that; of what the
    actor may see, in five queries however many there are."""
    on = on or clock.today()
    companies = select(Unit).where(Unit.parent_id == unit.id, Unit.kind == "company").order_by(Unit.path)
    sums = {one.id: Sum(one) for one in [unit, *session.scalars(visible(companies, actor))]}

    def counted(model: type[Any], path: Any, *conditions: Any, by: Any = NOTHING) -> Iterator[tuple[Sum, str, int]]:
        low, high = subtree(unit.path)
        query = select(_home(sums.values(), unit, path).label("home"), by.label("what"))
        query = query.select_from(model).where(path >= low, path < high, *conditions)
        seen = visible(query, actor, model=model).subquery()
        rows = select(seen.c.home, seen.c.what, func.count()).group_by(seen.c.home, seen.c.what)
        return ((sums[home], what or "", number) for home, what, number in session.execute(rows))

    for row, what, number in counted(Certificate, Certificate.unit_path, by=standing_column(on)):
        row.standings[what] = number
    for row, _, number in counted(Person, Person.unit_path, or_(Person.left_on.is_(None), Person.left_on >= on)):
        row.people = number
    for row, _, number in counted(Unit, Unit.path, Unit.kind == "project"):
        row.projects = number
    open_ones = (Effect.lifted_at.is_(None), Effect.since <= on, Effect.unit_id.is_not(None))
    for row, what, number in counted(Effect, Effect.unit_path, *open_ones, by=func.substr(Effect.decision, 1, 3)):
        row.blocked[what] = number
    return list(sums.values())


def _home(sums: Iterable[Sum], unit: Unit, path: Any) -> ColumnElement[int]:
    """Which row something at a path belongs to: the company it lies under, else the unit itself."""
    whens = [(and_(path >= low, path < high), literal(one.unit.id)) for one in sums if one.unit.id != unit.id
             for low, high in (subtree(one.unit.path),)]
    return case(*whens, else_=literal(unit.id)) if whens else literal(unit.id)
