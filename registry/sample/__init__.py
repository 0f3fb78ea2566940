"""A synthetic group of companies to try everything with: invented people, right check digits, no real data."""

from __future__ import annotations

import random as randoms
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from ledger import workdays
from ledger.actor import SYSTEM
from ledger.errors import Conflict
from ledger.facts import record
from registry.access import passwords
from registry.access.accounts import Account
from registry.access.roles import role_of
from registry.people.persons import Person
from registry.people.units import Unit
from registry.sample import cabinet, holdings, lost, organisation, staffing
from registry.sample.organisation import Sample

PASSWORD = "licet-demo-2026"
"""The password of every demonstration account: published, so only `load` gives it to anybody."""
LOGINS = {
    "applicant": "applicant", "pm": "project_manager", "hr": "hr", "safety": "safety", "legal": "legal",
    "custodian": "custodian", "custodian2": "custodian", "approver": "approver", "vice": "vice_president",
    "owner": "process_owner", "auditor": "auditor", "admin": "administrator", "security": "security_administrator",
    "guard": "guard", "hr_head": "hr_head", "safety_head": "safety_head", "legal_head": "legal_head",
}
"""Login -> role. All in the first company, but for the group's own vice president, owner and administrators."""


class NotEmpty(Conflict):
    """数据库里已有单位，演示数据只能装入空库。"""


@dataclass(frozen=True)
class Size:
    """How many of what; certificates as far as there is room for them, and requests to be run by the engine."""

    companies: int = 3
    projects: int = 12
    people: int = 300
    certificates: int = 1500
    requests: int = 40


SIZES = {"demo": Size(), "large": Size(40, 600, 30_000, 120_000, 100)}
Told = Callable[[str, int, int], None]
"""Hears how far the loading has come: what is being made (a word for people), how many are done, of how many."""


@dataclass(frozen=True)
class Loaded:
    """What was made."""

    group_id: int
    company_id: int
    units: int
    people: int
    certificates: int


def load(
    session: Session, *, seed: int = 2026, companies: int = 3, projects: int = 12, people: int = 300,
    certificates: int = 1500, told: Told = lambda what, done, of: None,
) -> Loaded:
    """Load the sample group; the same seed on the same day makes the same data. NotEmpty unless there is no unit yet.

    Needs the key of personal data (registry.people.sealing). Links' tokens, password hashes and ciphertexts are random.
    """
    if session.scalar(select(Unit.id).limit(1)) is not None:
        raise NotEmpty
    workdays.seed(session)
    session.flush()
    made = organisation.units(session, randoms.Random(seed), companies, projects)
    organisation.staff(made, people, told)
    organisation.machines(made)
    staffing.load(made)
    entered = holdings.load(made, certificates, told)
    cabinet.load(made)
    lost.load(made)
    _accounts(made)
    session.flush()
    units = 1 + len(made.companies) + len(made.subsidiaries) + len(made.projects) + len(made.departments)
    return Loaded(made.group.id, made.companies[0].id, units, len(made.people), entered)


def _accounts(made: Sample) -> None:
    """One account for each role, and one for each further project manager of the first company (pm2, pm3, ...)."""
    waiting = {role: deque(_holders(made, role)) for role in LOGINS.values()}
    logins = {login: waiting[role].popleft() for login, role in LOGINS.items()}
    logins |= {f"pm{number}": person for number, person in enumerate(waiting["project_manager"], 2)}
    password_hash = passwords.hashed(PASSWORD)  # one for all: the password is no secret, and hashing is slow
    rows = [Account(person=person, group_id=person.group_id, login=login, password_hash=password_hash)
            for login, person in logins.items()]
    made.session.add_all(rows)
    made.session.flush()
    for row in rows:
        record(made.session, "account.created", ("account", row.id), by=SYSTEM, group_id=row.group_id,
               about=[("person", row.person_id)])


def _holders(made: Sample, role: str) -> list[Person]:
    """Who holds a role in the first company, or else at the group."""
    low = made.companies[0].path
    within = [unit.id for unit in [made.companies[0], *made.projects] if unit.path.startswith(low)]
    return [person for unit in [*within, made.group.id] for person in made.holders.get((role, unit), [])]


def demo_accounts(session: Session) -> list[dict[str, str]]:
    """The demonstration accounts in the order of LOGINS: login, password, role (a msgid) and the person's name."""
    found = {account.login: account for account in session.scalars(
        select(Account).options(joinedload(Account.person)).where(Account.login.in_(LOGINS)))}
    return [
        {"login": login, "password": PASSWORD, "role": role_of(role).name, "name": found[login].person.name}
        for login, role in LOGINS.items() if login in found
    ]
