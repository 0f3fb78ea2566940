"""One row judged again, after somebody wrote in it or settled what we found; in the register too once it is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from ledger import bulk, clock
from ledger.actor import Actor
from ledger.errors import BadAnswer, Problem
from registry.certificates.models import Certificate
from registry.intake.batch.cells import Edit, Kept, kept_of, seal_row, shown_of
from registry.intake.batch.decided import marks_of
from registry.intake.batch.group_lock import turn
from registry.intake.batch.known_units import forget, gather_once
from registry.intake.batch.models import Batch, Flaw, Made, Row
from registry.intake.batch.reach import SETTLING, Reach
from registry.intake.entry import entering, old_papers
from registry.intake.findings import Finding
from registry.intake.judged import Judged
from registry.intake.judging import judge
from registry.intake.known import Known
from registry.intake.matching.matched import Matched, match
from registry.intake.meaning import fold
from registry.intake.preview import staging
from registry.intake.preview.mapping_acts import mappings_of, remember
from registry.intake.preview.returned import take_back
from registry.intake.records import Column, Record, Table
from registry.people.identities import identify
from registry.people.persons import Person

ALIKE = 50
"""So many rows of one number are looked at together."""


def write(session: Session, batch: Batch, row: Row, column: int, text: str, *, by: Actor) -> None:
    """Another text in a cell of the row's line of the file: all rows that came from the line are judged anew."""
    columns = batch.told["tables"][row.table_no]["columns"]
    if not 0 <= column < len(columns):
        raise BadAnswer({"column": [Problem("没有这一列。")]})
    known = gather_once(session, batch.unit, by)
    for each in _line(session, row):
        kept = kept_of(each)
        raw = [*kept.judged.raw, *[""] * (column + 1 - len(kept.judged.raw))]
        before = kept.edits[column].raw if column in kept.edits else raw[column]
        kept.edits[column] = Edit(before[:2000], by.id, by.name, clock.now().isoformat())
        raw[column] = text
        judged = _judged(batch, each, kept, raw, known)
        _learn(session, batch, kept.judged, judged, column, by)
        _replace(session, batch, each, kept, judged, known, by, written=column)
        each.edited = True
    session.flush()


def _learn(session: Session, batch: Batch, before: Judged, now: Judged, column: int, by: Actor) -> None:
    """What a unit or a type is called here, learned from the correction of a name that nobody knew."""
    words = fold(before.raw[column]) if column < len(before.raw) else ""
    unknown = {finding.kind for finding in before.findings if finding.column == column}
    if "unknown_unit" in unknown and now.holder is not None and now.holder.unit is not None:
        remember(session, batch.unit, "unit", words, str(now.holder.unit), by=by)
    elif "unknown_type" in unknown and now.type_code:
        remember(session, batch.unit, "type", words, now.type_code, by=by)


def again(session: Session, batch: Batch, row: Row, *, by: Actor) -> None:
    """The row as it is, judged anew: what was found of it is open again unless it was settled."""
    known, kept = gather_once(session, batch.unit, by), kept_of(row)
    _replace(session, batch, row, kept, _judged(batch, row, kept, kept.judged.raw, known), known, by)
    session.flush()


def settle_row(session: Session, batch: Batch, row: Row, *, by: Actor) -> None:
    """What becomes of the row now: it waits while a finding that stops it is open; else it is new, or changes what is
    there. After the commit it enters the register, or the register follows, in this transaction."""
    for each in _line(session, row):
        if each.outcome != "left_out":
            _settle_one(session, batch, each, by)


def _settle_one(session: Session, batch: Batch, row: Row, by: Actor) -> None:
    if session.scalar(_open_flaws(row).where(Flaw.weight == "stop").limit(1)) is not None:
        set_outcome(session, batch, row, "stopped")
        return
    if batch.state == "committed":
        turn(session, batch.group_id)
    matched, place = _matched(session, batch, row, by)
    found = matched.matches[place]
    row.changes, row.number_key = found.changes, found.key[1] if found.key else ""
    set_outcome(session, batch, row, found.outcome)
    _add_flaws(session, batch, row, matched.rows[place], found.findings, matched)
    if batch.state == "committed" and found.outcome in ("new", "changed"):
        _enter(session, batch, row, matched, by)
    elif batch.state == "committed" and found.outcome != "stopped":
        _complete_person(session, row, matched.rows[place], by)
    session.flush()


