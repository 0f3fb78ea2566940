"""What somebody looks after: where they hold a role that stands on a rung of the ladder, and the projects they manage.

It says what to show together, not what may be seen: that is `visible`'s to say, and both are asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import Session

from ledger.actor import Actor
from registry.alerts.rules import rungs
from registry.certificates.codes import FAMILIES
from registry.people.scope import subtree
from registry.people.units import Project, Unit

MANAGER = "project_manager"
ALL = frozenset(FAMILIES)


@dataclass(frozen=True)
class Charge:
    """Places with all that is below them, and of which families; `managed` are units of projects."""

    places: frozenset[tuple[str, frozenset[str]]]
    managed: frozenset[int]

    @property
    def empty(self) -> bool:
        """Nothing and nobody."""
        return not self.places and not self.managed


def charge_of(session: Session, actor: Actor) -> Charge:
    """What the actor looks after today."""
    managed = session.scalars(select(Project.unit_id).where(Project.manager_id == actor.id)) if actor.id else ()
    return Charge(frozenset(_places(actor)), frozenset(managed))


def _places(actor: Actor) -> Iterator[tuple[str, frozenset[str]]]:
    for grant in actor.grants:
        families = ALL if grant.role == MANAGER else frozenset(
            family for rung in rungs().values() for family, roles in rung.roles.items() if grant.role in roles)
        if families:
            yield grant.path, families


def looked_after(model: type[Any], charge: Charge) -> ColumnElement[bool]:
    """Rows of a model that belongs somewhere (people.scope.Belonging) for which the charge's holder answers."""
    found: list[ColumnElement[bool]] = []
    for path, families in sorted(charge.places, key=lambda place: (place[0], sorted(place[1]))):
        low, high = subtree(path)
        within = and_(model.unit_path >= low, model.unit_path < high)
        found.append(within if families == ALL else and_(within, model.family.in_(sorted(families))))
    if charge.managed:
        found.append(model.unit_path.in_(select(Unit.path).where(Unit.id.in_(sorted(charge.managed)))))
    return or_(false(), *found)


def of_projects(model: type[Any], charge: Charge) -> ColumnElement[bool]:
    """Of these the rows that lie with a project, whoever holds them."""
    return and_(looked_after(model, charge), model.unit_path.in_(select(Unit.path).where(Unit.kind == "project")))


__all__ = ["Charge", "charge_of", "looked_after", "of_projects"]
