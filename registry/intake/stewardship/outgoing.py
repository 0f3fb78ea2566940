"""The register in the columns of a company's own ledger: what stands in each cell, as such ledgers write it.

Personal numbers go out masked, as pages show them; a masked number that comes back says nothing new. What the register
does not know is left blank, and blank says nothing either.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.access.lines import Line
from registry.certificates import codes
from registry.certificates.kinds import Field
from registry.certificates.models import Certificate, Version
from registry.custody.originals import Original
from registry.intake.judging.plan import KEPT
from registry.people.machines import Machine
from registry.people.persons import Person
from registry.people.units import Unit

Value = str | int | dt.date | None
CHUNK = 500
LONG = "长期"
GENDERS = {"1": "男", "2": "女"}


@dataclass(frozen=True)
class Places:
    """The units of a group by id: name, kind, credit code, and the company each belongs to."""

    units: dict[int, Any]
    companies: dict[int, int | None]

    def company(self, unit_id: int | None) -> Any:
        """The nearest company at or above a unit, or None."""
        return self.units.get(self.companies.get(unit_id or 0) or 0)


@dataclass(frozen=True)
class Held:
    """A line with everything else that its certificate says."""

    line: Line
    number: int
    """Its place in the list, from 1."""
    certificate: Any
    version: Any
    places: Places
    person: Any | None = None
    machine: Any | None = None
    papers: Sequence[Any] = field(default=())

    @property
    def unit(self) -> Any:
        """Where it lies."""
        return self.places.units.get(self.certificate.unit_id)


def rows(session: Session, lines: Iterable[Line], columns: Sequence[tuple[str, str]]) -> Iterator[list[Value]]:
    """The cells of each line in these columns (heading, field); read in chunks, so that memory does not grow."""
    readers = [READERS.get(name, _blank) if name != "keep" else _kept(heading) for heading, name in columns]
    waiting, number = iter(lines), 0
    places = _places(session)
    while chunk := list(islice(waiting, CHUNK)):
        for held in _held(session, chunk, number, places):
            yield [read(held) for read in readers]
        number += len(chunk)


def _held(session: Session, lines: list[Line], before: int, places: Places) -> Iterator[Held]:
    ids = [line.id for line in lines]
    certificate, version = Certificate, Version
    found = {row.id: row for row in session.execute(select(
        certificate.id, certificate.unit_id, certificate.holder_person_id, certificate.holder_unit_id,
        certificate.holder_machine_id).where(certificate.id.in_(ids)))}
    versions = {(row.certificate_id, row.no): row for row in session.execute(select(
        version.certificate_id, version.no, version.valid_until, version.review_on, version.state, version.fields,
        version.note, version.previous_number).where(version.certificate_id.in_(ids)))}
    people = _by_id(session, Person, (row.holder_person_id for row in found.values()), Person.name, Person.gender,
                    Person.birth, Person.id_masked, Person.phone_masked, Person.post, Person.company_id)
    machines = _by_id(session, Machine, (row.holder_machine_id for row in found.values()), Machine.name, Machine.serial,
                      Machine.model, Machine.made_on)
    papers: dict[int, list[Any]] = {}
    for paper in session.execute(select(Original.certificate_id, Original.kind, Original.place).where(
            Original.certificate_id.in_(ids)).order_by(Original.id)):
        papers.setdefault(paper.certificate_id, []).append(paper)
    for number, line in enumerate(lines, before + 1):
        row = found[line.id]
        yield Held(line, number, row, versions[line.id, line.version], places, people.get(row.holder_person_id),
                   machines.get(row.holder_machine_id), papers.get(line.id, ()))


def _by_id(session: Session, model: Any, ids: Iterable[int | None], *columns: Any) -> dict[int | None, Any]:
    wanted = {one for one in ids if one is not None}
    if not wanted:
        return {}
    return {row.id: row for row in session.execute(select(model.id, *columns).where(model.id.in_(wanted)))}


def _places(session: Session) -> Places:
    units = {row.id: row for row in session.execute(
        select(Unit.id, Unit.parent_id, Unit.kind, Unit.name, Unit.uscc).order_by(Unit.path))}
    companies: dict[int, int | None] = {}
    for number, row in units.items():
        companies[number] = number if row.kind == "company" else companies.get(row.parent_id or 0)
    return Places(units, companies)


def _blank(_held: Held) -> Value:
    return None


def _own(*keys: str) -> Callable[[Held], Value]:
    """The first of these fields of the version that says something, as people write it."""

    def read(held: Held) -> Value:
        for key in keys:
            if (value := held.version.fields.get(key)) not in (None, "", [], {}):
                return _written(value, next((one for one in held.line.type.fields if one.key == key), None))
        return None

    return read


def _kept(heading: str) -> Callable[[Held], Value]:
    """A column that was kept as it stood, under its own heading."""
    return _own(f"{KEPT}{heading}", heading)


def _written(value: Any, kind: Field | None) -> Value:
    if isinstance(value, list):
        return "、".join(_named(one) if isinstance(one, dict) else str(one) for one in value)
    if kind is not None and kind.kind == "code":
        return next((option.label for option in kind.options if option.value == str(value)), str(value))
    if kind is not None and kind.kind == "date" or isinstance(value, str) and len(value) == 10:
        try:
            return dt.date.fromisoformat(str(value))
        except ValueError:
            return str(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _named(row: dict[str, Any]) -> str:
    """A row of several things by its speciality, or by what stands first in it."""
    return str(row.get("speciality") or next(iter(row.values()), ""))


def _end(held: Held) -> Value:
    return LONG if held.line.term == codes.LONG else held.version.valid_until


def _term(held: Held) -> Value:
    first, last = held.line.valid_from, _end(held)
    return f"{first.isoformat()}至{last}" if first and last else str(last or "")


def _company(held: Held) -> Any:
    return held.places.units.get(held.person.company_id) if held.person is not None and held.person.company_id else (
        held.places.company(held.certificate.unit_id))


def _unit_of(kind: str) -> Callable[[Held], Value]:
    return lambda held: held.unit.name if held.unit is not None and held.unit.kind == kind else None


def _below(held: Held) -> Value:
    """A department or project; of a company itself nothing more is to be said."""
    return held.unit.name if held.unit is not None and held.unit.kind in ("department", "project") else None


def _of(what: str, key: str) -> Callable[[Held], Value]:
    return lambda held: (getattr(getattr(held, what), key) or None) if getattr(held, what) is not None else None


def _papers(kind: str) -> Callable[[Held], Value]:
    return lambda held: sum(paper.kind == kind for paper in held.papers) or None


def _name(held: Held) -> Value:
    return held.person.name if held.person is not None else None


READERS: dict[str, Callable[[Held], Value]] = {
    "type": lambda held: held.line.type.name, "number": lambda held: held.line.number,
    "old_number": lambda held: held.version.previous_number or None,
    "issued_on": lambda held: held.line.issued_on, "first_issued_on": _own("first_issued_on"),
    "valid_from": lambda held: held.line.valid_from, "valid_until": _end, "term": _term,
    "review_on": lambda held: held.version.review_on, "reviewed_on": _own("reviewed_on"),
    "issuer": lambda held: held.line.issuer or None,
    "state": lambda held: codes.STATES.get(held.version.state), "category": _own("category", "kind"),
    "item": _own("item"), "trade": _own("trade"), "speciality": _own("speciality", "specialities"),
    "level": _own("level", "grade"), "name": _name, "id_number": _of("person", "id_masked"),
    "gender": lambda held: GENDERS.get(held.person.gender or "") if held.person is not None else None,
    "born_on": _of("person", "birth"), "phone": _of("person", "phone_masked"), "post": _of("person", "post"),
    "company": lambda held: getattr(_company(held), "name", None),
    "company_code": lambda held: getattr(_company(held), "uscc", None),
    "unit": _below, "project": _unit_of("project"), "machine": _of("machine", "name"),
    "serial": _of("machine", "serial"), "model": _of("machine", "model"), "made_on": _of("machine", "made_on"),
    "registration_no": _own("registration_no"), "inspected_on": _own("inspected_on"), "inspect_on": _own("inspect_on"),
    "keeper": _own("keeper"), "place": lambda held: held.papers[0].place if held.papers else None,
    "originals": _papers("original"), "duplicates": _papers("duplicate"),
    "code": lambda held: held.line.code, "remark": lambda held: held.version.note or None,
    "sequence": lambda held: held.number,
}
"""How each field of mapping.FIELDS is read; the others (of loans, and what is not imported) are left blank."""
