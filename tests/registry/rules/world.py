"""A random little world of companies, projects, people and papers: mostly in order, much of it not."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.actor import SYSTEM
from ledger.clock import day_of
from registry.certificates.models import Certificate, Version
from registry.certificates.specialities import Speciality
from registry.custody.loans import Loan
from registry.custody.originals import Original
from registry.people.machines import Installation, Machine
from registry.people.persons import Person
from registry.people.tenure import Assignment, Employment
from registry.people.units import Unit, create_unit
from registry.people.works import Qualification, Works

DAY = dt.date(2026, 11, 22)
NOW = dt.datetime(2026, 11, 22, 2, tzinfo=dt.UTC)
WORKS = ("房建", "市政", "公路", "水利")
SPECIALITIES = ("建筑工程", "市政公用工程", "公路工程")
CREDIT = ("91320100135800013L", "91110105MA01ABCD5F", "92440106MA5XK2Q73Y")
KINDS = ("塔式起重机", "施工升降机", "物料提升机", "全站仪")
TRADES = ("01", "04", "05", "06", "08", "09", "低压电工作业")


@dataclass
class World:
    """What was made, to ask about."""

    session: Session
    random: Random
    companies: list[Unit] = field(default_factory=list)
    projects: list[Unit] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    machines: list[Machine] = field(default_factory=list)
    posts: list[Assignment] = field(default_factory=list)
    serial: count[int] = field(default_factory=lambda: count(1))

    def day(self, back: int = 900, ahead: int = 700) -> dt.date:
        return DAY + dt.timedelta(days=self.random.randint(-back, ahead))

    def instant(self) -> dt.datetime:
        return NOW - dt.timedelta(days=self.random.randint(0, 400), minutes=self.random.randint(0, 1000))

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def spell(self) -> dict[str, Any]:
        """When a row holds and when it was believed: mostly still, sometimes corrected since."""
        first = self.day(900, 60)
        known = NOW - dt.timedelta(days=1000) if self.chance(0.7) else self.instant()
        later = known + dt.timedelta(days=self.random.randint(1, 500)) if self.chance(0.15) else None
        return {"from_on": first, "to_on": first + dt.timedelta(days=self.random.randint(0, 900))
                if self.chance(0.3) else None, "known_from": known, "known_until": later}


def world(session: Session, seed: int, *, companies: int = 3, projects: int = 8, people: int = 45) -> World:
    """The rows, flushed."""
    made = World(session, Random(seed))
    group = create_unit(session, kind="group", name="甲集团", code="G", by=SYSTEM, region="320100", province="苏")
    for place in range(companies):
        made.companies.append(create_unit(
            session, kind="company", name=f"公司{place}", code=f"C{place}", parent=group, by=SYSTEM,
            uscc=CREDIT[place] if place < 2 or made.chance(0.5) else None, province="京" if place else "苏"))
    for place in range(projects):
        made.projects.append(create_unit(session, kind="project", name=f"项目{place}", code=f"P{place}", by=SYSTEM,
                                         parent=made.companies[place % companies]))
    for place in range(people):
        made.people.append(_person(made, place))
    for project in made.projects:
        made.machines += [_machine(made, project) for _ in range(2)]
    session.add_all([*made.people, *made.machines])
    session.flush()
    for project in made.projects:
        _project(made, project)
    for company in made.companies:
        _company(made, company)
    for person in made.people:
        _ties(made, person)
    session.flush()
    _loans(made, seed)
    _registered(World(session, Random(-seed - 2)))
    session.flush()
    return made


def _person(made: World, place: int) -> Person:
    random = made.random
    unit = random.choice([*made.projects, *made.companies])
    return Person(
        name=f"人{place}", pinyin="", initials="", unit=unit, unit_path=unit.path, group_id=unit.group_id,
        company_id=unit.company_id, gender=random.choice(("1", "1", "2", None)),
        birth=dt.date(random.randint(1954, 2000), random.randint(1, 12), random.randint(1, 28)) + dt.timedelta(days=3)
        if made.chance(0.95) else None, id_masked=f"110101********{place:04d}" if made.chance(0.9) else "")


def _machine(made: World, project: Unit) -> Machine:
    return Machine(unit=project, group_id=project.group_id, unit_path=project.path, kind=made.random.choice(KINDS),
                   name="机", serial=f"S{next(made.serial)}")


def paper(made: World, code: str, holder: Person | Unit | Machine, fields: dict[str, Any]) -> None:
    """One certificate with a chain of one to three versions, learnt at any time."""
    random, number = made.random, next(made.serial)
    kind = {Person: "person", Unit: "unit", Machine: "machine"}[type(holder)]
    unit = holder if isinstance(holder, Unit) else holder.unit
    row = Certificate(
        group_id=unit.group_id, unit_id=unit.id, unit_path=unit.path, family=code[0], type_code=code,
        code=f"LC-{number}", number=str(number), number_key=str(number), item=fields.get("item", ""),
        holder_name="", search="", **{f"holder_{kind}_id": holder.id})
    begin = made.day(1200, 100)
    known = NOW - dt.timedelta(days=1000)
    for no in range(1, random.choice((1, 1, 1, 2, 3)) + 1):
        until = begin + dt.timedelta(days=random.randint(100, 1500)) if made.chance(0.8) else None
        row.versions.append(Version(
            no=no, operation="01", state=random.choice(("01",) * 14 + ("02", "03", "04", "05", "06", "07")),
            term="dated" if until else random.choice(("long", "long", "unknown")), valid_from=begin, valid_until=until,
            review_on=begin + dt.timedelta(days=random.randint(60, 900)) if made.chance(0.15) else None,
            holds_from=begin, known_from=known, fields=dict(fields)))
        begin += dt.timedelta(days=random.randint(-20, 500))
        known += dt.timedelta(days=random.randint(1, 700))
    made.session.add(row)


def _employer(made: World) -> dict[str, str]:
    if made.chance(0.2):
        return {}
    return {made.random.choice(("employer_code", "company_code")): made.random.choice(CREDIT)}


def _specialities(made: World) -> dict[str, Any]:
    rows = [{"speciality": one, "valid_from": made.day(900, 0).isoformat(), "valid_until": made.day(200).isoformat()}
            for one in SPECIALITIES if made.chance(0.6)]
    return {"specialities": rows} if made.chance(0.8) else {}


def _project(made: World, project: Unit) -> None:
    random = made.random
    for _ in range(random.choice((0, 1, 1, 1, 2))):
        made.session.add(Works(
            **made.spell(), unit_id=project.id, work=random.choice(WORKS),
            contracting=random.choice(("general", "general", "professional", "labour")),
            scale=random.choice(("large", "medium", "small", None)),
            area=random.choice((None, 9999, 10000, 49999, 50000, 80000)),
            amount=random.choice((None, 4999, 5000, 9999, 10000)),
            workers=random.choice((None, 49, 50, 200, 201, 801)), phase_of=random.choice(("", "", "甲")),
            planning=made.chance(0.7), special_fire=made.chance(0.3),
            contract_on=made.day() if made.chance(0.8) else None, started_on=made.day() if made.chance(0.7) else None,
            accepted_on=made.day() if made.chance(0.3) else None, stopped_on=made.day(400, 0)
            if made.chance(0.4) else None, stopped_by_contractor=made.chance(0.4), owner_agreed=made.chance(0.6)))
    for code in ("J01", "J02", "J03", "J04"):
        if made.chance(0.6):
            paper(made, code, project, {})
    posts = ["project_manager"] * random.choice((0, 1, 1, 2)) + ["safety_officer"] * random.randint(0, 4)
    for post in posts + ["special_worker"] * random.randint(0, 6):
        _post(made, project, post)
    for machine in made.machines:
        if machine.unit is project and made.chance(0.8):
            company = random.choice([None, *made.companies])
            made.session.add(Installation(**made.spell(), machine=machine, unit_id=project.id,
                                          company_id=company.id if company else None))
            for code in ("Q02", "Q03", "Q04", "Q05"):
                if made.chance(0.6):
                    paper(made, code, machine, {})


def _post(made: World, unit: Unit, post: str) -> None:
    person = made.random.choice(made.people)
    trade = made.random.choice(TRADES) if post == "special_worker" else ""
    made.posts.append(Assignment(**made.spell(), group_id=unit.group_id, person=person, unit=unit, post=post,
                                 trade=trade))
    made.session.add(made.posts[-1])
    wanted = {"project_manager": ("P04", made.random.choice(("P06", "P07"))), "safety_officer": ("P05",),
              "safety_staff": ("P05",), "legal_representative": ("P03",), "principal": ("P03",)}
    for code in wanted.get(post, ()):
        if made.chance(0.8):
            paper(made, code, person, {**_employer(made), **_specialities(made)})
    if trade and made.chance(0.8):
        about = {"trade": trade} if trade.isdigit() else {"item": trade}
        shown = {"id_number": person.id_masked if made.chance(0.8) else "110101********9999"}
        paper(made, "P02" if trade.isdigit() else "P01", person, {**about, **(shown if made.chance(0.6) else {})})


def _company(made: World, company: Unit) -> None:
    random = made.random
    for _ in range(random.randint(0, 3)):
        made.session.add(Qualification(
            **made.spell(), company_id=company.id, work=random.choice(WORKS),
            contracting=random.choice(("general", "general", "professional", "labour")),
            grade=random.choice(("special", "first", "second", "third", "third", "none"))))
    for code in ("E02", "E03"):
        if made.chance(0.8):
            paper(made, code, company, {})
    for post in ("legal_representative", "legal_representative", "principal", *["safety_staff"] * 4):
        if made.chance(0.7):
            _post(made, company, post)


def _ties(made: World, person: Person) -> None:
    for kind in ("contract", "insurance"):
        for _ in range(made.random.choice((0, 1, 1, 2))):
            company = made.random.choice(made.companies)
            made.session.add(Employment(**made.spell(), group_id=company.group_id, person_id=person.id,
                                        company_id=company.id, kind=kind))
    for code in ("P03", "P04", "P05", "P07", "P08", "P10"):
        if made.chance(0.2):
            paper(made, code, person, {**_employer(made), **_specialities(made)})


def _registered(made: World) -> None:
    """Of half the constructors' certificates the specialities are rows of their own, some corrected since."""
    for row in made.session.scalars(select(Certificate).where(Certificate.type_code.in_(("P06", "P07")))).all():
        for name in SPECIALITIES if made.chance(0.7) else ():
            if made.chance(0.6):
                made.session.add(Speciality(**made.spell(), certificate_id=row.id, name=name))


