"""The rows of the sample's certificates: drafted like any other, written in batches, as an import of old books."""

from __future__ import annotations

import datetime as dt
from collections import Counter, deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from ledger import bulk, clock
from ledger.actor import SYSTEM
from ledger.facts import Fact, FactAbout
from ledger.workdays import Calendar, calendar
from registry.certificates import codes, drafting, windows
from registry.certificates.catalogue import type_of
from registry.certificates.lifecycle import next_code
from registry.certificates.models import Certificate, CertificateTimer, Version
from registry.people.machines import Machine
from registry.people.persons import Person
from registry.people.units import Unit
from registry.sample import wishes
from registry.sample.organisation import Sample
from registry.sample.terms import Draft, chain, shares
from registry.sample.wishes import Wish

BATCH = 2000
IMPORTED = dt.timedelta(days=90)
"""So long ago the old stock was entered: whatever is played afterwards knows it."""
Row = dict[str, Any]
Drafted = tuple[Row, list[Row], Wish]
"""A certificate's columns, those of its versions, and who holds it."""
Planned = tuple[Wish, list[Draft]]
"""A certificate to be, with its versions, oldest first."""
ISSUERS = {"P01": "某省应急管理厅", "E01": "某市市场监督管理局", "J01": "某市自然资源局", "J02": "某市自然资源局",
           "P13": "某市市场监督管理局", "Q01": "某市市场监督管理局"}


def load(made: Sample, count: int, told: Callable[[str, int, int], None]) -> int:
    """Enter `count` certificates spread over the holders; how many there was room for."""
    return enter(made, list(_planned(made, count)), told)


def enter(made: Sample, planned: list[Planned], told: Callable[[str, int, int], None]) -> int:
    """Enter certificates, each with its versions; how many there were."""
    given = _codes(made, Counter(wish.code for wish, _ in planned))
    known = clock.start_of_day(clock.today() - IMPORTED)
    for start in range(0, len(planned), BATCH):
        batch = planned[start:start + BATCH]
        _write(made, [_drafted(made, wish, drafts, next(given[wish.code]), known) for wish, drafts in batch])
        told("certificates", min(start + BATCH, len(planned)), len(planned))
    return len(planned)


def _planned(made: Sample, count: int) -> Iterator[Planned]:
    """Each wish with the versions it will have; the spread of the ends is kept exactly."""
    parts, today = shares(count), clock.today()
    endless = list(islice(wishes.endless(made), parts.pop("long")))
    fates = [name for name, number in parts.items() for _ in range(number)]
    fates += ["valid"] * (count - len(endless) - len(fates))
    made.random.shuffle(fates)
    waiting = deque(fates)
    for wish in endless:
        yield wish, chain(made.random, type_of(wish.code), "long", today)
    for wish in islice(wishes.dated(made), len(fates)):
        if wish.fate in waiting:
            waiting.remove(wish.fate)
            yield wish, chain(made.random, type_of(wish.code), wish.fate, today)
        else:
            yield wish, chain(made.random, type_of(wish.code), waiting.popleft(), today)


def _codes(made: Sample, counts: Counter[str]) -> dict[str, Iterator[str]]:
    """Our own codes for so many certificates of each type, taken from the counters in one go."""
    def series(first: str, number: int) -> Iterator[str]:
        head, _, serial = first.rpartition("-")
        return (f"{head}-{int(serial) + step:06d}" for step in range(number))

    return {code: series(next_code(made.session, code, number), number) for code, number in sorted(counts.items())}


def _drafted(made: Sample, wish: Wish, drafts: list[Draft], code: str, known: dt.datetime) -> Drafted:
    """One certificate with its chain, checked as a custodian's entry would be."""
    kind, first, last = type_of(wish.code), drafts[0], drafts[-1]
    issued = first.term.issued_on or clock.today()
    typed = made.numbers.certificate(kind.number.rule, wish.code, issued, built_on(wish), kind=wish.kind)
    number = drafting.checked_number(kind, typed, wish.holder)
    held = drafting.certificate_row(kind, wish.holder, number, code, drafting.item_of(kind, wish.fields))
    issuer = issuer_of(kind.code)
    versions = [
        {"no": no, "number_raw": number.raw, "by_id": SYSTEM.id, "by_name": SYSTEM.name,
         **drafting.version_row(kind, draft.operation, draft.state, draft.term,
                                drafting.Paper(issuer, wish.fields, note=draft.note), holds_from=draft.holds_from,
                                known_from=known)}
        for no, draft in enumerate(drafts, 1)
    ]
    row = {**held, **_ids(wish), **drafting.repeated(kind, last.term, last.state), "version_no": len(drafts)}
    return row, versions, wish


