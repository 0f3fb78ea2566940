"""Why somebody may do something or may not, who may, and how far what they may reaches: answers for people.

`registry.access.rules` decides; this room only says why, from the same roles and grants.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from ledger import clock
from ledger.actor import Actor, Grant
from registry.access.accounts import Account
from registry.access.grants import RoleGrant, held_on
from registry.access.roles import EMPLOYEE, Right, role_of, roles
from registry.access.rules import Reason, Thing, reached
from registry.people.persons import Person
from registry.people.units import Unit

Ends = Literal["", "revoked", "ended", "later", "action", "family", "elsewhere", "others"]
"""Where a grant's help ends: nowhere (it allows); it was taken away, is over, is yet to come; its role does not name
the action, reaches other families or types, other places, or only what belongs to the person."""
Hindrance = Literal["", "left", "no_account", "shut"]
_ORDER: tuple[Ends, ...] = ("", "family", "elsewhere", "others", "action")
MOST = 100


@dataclass(frozen=True)
class Tried:
    """A role held at a place (or once held, or to be held), and where its help ends; `right` is the one that came
    nearest."""

    role: str
    unit: Unit
    from_on: dt.date | None
    until_on: dt.date | None
    ends: Ends
    right: Right | None = None


@dataclass(frozen=True)
class Answer:
    """Whether somebody may: every grant that was tried, those that allow it first; `hindrance` shuts them all out."""

    tried: list[Tried]
    hindrance: Hindrance = ""

    @property
    def allowed(self) -> bool:
        """Whether one of them allows it and nothing is in the way."""
        return not self.hindrance and any(not one.ends for one in self.tried)


@dataclass(frozen=True)
class Reach:
    """That a role held at a unit allows an action so far."""

    role: str
    unit_id: int
    scope: str
    families: frozenset[str] | None


def explain(session: Session, person: Person, action: str, thing: Thing) -> Answer:
    """Why the person may do this to the thing today, or may not."""
    today = clock.today()
    grants = session.scalars(
        select(RoleGrant).where(RoleGrant.person_id == person.id).options(joinedload(RoleGrant.unit))
        .order_by(RoleGrant.id.desc()).limit(MOST))
    tried = [_tried(one, person, action, thing, today) for one in grants]
    home = person.company or person.unit
    tried.append(Tried(EMPLOYEE, home, person.joined_on, person.left_on,
                       *_nearest(Grant(EMPLOYEE, home.id, home.path), person.id, action, thing)))
    return Answer(sorted(tried, key=lambda one: one.ends != ""), _hindrance(session, person, today))


def _hindrance(session: Session, person: Person, today: dt.date) -> Hindrance:
    if not person.employed(today):
        return "left"
    account = session.scalar(select(Account).where(Account.person_id == person.id))
    if account is None:
        return "no_account"
    return "" if account.usable else "shut"


def _tried(grant: RoleGrant, person: Person, action: str, thing: Thing, today: dt.date) -> Tried:
    ends, right = _nearest(Grant(grant.role, grant.unit_id, grant.unit.path), person.id, action, thing)
    if grant.revoked_at is not None:
        ends = "revoked"
    elif grant.until_on is not None and grant.until_on < today:
        ends = "ended"
    elif grant.from_on > today:
        ends = "later"
    return Tried(grant.role, grant.unit, grant.from_on, grant.until_on, ends, right)


def _nearest(grant: Grant, person_id: int, action: str, thing: Thing) -> tuple[Ends, Right | None]:
    """The right of the role that allows the action, or comes nearest to it."""
    known = roles().get(grant.role)
    found = [(_ends(right, grant, person_id, thing), right) for right in (known.may(action) if known else ())]
    return min(found, key=lambda one: _ORDER.index(one[0]), default=("action", None))


def _ends(right: Right, grant: Grant, person_id: int, thing: Thing) -> Ends:
    if not right.fits(thing.family, thing.type):
        return "family"
    if reached(right, grant, thing, person_id):
        return ""
    return "others" if right.scope == "own" else "elsewhere"


def who_may(session: Session, action: str, thing: Thing) -> list[tuple[Person, Reason]]:
    """The people who may do this to the thing today and can sign in, each with the first reason, by name; at most
    MOST. What everybody employed may is not listed for each of them, but whose the thing is, is."""
    able = {key for key, role in roles().items() if key != EMPLOYEE and any(
        right.fits(thing.family, thing.type) for right in role.may(action))}
    above = [int(part) for part in thing.path.split("/") if part.isdigit()]
    today, found = clock.today(), dict[int, tuple[Person, Reason]]()
    if thing.owner_id is not None and (owner := session.get(Person, thing.owner_id)) is not None:
        answer = explain(session, owner, action, thing)
        if answer.allowed:
            first = answer.tried[0]
            found[owner.id] = owner, Reason(first.role, first.unit.id, first.right.scope if first.right else "")
    rows = session.scalars(
        select(RoleGrant).join(Person, Person.id == RoleGrant.person_id).join(Account, Account.person_id == Person.id)
        .where(RoleGrant.role.in_(able), RoleGrant.unit_id.in_(above), *held_on(today), Account.disabled_at.is_(None),
               or_(Person.joined_on.is_(None), Person.joined_on <= today),
               or_(Person.left_on.is_(None), Person.left_on >= today))
        .options(joinedload(RoleGrant.unit), joinedload(RoleGrant.person)).order_by(Person.pinyin, RoleGrant.id))
    for one in rows:
        ends, right = _nearest(Grant(one.role, one.unit_id, one.unit.path), one.person_id, action, thing)
        if not ends and right is not None:
            found.setdefault(one.person_id, (one.person, Reason(one.role, one.unit_id, right.scope)))
        if len(found) >= MOST:
            break
    return list(found.values())


def everybody(action: str, thing: Thing) -> bool:
    """Whether whoever is employed where the thing lies may do it."""
    return any(right.scope != "own" and right.fits(thing.family, thing.type) for right in role_of(EMPLOYEE).may(action))


def reach_of(actor: Actor, action: str) -> list[Reach]:
    """How far the actor's roles let them do something: one for each right of each grant."""
    return list(dict.fromkeys(_reach(actor, action)))


def _reach(actor: Actor, action: str) -> Iterator[Reach]:
    for grant in actor.grants:
        if grant.role in roles():
            for right in role_of(grant.role).may(action):
                yield Reach(grant.role, grant.unit_id, right.scope, right.families)


__all__ = ["MOST", "Answer", "Ends", "Hindrance", "Reach", "Tried", "everybody", "explain", "reach_of", "who_may"]
