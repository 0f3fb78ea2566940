"""Breaches of rules that are planted in a large sample group, and the answer key that tells where."""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass, field
from random import Random
from typing import TextIO

from registry.people.persons import Person
from registry.people.units import Unit
from registry.sample.sites import Sites

PLANNED = {"R02": 20, "R01": 15, "R05": 15, "R07": 10}
"""So many of 30,000 people's (facts 6): managers of two projects, managers without a B, workers whose certificate is of
another trade, projects short of safety officers."""
LEAST = 300
"""From so many people on, at least one of each."""
TITLES = {"R02": "同时担任两个在建项目的项目经理", "R01": "项目经理没有有效的安管B证",
          "R05": "特种作业证的工种与岗位不符", "R07": "专职安全员少于规定人数"}
HEADINGS = ("rule", "lack", "project", "project_name", "person", "id_number", "detail", "what")


@dataclass(frozen=True)
class Breach:
    """One planted breach: the rule, the word the rule has for it, the project's code and whoever it is about."""

    rule: str
    lack: str
    project: Unit
    person: Person | None = None
    detail: str = ""

    def row(self) -> tuple[str, ...]:
        """As a line of the key, in the order of HEADINGS."""
        person = (self.person.name, self.person.id_number or "") if self.person else ("", "")
        return (self.rule, self.lack, self.project.code, self.project.name, *person, self.detail, TITLES[self.rule])


@dataclass
class Plan:
    """Where what is planted: pairs of projects with one manager, projects whose manager lacks a B, workers' trades,
    projects with an officer too few."""

    pairs: list[tuple[Unit, Unit]] = field(default_factory=list)
    without_b: set[int] = field(default_factory=set)
    short: set[int] = field(default_factory=set)
    wrong_trade: int = 0


def plan(sites: Sites, random: Random, people: int) -> Plan:
    """Choose among the live projects, each for one breach at most; fewer where there are not enough projects."""
    counts = {rule: max(int(people >= LEAST), round(count * people / 30_000)) for rule, count in PLANNED.items()}
    free = defaultdict(list)
    for project in random.sample(sites.live, len(sites.live)):
        free[project.parent_id].append(project)
    made = Plan(wrong_trade=counts["R05"])
    for projects in sorted(free.values(), key=len, reverse=True):
        while len(made.pairs) < counts["R02"] and len(projects) > 1:
            made.pairs.append((projects.pop(), projects.pop()))
    rest = sorted((project for projects in free.values() for project in projects), key=lambda unit: unit.id)
    chosen = random.sample(rest, min(len(rest), counts["R01"] + counts["R07"]))
    split = min(counts["R01"], max(1, len(chosen) - counts["R07"]))
    made.without_b = {project.id for project in chosen[:split]}
    made.short = {project.id for project in chosen[split:]}
    return made


def write(breaches: list[Breach], out: TextIO) -> None:
    """The key as CSV."""
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(HEADINGS)
    lines.writerows(breach.row() for breach in breaches)
