"""A synthetic group of companies to try everything with: invented people, right check digits, no real data."""

from __future__ import annotations

import random as randoms
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from ledger import workdays
from ledger.errors import Conflict
from registry.access.accounts import Account
from registry.access.roles import role_of
from registry.people.units import Unit
from registry.sample import accounts, cabinet, holdings, lost, organisation, staffing
from registry.sample.accounts import LOGINS, PASSWORD

__all__ = ["LOGINS", "PASSWORD", "SIZES", "Loaded", "NotEmpty", "Size", "Told", "demo_accounts", "load"]


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
    accounts.open_all(made)
    session.flush()
    units = 1 + len(made.companies) + len(made.subsidiaries) + len(made.projects) + len(made.departments)
    return Loaded(made.group.id, made.companies[0].id, units, len(made.people), entered)


def demo_accounts(session: Session) -> list[dict[str, str]]:
    """The demonstration accounts in the order of LOGINS: login, password, role (a msgid) and the person's name."""
    found = {account.login: account for account in session.scalars(
        select(Account).options(joinedload(Account.person)).where(Account.login.in_(LOGINS)))}
    return [
        {"login": login, "password": PASSWORD, "role": role_of(role).name, "name": found[login].person.name}
        for login, role in LOGINS.items() if login in found
    ]
