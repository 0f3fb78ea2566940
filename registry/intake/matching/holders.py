"""Who holds what a ledger names: people by ID number or by name and unit, machines by serial, units by id.

Nothing is written. Who is not in the register is to be made, once however many rows name them; who may be several
people is asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row as Found
from sqlalchemy.orm import Session

from registry.intake.batch.reach import Reach
from registry.intake.findings import Finding
from registry.intake.judged import HolderSaid, Judged
from registry.intake.judging import names as spellings
from registry.intake.known import Known, UnitKnown
from registry.intake.matching import lookup
from registry.intake.matching.obstacles import ELSEWHERE, MACHINE_ELSEWHERE, outside, several, stop
from registry.people import sealing
from registry.people.persons import ID_NUMBER, PHONE, spelled

NewKey = tuple[str, ...]
Told = tuple[HolderSaid, UnitKnown]


@dataclass(slots=True)
class Held:
    """Who holds it: `id` in the register, or `new`, the key of somebody who is to be made. `unit` is where it lies."""

    kind: str
    name: str
    unit: UnitKnown | None
    id: int | None = None
    new: NewKey | None = None
    spelt: tuple[str, str] | None = None
    masked_id: str = ""


@dataclass
class Newcomers:
    """Who is to be made, each under its key with the first row that names it."""

    people: dict[NewKey, tuple[HolderSaid, UnitKnown]] = field(default_factory=dict)
    machines: dict[NewKey, tuple[HolderSaid, UnitKnown]] = field(default_factory=dict)
    projects: dict[NewKey, tuple[str, UnitKnown]] = field(default_factory=dict)


@dataclass
class Place:
    """Where a table's people belong who are new, and whether its project names may be entered."""

    unit: UnitKnown
    new_units: bool = False