def _matched(session: Session, batch: Batch, row: Row, by: Actor) -> tuple[Matched, int]:
    """The row matched, before the commit together with those of the same number in its ledger."""
    known = gather_once(session, batch.unit, by)
    rows = [row]
    if batch.state != "committed" and row.number_key:
        rows = list(session.scalars(
            select(Row).where(Row.batch_id == batch.id, Row.type_code == row.type_code,
                              Row.number_key == row.number_key, Row.id != row.id, Row.outcome != "stopped",
                              Row.outcome != "left_out").order_by(Row.ordinal).limit(ALIKE)
            .options(undefer(Row.content))))
        rows.append(row)
        rows.sort(key=lambda each: each.ordinal)
    said = [_free(session, each) for each in rows]
    matched = match(session, batch.group_id, known, said, staging.places(batch, known), Reach(by, SETTLING))
    return matched, rows.index(row)


def _free(session: Session, row: Row) -> Judged:
    """What a row says, without its findings; one that is in the register speaks of the certificate it made."""
    judged = kept_of(row).judged
    judged.findings = []
    if row.certificate_id is not None:
        judged.code = session.get_one(Certificate, row.certificate_id).code
    return judged


def _enter(session: Session, batch: Batch, row: Row, matched: Matched, by: Actor) -> None:
    """Into the register, in this transaction."""
    _complete_person(session, row, matched.rows[0], by)
    session.flush()
    entry = entering.certificates(session, batch, matched, {}, by=by)
    old_papers.enter(session, batch, matched, entry, by=by)
    if entry.counts["units"]:
        forget(session)
    session.expire_all()
    certificate, version = entry.links.get(0, (None, None))
    row.certificate_id = certificate or row.certificate_id
    if version is not None and row.version_id is not None and version != row.version_id:
        session.add(Made(batch_id=batch.id, kind="version", subject_id=row.version_id))  # ours too: undoing finds it
    row.version_id = version or row.version_id
    for flaw in session.scalars(select(Flaw).where(Flaw.row_id == row.id)):
        flaw.certificate_id = row.certificate_id


def _complete_person(session: Session, row: Row, judged: Judged, by: Actor) -> None:
    """A person who came in without a number gets the one that is right now. BadAnswer where it is somebody else's."""
    if row.certificate_id is None or judged.holder is None or not judged.holder.id_number:
        return
    person_id = session.get_one(Certificate, row.certificate_id).holder_person_id
    person = session.get(Person, person_id) if person_id else None
    if person is not None and person.id_index is None:
        identify(session, person, by=by, id_number=judged.holder.id_number)


def set_outcome(session: Session, batch: Batch, row: Row, outcome: str) -> None:
    """The row's outcome, and the batch's count of it. What the worker has told of a commit holds no more: only by
    matching all rows again could it be said anew."""
    if "coming" in batch.counts:
        batch.counts = {name: told for name, told in batch.counts.items() if name != "coming"}
    if row.outcome == outcome:
        return
    outcomes = dict(batch.counts.get("outcomes", {}))
    outcomes[row.outcome] = max(0, outcomes.get(row.outcome, 0) - 1)
    outcomes[outcome] = outcomes.get(outcome, 0) + 1
    batch.counts = {**batch.counts, "outcomes": outcomes}
    row.outcome = outcome
    session.flush()


def close(session: Session, row: Row, state: str, *, by: Actor) -> None:
    """Every open finding of a row is over."""
    for flaw in session.scalars(_open_flaws(row)):
        flaw.state, flaw.settled_at, flaw.settled_by = state, clock.now(), by.id
    session.flush()


