"""What companies, projects and machines of a large sample group hold, the most important first."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, cycle

from registry.people.machines import Machine
from registry.people.units import Unit
from registry.sample.organisation import Sample
from registry.sample.sites import Sites
from registry.sample.wishes import STANDARDS, Wish

COMPANY = ("E01", "E02", "E03", "E12", "E12", "E12", "E17", "E14", "E16", "E04", "E06", "E05", "E07", "E08", "E10",
           "E11", "E13", "E15", "E09", "E17", "E17", "E12", "E17")
SOUND = ("E01", "E02", "E03")
PROJECT = ("J02", "J01", "J12", "J06", "J09", "J04", "J11", "J07", "J10", "J16", "J15")
MACHINE = {"塔式起重机": ("Q03", "Q04", "Q05"), "施工升降机": ("Q03", "Q04", "Q06"), "全站仪": ("Q08",),
           "汽车起重机": ("Q01", "Q02", "Q10")}
PAIRED = 2
"""A truck crane's registration and its inspection come together."""
MOST = 200


def enterprise(made: Sample) -> Iterator[Wish]:
    """A certificate for each company in turn, then the next."""
    units = [made.group, *made.companies, *made.subsidiaries]
    for turn, code in zip(range(MOST), chain(COMPANY, cycle(("E17", "E12"))), strict=False):
        for unit in units:
            about = {"company": unit.name, "company_code": unit.uscc, "scope": "建筑施工", "leader": "法定代表人"}
            if code == "E12":
                about["standard"] = STANDARDS[turn % len(STANDARDS)]
            yield Wish(code, unit, about, fate="sound" if code in SOUND else "")


def projects(made: Sample, sites: Sites) -> Iterator[Wish]:
    """Permits of the works that have begun, then what else a project has, and the filing of what is finished."""
    begun = [*sites.stages["live"], *sites.stages["stopped"], *sites.stages["finished"]]
    for project in begun:
        yield _permit(project, "J03", "01" if _work(project) == "房建" else "02")
    for project in sites.stages["finished"][::2]:
        yield _permit(project, "J13")
    for code in cycle(PROJECT):
        for project in made.projects[::2] if code in PROJECT[:2] else made.projects[1::2]:
            yield _permit(project, code)


def _permit(project: Unit, code: str, kind: str = "") -> Wish:
    return Wish(code, project, {"project_name": project.name}, kind)


def _work(project: Unit) -> str:
    return project.project.work if project.project else ""


def machines(made: Sample) -> Iterator[Wish]:
    """For each machine the first that it has, then the next; a truck crane's first two together."""
    held: list[tuple[Machine, list[str]]] = [(machine, list(MACHINE[machine.kind])) for machine in made.machines]
    while any(codes for _, codes in held):
        for machine, codes in held:
            for _ in range(PAIRED if codes[:1] == ["Q01"] else 1):
                if codes:
                    yield Wish(codes.pop(0), machine)
