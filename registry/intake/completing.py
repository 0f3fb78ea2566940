"""Names in the register that have lost a character get it back from a ledger that writes them whole."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.actor import Actor
from registry.certificates import drafting
from registry.certificates.models import Certificate
from registry.intake.holders import Holders
from registry.people.identities import identify
from registry.people.persons import Person


def complete(session: Session, holders: Holders, by: Actor) -> None:
    """Each is a fact of the person's own story; their certificates bear the whole name too. Undoing the batch leaves
    it: it is a correction of the person."""
    for number, name in sorted(holders.completed.items()):
        identify(session, session.get_one(Person, number), by=by, name=name)
        for certificate in session.scalars(select(Certificate).where(Certificate.holder_person_id == number)):
            drafting.name_again(certificate)
    session.flush()
