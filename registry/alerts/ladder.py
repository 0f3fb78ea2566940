"""Who stands on a rung for a certificate, and who of them can be told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import clock
from registry.access.accounts import Account
from registry.access.grants import holders
from registry.access.substitutions import expand
from registry.alerts.causes import Case
from registry.alerts.rules import Rung
from registry.certificates.models import Certificate
from registry.people.persons import Person
from registry.people.units import Project, places

EVERY_PROCESS = ""
"""An alert belongs to no process: only who stands in for somebody in everything stands in for it."""


def standing_on(session: Session, rung: Rung, case: Case) -> list[int]:
    """The people on a rung, and whoever stands in for one of them now; nobody who has left."""
    certificate, loan = case.certificate, case.loan
    if not rung.roles:
        named = _holders(session, certificate) if rung.key == "holder" else [loan.person_id, loan.carrier_id] \
            if loan is not None else []
        found = _employed(session, dict.fromkeys(named))
    else:
        at = loan.person.unit if rung.borrower and loan is not None else certificate.unit
        found = _nearest(session, rung.roles.get(certificate.family, ()), places(at))
    return expand(session, found, EVERY_PROCESS)


def _holders(session: Session, certificate: Certificate) -> list[int]:
    if certificate.holder_person_id is not None:
        return [certificate.holder_person_id]
    project = session.get(Project, certificate.holder_unit_id) if certificate.holder_unit_id else None
    return [project.manager_id] if project is not None and project.manager_id is not None else []


def _employed(session: Session, people: Collection[int]) -> list[int]:
    if not people:
        return []
    rows = session.scalars(select(Person).where(Person.id.in_(people)))
    return [row.id for row in rows if row.employed(clock.today())]


def _nearest(session: Session, roles: Sequence[str], units: Iterable[int]) -> list[int]:
    """Whoever holds one of the roles at the nearest unit where anybody does; of one unit the first role counts."""
    for place in units:
        for role in roles:
            if found := holders(session, [f"{role}@{place}"]):
                return found
    return []


def reachable(session: Session, people: Collection[int]) -> set[int]:
    """Those of them who can sign in, and so see what they are told."""
    if not people:
        return set()
    return set(session.scalars(select(Account.person_id).where(
        Account.person_id.in_(people), Account.disabled_at.is_(None))))


__all__ = ["reachable", "standing_on"]
