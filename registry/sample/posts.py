"""Who runs, guards and works on the projects of a large sample group: in order, but for the planted breaches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert

from registry.people.persons import Person
from registry.people.tenure import Assignment, Employment
from registry.people.works import Qualification, Works
from registry.sample import staffing
from registry.sample.breaches import Breach, Plan
from registry.sample.organisation import Sample
from registry.sample.sites import Sites
from registry.sample.wishes import TRADES


@dataclass
class Posts:
    """Managers and safety officers by project; `workers` have a post of their trade, `strayed` hold a certificate of
    another; `without_b` and `without_c` lack what their post asks for."""

    managers: dict[int, Person] = field(default_factory=dict)
    officers: dict[int, list[Person]] = field(default_factory=dict)
    workers: list[Person] = field(default_factory=list)
    strayed: list[Person] = field(default_factory=list)
    without_b: set[int] = field(default_factory=set)
    without_c: set[int] = field(default_factory=set)
    breaches: list[Breach] = field(default_factory=list)

    def sites_of(self, person: Person) -> list[int]:
        """The projects a person manages."""
        return [number for number, manager in self.managers.items() if manager is person]


def fill(made: Sample, sites: Sites, plan: Plan) -> Posts:
    """Give every project that is not finished its manager, its officers and its workers, and plant what is planned."""
    posts = Posts()
    crew: dict[int, list[Person]] = defaultdict(list)
    for person in made.people:
        crew[person.unit_id].append(person)
    for project in sites.staffed:
        posts.managers[project.id] = made.holders["project_manager", project.id][0]
        officers = [person for person in crew[project.id] if person.post == "安全员" and not person.left_on]
        posts.officers[project.id] = officers[:sites.officers[project.id]]
        posts.workers += [person for person in crew[project.id] if person.post in TRADES and not person.left_on]
    _breach(posts, sites, plan)
    return posts


def _breach(posts: Posts, sites: Sites, plan: Plan) -> None:
    for first, second in plan.pairs:
        manager = posts.managers[second.id] = posts.managers[first.id]
        assert second.project
        second.project.manager_id = manager.id
        posts.breaches.append(Breach("R02", "second_project", first, manager, second.code))
    for project in sites.live:
        if project.id in plan.without_b:
            manager = posts.managers[project.id]
            posts.without_b.add(manager.id)
            posts.breaches.append(Breach("R01", "no_b", project, manager))
        if project.id in plan.short:
            needed, lacking = sites.officers[project.id], posts.officers[project.id][-1]
            posts.without_c.add(lacking.id)
            posts.breaches.append(Breach("R07", "short_of_officers", project, None, f"{needed - 1}/{needed}"))
    step = max(1, len(posts.workers) // max(1, plan.wrong_trade))
    posts.strayed = posts.workers[::step][:plan.wrong_trade]
    posts.breaches += [Breach("R05", "no_trade", person.unit, person, TRADES[person.post])
                       for person in posts.strayed]


def other_trade(person: Person) -> str:
    """A trade that the post does not ask for."""
    codes = list(TRADES.values())
    return codes[(codes.index(TRADES[person.post]) + 1) % len(codes)]


def enter(made: Sample, sites: Sites, posts: Posts, skilled: set[int]) -> None:
    """Write contracts, posts, works and qualifications. `skilled`: workers who hold a certificate of their trade, or
    one that is planted as wrong; the others have no post."""
    for model, rows in (
        (Employment, [row for person in made.people if person.company_id
                      for row in staffing.ties(person, person.company_id, person.company_id)]),
        (Assignment, list(_assignments(sites, posts, skilled))),
        (Works, list(sites.works.values())),
        (Qualification, list(staffing.qualifications(made))),
    ):
        if rows:
            made.session.execute(insert(model), rows)


def _assignments(sites: Sites, posts: Posts, skilled: set[int]) -> Iterator[dict[str, Any]]:
    for project in sites.staffed:
        yield staffing.assignment(posts.managers[project.id], project.id, "project_manager")
        for person in posts.officers[project.id]:
            yield staffing.assignment(person, project.id, "safety_officer")
    for person in posts.workers:
        if person.id in skilled:
            yield staffing.assignment(person, person.unit_id, "special_worker", TRADES[person.post])