class Holders:
    """Everybody that a list of rows names, looked up together."""

    def __init__(
        self, session: Session, group_id: int, known: Known, rows: Sequence[Judged], places: Mapping[int, Place],
        reach: Reach,
    ) -> None:
        self.session, self.group_id, self.known, self.reach = session, group_id, known, reach
        self.new = Newcomers()
        self.completed: dict[int, str] = {}
        """Whole names of people in the register whose own has lost a character, by their id."""
        self.identified: dict[int, str] = {}
        """ID numbers of people in the register who have none there yet, by their id."""
        self._phones_here: dict[str, set[str]] = defaultdict(set)
        self._projects = {(unit.company_id, unit.name): unit for unit in known.units.values() if unit.kind == "project"}
        self._indexes: dict[str, str] = {}
        self._spelt: dict[str, tuple[str, str]] = {}
        people = [row.holder for row in rows if row.holder is not None and row.holder.kind == "person"]
        names = {_name(said.name) for said in people} | {_name(row.loan.borrower) for row in rows if row.loan}
        self._by_index = lookup.numbered(
            session, group_id, (self.index(said.id_number) for said in people if said.id_number))
        self._by_name = lookup.named(session, group_id, names - {""})
        self._machines = lookup.serials(session, group_id, (
            row.holder.serial for row in rows if row.holder is not None and row.holder.kind == "equipment"))
        self._numbered_here: dict[str, dict[str, Told]] = defaultdict(dict)
        self._unnumbered_here: dict[str, dict[NewKey, Told]] = defaultdict(dict)
        self._by_phone: dict[tuple[str, str], NewKey] = {}
        for row in rows:
            if row.holder is not None and row.holder.kind == "person" and row.holder.name:
                self._hear(row.holder, places[row.table])

    def index(self, id_number: str) -> str:
        """The keyed index of an ID number."""
        found = self._indexes.get(id_number)
        if found is None:
            found = self._indexes[id_number] = sealing.index(id_number, ID_NUMBER)
        return found

    def spelt(self, name: str) -> tuple[str, str]:
        """Pinyin and initials of a person's name."""
        found = self._spelt.get(name)
        if found is None:
            found = self._spelt[name] = spelled(name)
        return found

    def of(self, said: HolderSaid, place: Place) -> tuple[Held | None, Finding | None]:
        """Who it is, or what stands in the way."""
        if said.kind == "person":
            return self._person(said, place)
        if said.kind == "equipment":
            return self._machine(said, place)
        return self._unit(said, place)

    def borrower(self, name: str, place: Place) -> tuple[Held | None, Finding | None]:
        """One of our own people by name alone, near the table's unit where several bear it."""
        found = [each for each in self._by_name.get(_name(name), []) if self.reach.holds(each.unit_path)]
        near = [each for each in found if each.unit_path.startswith(place.unit.path)] or found
        if len(near) == 1:
            return self._as_held(near[0]), None
        if not near:
            return None, stop("unknown_person", "{name}不在册，借用记录不能导入。", {"name": name})
        return None, stop("ambiguous", "在册有 {count} 人叫{name}，请写明是谁。", {"name": name, "count": len(near)})

    def _person(self, said: HolderSaid, place: Place) -> tuple[Held | None, Finding | None]:
        name = _name(said.name)
        if said.person_id:
            known = next((each for each in self._by_name.get(name, []) if each.id == said.person_id), None)
            if known is not None and self.reach.holds(known.unit_path):
                return self._as_held(known), None
        if said.id_number:
            return self._by_number(said, name, place)
        if not name:
            return None, stop("no_holder", "没有持有人，请补上姓名。")
        return self._by_words(said, name, place)

    def _by_number(self, said: HolderSaid, name: str, place: Place) -> tuple[Held | None, Finding | None]:
        index = self.index(said.id_number)
        known = self._by_index.get(index)
        if known is not None:
            if not self.reach.holds(known.unit_path):
                return None, stop("out_of_reach", ELSEWHERE)
            if name and spellings.lost(known.name) and spellings.fits(known.name, name) and known.name != name:
                return self._completed(known, said, name)
            if name and known.name != name and not spellings.fits(name, known.name):
                return None, stop("id_of_two", "这个身份证号在册的姓名是{known}，表中写作{name}。",
                                   {"known": known.name, "name": said.name})
            return self._as_held(known), None
        if not name:
            return None, stop("no_holder", "没有持有人，请补上姓名。")
        unnumbered = self._still_unnumbered(said, name, place)
        if unnumbered is not None:
            self.identified.setdefault(unnumbered.id, said.id_number)
            return self._as_held(unnumbered), None
        return self._newcomer(("id", index), said, self._unit_of(said, place))

    def _still_unnumbered(self, said: HolderSaid, name: str, place: Place) -> Found[Any] | None:
        """The one in the register without a number who is meant: of the company, else with the phone, else somebody
        above it of a name that nobody else bears."""
        if name not in self._by_name:
            return None
        some = [each for each in self._by_name[name] if each.id_index is None and self.reach.holds(each.unit_path)
                and self.identified.get(each.id, said.id_number) == said.id_number]
        near = [each for each in some if self._near(each, said, place)]
        if some and not near:
            phones = {sealing.index(phone, PHONE) for phone in self._phones_here[said.id_number]}
            near = [each for each in some if each.phone_index in phones]
            if not near and len(self._by_name[name]) == 1 and len(self._numbered_here[name]) == 1:
                path = self._unit_of(said, place).path
                near = [each for each in some if path.startswith(each.unit_path)
                        and (each.phone_index is None or not phones)]
        return near[0] if len(near) == 1 else None

    def _completed(self, known: Found[Any], said: HolderSaid, name: str) -> tuple[Held, Finding]:
        """The register's name has lost a character that this row has."""
        self.completed[known.id] = name
        held = Held("person", name, self.known.units.get(known.unit_id), known.id, spelt=self.spelt(name),
                    masked_id=known.id_masked)
        return held, Finding(
            kind="rare_character", weight="doubt", text="在册的姓名“{known}”缺字，表中写作“{name}”，入库时补全，请确认",
            params={"known": known.name, "name": name}, raw=said.name, proposed=name, sure=0.9)

    def _by_words(self, said: HolderSaid, name: str, place: Place) -> tuple[Held | None, Finding | None]:
        """Without a number: the one of that name at the company, or with that phone elsewhere in the group, in the
        register or in the same ledger; of several at the company the one with that phone."""
        if not self.reach.holds(self._unit_of(said, place).path):
            return None, outside(self._unit_of(said, place))
        people, others = self._near_ones(said, name, place)
        if len(people) + len(others) != 1 and said.phone:
            people, others = self._phoned(said, name, people, others)
        if len(people) + len(others) > 1:
            return None, several(said, len(people) + len(others))
        for each in people.values():
            return self._as_held(each), None
        for index, (first, unit) in others.items():
            return self._newcomer(("id", index), first, unit)
        return self._unnumbered(said, name, place)

    def _phoned(
        self, said: HolderSaid, name: str, people: dict[int, Found[Any]], others: dict[str, Told]
    ) -> tuple[dict[int, Found[Any]], dict[str, Told]]:
        """Those with the phone; all of them where it is nobody's. Where the company knows nobody, the group does."""
        everybody = people, others
        if not people and not others:
            within = self.reach.holds
            everybody = ({each.id: each for each in self._by_name.get(name, []) if within(each.unit_path)},
                         {index: told for index, told in self._fresh(name).items() if within(told[1].path)})
        phone = sealing.index(said.phone, PHONE)
        fit = {number: each for number, each in everybody[0].items() if each.phone_index == phone}
        told = {index: each for index, each in everybody[1].items() if each[0].phone == said.phone}
        return (fit, told) if fit or told else (people, others)

    def _near_ones(
        self, said: HolderSaid, name: str, place: Place
    ) -> tuple[dict[int, Found[Any]], dict[str, Told]]:
        """Of the company: people in the register by id, and people of this ledger whom it does not know by number."""
        people = {each.id: each for each in self._by_name.get(name, []) if self._near(each, said, place)}
        path = self._within(said, place)
        for index, (_, unit) in self._numbered_here.get(name, {}).items():
            known = self._by_index.get(index)
            if known is not None and unit.path.startswith(path) and self.reach.holds(known.unit_path):
                people.setdefault(known.id, known)
        return people, {index: told for index, told in self._fresh(name).items() if told[1].path.startswith(path)}

    def _fresh(self, name: str) -> dict[str, Told]:
        return {index: told for index, told in self._numbered_here.get(name, {}).items()
                if index not in self._by_index}

    def _unnumbered(self, said: HolderSaid, name: str, place: Place) -> tuple[Held | None, Finding | None]:
        """Somebody new without a number: one for a name at a company, and for a name and phone. A row that names no
        company speaks of the one who bears the name."""
        told, key = self._unnumbered_here[name], self._word_key(said, name, place)
        if self._unit_of(said, place).company_id is None and (name, said.phone) not in self._by_phone:
            companies = [each for each, (_, unit) in told.items() if unit.company_id is not None]
            if len(companies) > 1:
                return None, several(said, len(companies))
            key = companies[0] if companies else key
        first, unit = told.get(key, (said, self._unit_of(said, place)))
        return self._newcomer(key, first, unit)

    def _hear(self, said: HolderSaid, place: Place) -> None:
        """Who the ledger itself names, before anybody is looked for: rows may stand in any order."""
        name, unit = _name(said.name), self._unit_of(said, place)
        if said.id_number:
            self._numbered_here[name].setdefault(self.index(said.id_number), (said, unit))
            if said.phone:
                self._phones_here[said.id_number].add(said.phone)
            return
        key = self._word_key(said, name, place)
        self._unnumbered_here[name].setdefault(key, (said, unit))
        if said.phone:
            self._by_phone.setdefault((name, said.phone), key)

    def _word_key(self, said: HolderSaid, name: str, place: Place) -> NewKey:
        key = ("name", name, str(self._company(said, place)))
        return self._by_phone.get((name, said.phone), key) if said.phone else key

    def _newcomer(self, key: NewKey, said: HolderSaid, unit: UnitKnown) -> tuple[Held | None, Finding | None]:
        known = self.new.people.get(key)
        if known is None:
            if not self.reach.holds(unit.path):
                return None, outside(unit)
            known = self.new.people[key] = (said, unit)
        name = _name(known[0].name)
        return Held("person", name, known[1], new=key), None

    def _near(self, each: Found[Any], said: HolderSaid, place: Place) -> bool:
        return bool(each.unit_path.startswith(self._within(said, place)))

    def _within(self, said: HolderSaid, place: Place) -> str:
        """The path of the company, else of the unit, that a row's person belongs to."""
        where = self._unit_of(said, place)
        return (self.known.units.get(where.company_id or 0) or where).path

    def _company(self, said: HolderSaid, place: Place) -> int:
        where = self._unit_of(said, place)
        return where.company_id or where.id

    def _unit_of(self, said: HolderSaid, place: Place) -> UnitKnown:
        """Where somebody new belongs: whoever may bring in a project's ledger only brings them in there, although the
        ledger names the company above."""
        named = self.known.units.get(said.unit or 0) or place.unit
        above = place.unit.path.startswith(named.path) and not self.reach.holds(named.path)
        return place.unit if above else named

    def _as_held(self, each: Found[Any]) -> Held:
        return Held("person", each.name, self.known.units.get(each.unit_id), each.id,
                    spelt=(each.pinyin, each.initials), masked_id=each.id_masked)

    def _machine(self, said: HolderSaid, place: Place) -> tuple[Held | None, Finding | None]:
        if not said.serial:
            return None, stop("no_holder", "没有出厂编号，认不出是哪台设备。")
        known = self._machines.get(said.serial)
        if known is not None:
            if not self.reach.holds(known.unit_path):
                return None, stop("out_of_reach", MACHINE_ELSEWHERE)
            return Held("equipment", known.name, self.known.units.get(known.unit_id), known.id), None
        key = ("serial", said.serial)
        if key not in self.new.machines:
            where = self._unit_of(said, place)
            if not self.reach.holds(where.path):
                return None, outside(where)
            self.new.machines[key] = (said, where)
        first, unit = self.new.machines[key]
        return Held("equipment", machine_name(first), unit, new=key), None

    def _unit(self, said: HolderSaid, place: Place) -> tuple[Held | None, Finding | None]:
        known = self.known.units.get(said.unit or 0)
        if known is not None:
            if not self.reach.holds(known.path):
                return None, outside(known)
            return Held(said.kind, known.name, known, known.id), None
        parent = self.known.units.get(place.unit.company_id or 0)
        if said.kind == "project" and place.new_units and said.unit_name and parent is not None:
            if not self.reach.holds(parent.path):
                return None, outside(parent)
            key = ("project", " ".join(said.unit_name.split())[:120], str(parent.id))
            if (made := self._projects.get((parent.id, key[1]))) is not None:  # by another row, since this was judged
                return Held("project", made.name, made, made.id), None
            self.new.projects.setdefault(key, (key[1], parent))
            return Held("project", key[1], parent, new=key), None
        return None, stop("unknown_unit", "“{name}”不在册，请先登记或改正名称。",
                           {"name": said.unit_name or said.name})


def machine_name(said: HolderSaid) -> str:
    """What a machine is called."""
    return (said.name or said.machine_kind or said.serial)[:80]


def _name(text: str) -> str:
    return "".join(text.split())[:60]
