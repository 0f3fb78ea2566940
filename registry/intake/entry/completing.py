"""Names in the register that have lost a character get it back from a ledger that writes them whole."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.actor import Actor
from registry.certificates import drafting
from registry.certificates.models import Certificate
from registry.intake.matching.matched import Matched
from registry.people.identities import identify
from registry.people.persons import Person


def complete(session: Session, matched: Matched, by: Actor) -> None:
    """The names that rows which are not stopped write whole. Each is a fact of the person's own story; their
    certificates bear it too. Undoing the batch leaves it: it is a correction of the person."""
    names = {held.id: matched.holders.completed[held.id] for each in matched.matches if each.outcome != "stopped"
             and (held := each.held) is not None and held.kind == "person" and held.id in matched.holders.completed}
    for number, name in sorted(names.items()):
        identify(session, session.get_one(Person, number), by=by, name=name)
        for certificate in session.scalars(select(Certificate).where(Certificate.holder_person_id == number)):
            drafting.name_again(certificate)
    session.flush()
