"""What a fact does to what depends on it: rows of registry.rules.effects are opened and lifted with the act."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.facts import Fact, FactAbout
from ledger.outbox import Handler
from registry.certificates.models import Certificate
from registry.people.persons import Person
from registry.rules.dependence import places_of
from registry.rules.effects import Cause, causes_above, causes_near, leavers_at, look_again, reconsider

NEWS = frozenset({
    "certificate.window_opened", "certificate.hand_in_reached", "certificate.target_reached",
    "certificate.closed", "certificate.retimed", "certificate.suspension_ends", "certificate.review_opened",
})
"""Facts about a certificate that change nothing about how it stands."""
BACK = frozenset({
    "certificate.granted", "certificate.imported", "certificate.brought_in", "certificate.restored",
    "certificate.given_back",
})
"""Facts after which a certificate may rest on one that was lost before."""


def of_certificate(session: Session, fact: Fact) -> None:
    """A certificate lapsed, was suspended, ended, granted, renewed, given back: it, what it may bear on, and the gaps
    of its places that it may fill."""
    certificate = session.get(Certificate, fact.subject_id)
    if certificate is not None and fact.kind not in NEWS:
        above = causes_above(session, certificate) if fact.kind in BACK else []
        units = places_of(session, certificate)
        _again(session, [certificate, *causes_near(session, certificate), *above, *leavers_at(session, units)])
        look_again(session, units)


def of_person(session: Session, fact: Fact) -> None:
    """Somebody left, came back or moved."""
    person = session.get(Person, fact.subject_id)
    if person is not None:
        units = _units(session, fact)
        _again(session, [person, *leavers_at(session, units, person.id)])
        look_again(session, units)


def of_place(session: Session, fact: Fact) -> None:
    """Posts, contracts, works, qualifications or machines of a place changed: what was lacking may be there now."""
    person = fact.subject_id if fact.subject_kind == "person" else None
    units = _units(session, fact)
    _again(session, leavers_at(session, units, person))
    look_again(session, units)


def _units(session: Session, fact: Fact) -> list[int]:
    return list(session.scalars(
        select(FactAbout.subject_id).where(FactAbout.fact_id == fact.id, FactAbout.kind == "unit")))


def _again(session: Session, causes: Iterable[Cause]) -> None:
    """Each once, in one order: two deliveries at once never wait for each other in a circle."""
    found = {(type(cause).__name__, cause.id): cause for cause in causes}
    for name in sorted(found):
        reconsider(session, found[name])


HANDLERS: list[tuple[str, Handler]] = [
    ("certificate.", of_certificate), ("person.left", of_person), ("person.returned", of_person),
    ("person.moved", of_person),
    *((prefix, of_place) for prefix in ("assignment.", "employment.", "works.", "qualification.", "machine.")),
]