def issuer_of(code: str) -> str:
    """Who issues certificates of a type."""
    return ISSUERS.get(code, "某省住房和城乡建设厅")


def built_on(wish: Wish) -> str:
    """The holder's ID number or credit code, on which some numbers build."""
    if isinstance(wish.holder, Person):
        return wish.holder.id_number or ""
    return (wish.holder.uscc or "") if isinstance(wish.holder, Unit) else ""


def _ids(wish: Wish) -> Row:
    """The unit it lies with and who holds it."""
    holder = wish.holder
    return {
        "unit_id": holder.id if isinstance(holder, Unit) else holder.unit_id,
        "holder_person_id": holder.id if isinstance(holder, Person) else None,
        "holder_unit_id": holder.id if isinstance(holder, Unit) else None,
        "holder_machine_id": holder.id if isinstance(holder, Machine) else None,
    }


def _write(made: Sample, drafted: list[Drafted]) -> None:
    """Into the tables as plain rows, a batch at a time: as objects of the session they take many times as long."""
    ids = bulk.reserve(made.session, Certificate, len(drafted))
    bulk.write(made.session, Certificate, [
        {"id": number} | row for number, (row, _, _) in zip(ids, drafted, strict=True)])
    numbers = iter(bulk.reserve(made.session, Version, sum(len(versions) for _, versions, _ in drafted)))
    last: dict[int, int] = {}
    written = []
    for certificate, (_, versions, _) in zip(ids, drafted, strict=True):
        for version in versions:
            number = next(numbers)
            written.append(version | {
                "id": number, "certificate_id": certificate, "previous_id": last.get(certificate)})
            last[certificate] = number
    bulk.write(made.session, Version, written)
    days = calendar(made.session)
    bulk.write(made.session, CertificateTimer, [
        timer for number, (row, _, _) in zip(ids, drafted, strict=True)
        for timer in _timers(row, number, last[number], days)])
    _facts(made, [(number, row) for number, (row, _, _) in zip(ids, drafted, strict=True)])


def _timers(row: Row, number: int, version: int, days: Calendar) -> Iterator[Row]:
    """The days of the running term; what lay before the import counts as done."""
    if row["state"] not in codes.LIVE or row["ends_on"] is None:
        return
    now = clock.now()
    for step in windows.steps(type_of(row["type_code"]), row["ends_on"], days):
        yield {"certificate_id": number, "version_id": version, "kind": step.kind, "due_on": step.on,
               "due_at": step.at, "confirmed": step.confirmed, "fired_at": now if step.at <= now else None}


def _facts(made: Sample, rows: list[tuple[int, Row]]) -> None:
    """That each certificate was imported; delivered already, nobody need be told of old stock."""
    now: dt.datetime = clock.now()
    numbers = bulk.reserve(made.session, Fact, len(rows))
    bulk.write(made.session, Fact, [
        {"id": fact, "at": now, "kind": "certificate.imported", "subject_kind": "certificate", "subject_id": number,
         "actor_id": None, "actor_name": SYSTEM.name, "group_id": row["group_id"], "delivered_at": now, "attempts": 0,
         "after": {"type": row["type_code"], "code": row["code"], "version": row["version_no"], "state": row["state"],
                   "until": row["valid_until"].isoformat() if row["valid_until"] else None}}
        for fact, (number, row) in zip(numbers, rows, strict=True)
    ])
    bulk.write(made.session, FactAbout, [
        {"fact_id": fact, "kind": kind, "subject_id": subject}
        for fact, (number, row) in zip(numbers, rows, strict=True)
        for kind, subject in (("certificate", number), ("unit", row["unit_id"]), ("person", row["holder_person_id"]))
        if subject
    ])
