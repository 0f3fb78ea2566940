"""What somebody who leaves still has here: certificates tied to the employer, posts to be filled, originals out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from ledger import clock
from ledger.errors import Problem
from registry.certificates.models import Certificate
from registry.certificates.standing import of as standing_of
from registry.custody.loans import Loan, clear_to_leave
from registry.people.persons import Person, person_of
from registry.people.tenure import POSTS, Assignment
from registry.rules.effects import after_leaving
from registry.rules.lines import Line
from workflows.requests import Request

TIED = ("tied", "takeover")
SUCCEEDED = ("project_manager", "safety_officer")
STAFFING = ("R01", "R07", "R08", "R09", "R10", "R11")
DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Leaver:
    """Who leaves, and the last day of work: also after another company of the group has taken them on."""

    person: Person
    last: dt.date


def leaver(session: Session, request: Request) -> Leaver:
    """Whom a request is about."""
    return Leaver(person_of(session, request.holder_id), dt.date.fromisoformat(request.details["on"]))


def certificates(session: Session, who: Leaver) -> list[Certificate]:
    """The usable certificates that are tied to the employer, or that a new one may take over (catalogue: employer)."""
    return [row for row in _usable(session, who) if row.type.employer in TIED]


def own(session: Session, who: Leaver) -> list[Certificate]:
    """The certificates that stay with the person (P01, P13, P14, P19, ...): their originals go back, nothing else."""
    return [row for row in _usable(session, who) if row.type.employer not in TIED]


def _usable(session: Session, who: Leaver) -> Iterator[Certificate]:
    rows = session.scalars(
        select(Certificate).where(Certificate.holder_person_id == who.person.id).options(
            selectinload(Certificate.versions)).order_by(Certificate.id))
    return (row for row in rows if standing_of(row).standing.usable)


def posts(session: Session, who: Leaver) -> list[Assignment]:
    """The posts held on the last day that somebody has to take over: project managers, safety officers."""
    query = select(Assignment).where(
        Assignment.person_id == who.person.id, Assignment.post.in_(SUCCEEDED),
        Assignment.holding(who.last, clock.now())).options(joinedload(Assignment.unit))
    return list(session.scalars(query.order_by(Assignment.id)))


def unfilled(session: Session, who: Leaver) -> list[Assignment]:
    """Those of the posts that nobody else holds at the place from the day after."""
    first = who.last + DAY
    found = []
    for post in posts(session, who):
        other = session.scalar(select(Assignment.id).where(
            Assignment.unit_id == post.unit_id, Assignment.post == post.post, Assignment.person_id != who.person.id,
            Assignment.known_until.is_(None), Assignment.from_on <= first,
            or_(Assignment.to_on.is_(None), Assignment.to_on >= first)).limit(1))
        if other is None:
            found.append(post)
    return found


def loans(session: Session, who: Leaver) -> list[Loan]:
    """The originals the person must still bring back; an empty list clears the exit (D5)."""
    return clear_to_leave(session, who.person)


def permits(session: Session, who: Leaver) -> list[Certificate]:
    """The live construction permits of the projects whose manager leaves."""
    places = [post.unit_id for post in posts(session, who) if post.post == "project_manager"]
    rows = session.scalars(select(Certificate).where(
        Certificate.type_code == "J03", Certificate.holder_unit_id.in_(places)).options(
            selectinload(Certificate.versions)).order_by(Certificate.id))
    return [row for row in rows if standing_of(row).standing.usable]


def shortages(session: Session, who: Leaver) -> list[tuple[str, Line]]:
    """What companies and projects lack of staff, or lack more of, from the day after (R01, R07-R11): place and line."""
    found = after_leaving(session, who.person, who.last, worse=True)
    return [(unit.name, line) for unit, line in found.lines if line.rule in STAFFING]


def post_words(post: Assignment) -> Problem:
    """The post and its place, for a list in a form."""
    return Problem("{post} · {place}", {"post": POSTS[post.post], "place": post.unit.name})
