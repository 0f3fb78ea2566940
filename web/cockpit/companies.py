"""Whose figures somebody may see: the companies and groups at and below which they hold a right of the cockpit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.actor import Actor
from ledger.errors import NotFound
from registry.access.rules import visible
from registry.people.scope import subtree
from registry.people.units import Unit

READ = "instance.read"
MOST_PROJECTS = 400
"""So many are offered to choose from; where there are more, a company has to be chosen first."""


@dataclass(frozen=True)
class Scope:
    """The companies to choose from, in the order of the tree, and the one that was chosen (None: all of them); and the
    projects below it, where they were asked for."""

    companies: Sequence[Unit]
    chosen: Unit | None
    projects: Sequence[Unit] = ()
    project: Unit | None = None

    @property
    def units(self) -> tuple[Unit, ...]:
        """The units that together hold what is asked for, none of them within another."""
        if narrowed := self.project or self.chosen:
            return (narrowed,)
        held = self.companies or self.projects
        paths = [one.path for one in held]
        return tuple(one for one in held
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


def with_projects(session: Session, actor: Actor, found: Scope, project_id: int | None, action: str = READ) -> Scope:
    """The same, narrowed to a project if one is named; to none where it is not below the company that was chosen.
    Raises NotFound for one out of reach."""
    query = visible(select(Unit), actor, action=action).where(Unit.kind == "project")
    chosen = session.scalar(query.where(Unit.id == project_id)) if project_id is not None else None
    if project_id is not None and chosen is None:
        raise NotFound
    if found.chosen is not None:
        low, high = subtree(found.chosen.path)
        query = query.where(Unit.path >= low, Unit.path < high)
        chosen = chosen if chosen is not None and chosen.path.startswith(low) else None
    offered = session.scalars(query.order_by(Unit.path).limit(MOST_PROJECTS + 1)).all()
    few = offered if len(offered) <= MOST_PROJECTS else [chosen] if chosen else []
    return replace(found, project=chosen, projects=few)
