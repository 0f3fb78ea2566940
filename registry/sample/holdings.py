"""The rows of the sample's certificates: drafted like any other, written in batches, as an import of old books."""

from __future__ import annotations

import datetime as dt
from collections import Counter, deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from sqlalchemy import insert

from ledger import clock
from ledger.actor import SYSTEM
from ledger.facts import Fact, FactAbout
from ledger.workdays import Calendar, calendar
from registry.certificates import codes, drafting, windows
from registry.certificates.catalogue import type_of
from registry.certificates.kinds import CertificateType
from registry.certificates.lifecycle import next_code
from registry.certificates.models import Certificate, CertificateTimer, Version
from registry.people.persons import Person
from registry.people.units import Unit
from registry.sample import wishes
from registry.sample.organisation import Sample
from registry.sample.terms import Draft, chain, shares
from registry.sample.wishes import Wish

BATCH = 2000
ISSUERS = {"P01": "某省应急管理厅", "E01": "某市市场监督管理局", "J01": "某市自然资源局", "J02": "某市自然资源局",
           "P13": "某市市场监督管理局", "Q01": "某市市场监督管理局"}


def load(made: Sample, count: int, told: Callable[[str, int, int], None]) -> int:
    """Enter `count` certificates spread over the holders; how many there was room for."""
    planned = list(_planned(made, count))
    given = _codes(made, Counter(wish.code for wish, _ in planned))
    for start in range(0, len(planned), BATCH):
        batch = planned[start:start + BATCH]
        _write(made, [_drafted(made, wish, drafts, next(given[wish.code])) for wish, drafts in batch])
        told("certificates", min(start + BATCH, len(planned)), len(planned))
    return len(planned)


def _planned(made: Sample, count: int) -> Iterator[tuple[Wish, list[Draft]]]:
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

IMPORTED = dt.timedelta(days=90)
"""So long ago the old stock was entered: whatever is played afterwards knows it."""


def _codes(made: Sample, counts: Counter[str]) -> dict[str, Iterator[str]]:
    """Our own codes for so many certificates of each type, taken from the counters in one go."""
    def series(first: str, number: int) -> Iterator[str]:
        head, _, serial = first.rpartition("-")
        return (f"{head}-{int(serial) + step:06d}" for step in range(number))

    return {code: series(next_code(made.session, code, number), number) for code, number in sorted(counts.items())}


def _drafted(made: Sample, wish: Wish, drafts: list[Draft], code: str) -> Certificate:
    """One certificate with its chain, checked as a custodian's entry would be."""
    kind, first = type_of(wish.code), drafts[0]
    issued = first.term.issued_on or clock.today()
    typed = made.numbers.certificate(kind.number.rule, wish.code, issued, _built_on(wish), kind=wish.kind)
    number = drafting.checked_number(kind, typed, wish.holder)
    item = drafting.item_of(kind, wish.fields)
    certificate = drafting.new_certificate(kind, wish.holder, number, first.term, code, item)
    _version(certificate, kind, first, wish.fields, number.raw)
    for draft in drafts[1:]:
        drafting.repeat(certificate, kind, draft.term, draft.state)
        _version(certificate, kind, draft, wish.fields, number.raw)
    return certificate


def _built_on(wish: Wish) -> str:
    if isinstance(wish.holder, Person):
        return wish.holder.id_number or ""
    return (wish.holder.uscc or "") if isinstance(wish.holder, Unit) else ""


def _version(certificate: Certificate, kind: CertificateType, draft: Draft, fields: dict[str, Any], raw: str) -> None:
    paper = drafting.Paper(ISSUERS.get(kind.code, "某省住房和城乡建设厅"), fields, note=draft.note)
    drafting.new_version(certificate, draft.operation, draft.term, paper, holds_from=draft.holds_from, raw=raw,
                         by=(SYSTEM.id, SYSTEM.name), known_from=clock.start_of_day(clock.today() - IMPORTED))


def _write(made: Sample, drafted: list[Certificate]) -> None:
    """Into the tables as plain rows, a batch at a time: as objects of the session they would take thrice as long."""
    rows = [_columns(one, unit_id=one.unit.id, **_holder_ids(one)) for one in drafted]
    numbers = made.session.scalars(insert(Certificate).returning(Certificate.id, sort_by_parameter_order=True), rows)
    for certificate, number in zip(drafted, numbers.all(), strict=True):
        certificate.id = number
    waiting = [(certificate, list(certificate.versions)) for certificate in drafted]
    while waiting := [(certificate, versions) for certificate, versions in waiting if versions]:
        _write_versions(made, [(certificate, versions.pop(0)) for certificate, versions in waiting])
    days = calendar(made.session)
    timers = [row for certificate in drafted for row in _timers(certificate, days)]
    if timers:
        made.session.execute(insert(CertificateTimer), timers)
    _facts(made, drafted)


def _write_versions(made: Sample, drafted: list[tuple[Certificate, Version]]) -> None:
    """The next version of each chain, behind the one written before it."""
    rows = [
        _columns(version, certificate_id=certificate.id, previous_id=version.previous.id if version.previous else None)
        for certificate, version in drafted
    ]
    numbers = made.session.scalars(insert(Version).returning(Version.id, sort_by_parameter_order=True), rows).all()
    for (_, version), number in zip(drafted, numbers, strict=True):
        version.id = number


def _columns(drafted: Certificate | Version, **more: Any) -> dict[str, Any]:
    """The columns that were filled in; the table's defaults do the rest."""
    known = {key.key for key in type(drafted).__mapper__.column_attrs}
    return {key: value for key, value in vars(drafted).items() if key in known} | more


def _holder_ids(certificate: Certificate) -> dict[str, int | None]:
    return {
        f"holder_{kind}_id": held.id if (held := getattr(certificate, f"holder_{kind}")) else None
        for kind in ("person", "unit", "machine")
    }


def _timers(certificate: Certificate, days: Calendar) -> Iterator[dict[str, Any]]:
    """The days of the running term; what lay before the import counts as done."""
    if certificate.state not in codes.LIVE or certificate.ends_on is None:
        return
    now = clock.now()
    for step in windows.steps(certificate.type, certificate.ends_on, days):
        yield {"certificate_id": certificate.id, "version_id": certificate.versions[-1].id, "kind": step.kind,
               "due_on": step.on, "due_at": step.at, "confirmed": step.confirmed,
               "fired_at": now if step.at <= now else None}


def _facts(made: Sample, rows: list[Certificate]) -> None:
    """That each certificate was imported; delivered already, nobody need be told of old stock."""
    now: dt.datetime = clock.now()
    facts = [
        {"at": now, "kind": "certificate.imported", "subject_kind": "certificate", "subject_id": row.id,
         "actor_id": None, "actor_name": SYSTEM.name, "group_id": row.group_id, "delivered_at": now, "attempts": 0,
         "after": {"type": row.type_code, "code": row.code, "version": row.version_no, "state": row.state,
                   "until": row.valid_until.isoformat() if row.valid_until else None}}
        for row in rows
    ]
    numbers = made.session.scalars(insert(Fact).returning(Fact.id, sort_by_parameter_order=True), facts).all()
    about = [
        {"fact_id": number, "kind": kind, "subject_id": subject}
        for number, row in zip(numbers, rows, strict=True)
        for kind, subject in (("certificate", row.id), ("unit", row.unit.id), (
            "person", row.holder_person.id if row.holder_person else None))
        if subject
    ]
    made.session.execute(insert(FactAbout), about)
