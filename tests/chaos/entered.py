"""The verdict on ledgers: what each file says, what its people were answered, and the database. Each sentence is a
violation. A ledger is in the register whole or not at all, each certificate is one chain of versions, what was
cancelled has left nothing, and what was undone is seen by nobody."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import String, cast, func, or_, select
from sqlalchemy.orm import Session

from ledger.facts import Fact
from registry.certificates.codes import LIVE, WITHDRAWN
from registry.certificates.models import Certificate, Version
from registry.intake.batch.models import WORKING, Batch, Flaw, Made, Row
from registry.people.persons import Person
from tests.chaos.bringing import ENDS, Ledger
from tests.chaos.client import Entry, Log

ENTERED = ("committed", "undone")


def entered(session: Session, log: Log, ledgers: Iterable[Ledger], *, ended: bool = True) -> Iterator[str]:
    """Everything that is wrong; `ended`: each ledger has come to the end of its plan."""
    wishes: dict[str, list[Entry]] = defaultdict(list)
    for entry in log.entries:
        if entry.what.startswith("ledger:"):
            wishes[entry.request].append(entry)
    new, stays, gone = Counter[str](), set[str](), Counter[str]()
    named = {ledger.name: ledger for ledger in ledgers}
    for batch in session.scalars(select(Batch).order_by(Batch.id)):
        if batch.name not in named:
            yield f"I2 batch {batch.id} was brought by nobody"
    for ledger in named.values():
        found = session.scalars(select(Batch).where(Batch.name == ledger.name)).all()
        told = {entry.what.partition(":")[2] for entry in wishes[ledger.key] if entry.outcome == "ok"}
        if len(found) > 1 or ("open" in told and not found):
            yield f"I1 ledger {ledger.key} was taken in and is there {len(found)} times"
            continue
        for batch in found:
            yield from _acknowledged(batch, ledger, told, ended=ended)
            yield from _whole(session, batch, ledger)
            for row, said in zip(_rows(session, batch), ledger.rows, strict=False):
                number = said["证书编号"]
                new[number] += row.outcome == "new" and batch.state in ENTERED
                gone[number] += row.outcome == "new" and batch.state == "undone"
                stays |= {number} if batch.state == "committed" else set()
    yield from _register(session, named.values(), new, stays, gone)


def at_rest(session: Session) -> bool:
    """Whether the import workers have done all there is to do."""
    waiting = or_(Batch.state.in_(WORKING), cast(Batch.errands, String) != "[]")
    return not session.scalar(select(func.count()).select_from(Batch).where(waiting))


def _rows(session: Session, batch: Batch) -> list[Row]:
    return list(session.scalars(select(Row).where(Row.batch_id == batch.id).order_by(Row.ordinal)))


def _acknowledged(batch: Batch, ledger: Ledger, told: set[str], *, ended: bool) -> Iterator[str]:
    if ended and batch.state != ENDS[ledger.plan]:
        yield f"I3 ledger {ledger.key} ({ledger.plan}) is {batch.state}: {batch.problem}"
    if "commit" in told and batch.state not in (*ENTERED, "committing", "undoing"):
        yield f"I1 ledger {ledger.key} was to be committed and is {batch.state}: {batch.problem}"
    if "undo" in told and batch.state not in ("undoing", "undone"):
        yield f"I1 ledger {ledger.key} was to be undone and is {batch.state}: {batch.problem}"


def _whole(session: Session, batch: Batch, ledger: Ledger) -> Iterator[str]:
    """The batch in itself: whole slices, all rows linked or none, one fact of entering, one of leaving."""
    rows, name = _rows(session, batch), f"ledger {ledger.key} ({batch.state})"
    if [row.ordinal for row in rows] != list(range(batch.rows_done if batch.confirmed else 0)):
        yield f"I16 {name}: {len(rows)} rows stored, {batch.rows_done} told"
    flaws = Counter(session.scalars(select(Flaw.row_id).where(Flaw.batch_id == batch.id, Flaw.kind == "blank_end")))
    blank = [row.id for row, said in zip(rows, ledger.rows, strict=False) if not said["有效期至"]]
    if flaws != Counter(blank):
        yield f"I16 {name}: {flaws.total()} findings for {len(blank)} blanks"
    facts = Counter(session.scalars(select(Fact.kind).where(
        Fact.subject_kind == "intake", Fact.subject_id == batch.id)))
    made = session.scalar(select(func.count()).select_from(Made).where(Made.batch_id == batch.id)) or 0
    linked = [row for row in rows if row.certificate_id is not None]
    if batch.state not in (*ENTERED, "undoing"):
        if linked or made or facts["intake.committed"]:
            yield f"I16 {name}: {len(linked)} rows, {made} things, {facts['intake.committed']} facts in the register"
        return
    if len(linked) != len(ledger.rows) or facts["intake.committed"] != 1:
        yield f"I16 {name}: {len(linked)} of {len(ledger.rows)} rows entered, {facts['intake.committed']} facts"
    if facts["intake.undone"] != (batch.state == "undone"):
        yield f"I16 {name}: undone by {facts['intake.undone']} facts"
    if strange := {row.outcome for row in linked} - {"new", "same"}:
        yield f"I16 {name}: its rows became {strange}"


def _register(
    session: Session, ledgers: Iterable[Ledger], new: Counter[str], stays: set[str], gone: Counter[str]
) -> Iterator[str]:
    """Number by number: one certificate where a ledger stays, none where none does, each entered by one row."""
    written = {row["证书编号"]: row for ledger in ledgers for row in ledger.rows}
    held: dict[str, list[Certificate]] = defaultdict(list)
    for one in session.scalars(select(Certificate).where(Certificate.number.in_(written))):
        held[one.number].append(one)
    chains: dict[int, list[Version]] = defaultdict(list)
    ids = [one.id for certificates in held.values() for one in certificates]
    for version in session.scalars(select(Version).where(Version.certificate_id.in_(ids)).order_by(Version.no)):
        chains[version.certificate_id].append(version)
    for number, row in written.items():
        live = [one for one in held[number] if one.state in LIVE]
        withdrawn = [one for one in held[number] if one.state == WITHDRAWN]
        if (len(live), len(withdrawn)) != (number in stays, gone[number]) or new[number] != len(held[number]):
            yield (f"I16 number {number}: {len(live)} in force and {len(withdrawn)} withdrawn for {number in stays:d} "
                   f"and {gone[number]}, entered by {new[number]} rows")
        for one in held[number]:
            yield from _as_written(session, one, chains[one.id], row)


def _as_written(session: Session, one: Certificate, chain: list[Version], row: dict[str, Any]) -> Iterator[str]:
    """One chain, and what the file says."""
    wanted = 2 if one.state == WITHDRAWN else 1
    linked = [version.previous_id for version in chain] == [None, *(version.id for version in chain)][:len(chain)]
    if len(chain) != wanted or one.version_no != wanted or not linked:
        yield f"I16 certificate {one.code} ({one.state}) has {len(chain)} versions, says {one.version_no}"
    holder = session.get(Person, one.holder_person_id or 0)
    said = [(str(version.issued_on), str(version.valid_until)) for version in chain]
    if said != [(row["发证日期"], row["until"])] * wanted or holder is None or holder.name != row["姓名"]:
        yield f"I16 certificate {one.code} is not as its row says: {said}"
    twice = session.scalar(select(func.count()).select_from(Person).where(
        Person.name == row["姓名"], Person.left_on.is_(None))) or 0
    if twice > 1:
        yield f"I16 the holder of {one.code} is {twice} people"
