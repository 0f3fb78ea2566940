"""Every role, held at every place, against every action and record: judged as roles.toml says, by a second reading.

The oracle knows the organisation by names (who lies below whom) and the file by tomllib: no path, no query, no class
of the register. It judges one record at a time; `can` and `visible` must agree with it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

import registry.access
from ledger.actor import SYSTEM, Actor, Grant
from registry.access.roles import ACTIONS
from registry.access.rules import can, visible
from registry.certificates.models import Certificate
from registry.custody.originals import Original
from registry.people.machines import Machine
from registry.people.persons import Person
from registry.people.units import Unit, create_unit
from tests.registry.organisation import Organisation

FILE: dict[str, Any] = tomllib.loads((Path(registry.access.__file__).parent / "roles.toml").read_text("utf-8"))
BELOW = {"group": None, "company": "group", "other": "group", "safety": "company", "project": "company",
         "far": "other", "stranger": None, "abroad": "stranger"}
MODELS: tuple[type[Any], ...] = (Certificate, Original, Person, Machine, Unit)


@dataclass(frozen=True)
class Record:
    """A row, and what the oracle knows of it: where it lies, its family and type, whose it is (a name)."""

    row: Any
    place: str
    family: str = ""
    type: str = ""
    owner: str = ""


def rights(role: str) -> Iterator[dict[str, Any]]:
    yield from FILE[role].get("rights", ())
    for included in FILE[role].get("includes", ()):
        yield from rights(included)


def above(place: str | None) -> Iterator[str]:
    while place is not None:
        yield place
        place = BELOW[place]


def may(who: str, role: str, at: str, action: str, record: Record) -> bool:
    """The oracle."""
    for right in rights(role):
        families = right.get("families")
        named = not families or not record.family or {record.family, record.type} & set(families)
        reach = {"own": record.owner == who, "unit": record.place == at, "subtree": at in above(record.place)}
        if action in right["actions"] and named and reach[right["scope"]]:
            return True
    return False


@pytest.fixture
def places(org: Organisation) -> dict[str, Unit]:
    found = {name: getattr(org, name) for name in ("group", "company", "other", "safety", "project", "far")}
    found["stranger"] = create_unit(org.session, kind="group", name="别家集团", code="X", by=SYSTEM, province="浙",
                                    region="330100")
    found["abroad"] = create_unit(org.session, kind="company", name="别家一建", code="X1", parent=found["stranger"],
                                  by=SYSTEM)
    assert set(found) == set(BELOW)
    return found


@pytest.fixture
def records(org: Organisation, places: dict[str, Unit]) -> list[Record]:
    """Something of each kind at each place."""
    made: list[Record] = [Record(unit, name) for name, unit in places.items()]
    for name in ("company", "safety", "project", "far", "abroad"):
        person = org.person(unit=places[name], name=f"员工{name}")
        made += [Record(person, name, owner=f"员工{name}"), Record(org.machine(places[name]), name),
                 Record(org.worker(person), name, "P", "P02", f"员工{name}")]
    made += [Record(org.permit(places[name]), name, "J", "J03") for name in ("project", "far")]
    made += [Record(org.licence(places[name]), name, "E", "E03") for name in ("company", "other", "abroad")]
    org.session.flush()
    for one in [one for one in made if isinstance(one.row, Certificate)]:
        held = one.row
        original = Original(
            certificate_id=held.id, group_id=held.group_id, unit_id=held.unit_id, unit_path=held.unit_path,
            family=held.family, type_code=held.type_code, holder_person_id=held.holder_person_id, kind="original",
            serial="1", place="A-1", keeper_unit_id=held.unit_id)
        org.session.add(original)
        made.append(Record(original, one.place, one.family, one.type, one.owner))
    org.session.flush()
    return made


@pytest.mark.asvs("8.2.1")
def test_every_role_at_every_place_may_what_the_file_says_and_nothing_else(
    org: Organisation, places: dict[str, Unit], records: list[Record]) -> None:
    who = {one.owner: one.row.id for one in records if isinstance(one.row, Person)}
    wrong, allowed = [], 0
    for role in FILE:
        for at, unit in places.items():
            for name in ("员工project", "员工abroad"):
                actor = Actor(who[name], name, unit.group_id, (Grant(role, unit.id, unit.path),))
                for action in ACTIONS:
                    for record in records:
                        expected = may(name, role, at, action, record)
                        allowed += expected
                        if can(actor, action, record.row) is not expected:
                            wrong.append((role, at, action, record, expected))
    assert wrong == [] and allowed > 5_000


@pytest.mark.asvs("8.2.2")
def test_every_list_holds_what_the_file_says_and_nothing_else(
    org: Organisation, places: dict[str, Unit], records: list[Record]) -> None:
    who = {one.owner: one.row.id for one in records if isinstance(one.row, Person)}
    wrong, listed = [], 0
    for role in FILE:
        for at, unit in places.items():
            actor = Actor(who["员工project"], "员工project", unit.group_id, (Grant(role, unit.id, unit.path),))
            for model in MODELS:
                action = model.__visible__.action
                seen = {row.id for row in org.session.scalars(visible(select(model), actor))}
                expected = {record.row.id for record in records if isinstance(record.row, model)
                            and may("员工project", role, at, action, record)}
                listed += len(expected)
                if seen != expected:
                    wrong.append((role, at, model.__name__, seen ^ expected))
    assert wrong == [] and listed > 500
