"""People, machines and projects that a ledger names and the register does not know: entered many at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger import bulk, clock
from ledger.actor import Actor
from ledger.facts import Fact, FactAbout
from registry.intake.batch.models import Batch, Made
from registry.intake.judged import HolderSaid
from registry.intake.known import UnitKnown
from registry.intake.matching.holders import Holders, NewKey, machine_name
from registry.people import sealing
from registry.people.identity import birth_of, gender_of, mask_id
from registry.people.machines import Machine
from registry.people.persons import ID_NUMBER, PHONE, Person, mask_phone
from registry.people.units import Unit, create_unit

Ids = dict[NewKey, int]
FIELDS_OF_PERSON = 60


class Entered:
    """Who was made, by key: ids, and of units what a certificate repeats of them."""

    def __init__(self) -> None:
        self.ids: Ids = {}
        self.units: dict[NewKey, UnitKnown] = {}


def enter(session: Session, batch: Batch, holders: Holders, wanted: set[NewKey], by: Actor) -> Entered:
    """Make those of the newcomers that are `wanted` by rows which enter; each is a fact of its own story."""
    made, new = Entered(), holders.new
    for key, (name, parent) in new.projects.items():
        if key in wanted:
            _project(session, batch, made, key, name, parent, by)
    people = [(key, *told) for key, told in new.people.items() if key in wanted]
    made.ids |= zip((key for key, _, _ in people), bulk.reserve(session, Person, len(people)), strict=True)
    bulk.write(session, Person, (_person(made.ids[key], said, unit, batch, holders) for key, said, unit in people))
    machines = [(key, *told) for key, told in new.machines.items() if key in wanted]
    made.ids |= zip((key for key, _, _ in machines), bulk.reserve(session, Machine, len(machines)), strict=True)
    bulk.write(session, Machine, (_machine(made.ids[key], said, unit, batch) for key, said, unit in machines))
    _note(session, batch, by, "person", ((made.ids[key], unit.id) for key, _, unit in people), len(people))
    _note(session, batch, by, "machine", ((made.ids[key], unit.id) for key, _, unit in machines), len(machines))
    return made


def _project(
    session: Session, batch: Batch, made: Entered, key: NewKey, name: str, parent: UnitKnown, by: Actor
) -> None:
    count = 1 + (session.scalar(
        select(func.count()).where(Made.batch_id == batch.id, Made.kind == "unit")) or 0)
    unit = create_unit(session, kind="project", name=name, code=f"DR{batch.id}-{count}", by=by,
                       parent=session.get_one(Unit, parent.id))
    session.add(Made(batch_id=batch.id, kind="unit", subject_id=unit.id))
    made.ids[key] = unit.id
    made.units[key] = UnitKnown(unit.id, "project", name, parent.company_id, unit.path, unit.province)


def _person(number: int, said: HolderSaid, unit: UnitKnown, batch: Batch, holders: Holders) -> dict[str, Any]:
    name = "".join(said.name.split())[:FIELDS_OF_PERSON]
    pinyin, initials = holders.spelt(name)
    identity, phone = said.id_number, said.phone
    return {
        "id": number, "group_id": batch.group_id, "company_id": unit.company_id, "unit_id": unit.id,
        "unit_path": unit.path, "name": name, "pinyin": pinyin, "initials": initials,
        "gender": gender_of(identity) if identity else said.gender or None,
        "birth": birth_of(identity) if identity else said.born_on, "post": said.post[:FIELDS_OF_PERSON],
        "id_sealed": sealing.seal(identity, ID_NUMBER) if identity else None,
        "id_index": sealing.index(identity, ID_NUMBER) if identity else None,
        "id_masked": mask_id(identity) if identity else "",
        "phone_sealed": sealing.seal(phone, PHONE) if phone else None,
        "phone_index": sealing.index(phone, PHONE) if phone else None,
        "phone_masked": mask_phone(phone)[:20] if phone else "",
        "left_on": clock.today() - dt.timedelta(days=1) if said.left else None,
    }


def _machine(number: int, said: HolderSaid, unit: UnitKnown, batch: Batch) -> dict[str, Any]:
    return {
        "id": number, "group_id": batch.group_id, "unit_id": unit.id, "unit_path": unit.path,
        "kind": (said.machine_kind or said.name)[:40], "name": machine_name(said), "model": said.model[:60],
        "serial": said.serial[:60], "made_on": said.made_on,
    }


def _note(
    session: Session, batch: Batch, by: Actor, kind: str, made: Iterable[tuple[int, int]], count: int
) -> None:
    """What was made is told in its own story, and found again by undoing; nobody need be told of old stock."""
    rows = list(made)
    now, facts = clock.now(), bulk.reserve(session, Fact, count)
    bulk.write(session, Fact, (
        {"id": fact, "at": now, "kind": f"{kind}.created", "subject_kind": kind, "subject_id": subject,
         "actor_id": by.id, "actor_name": by.name, "group_id": batch.group_id, "delivered_at": now,
         "after": {"unit": unit, "batch": batch.id}}
        for fact, (subject, unit) in zip(facts, rows, strict=True)))
    bulk.write(session, FactAbout, _about(kind, facts, rows))
    bulk.write(session, Made, ({"batch_id": batch.id, "kind": kind, "subject_id": subject} for subject, _ in rows))


def _about(kind: str, facts: list[int], rows: list[tuple[int, int]]) -> Iterator[dict[str, Any]]:
    for fact, (subject, unit) in zip(facts, rows, strict=True):
        yield {"fact_id": fact, "kind": kind, "subject_id": subject}
        yield {"fact_id": fact, "kind": "unit", "subject_id": unit}
