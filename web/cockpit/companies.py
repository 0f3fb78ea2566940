"""Whose figures somebody may see: the companies and groups at and below which they hold a right of the cockpit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.actor import Actor
from ledger.errors import NotFound
from registry.access.rules import visible
from registry.people.units import Unit

READ = "instance.read"


@dataclass(frozen=True)
class Scope:
    """The companies to choose from, in the order of the tree, and the one that was chosen (None: all of them)."""

    companies: Sequence[Unit]
    chosen: Unit | None

    @property
    def units(self) -> tuple[Unit, ...]:
        """The units that together hold what is asked for, none of them within another."""
        if self.chosen is not None:
            return (self.chosen,)
        paths = [one.path for one in self.companies]
        return tuple(one for one in self.companies
                     if not any(one.path.startswith(path) and one.path != path for path in paths))

    @property
    def ids(self) -> tuple[int, ...]:
        """Their numbers."""
        return tuple(one.id for one in self.units)


def scope(session: Session, actor: Actor, unit_id: int | None, action: str = READ) -> Scope:
    """What the actor may see, narrowed to a company if one is named. Raises NotFound for one out of reach."""
    query = select(Unit).where(Unit.kind.in_(("group", "company"))).order_by(Unit.path)
    companies = session.scalars(visible(query, actor, action=action)).all()
    chosen = next((one for one in companies if one.id == unit_id), None)
    if unit_id is not None and chosen is None:
        raise NotFound
    return Scope(companies, chosen)
