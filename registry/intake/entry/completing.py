"""What the register lacks of a person comes from a ledger that has it: a name's lost character, an ID number."""

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
    """The names and ID numbers that rows which are not stopped write whole. Each is a fact of the person's own story;
    their certificates bear the name too. Undoing the batch leaves it: it is a correction of the person."""
    names, numbers = matched.holders.completed, matched.holders.identified
    said = {held.id for each in matched.matches if each.outcome != "stopped" and (held := each.held) is not None
            and held.kind == "person" and held.id is not None}
    for number in sorted(said & (names.keys() | numbers.keys())):
        person, name = session.get_one(Person, number), names.get(number)
        identify(session, person, by=by, name=name, id_number=numbers.get(number))
        if name is None:
            continue
        for certificate in session.scalars(select(Certificate).where(Certificate.holder_person_id == number)):
            drafting.name_again(certificate)
    session.flush()
