"""The units, people, machines and roles of the sample group."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from random import Random
from typing import Any

from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import SYSTEM
from registry.access.grants import grant_role
from registry.people.machines import Machine
from registry.people.persons import Gender, Person, drawn_up
from registry.people.units import Unit, UnitKind, create_unit
from registry.sample.names import COMPANIES, Names
from registry.sample.numbers import Numbers

BATCH = 2000
DEPARTMENTS = {"RL": "人力资源部", "AQ": "安全管理部", "FW": "法务经营部", "ZZ": "证照管理部", "GC": "工程部"}
OFFICE = (
    ("hr_head", "RL", "人力资源部经理"), ("hr", "RL", "人力资源专员"), ("safety_head", "AQ", "安全总监"),
    ("safety", "AQ", "安全管理员"), ("legal_head", "FW", "法务经营部经理"), ("legal", "FW", "法务专员"),
    ("custodian", "ZZ", "证照管理员"), ("custodian", "ZZ", "证照管理员"), ("approver", "GC", "总工程师"),
    ("applicant", "GC", "工程部资料员"),
)
"""Who holds which role at every company, in which department, and what their post is called."""
HEADQUARTERS = (
    ("vice_president", "分管副总经理"), ("process_owner", "流程管理主管"), ("auditor", "内部审计师"),
    ("administrator", "信息系统管理员"), ("security_administrator", "信息安全管理员"),
)
WORKERS = ("普工", "建筑电工", "普通架子工", "起重信号司索工", "塔式起重机司机", "施工升降机司机",
           "焊工", "钢筋工", "木工", "瓦工")
MANAGERS = ("施工员", "质量员", "安全员", "材料员", "资料员", "机械员", "劳务员", "技术负责人", "生产经理")
STAFF = ("工程部工程师", "预算员", "行政专员", "会计", "设计师")
MACHINES = (("塔式起重机", "塔吊", "QTZ80"), ("施工升降机", "升降机", "SC200/200"), ("全站仪", "全站仪", "TS-02"),
            ("汽车起重机", "汽车吊", "QY25"))


@dataclass
class Sample:
    """What is being built, and what it is built with."""

    session: Session
    random: Random
    names: Names
    numbers: Numbers
    group: Unit
    companies: list[Unit] = field(default_factory=list)
    subsidiaries: list[Unit] = field(default_factory=list)
    projects: list[Unit] = field(default_factory=list)
    departments: dict[tuple[int, str], Unit] = field(default_factory=dict)
    people: list[Person] = field(default_factory=list)
    machines: list[Machine] = field(default_factory=list)
    holders: dict[tuple[str, int], list[Person]] = field(default_factory=dict)
    """Who holds a role at a unit."""


def units(session: Session, random: Random, companies: int, projects: int, *, evenly: bool = False) -> Sample:
    """The tree: a group, its companies with five departments each, two subsidiaries, and the projects.

    Half of the projects belong to the first company, so that everything can be tried within it; `evenly`: as many to
    each.
    """
    names, numbers = Names(random), Numbers(random)
    group = _unit(session, "group", "华城建设集团有限公司", "HC", None, name_en="Huacheng Construction Group",
                  uscc=numbers.credit_code("320102"), region="320102", province="苏")
    made = Sample(session, random, names, numbers, group)
    made.departments[group.id, "ZB"] = _unit(session, "department", "集团总部", "HC-ZB", group, name_en="Headquarters")
    for place in range(companies):
        made.companies.append(_company(made, place))
    for place, name in enumerate(("华城装饰装修有限公司", "华城建筑劳务有限公司")):
        made.subsidiaries.append(_unit(session, "company", name, f"C1-S{place + 1}", made.companies[0],
                                       uscc=numbers.credit_code("320102")))
    for place in range(projects):
        company = 0 if place % 2 == 0 or companies == 1 else 1 + place // 2 % (companies - 1)
        company = place % companies if evenly else company
        made.projects.append(_project(made, made.companies[company], place))
    return made


def _unit(session: Session, kind: UnitKind, name: str, code: str, parent: Unit | None, **more: Any) -> Unit:
    return create_unit(session, kind=kind, name=name, code=code, parent=parent, by=SYSTEM, **more)


def _company(made: Sample, place: int) -> Unit:
    trade, code = COMPANIES[place % len(COMPANIES)], f"C{place + 1}"
    ordinal = f"（{place // len(COMPANIES) + 1}）" if place >= len(COMPANIES) else ""
    company = _unit(made.session, "company", f"华城{trade}{ordinal}有限公司", code, made.group,
                    uscc=made.numbers.credit_code("320102"))
    for short, name in DEPARTMENTS.items():
        made.departments[company.id, short] = _unit(made.session, "department", name, f"{code}-{short}", company)
    return company


def permitted(place: int) -> bool:
    """Every third project has its construction permit and has begun; for the others one can be applied for."""
    return place % 3 == 2


def _project(made: Sample, company: Unit, place: int) -> Unit:
    work = made.random.choices(("房建", "市政", "公路"), (45, 35, 20))[0]
    begun = clock.today() - dt.timedelta(days=made.random.randrange(60, 700))
    facts = {"work": work, "amount_wan": Decimal(made.random.randrange(800, 60000)),
             "started_on": begun if permitted(place) else None,
             "ends_on": begun + dt.timedelta(days=made.random.randrange(540, 1200)),
             "address": made.random.choice(("云溪市城东区", "云溪市新城区", "澄江市城西区", "枫桥市新城区"))}
    return _unit(made.session, "project", made.names.project(work), f"{company.code}-P{place + 1:02d}", company,
                 project=facts)


def staff(
    made: Sample, people: int, told: Callable[[str, int, int], None] = lambda what, done, of: None,
    places: Callable[[Sample, int], Iterator[tuple[Unit, str]]] | None = None,
) -> None:
    """The people: roles first, then site workers and managers until there are `people`; `places` says where and as
    what so many more work."""
    _headquarters(made)
    for company in made.companies:
        for role, short, post in OFFICE:
            with_role(made, role, company, made.departments[company.id, short], post)
    for project in made.projects:
        manager = with_role(made, "project_manager", project, project, "项目经理")
        assert project.project
        project.project.manager_id = manager.id
    with_role(made, "guard", made.projects[0], made.projects[0], "门卫")
    others = (places or _places)(made, people - len(made.people))
    while rest := [_drawn(made, *place) for place in islice(others, BATCH)]:
        made.session.add_all(rest)
        made.session.flush()
        made.people += rest
        told("people", len(made.people), people)


def _headquarters(made: Sample) -> None:
    for role, post in HEADQUARTERS:
        with_role(made, role, made.group, made.departments[made.group.id, "ZB"], post)


def with_role(made: Sample, role: str, at: Unit, unit: Unit, post: str) -> Person:
    """One more person, who holds a role at a unit."""
    person = _drawn(made, unit, post)
    made.session.add(person)
    made.session.flush()
    made.people.append(person)
    grant_role(made.session, person, role, at, by=SYSTEM, from_on=person.joined_on)
    made.holders.setdefault((role, at.id), []).append(person)
    return person


def _places(made: Sample, count: int) -> Iterator[tuple[Unit, str]]:
    for place in range(max(0, count)):
        drawn = made.random.random()
        project = made.projects[place % len(made.projects)]
        if drawn < 0.72:
            yield project, WORKERS[place // len(made.projects) % len(WORKERS)]
        elif drawn < 0.92:
            yield project, made.random.choice(MANAGERS)
        else:
            company = made.companies[place % len(made.companies)]
            yield made.departments[company.id, "GC"], made.random.choice(STAFF)


def _drawn(made: Sample, unit: Unit, post: str) -> Person:
    random, today = made.random, clock.today()
    gender: Gender = "2" if random.random() < (0.06 if post in WORKERS else 0.3) else "1"
    age = min(58, max(20, round(random.gauss(40, 10))))
    birth = today - dt.timedelta(days=age * 365 + random.randrange(365))
    person = drawn_up(
        unit, name=made.names.person(gender), id_number=made.numbers.id_number(birth, gender),
        phone=made.numbers.phone(), post=post, joined_on=today - dt.timedelta(days=random.randrange(30, 3000)))
    if post in WORKERS and random.random() < 0.02:
        person.left_on = today - dt.timedelta(days=random.randrange(1, 29))
    return person


def machines(made: Sample) -> None:
    """A few machines on every project."""
    for place, project in enumerate(made.projects):
        made.machines += [machine(made, project, number, f"SN{place + 1:04d}{number + 1}")
                          for number in range(len(MACHINES))]
    made.session.add_all(made.machines)
    made.session.flush()


def machine(made: Sample, project: Unit, number: int, serial: str) -> Machine:
    """The machine with this number on a project: a crane, a hoist, a total station or a truck crane in turn."""
    kind, name, model = MACHINES[number % len(MACHINES)]
    return Machine(unit=project, group_id=project.group_id, unit_path=project.path, kind=kind,
                   name=f"{number + 1}号{name}", model=model, serial=serial,
                   made_on=clock.today() - dt.timedelta(days=made.random.randrange(400, 3000)))