def _line(session: Session, row: Row) -> list[Row]:
    """All rows that came from one line of the file, locked."""
    return list(session.scalars(
        select(Row).where(Row.batch_id == row.batch_id, Row.table_no == row.table_no, Row.row_no == row.row_no)
        .order_by(Row.ordinal).options(undefer(Row.content)).with_for_update()))


def _judged(batch: Batch, row: Row, kept: Kept, raw: Sequence[str], known: Known) -> Judged:
    """The line judged anew; the part that this row is, or what it was where the line no longer speaks of it."""
    told = batch.told["tables"][row.table_no]
    record = Record(row.row_no, [text or None for text in raw], kept.spots or None, kept.section, kept.left)
    table = Table(
        told["sheet"], told["number"], told["name"], told["shape"],
        [Column(column["place"], column["heading"]) for column in told["columns"]], [record], told["title"],
        told["hidden"], told["context"])
    mapping = mappings_of(batch)[row.table_no]
    parts = {judged.part: judged for judged in judge(table, mapping, known)}
    found = parts.get(row.part) or next(iter(parts.values()), kept.judged)
    take_back(found, mapping)
    return found


def _replace(
    session: Session, batch: Batch, row: Row, kept: Kept, judged: Judged, known: Known, by: Actor, *,
    written: int | None = None,
) -> None:
    """The row says this now; findings that no longer hold are over, those that do stay, new ones are added."""
    found = {(each.kind, each.column) for each in judged.findings}
    for flaw in session.scalars(_open_flaws(row)):
        if (flaw.kind, flaw.column_no) not in found:
            state = "corrected" if written is not None and flaw.column_no == written else "moot"
            flaw.state, flaw.settled_at, flaw.settled_by = state, clock.now(), by.id
    session.flush()
    judged.code = judged.code or kept.judged.code
    headings = [column["heading"] for column in batch.told["tables"][row.table_no]["columns"]]
    marks = [*kept.marks[:2], *(marks_of(judged, headings) if kept.edits else ())]
    row.content = seal_row(Kept(judged, kept.section, kept.left, kept.spots, kept.edits, marks))
    row.shown = shown_of(judged)
    row.type_code = judged.type_code[:8]
    session.flush()
    _add(session, batch, row, judged, judged.findings, known, written)


def _add_flaws(
    session: Session, batch: Batch, row: Row, judged: Judged, findings: Sequence[Finding], matched: Matched
) -> None:
    """What the register says of the row. While that stops it, it is open, whatever a person has said before."""
    waiting = {(flaw.kind, flaw.column_no) for flaw in session.scalars(_open_flaws(row))}
    stopping = [each for each in findings if each.weight == "stop"]
    _write(session, batch, row, judged, matched.holders.known,
           [each for each in stopping if (each.kind, each.column) not in waiting])
    _add(session, batch, row, judged, [each for each in findings if each not in stopping], matched.holders.known, None)


def _add(
    session: Session, batch: Batch, row: Row, judged: Judged, findings: Sequence[Finding], known: Known,
    written: int | None,
) -> None:
    """Findings that the row does not have yet; what a person has settled stays so, but in the cell just written."""
    had = {(kind, column) for kind, column, state in session.execute(
        select(Flaw.kind, Flaw.column_no, Flaw.state).where(Flaw.row_id == row.id))
        if state == "open" or column is None or column != written}
    _write(session, batch, row, judged, known, [each for each in findings if (each.kind, each.column) not in had])


def _write(
    session: Session, batch: Batch, row: Row, judged: Judged, known: Known, findings: Sequence[Finding]
) -> None:
    bulk.write(session, Flaw, [
        staging.flaw_row(batch, batch.mappings, row.id, judged, finding, known) | {"certificate_id": row.certificate_id}
        for finding in findings])


def stopped_by(session: Session, row: Row, kind: str, column: int | None) -> bool:
    """Whether a row waits because of an open finding of a kind in a column."""
    query = _open_flaws(row).where(Flaw.weight == "stop", Flaw.kind == kind, Flaw.column_no == column)
    return session.scalar(query.limit(1)) is not None


def _open_flaws(row: Row) -> Any:
    return select(Flaw).where(Flaw.row_id == row.id, Flaw.state == "open")
