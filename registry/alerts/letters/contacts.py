"""Where people can be reached, and how they want their letters. One's own, sealed at rest, masked on pages."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import Actor
from ledger.errors import BadAnswer, Problem
from ledger.facts import record
from registry.access import resets
from registry.access.accounts import Account
from registry.alerts.channels import CHANNELS
from registry.alerts.letters.model import Contact, Line, Wish
from registry.people import sealing
from registry.people.persons import Person

ADDRESS = "alerts.contact"
OWN = {"mailbox": "email", "person": "wecom_app"}
"""The kinds of address that people enter themselves, and a channel that knows what one looks like."""
MOBILE = "mobile"


def keep(session: Session, actor: Actor, reaches: str, address: str) -> None:
    """One's own address of a kind; empty takes it away. Raises BadAnswer where it is none."""
    assert actor.id is not None
    address, row = address.strip(), session.get(Contact, (actor.id, reaches))
    if account := session.scalar(select(Account.id).where(Account.person_id == actor.id)):
        resets.end(session, account)
    if not address:
        if row is not None:
            session.delete(row)
        return
    if not CHANNELS[OWN[reaches]].check_address(address):
        raise BadAnswer({reaches: [Problem("地址不对，请核对。")]})
    row = row or Contact(person_id=actor.id, reaches=reaches)
    row.address, row.shown, row.changed_at = sealing.seal(address, ADDRESS), masked(address), clock.now()
    session.add(row)
    record(session, "contact.changed", ("person", actor.id), by=actor, group_id=actor.group_id, after={"kind": reaches})


def masked(address: str) -> str:
    """As a page shows it: the first and the last letter of a mailbox, of a user id."""
    name, at, rest = address.partition("@")
    return f"{name[0]}***{name[-1] if len(name) > 2 else ''}{at}{rest}"[:120]


def wish(session: Session, actor: Actor, *, digest: bool, without: Sequence[str]) -> None:
    """How one wants one's letters."""
    assert actor.id is not None
    row = session.get(Wish, actor.id) or Wish(person_id=actor.id)
    row.digest, row.without = digest, sorted(set(without) & {*OWN, MOBILE})
    session.add(row)


def own(session: Session, actor: Actor) -> tuple[dict[str, str], Wish]:
    """One's own addresses, masked, by kind; and one's wish (a fresh one where there is none)."""
    rows = session.scalars(select(Contact).where(Contact.person_id == actor.id))
    kept = session.get(Wish, actor.id) if actor.id is not None else None
    return {row.reaches: row.shown for row in rows}, kept or Wish(person_id=actor.id or 0, digest=False, without=[])


def ways(session: Session, people: Collection[int], lines: Sequence[Line]) -> Mapping[int, list[Line]]:
    """By which of the lines each of these people can be reached, and wants to be; who has none is left out."""
    if not people or not lines:
        return {}
    kinds: dict[int, set[str]] = {}
    for number, reaches in session.execute(select(Contact.person_id, Contact.reaches).where(
            Contact.person_id.in_(people))):
        kinds.setdefault(number, set()).add(reaches)
    for number in session.scalars(select(Person.id).where(Person.id.in_(people), Person.phone_index.is_not(None))):
        kinds.setdefault(number, set()).add(MOBILE)
    for row in session.scalars(select(Wish).where(Wish.person_id.in_(people))):
        kinds.get(row.person_id, set()).difference_update(row.without)
    found = {number: [line for line in lines if CHANNELS[line.channel].reaches in known]
             for number, known in kinds.items()}
    return {number: by for number, by in found.items() if by}


def address(session: Session, person_id: int, reaches: str) -> str:
    """Where a person is reached, in clear, for sending; "" where nowhere any more."""
    if reaches == MOBILE:
        person = session.get(Person, person_id)
        return (person.phone or "") if person is not None else ""
    row = session.get(Contact, (person_id, reaches))
    return sealing.unseal(row.address, ADDRESS) if row is not None else ""


__all__ = ["MOBILE", "OWN", "address", "keep", "masked", "own", "ways", "wish"]
