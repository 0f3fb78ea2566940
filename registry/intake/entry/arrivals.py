"""What the book of facts says of certificates that came in, in the stories of certificate, unit and person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from ledger import bulk
from ledger.facts import Fact, FactAbout
from registry.intake.entry.coming import Coming, Register, type_of_coming
from registry.intake.entry.newcomers import Entered
from registry.intake.matching.matched import Matched


def tell(register: Register, matched: Matched, some: list[Coming], entered: Entered) -> None:
    """That each was imported or changed; delivered with its writing, nobody need be told of old stock."""
    session, batch, by, now = register.session, register.batch, register.by, register.now
    facts = bulk.reserve(session, Fact, len(some))
    bulk.write(session, Fact, (
        {"id": fact, "at": now, "kind": "certificate.imported" if coming.there is None else "certificate.changed",
         "subject_kind": "certificate", "subject_id": coming.number, "actor_id": by.id, "actor_name": by.name,
         "group_id": batch.group_id, "delivered_at": now,
         "after": {"type": type_of_coming(matched, coming), "code": coming.code, "batch": batch.id,
                   "version": len(coming.drafts) + (coming.there.version_no if coming.there is not None else 0),
                   "state": coming.drafts[-1].state, "until": _iso(coming.drafts[-1].term.valid_until)}}
        for fact, coming in zip(facts, some, strict=True)))
    bulk.write(session, FactAbout, (
        {"fact_id": fact, "kind": kind, "subject_id": subject}
        for fact, coming in zip(facts, some, strict=True)
        for kind, subject in _concerned(matched, coming, entered)))


def _concerned(matched: Matched, coming: Coming, entered: Entered) -> Iterator[tuple[str, int]]:
    yield "certificate", coming.number
    there, held = coming.there, matched.matches[coming.places[0]].held
    if there is not None:
        yield "unit", there.unit_id
        if there.holder_person_id:
            yield "person", there.holder_person_id
        return
    assert held is not None and held.unit is not None
    yield "unit", (entered.units[held.new].id if held.new in entered.units else held.unit.id)
    if held.kind == "person":
        yield "person", entered.ids[held.new] if held.new else held.id or 0


def _iso(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None
