"""Which certificates the sample group holds: for each holder what somebody of that kind has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from registry.certificates.models import Holder
from registry.people.persons import Person
from registry.people.units import Unit
from registry.sample.organisation import Sample, permitted

COMPANY = ("E12", "E12", "E12", "E14", "E16", "E17", "E04", "E06")
STANDARDS = ("ISO 9001", "ISO 14001", "ISO 45001")
PROJECT = ("J01", "J02", "J06", "J07", "J09", "J10", "J11", "J15")
PROJECT_ENDLESS = ("J12", "J16", "J04")
MACHINE = {"塔式起重机": ("Q02", "Q05"), "施工升降机": ("Q02", "Q06"), "全站仪": ("Q08",), "汽车起重机": ("Q02", "Q09")}
MACHINE_ENDLESS = {"塔式起重机": ("Q03", "Q04"), "施工升降机": ("Q03", "Q04"), "汽车起重机": ("Q01", "Q10")}
TRADES = {"建筑电工": "01", "普通架子工": "02", "起重信号司索工": "04", "塔式起重机司机": "05", "施工升降机司机": "06"}
OPERATIONS = {"建筑电工": ("电工作业", "低压电工作业"), "焊工": ("焊接与热切割作业", "熔化焊接与热切割作业"),
              "普通架子工": ("高处作业", "登高架设作业")}
SPECIALITY = {"房建": "建筑工程", "市政": "市政公用工程", "公路": "公路工程"}
SITE_POSTS = frozenset({"施工员", "质量员", "安全员", "材料员", "资料员", "机械员", "劳务员"})
SUPPORT = ("contract", "health", "induction", "insurance")


@dataclass(frozen=True)
class Wish:
    """One certificate to be. `kind` is a class or trade in its number, `fate` a fixed part of the spread."""

    code: str
    holder: Holder
    fields: dict[str, Any] = field(default_factory=dict)
    kind: str = ""
    fate: str = ""


def dated(made: Sample) -> Iterator[Wish]:
    """Certificates whose term ends, the most important first; ends when nobody could hold more."""
    yield from _companies(made)
    for project in made.projects:
        yield from (Wish(code, project, {"project_name": project.name}) for code in PROJECT)
    for machine in made.machines:
        yield from (Wish(code, machine, {"kind": "inspection"} if code == "Q09" else {})
                    for code in MACHINE[machine.kind])
    held = [list(_person(person, place)) for place, person in enumerate(made.people)]
    for turn in range(max(map(len, held), default=0)):
        yield from (wishes[turn] for wishes in held if turn < len(wishes))


def _companies(made: Sample) -> Iterator[Wish]:
    """The last company's safety licence ran out, and what follows from that is there to be seen; the first company's
    subsidiaries have none, so that one can be applied for."""
    last = len(made.companies) - 1
    for place, company in enumerate(made.companies):
        about = {"company": company.name, "company_code": company.uscc, "scope": "建筑施工", "leader": "法定代表人"}
        yield Wish("E01", company, about, fate="valid")
        yield Wish("E02", company, about, fate="valid")
        yield Wish("E03", company, about, fate="overdue" if place == last else "valid")
        for number, code in enumerate(COMPANY):
            yield Wish(code, company, {**about, "standard": STANDARDS[number]} if code == "E12" else about)
    for subsidiary in made.subsidiaries:
        yield Wish("E01", subsidiary, {"company": subsidiary.name, "company_code": subsidiary.uscc}, fate="valid")


def _person(person: Person, place: int) -> Iterator[Wish]:
    """What somebody with this post holds; every third tradesman still lacks the certificate for the trade."""
    about = {"name": person.name, "gender": person.gender, "born_on": str(person.birth), "post": person.post}
    if person.post in TRADES and place % 3:
        trade = TRADES[person.post]
        yield Wish("P02", person, {**about, "trade": trade}, kind=trade)
    if person.post in OPERATIONS:
        category, item = OPERATIONS[person.post]
        yield Wish("P01", person, {**about, "category": category, "item": item})
    firm = {"company": person.company.name, "company_code": person.company.uscc} if person.company else {}
    if person.post == "项目经理":
        registered = {"employer": firm["company"], "employer_code": firm["company_code"]} if firm else {}
        skilled = [{"speciality": SPECIALITY[_work(person.unit)]}] if place % 7 else []
        yield Wish("P06" if place % 2 else "P07", person, {**about, **registered, "specialities": skilled})
        yield Wish("P04", person, {**about, **firm})
    if "安全" in person.post:
        yield Wish("P05", person, {**about, **firm}, kind=f"C{place % 3 + 1}")
        yield Wish("P16", person, about, kind="C")
    if person.post in SITE_POSTS:
        yield Wish("P15", person, {**about, "position": person.post})
    if person.post in ("工程部工程师", "技术负责人", "预算员"):
        yield Wish("P08" if place % 2 else "P11", person, about)
    yield from (Wish("P23", person, {"name": person.name, "kind": kind}) for kind in SUPPORT)


def endless(made: Sample) -> Iterator[Wish]:
    """Certificates without an end: permits of works that have begun, registrations of machines, titles, skills."""
    for place, project in enumerate(made.projects):
        work = "01" if _work(project) == "房建" else "02"
        if permitted(place):
            yield Wish("J03", project, {"project_name": project.name}, kind=work)
        yield from (Wish(code, project, {"project_name": project.name}) for code in PROJECT_ENDLESS[: 1 + place % 3])
    for machine in made.machines[::2]:
        yield from (Wish(code, machine) for code in MACHINE_ENDLESS.get(machine.kind, ()))
    for person in made.people:
        yield Wish("P14" if person.unit.kind == "department" or person.post in SITE_POSTS else "P19", person,
                   {"name": person.name})


def _work(project: Unit) -> str:
    return project.project.work if project.project else ""
