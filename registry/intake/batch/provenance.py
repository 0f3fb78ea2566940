"""Where each field of a certificate comes from: a cell of a ledger, a request, or a custodian's own entry."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, undefer

from ledger.clock import now
from registry.certificates.models import Certificate, Version
from registry.intake.batch.cells import Kept, kept_of
from registry.intake.batch.models import Batch, Row
from registry.intake.book import place
from registry.intake.masking import masked

How = Literal["imported", "request", "entered", "corrected"]
OF_VERSION = ("number", "issued_on", "valid_from", "valid_until", "review_on", "issuer", "state")
"""What every certificate has; further fields are those its ledger named."""


@dataclass(frozen=True)
class Source:
    """One field's source. `raw` is what stood in the cell (masked), `written` what was read from it where that is
    another; `sure` below 1 is a conclusion of ours that nobody has confirmed."""

    how: How
    by_name: str
    at: dt.datetime
    batch_id: int | None = None
    file: str = ""
    sheet: str = ""
    cell: str = ""
    raw: str = ""
    written: str = ""
    sure: float = 1.0


def sources(session: Session, certificate: Certificate) -> dict[str, Source]:
    """The source of each field, by name: the last that said something of it. Fields of ledgers carry their cell."""
    found: dict[str, Source] = {}
    rows = {row.version_id: row for row in _rows(session, certificate)}
    for version in certificate.versions:
        row = rows.get(version.id)
        if row is not None:
            found |= _of_row(session, row, version)
        else:
            found |= _of_act(version, certificate.versions)
    return found


def brought(batch_id: int) -> ColumnElement[bool]:
    """The condition on Certificate that a ledger has brought it in or changed it."""
    return Certificate.id.in_(select(Row.certificate_id).where(
        Row.batch_id == batch_id, Row.outcome.in_(("new", "changed")), Row.certificate_id.is_not(None)))


def rows_of(session: Session, certificate: Certificate) -> list[Row]:
    """Every row of a ledger that speaks of the certificate, oldest first: also those that only said the same."""
    return _rows(session, certificate)


def _rows(session: Session, certificate: Certificate) -> list[Row]:
    query = (
        select(Row).join(Batch, Batch.id == Row.batch_id)
        .where(Row.certificate_id == certificate.id, Batch.state == "committed").order_by(Row.id))
    return list(session.scalars(query.options(undefer(Row.content))))


def _of_row(session: Session, row: Row, version: Version) -> dict[str, Source]:
    batch, kept = session.get_one(Batch, row.batch_id), kept_of(row)
    judged = kept.judged
    table: dict[str, Any] = next((each for each in batch.told.get("tables", []) if each["number"] == row.table_no), {})
    columns = table.get("columns", [])
    found = {}
    for field, column in judged.came.items():
        if column >= len(judged.raw):
            continue
        edit = kept.edits.get(column)
        raw = edit.raw if edit is not None else judged.raw[column]
        found[field] = Source(
            how="corrected" if edit is not None else "imported",
            by_name=edit.by_name if edit is not None else version.by_name,
            at=dt.datetime.fromisoformat(edit.at) if edit is not None else batch.committed_at or now(),
            batch_id=batch.id, file=batch.name, sheet=table.get("sheet_name", ""),
            cell=_cell(kept, row, column, columns), raw=masked(raw),
            written=masked(judged.raw[column]) if edit is not None else "", sure=judged.sure.get(field, 1.0))
    return found


def _cell(kept: Kept, row: Row, column: int, columns: list[dict[str, int]]) -> str:
    if spot := kept.spots.get(column):
        return place(*spot)
    return place(row.row_no, columns[column]["place"]) if column < len(columns) else f"{row.row_no + 1}"


def _of_act(version: Version, versions: list[Version]) -> dict[str, Source]:
    """What an act changed beside the version before it; the first version says everything."""
    before = versions[version.no - 2] if version.no > 1 else None
    source = Source("request" if version.request_id else "entered", version.by_name, version.known_from)
    found = {}
    for field in OF_VERSION:
        now_says = version.number_raw if field == "number" else getattr(version, field)
        said = None if before is None else before.number_raw if field == "number" else getattr(before, field)
        if before is None or now_says != said:
            found[field] = source
    for field, value in (version.fields or {}).items():
        if before is None or (before.fields or {}).get(field) != value:
            found[field] = source
    return found
