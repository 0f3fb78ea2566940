"""A small construction group with somebody for every lane of P-APPLY, and a second company that sees nothing of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy.orm import Session

import workflows
from ledger import workdays
from ledger.actor import SYSTEM, Actor
from registry.access.accounts import actor_for, create_account
from registry.access.grants import grant_role
from registry.people.identity import id_check_digit
from registry.people.persons import Person, create_person, person_of
from registry.people.units import Unit, create_unit, unit_of

PASSWORD = "a long enough password"
ROLES = {
    # login: (name, unit, roles there)
    "applicant": ("陈小满", "project", ["applicant"]),
    "desk": ("沈青", "company", ["applicant"]),
    "pm": ("罗建军", "project", ["project_manager"]),
    "hr": ("宋雅", "company", ["hr"]),
    "legal": ("韩立", "company", ["legal"]),
    "legal2": ("许文", "company", ["legal"]),
    "safety": ("郑安", "company", ["safety"]),
    "approver": ("梁总", "company", ["approver"]),
    "vice": ("高远", "group", ["vice_president"]),
    "custodian": ("方芳", "company", ["custodian"]),
    "owner": ("钱程", "group", ["process_owner"]),
    "stranger": ("路人甲", "other", ["applicant", "legal", "safety", "hr"]),
}


@dataclass(frozen=True)
class Company:
    """Ids of the units ("group", "company", "project", "other") and people (by login; "worker" has none)."""

    units: dict[str, int]
    people: dict[str, int]

    def unit(self, session: Session, name: str) -> Unit:
        return unit_of(session, self.units[name])

    def actor(self, session: Session, login: str) -> Actor:
        return actor_for(session, person_of(session, self.people[login]))


def found(session: Session) -> Company:
    """Build it, with the calendar and the shipped processes. Nobody has a password yet: see `open_accounts`."""
    workdays.seed(session)
    units = _units(session)
    people = {
        login: _person(session, units[place], name, roles, number)
        for number, (login, (name, place, roles)) in enumerate(ROLES.items())
    }
    people["worker"] = _person(session, units["project"], "石磊", [], 77)
    workflows.publish(session, by=SYSTEM)
    return Company({name: unit.id for name, unit in units.items()}, {login: one.id for login, one in people.items()})


def _units(session: Session) -> dict[str, Unit]:
    group = create_unit(session, kind="group", name="华建集团", code="HJ", by=SYSTEM, region="330100", province="浙")
    company = create_unit(
        session, kind="company", name="华建第一建筑有限公司", code="HJ1", parent=group, by=SYSTEM,
        uscc="91330100MA27XL8A79",
    )
    other = create_unit(session, kind="company", name="华建第二建筑有限公司", code="HJ2", parent=group, by=SYSTEM)
    project = create_unit(
        session, kind="project", name="滨江花园一期", code="BJ1", parent=company, by=SYSTEM,
        project={"work": "房建", "amount_wan": 4800},
    )
    return {"group": group, "company": company, "other": other, "project": project}


def _person(session: Session, unit: Unit, name: str, roles: list[str], number: int) -> Person:
    first = f"33010919900512{100 + number:03d}"
    person = create_person(
        session, unit=unit, name=name, by=SYSTEM, id_number=first + id_check_digit(first), joined_on=dt.date(2020, 1, 1)
    )
    for role in roles:
        grant_role(session, person, role, unit, by=SYSTEM)
    return person


def open_accounts(session: Session, company: Company, *logins: str) -> None:
    """Let these people sign in with PASSWORD."""
    for login in logins or ROLES:
        create_account(session, person_of(session, company.people[login]), login=login, password=PASSWORD, by=SYSTEM)
