"""People and machines of the register, many looked up at once: by keyed index of a number, by name, by serial."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Row as Found
from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.people.machines import Machine
from registry.people.persons import Person
from registry.people.scope import WITHDRAWN

CHUNK = 500


def chunks(values: Iterable[Any]) -> Iterator[list[Any]]:
    """So many values at a time as a query may name, each once."""
    distinct = list(dict.fromkeys(values))
    for start in range(0, len(distinct), CHUNK):
        yield distinct[start:start + CHUNK]


def numbered(session: Session, group_id: int, indexes: Iterable[str]) -> dict[str, Found[Any]]:
    """People of a group by the keyed index of their ID number."""
    return {row.id_index: row for some in chunks(indexes)
            for row in session.execute(_people(group_id).where(Person.id_index.in_(some)))}


def named(session: Session, group_id: int, names: Iterable[str]) -> dict[str, list[Found[Any]]]:
    """People of a group by name, those first who were entered first."""
    found: dict[str, list[Found[Any]]] = defaultdict(list)
    for some in chunks(names):
        for row in session.execute(_people(group_id).where(Person.name.in_(some)).order_by(Person.id)):
            found[row.name].append(row)
    return found


def serials(session: Session, group_id: int, wanted: Iterable[str]) -> dict[str, Found[Any]]:
    """Machines of a group by serial number."""
    found: dict[str, Found[Any]] = {}
    for some in chunks(serial for serial in wanted if serial):
        query = select(Machine.id, Machine.serial, Machine.name, Machine.unit_id, Machine.unit_path).where(
            Machine.group_id == group_id, Machine.serial.in_(some))
        found.update({row.serial: row for row in session.execute(query)})
    return found


def _people(group_id: int) -> Any:
    return select(
        Person.id, Person.name, Person.pinyin, Person.initials, Person.unit_id, Person.unit_path, Person.id_index,
        Person.id_masked, Person.phone_index,
    ).where(Person.group_id == group_id, ~Person.unit_path.startswith(WITHDRAWN))
