"""Papers in the cabinet and borrowings that an old ledger tells of: originals, and loans that run or are over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import bulk, clock
from ledger.actor import Actor
from ledger.facts import Fact, FactAbout
from registry.certificates.models import Certificate
from registry.custody import days
from registry.custody.loans import Loan
from registry.custody.originals import KINDS, Original
from registry.intake.batch.models import Batch, Made
from registry.intake.entry.coming import Entry
from registry.intake.judged import Judged, LoanSaid
from registry.intake.matching.chaining import Match
from registry.intake.matching.lookup import chunks
from registry.intake.matching.matched import Matched

NOWHERE = "未注明"
OPEN_DAYS = 7
"""A borrow register names no day of return: what is still out is to be asked for within a week of the import."""
PURPOSES = (("投标", "bid"), ("开标", "bid"), ("备案", "filing"), ("检查", "inspection"), ("督查", "inspection"))
Spot = tuple[int, str, str]
"""A certificate, a kind of original, its serial."""


def enter(session: Session, batch: Batch, matched: Matched, entry: Entry, *, by: Actor) -> None:
    """Enter the originals that rows name and are not in the cabinet, then the loans."""
    wanted: dict[Spot, tuple[str, int]] = {}
    for place, (row, made) in enumerate(zip(matched.rows, matched.matches, strict=True)):
        if row.papers and made.outcome in ("new", "changed", "same") and place in entry.links:
            holding = entry.links[place][0]
            for paper in row.papers:
                if paper.kind in KINDS:
                    wanted.setdefault((holding, paper.kind, paper.serial[:40]), (_where(row, paper.place), holding))
    lent = [(row, made, number) for row, made in zip(matched.rows, matched.matches, strict=True)
            if row.loan is not None and made.outcome in ("new", "changed") and (number := _lent(made, entry))]
    there = _there(session, [number for _, number in wanted.values()] + [number for _, _, number in lent])
    for _, _, number in lent:
        if not any(spot[0] == number for spot in there):
            wanted.setdefault((number, "original", ""), (NOWHERE, number))
    originals = there | _originals(session, batch, {spot: where for spot, (where, _) in wanted.items()
                                                    if spot not in there}, by)
    entry.counts["originals"] += len(originals) - len(there)
    _loans(session, batch, lent, originals, entry, by)


def _where(row: Judged, place: str) -> str:
    """Where it lies; who keeps it is part of that, as in the ledger."""
    told = " ".join(place.split())
    keeper = " ".join(row.keeper.split())
    return (f"{told or NOWHERE}（保管：{keeper}）" if keeper else told or NOWHERE)[:120]


def _lent(made: Match, entry: Entry) -> int | None:
    if made.there is not None:
        return int(made.there.id)
    return entry.by_key.get(made.key) if made.key else None


def _there(session: Session, certificates: Iterable[int]) -> dict[Spot, int]:
    found: dict[Spot, int] = {}
    for some in chunks(certificates):
        query = select(Original.id, Original.certificate_id, Original.kind, Original.serial).where(
            Original.certificate_id.in_(some))
        found.update({(row.certificate_id, row.kind, row.serial): row.id for row in session.execute(query)})
    return found


def _originals(session: Session, batch: Batch, wanted: dict[Spot, str], by: Actor) -> dict[Spot, int]:
    belongs = _belonging(session, (number for number, _, _ in wanted))
    ids = dict(zip(wanted, bulk.reserve(session, Original, len(wanted)), strict=True))
    bulk.write(session, Original, (
        {"id": ids[spot], **belongs[spot[0]], "certificate_id": spot[0], "kind": spot[1], "serial": spot[2],
         "place": where, "keeper_unit_id": batch.unit_id, "entered_by": by.id}
        for spot, where in wanted.items()))
    bulk.write(session, Made, ({"batch_id": batch.id, "kind": "original", "subject_id": number}
                               for number in ids.values()))
    _note(session, batch, "original", ((ids[spot], spot[0], {"original": spot[1]}) for spot in wanted), by)
    return ids


def _belonging(session: Session, certificates: Iterable[int]) -> dict[int, dict[str, Any]]:
    names = ("group_id", "unit_path", "family", "type_code", "unit_id", "holder_person_id")
    found = {}
    for some in chunks(certificates):
        query = select(Certificate.id, *(getattr(Certificate, name) for name in names)).where(Certificate.id.in_(some))
        for row in session.execute(query):
            found[row.id] = {name: getattr(row, name) for name in names}
    return found


def _loans(
    session: Session, batch: Batch, lent: list[tuple[Judged, Match, int]], originals: dict[Spot, int], entry: Entry,
    by: Actor,
) -> None:
    """Borrowings of each certificate's first paper; one that is told already is not told twice, and of those that are
    still out one is open for each paper."""
    paper: dict[int, int] = {}
    for (certificate, _, _), number in sorted(originals.items(), key=lambda each: (
            each[0][1] != "original", each[0])):
        paper.setdefault(certificate, number)
    told, out = _told(session, paper.values())
    belongs = _belonging(session, (number for _, _, number in lent))
    rows, claims = [], []
    for row, made, certificate in sorted(lent, key=lambda each: _begun(each[0])):
        assert row.loan is not None and made.borrower is not None and made.borrower.id is not None
        original = paper[certificate]
        loan = _loan(row.loan, made.borrower.id, original, belongs[certificate], by)
        key = (original, loan["person_id"], loan["from_on"])
        if key in told or (loan["returned_at"] is None and original in out):
            continue
        told.add(key)
        if loan["returned_at"] is None:
            out.add(original)
        rows.append(loan)
    for loan, number in zip(rows, bulk.reserve(session, Loan, len(rows)), strict=True):
        loan["id"] = number
        if loan["returned_at"] is None:
            claims.append((loan["original_id"], loan["until_on"], number))
    bulk.write(session, Loan, rows)
    for original, until, number in claims:
        days.take(session, original, clock.today(), until, loan=number)
    bulk.write(session, Made, ({"batch_id": batch.id, "kind": "loan", "subject_id": loan["id"]} for loan in rows))
    whose = {number: spot[0] for spot, number in originals.items()}
    _note(session, batch, "loan", ((loan["id"], whose[loan["original_id"]], {"from": loan["from_on"].isoformat()})
                                   for loan in rows), by)
    entry.counts["loans"] += len(rows)


def _begun(row: Judged) -> dt.datetime:
    assert row.loan is not None and row.loan.lent_at is not None
    return row.loan.lent_at.replace(tzinfo=None)


def _told(session: Session, originals: Iterable[int]) -> tuple[set[tuple[int, int, dt.date]], set[int]]:
    told, out = set(), set()
    for some in chunks(originals):
        query = select(Loan.original_id, Loan.person_id, Loan.from_on, Loan.returned_at, Loan.voided_at).where(
            Loan.original_id.in_(some))
        for original, person, begun, returned, voided in session.execute(query):
            told.add((original, person, begun))
            if returned is None and voided is None:
                out.add(original)
    return told, out


def _loan(said: LoanSaid, person: int, original: int, belongs: dict[str, Any], by: Actor) -> dict[str, Any]:
    assert said.lent_at is not None
    lent, back = _instant(said.lent_at), _instant(said.returned_at) if said.returned_at else None
    begun = clock.day_of(lent)
    until = max(begun, clock.day_of(back) if back else clock.today() + dt.timedelta(days=OPEN_DAYS))
    purpose = next((code for word, code in PURPOSES if word in said.purpose), "transaction")
    return {
        **{name: belongs[name] for name in ("group_id", "unit_path", "family", "type_code")}, "original_id": original,
        "person_id": person, "carrier_id": person, "purpose": purpose, "purpose_note": said.purpose[:120],
        "from_on": begun, "until_on": until, "handed_by": by.id, "handed_at": lent, "taken_at": lent,
        "returned_at": back, "returned_to": by.id if back else None, "condition": "intact" if back else "",
    }


def _instant(moment: dt.datetime) -> dt.datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=clock.SHANGHAI)


def _note(
    session: Session, batch: Batch, kind: str, made: Iterable[tuple[int, int, dict[str, Any]]], by: Actor
) -> None:
    rows = list(made)
    now, facts = clock.now(), bulk.reserve(session, Fact, len(rows))
    bulk.write(session, Fact, (
        {"id": fact, "at": now, "kind": f"{kind}.imported", "subject_kind": kind, "subject_id": number,
         "actor_id": by.id, "actor_name": by.name, "group_id": batch.group_id, "delivered_at": now,
         "after": {"batch": batch.id, **told}}
        for fact, (number, _, told) in zip(facts, rows, strict=True)))
    bulk.write(session, FactAbout, _about(kind, facts, rows))


def _about(kind: str, facts: list[int], rows: list[tuple[int, int, dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    for fact, (number, certificate, _) in zip(facts, rows, strict=True):
        yield {"fact_id": fact, "kind": kind, "subject_id": number}
        yield {"fact_id": fact, "kind": "certificate", "subject_id": certificate}
