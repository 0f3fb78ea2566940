"""The worker's part before a person decides: the file is read and laid out; once its columns are confirmed its rows are
judged, matched and stored.

Rows are stored in slices, each in a transaction of its own that holds the batch: whoever takes over after a killed
worker judges again (which always comes to the same) and stores what is missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping as Said
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Engine, delete, func, select
from sqlalchemy.orm import Session

from ledger import bulk, clock
from ledger.db import Bell, reading, unit
from ledger.errors import Problem, Refused
from ledger.failpoints import fp
from registry.intake.batch import decided
from registry.intake.batch.cells import Kept, seal_cell, seal_row, shown_of
from registry.intake.batch.decided import RETURNED as RETURNED
from registry.intake.batch.decided import Settled, field_of
from registry.intake.batch.known_units import gather
from registry.intake.batch.models import Batch, Flaw, Row
from registry.intake.batch.progress import Teller
from registry.intake.batch.reach import Reach
from registry.intake.batch.whose import actor_of
from registry.intake.book import Book
from registry.intake.findings import Finding
from registry.intake.judged import Judged
from registry.intake.judging import Against, compare, judge_records
from registry.intake.known import Known
from registry.intake.layout import lay_out
from registry.intake.mapping import Mapped, Mapping
from registry.intake.masking import masked
from registry.intake.matching.chaining import Match
from registry.intake.matching.holders import Place
from registry.intake.matching.matched import match
from registry.intake.meaning import propose
from registry.intake.meaning.types import TypeWords
from registry.intake.preview import coming_back, telling
from registry.intake.preview.coming_back import Staged
from registry.intake.preview.kept_book import upload_of
from registry.intake.preview.mapping_acts import mappings_of
from registry.intake.preview.returned import take_back
from registry.intake.records import Layout, Record, Table

SLICE = 5000
IGNORED = Mapped(field="ignore")


def read_in(engine: Engine, folder: Path, batch_id: int, teller: Teller, *, bell: Bell | None = None) -> None:
    """received -> mapping: read the file, lay out its tables, propose what their columns mean. A file that comes back
    with the tables that were confirmed before goes straight on to judging. Refused: the batch says why."""
    teller.phase("reading")
    try:
        book, layout, known, before = _opened(engine, folder, batch_id, teller)
    except Refused as refused:
        _refuse(engine, batch_id, refused, bell)
        return
    kept = [before.get(_headings(table)) for table in layout.tables]
    words = TypeWords(known)
    mappings = [_again(old, table) if old is not None else propose(table, known, words)
                for old, table in zip(kept, layout.tables, strict=True)]
    told = telling.tell(book, layout, mappings, words)
    with unit(engine, bell) as session:
        batch = held(session, batch_id, "received")
        if batch is not None:
            batch.told = told | {"by": batch.told.get("by", batch.by_id)}
            batch.mappings = [msgspec.to_builtins(mapping) for mapping in mappings]
            batch.confirmed = bool(kept) and None not in kept
            batch.state = "judging" if batch.confirmed else "mapping"
            batch.rows_total, batch.rows_done = sum(len(table.records) for table in layout.tables), 0
            batch.problem = None
        fp("intake.read.before_commit")
    fp("intake.read.after_commit")


def judge_rows(engine: Engine, folder: Path, batch_id: int, teller: Teller, *, bell: Bell | None = None) -> None:
    """judging -> ready: judge every row, compare them all, match them, store them."""
    teller.phase("reading")
    _, layout, known, _ = _opened(engine, folder, batch_id, teller)
    with reading(engine) as session:
        mappings = mappings_of(session.get_one(Batch, batch_id))
        said = decided.gathered(session, session.get_one(Batch, batch_id))
    against = Against(known)
    rows, records = _judged(layout, mappings, against, teller)
    staged = coming_back.write_again(coming_back.staged(layout, rows, records), said, layout, mappings, against)
    teller.phase("comparing", len(staged.rows))
    compare(staged.rows, known)
    coming_back.settle_again(staged)
    teller.phase("matching", len(staged.rows))
    entering = [place for place in range(len(staged.rows)) if place not in staged.left_out]
    with reading(engine) as session:
        batch = session.get_one(Batch, batch_id)
        reach = Reach(actor_of(session, batch.told.get("by", batch.by_id)))
        matched = match(session, batch.group_id, known, [staged.rows[place] for place in entering],
                        places(batch, known), reach)
    matches = dict.fromkeys(staged.left_out, Match("left_out")) | dict(zip(entering, matched.matches, strict=True))
    for place, made in matches.items():
        staged.register_says(place, made.findings)
    _store(engine, batch_id, staged, matches, said, matched.coming(), known, teller, bell)


def _opened(
    engine: Engine, folder: Path, batch_id: int, teller: Teller
) -> tuple[Book, Layout, Known, dict[tuple[str, ...], Mapping]]:
    with reading(engine) as session:
        batch = session.get_one(Batch, batch_id)
        by = actor_of(session, batch.told.get("by", batch.by_id))
        upload, known = upload_of(folder, batch), gather(session, batch.unit, by)
        tables = batch.told.get("tables", []) if batch.mappings and batch.told else []
        headings = [tuple(column["heading"] for column in table["columns"]) for table in tables]
        before = dict(zip(headings, mappings_of(batch), strict=True)) if tables else {}
    book = upload.book()
    teller.phase("layout")
    return book, lay_out(book, known.learned), known, before


def _headings(table: Table) -> tuple[str, ...]:
    return tuple(masked(column.heading) for column in table.columns if column.heading != RETURNED)


def _again(mapping: Mapping, table: Table) -> Mapping:
    """The mapping of before, where our own column was added."""
    columns, given = [], iter(mapping.columns)
    for column in table.columns:
        columns.append(IGNORED if column.heading == RETURNED else next(given))
    return msgspec.structs.replace(mapping, columns=columns)


def _judged(
    layout: Layout, mappings: Sequence[Mapping], against: Against, teller: Teller
) -> tuple[list[Judged], list[Record]]:
    """All rows with the record that each comes from."""
    teller.phase("judging", sum(len(table.records) for table in layout.tables))
    rows: list[Judged] = []
    records: list[Record] = []
    for table, mapping in zip(layout.tables, mappings, strict=True):
        if mapping.content == "ignored":
            continue
        for record, judged in judge_records(table, mapping, against.known, against):
            take_back(judged, mapping)
            rows.append(judged)
            records.append(record)
            if len(rows) % 500 == 0:
                teller.step(len(rows))
    return rows, records


def places(batch: Batch, known: Known) -> dict[int, Place]:
    """For each table of a batch where its new people belong."""
    own = known.units[batch.unit_id]
    return {number: Place(known.units.get(mapping.unit or 0, own), mapping.new_units)
            for number, mapping in enumerate(mappings_of(batch))}


def _store(
    engine: Engine, batch_id: int, staged: Staged, matches: Said[int, Match], said: Said[str, bytes],
    coming: dict[str, int], known: Known, teller: Teller, bell: Bell | None,
) -> None:
    rows = staged.rows
    teller.phase("storing", len(rows))
    while True:
        with unit(engine, bell) as session:
            batch = held(session, batch_id, "judging")
            if batch is None:
                return
            start = _stored(session, batch, said)
            some = range(start, min(start + SLICE, len(rows)))
            _store_slice(session, batch, some, staged, matches, known)
            batch.rows_total, batch.rows_done = len(rows), some.stop
            if some.stop == len(rows):
                bulk.look_over(session, len(rows), Row, Flaw)
                batch.state, batch.counts = "ready", {**counted(session, batch), "coming": coming}
            fp("intake.slice.before_commit")
        fp("intake.slice.after_commit")
        if some.stop == len(rows):
            return
        teller.step(some.stop)


def _stored(session: Session, batch: Batch, said: Said[str, bytes]) -> int:
    """How many rows lie there already; none where judging begins anew. What people have decided about those of before
    is kept in the same transaction: the worker may be killed after any slice."""
    if batch.rows_done == 0:
        decided.keep(session, batch.id, said)
        session.execute(delete(Flaw).where(Flaw.batch_id == batch.id))
        session.execute(delete(Row).where(Row.batch_id == batch.id))
    return batch.rows_done


def _store_slice(
    session: Session, batch: Batch, some: range, staged: Staged, matches: Said[int, Match], known: Known,
) -> None:
    ids = bulk.reserve(session, Row, len(some))
    bulk.write(session, Row, (
        row_of(batch, number, place, staged, matches[place]) for number, place in zip(ids, some, strict=True)))
    mappings = batch.mappings  # while rows are copied, nothing else can be asked on the connection
    bulk.write(session, Flaw, (
        flaw_row(batch, mappings, number, staged.rows[place], finding, known) | _before(staged, place, said)
        for number, place in zip(ids, some, strict=True) for finding, said in staged.findings(place)))


def _before(staged: Staged, place: int, said: Settled | None) -> dict[str, Any]:
    """What has become of a finding before the file came back."""
    if said is not None:
        return coming_back.settled_columns(said)
    return {"state": "moot", "settled_at": clock.now()} if place in staged.left_out else {}


def row_of(batch: Batch, number: int, place: int, staged: Staged, match_: Match) -> dict[str, Any]:
    """The columns of a Row."""
    judged, record, edits = staged.rows[place], staged.records[place], staged.edits.get(place, {})
    kept = Kept(judged, record.section, record.left, record.spots or {}, edits, [*staged.marks[place]])
    return {
        "id": number, "batch_id": batch.id, "ordinal": place, "table_no": judged.table, "sheet_no": judged.sheet,
        "row_no": judged.row, "part": judged.part, "outcome": match_.outcome, "type_code": judged.type_code[:8],
        "number_key": match_.key[1] if match_.key else "", "shown": shown_of(judged), "content": seal_row(kept),
        "changes": match_.changes, "edited": bool(edits),
    }


def _meant(mappings: Sequence[Said[str, Any]], judged: Judged, column: int | None) -> str:
    """What the column of a cell means out of which nothing was read, as of one left empty; "" for the whole row."""
    columns = mappings[judged.table]["columns"] if judged.table < len(mappings) else []
    meant: str = columns[column]["field"] if column is not None and column < len(columns) else ""
    return "" if meant in ("keep", "ignore") else meant


def flaw_row(
    batch: Batch, mappings: Sequence[Said[str, Any]], number: int, judged: Judged, finding: Finding, known: Known
) -> dict[str, Any]:
    """The columns of a Flaw; `mappings` are the batch's. What we were sure of and have put right needs nobody. It lies
    where the row's holder is, but never outside of the unit whose ledger it is: a name in a cell shows nobody else the
    row."""
    said, kind = judged.holder, known.types.get(judged.type_code)
    where = known.units.get(said.unit or 0) if said is not None else None
    tidied, at = finding.weight == "tidied", clock.now()
    column = finding.column
    return {
        "group_id": batch.group_id,
        "unit_path": where.path if where and where.path.startswith(batch.unit_path) else batch.unit_path,
        "family": kind.family if kind else "", "type_code": judged.type_code[:8], "batch_id": batch.id,
        "row_id": number, "kind": finding.kind, "weight": finding.weight,
        "field": field_of(judged, column) or _meant(mappings, judged, column),
        "column_no": column, "case": masked(finding.case)[:120], "text": finding.text[:200],
        "params": {key: masked(value) if isinstance(value, str) else value for key, value in finding.params.items()},
        "content": seal_cell(finding), "sure": finding.sure, "state": "accepted" if tidied else "open", "since": at,
        "settled_at": at if tidied else None, "settled_by": None,
    }


def counted(session: Session, batch: Batch) -> dict[str, Any]:
    """Rows by outcome, findings by kind with how many of each weight, how many are open and how many of those have a
    proposal."""
    session.flush()
    outcomes = session.execute(
        select(Row.outcome, func.count()).where(Row.batch_id == batch.id).group_by(Row.outcome))
    kinds: dict[str, Counter[str]] = {}
    query = select(Flaw.kind, Flaw.weight, Flaw.state, func.count()).where(
        Flaw.batch_id == batch.id).group_by(Flaw.kind, Flaw.weight, Flaw.state)
    for kind, weight, state, count in session.execute(query):
        told = kinds.setdefault(kind, Counter())
        told[weight] += count
        told["open"] += count if state == "open" else 0
    return {"outcomes": {row.outcome: row[1] for row in outcomes},
            "kinds": {kind: dict(told) for kind, told in sorted(kinds.items())}}


def held(session: Session, batch_id: int, state: str) -> Batch | None:
    """The batch, locked, if it is still in this state: another worker or a person may have been quicker."""
    return session.scalar(
        select(Batch).where(Batch.id == batch_id, Batch.state == state).with_for_update(of=Batch)
        .execution_options(populate_existing=True))


def _refuse(engine: Engine, batch_id: int, refused: Refused, bell: Bell | None) -> None:
    with unit(engine, bell) as session:
        batch = held(session, batch_id, "received")
        if batch is not None:
            params = {key: value for key, value in refused.params.items() if isinstance(value, str | int | float)}
            batch.state, batch.problem = "refused", Problem(refused.message, params).plain()
        fp("intake.refuse.before_commit")
    fp("intake.refuse.after_commit")

