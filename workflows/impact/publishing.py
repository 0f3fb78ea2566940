"""Releases that wait for a person: those that only they could decide, those others could too, and their own."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, selectinload

from engine.model import Definition
from engine.releases.model import ASKED, Release
from registry.access.accounts import Account
from registry.people.persons import Person
from workflows.studio import releasing


def waiting_for(session: Session, person: Person) -> tuple[list[Release], list[Release]]:
    """Releases that nobody but they could decide, and those that they asked for or could decide beside others."""
    asked = session.scalars(select(Release).where(
        Release.state == ASKED, or_(Release.group_id.is_(None), Release.group_id == person.group_id),
    ).options(selectinload(Release.units)).order_by(Release.id)).all()
    alone: list[Release] = []
    along: list[Release] = []
    for release in asked:
        able = releasing.deciders(session, release)
        if person.id in able:
            (along if _who_can_sign_in(session, able) - {person.id} else alone).append(release)
        elif release.asked_by == person.id:
            along.append(release)
    return alone, along


def called(session: Session, releases: list[Release]) -> Iterator[tuple[str, str, int]]:
    """(the process, its version, the release's number) of each."""
    known = {one.id: one for one in session.scalars(select(Definition).where(
        Definition.id.in_([release.definition_id for release in releases])))}
    for release in releases:
        yield known[release.definition_id].name, str(known[release.definition_id].version), release.id


def _who_can_sign_in(session: Session, people: list[int]) -> set[int]:
    return set(session.scalars(select(Account.person_id).where(
        Account.person_id.in_(people), Account.disabled_at.is_(None))))