def _loans(made: World, seed: int) -> None:
    """Originals of some certificates, lent to anybody, half of them back again; its chances are its own."""
    random = Random(-seed - 1)
    for person in random.sample(made.people, len(made.people) // 5):
        person.left_on = DAY + dt.timedelta(days=random.randint(-300, 300))
    for row in made.session.scalars(select(Certificate).order_by(Certificate.id)).all():
        if random.random() < 0.6:
            continue
        where = {"group_id": row.group_id, "unit_path": row.unit_path, "family": row.family,
                 "type_code": row.type_code}
        original = Original(**where, unit_id=row.unit_id, certificate=row, kind="original", place="柜",
                            keeper_unit_id=row.unit_id, holder_person_id=row.holder_person_id)
        carrier, given = random.choice(made.people), NOW - dt.timedelta(minutes=random.randint(0, 400 * 1440))
        back = given + dt.timedelta(minutes=random.randint(0, 300 * 1440))
        made.session.add(Loan(
            **where, original=original, person=carrier, carrier=carrier, purpose="bid", from_on=day_of(given),
            until_on=day_of(given) + dt.timedelta(days=9), handed_at=given, outside=random.random() < 0.5,
            legal_by=1 if random.random() < 0.3 else None, returned_at=back if random.random() < 0.4 else None,
            voided_at=back if random.random() < 0.1 else None))
