"""The projects of a large sample group: how far each has come, what it builds, and who works there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any

from ledger import clock
from registry.people.units import Unit
from registry.rules.tables import decide
from registry.sample import staffing
from registry.sample.organisation import MANAGERS, STAFF, WORKERS, Sample

STAGES = {"live": 220, "finished": 330, "stopped": 20, "prep": 30}
"""How many of 600 projects (facts 6)."""
FEWEST_LIVE = 6
WORKER, MANAGER = 0.70, 0.92
"""Facts 6: 70 % workers, 22 % managers, the rest office."""


@dataclass
class Sites:
    """Projects by stage; the rows of their works and how many safety officers each must have (R07), by id."""

    stages: dict[str, list[Unit]] = field(default_factory=dict)
    works: dict[int, dict[str, Any]] = field(default_factory=dict)
    officers: dict[int, int] = field(default_factory=dict)

    @property
    def live(self) -> list[Unit]:
        """The projects being built."""
        return self.stages["live"]

    @property
    def staffed(self) -> list[Unit]:
        """The projects that have a manager and safety officers: all but the finished."""
        return [*self.live, *self.stages["stopped"], *self.stages["prep"]]


def begin(made: Sample, random: Random) -> Sites:
    """Settle for each project how far it has come and what it builds."""
    sites, projects = Sites(), list(made.projects)
    random.shuffle(projects)
    count = len(projects)
    live = min(count, max(FEWEST_LIVE, round(count * STAGES["live"] / 600)))
    stopped, prep = (round(count * STAGES[stage] / 600) for stage in ("stopped", "prep"))
    ends = [live, live + stopped, live + stopped + prep, count]
    for stage, first, last in zip(("live", "stopped", "prep", "finished"), [0, *ends], ends, strict=False):
        sites.stages[stage] = sorted(projects[first:last], key=lambda unit: unit.id)
        for project in sites.stages[stage]:
            _stage(random, project, stage)
            sites.works[project.id] = row = _works(random, project, stage)
            sites.officers[project.id] = int(decide(
                "R07_needed", work=row["work"], area=row["area"], amount=row["amount"])["needed"])
    return sites


def _stage(random: Random, project: Unit, stage: str) -> None:
    """The days of a project at its stage."""
    built, today = project.project, clock.today()
    assert built is not None
    begun = {"prep": -random.randrange(10, 90), "finished": random.randrange(900, 2500)}.get(
        stage, random.randrange(60, 600))
    built.started_on = None if stage == "prep" else today - dt.timedelta(days=begun)
    length = random.randrange(400, 850) if stage == "finished" else random.randrange(700, 1300)
    built.ends_on = today - dt.timedelta(days=begun - length)


def _works(random: Random, project: Unit, stage: str) -> dict[str, Any]:
    row = staffing.works(random, project) | {"accepted_on": None, "stopped_on": None}
    if row["work"] == "房建":
        row["area"] = Decimal(random.randrange(4000, 90000))
    if stage == "finished":
        assert project.project
        row["accepted_on"] = project.project.ends_on
    elif stage == "stopped":
        row["stopped_on"] = clock.today() - dt.timedelta(days=random.randrange(10, 200))
    return row


def crews(sites: Sites, made: Sample, count: int) -> Iterator[tuple[Unit, str]]:
    """Where `count` people work and as what: the safety officers that projects need first, then everybody else,
    on the projects that are not finished."""
    building = sites.staffed
    first = [(project, "安全员") for project in building for _ in range(sites.officers[project.id])][:count]
    yield from first
    for place in range(count - len(first)):
        drawn, project = made.random.random(), building[place % len(building)]
        if drawn < WORKER:
            yield project, WORKERS[place // len(building) % len(WORKERS)]
        elif drawn < MANAGER:
            yield project, made.random.choice(MANAGERS)
        else:
            company = made.companies[place % len(made.companies)]
            yield made.departments[company.id, "GC"], made.random.choice(STAFF)
