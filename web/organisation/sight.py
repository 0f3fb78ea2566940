"""A person, unit or machine that the visitor may see, or change; and the units to choose from in a form."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from ledger.errors import NotFound
from registry.access.rules import require, visible
from registry.people.machines import Machine
from registry.people.persons import Person
from registry.people.units import KIND_NAMES, Unit
from web.guard import actor
from web.i18n import say
from web.session import db

MOST_OPTIONS = 1500


def person_of(person_id: int, action: str = "") -> Person:
    """The person; NotFound unless visible, NotAllowed unless `action` may be done with them."""
    query = visible(select(Person), actor()).where(Person.id == person_id)
    found = db.session.scalar(query.options(joinedload(Person.unit), joinedload(Person.company)))
    if found is None:
        raise NotFound
    if action:
        require(actor(), action, found)
    return found


def unit_of(unit_id: int, *kinds: str, action: str = "") -> Unit:
    """The unit, of one of the kinds; NotFound unless visible, NotAllowed unless `action` may be done there."""
    query = visible(select(Unit), actor()).where(Unit.id == unit_id)
    found = db.session.scalar(query.options(joinedload(Unit.project), joinedload(Unit.parent)))
    if found is None or (kinds and found.kind not in kinds):
        raise NotFound
    if action:
        require(actor(), action, found)
    return found


def machine_of(machine_id: int, action: str = "") -> Machine:
    """The machine; NotFound unless visible, NotAllowed unless `action` may be done with it."""
    query = visible(select(Machine), actor()).where(Machine.id == machine_id)
    found = db.session.scalar(query.options(joinedload(Machine.unit)))
    if found is None:
        raise NotFound
    if action:
        require(actor(), action, found)
    return found


def unit_options(action: str, *kinds: str, among: int | None = None) -> list[tuple[str, str]]:
    """(id, name) of the units where `action` may be done, in tree order; `among`: of one group only."""
    query = visible(select(Unit), actor(), model=Unit, action=action).where(Unit.closed_on.is_(None))
    if kinds:
        query = query.where(Unit.kind.in_(kinds))
    if among is not None:
        query = query.where(Unit.group_id == among)
    rows = db.session.scalars(query.order_by(Unit.path).limit(MOST_OPTIONS))
    return [(str(one.id), f"{'　' * max(0, one.path.count('/') - 2)}{one.name}（{say(KIND_NAMES[one.kind])}）")
            for one in rows]


def chosen(unit_id: str) -> Unit:
    """The unit that was chosen from `unit_options`."""
    return db.session.get_one(Unit, int(unit_id))
