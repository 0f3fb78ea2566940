"""Contracts, insurance, posts, works, qualifications and cranes of the sample group: most in order, some not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import Any

from sqlalchemy import insert

from ledger import clock
from registry.people.machines import Installation
from registry.people.persons import Person
from registry.people.tenure import Assignment, Employment
from registry.people.units import Unit
from registry.people.works import Qualification, Works
from registry.sample.organisation import Sample
from registry.sample.wishes import TRADES

QUALIFIED = ((("房建", "first"), ("市政", "second")), (("市政", "first"), ("公路", "second")), (("房建", "third"),))
SAFETY_STAFF = ("安全总监", "安全管理员")
SEED = 5


def load(made: Sample) -> None:
    """Enter what the rules ask for; draws its own chances, so that the rest of the sample stays as it is."""
    random = Random(SEED)
    for model, rows in (
        (Employment, [row for person in made.people for row in _ties(made, random, person)]),
        (Assignment, [row for person in made.people for row in _posts(made, person)] + list(_leaders(made))),
        (Works, [works(random, project) for project in made.projects]),
        (Qualification, list(qualifications(made))),
        (Installation, list(_cranes(made, random))),
    ):
        if rows:
            made.session.execute(insert(model), rows)


def known(on: dt.date) -> dict[str, Any]:
    """Old books, entered on the day they tell of."""
    return {"from_on": on, "known_from": clock.start_of_day(on)}


def _joined(person: Person) -> dt.date:
    return person.joined_on or clock.today()


def _ties(made: Sample, random: Random, person: Person) -> Iterator[dict[str, Any]]:
    """A labour contract and insurance with the employer; one in thirty is insured by another company."""
    if person.company_id is None:
        return
    drawn = random.choice(made.companies).id if random.random() < 1 / 30 else person.company_id
    yield from ties(person, person.company_id, drawn)


def ties(person: Person, contract: int, insurance: int) -> Iterator[dict[str, Any]]:
    """The rows of a labour contract with one company and of insurance with another, or the same."""
    for kind, company in (("contract", contract), ("insurance", insurance)):
        yield {"group_id": person.group_id, "person_id": person.id, "company_id": company, "kind": kind,
               "to_on": person.left_on, **known(_joined(person))}


def _posts(made: Sample, person: Person) -> Iterator[dict[str, Any]]:
    """The post of somebody on a site, or in a company's safety department."""
    post, trade, unit = "", "", person.unit_id
    if person.unit.kind == "project":
        trade = TRADES.get(person.post, "")
        post = {"项目经理": "project_manager", "安全员": "safety_officer"}.get(person.post, "")
        post = "special_worker" if trade else post
    elif person.post in SAFETY_STAFF and person.company_id:
        post, unit = "safety_staff", person.company_id
    if post:
        yield assignment(person, unit, post, trade)


def assignment(person: Person, unit: int, post: str, trade: str = "") -> dict[str, Any]:
    """The row of a post that a person holds since joining."""
    return {"group_id": person.group_id, "person_id": person.id, "unit_id": unit, "post": post, "trade": trade,
            "to_on": person.left_on, **known(_joined(person))}


def _leaders(made: Sample) -> Iterator[dict[str, Any]]:
    """The approver of each company is its legal representative."""
    for company in made.companies:
        for person in made.holders.get(("approver", company.id), [])[:1]:
            yield assignment(person, company.id, "legal_representative")


def works(random: Random, project: Unit) -> dict[str, Any]:
    """The row of what a project builds."""
    built = project.project
    assert built is not None
    area = Decimal(random.randrange(4000, 90000)) if built.work == "房建" else None
    begin = built.started_on or clock.today() - dt.timedelta(days=30)
    scale = "large" if built.amount_wan >= 30000 else "medium" if built.amount_wan >= 3000 else "small"
    return {"unit_id": project.id, "work": built.work, "contracting": "general", "scale": scale, "area": area,
            "amount": built.amount_wan, "workers": None, "phase_of": "", "planning": built.work != "公路",
            "special_fire": random.random() < 0.15, "contract_on": begin - dt.timedelta(days=20),
            "started_on": built.started_on, "to_on": None, **known(begin - dt.timedelta(days=20))}


def qualifications(made: Sample) -> Iterator[dict[str, Any]]:
    """The rows of what each company is qualified to build."""
    for place, company in enumerate(made.companies):
        for work, grade in QUALIFIED[place % len(QUALIFIED)]:
            yield {"company_id": company.id, "work": work, "contracting": "general", "grade": grade, "to_on": None,
                   **known(clock.today() - dt.timedelta(days=1500))}


def _cranes(made: Sample, random: Random) -> Iterator[dict[str, Any]]:
    for machine in made.machines:
        if machine.kind in ("塔式起重机", "施工升降机"):
            company = random.choice((machine.unit.parent_id, None))
            yield {"machine_id": machine.id, "unit_id": machine.unit_id, "company_id": company, "to_on": None,
                   **known(clock.today() - dt.timedelta(days=random.randrange(30, 300)))}
