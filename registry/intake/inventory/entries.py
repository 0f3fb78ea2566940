"""The certificates and defects of one spreadsheet, each with its cell. What only a register can know is left out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from registry.intake import book
from registry.intake.findings import Finding
from registry.intake.inventory.stock import Entry, Fault
from registry.intake.judged import Judged
from registry.intake.mapping import Mapping
from registry.intake.preview.in_memory import Preview
from registry.intake.records import Record, Table

NEEDS_REGISTER = {"unknown_unit", "unknown_person", "old_company"}
NO_DEFECT = {"left_mark", "hidden", "type_alias", "similar", "repeated_row"}
"""Findings that say nothing about how a cell is written; doubles are told in their own place."""
PRIVATE = {"id_number", "phone"}
_LONG = re.compile(r"(?<![0-9])[0-9]{6}(?:19[0-9]{2}|200[0-9]|201[01])(?:0[1-9]|1[0-2])[0-9]{5}[0-9Xx]?")
"""The shape of an identity number of somebody who was born before 2012; permits of works have a later year there."""


def entries_of(seen: Preview, file: int, sheets: list[str]) -> Iterator[tuple[Entry | None, list[Fault]]]:
    """Every certificate with its defects; None for a row of a borrow register."""
    records = [{record.row: record for record in table.records} for table in seen.layout.tables]
    for row in seen.rows:
        table, mapping = seen.layout.tables[row.table], seen.mappings[row.table]
        record = records[row.table].get(row.row)
        if record is None:
            continue
        faults = [_fault(row, found, table, record, mapping, file, sheets[row.sheet]) for found in row.findings
                  if found.kind not in NEEDS_REGISTER and not _unnamed_holder(row, found.kind)]
        yield _entry(row, table, record, file, sheets[row.sheet], faults), faults


def _unnamed_holder(row: Judged, kind: str) -> bool:
    """A list of a company's or project's own papers names no holder: everybody knows whose they are."""
    return kind == "no_holder" and row.type_code[:1] in ("E", "J")


def _entry(row: Judged, table: Table, record: Record, file: int, sheet: str, faults: list[Fault]) -> Entry | None:
    if row.loan is not None:
        return None
    holder = row.holder
    return Entry(
        file=file, sheet=sheet, cell=_cell(table, record, row.came.get("number")),
        type_code=row.type_code, number=row.number, item=row.item,
        holder=(holder.name or holder.unit_name) if holder else "", holder_kind=holder.kind if holder else "",
        person=(holder.id_number or holder.serial or holder.name) if holder else "",
        until=row.valid_until, review_on=row.review_on, long=row.long, state=row.state,
        left=bool(holder and holder.left),
        stopped=not row.type_code or any(fault.weight == "stop" for fault in faults),
        flawed=any(fault.kind not in NO_DEFECT for fault in faults),
        links=tuple((record.links or {}).values()), pictures=record.pictures,
    )


def _fault(row: Judged, found: Finding, table: Table, record: Record, mapping: Mapping, file: int, sheet: str) -> Fault:
    private = found.column is not None and mapping.field(found.column) in PRIVATE
    cover = _covered if private else masked
    return Fault(file, sheet, _cell(table, record, found.column), found.kind, found.weight, cover(found.raw),
                 cover(found.proposed), found.text, {key: _mask(one) for key, one in found.params.items()})


def _mask(value: object) -> object:
    return masked(value) if isinstance(value, str) else value


def _cell(table: Table, record: Record, column: int | None) -> str:
    """Where a value stands; of a whole row its first cell."""
    if column is None or column >= len(table.columns):
        return book.place(record.row, table.columns[0].place if table.columns else 0)
    return book.place(*(record.spots or {}).get(column, (record.row, table.columns[column].place)))


def masked(text: str) -> str:
    """A text with the birth dates of identity numbers hidden, however they are written."""
    tight = re.sub(r"\s", "", unicodedata.normalize("NFKC", text))
    return _LONG.sub(lambda run: _covered(run[0]), tight) if _LONG.search(tight) else text


def _covered(text: str) -> str:
    """Six characters, stars, and the last two: enough to find the cell again."""
    tight = re.sub(r"\s", "", unicodedata.normalize("NFKC", text))
    keep = 6 if len(tight) > 10 else 2
    return tight if len(tight) <= 4 else tight[:keep] + "*" * (len(tight) - keep - 2) + tight[-2:]
