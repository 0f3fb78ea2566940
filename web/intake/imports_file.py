"""The ledger as a file that goes back and forth: given out with its defects marked, taken in again corrected."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, current_app, flash, redirect, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from ledger.db import reading
from ledger.errors import Refused
from ledger.files import path_of
from registry.intake.batch import cells
from registry.intake.batch.models import Batch, Flaw, Row
from registry.intake.book import Book, Spot
from registry.intake.book import Sheet as Read
from registry.intake.findings import KINDS
from registry.intake.preview import receiving
from registry.intake.preview.staging import RETURNED
from registry.intake.reading import read
from web.errors import sentence
from web.files import NoFile, check_share, folder
from web.guard import actor, needs
from web.i18n import say
from web.intake import imports
from web.intake.imports import batch_of
from web.intake.imports_told import tables
from web.limits import limiter
from web.session import db
from web.spreadsheet import MEDIA_TYPE, Cell, Look, Sheet, workbook

bp = Blueprint("imports_file", __name__, url_prefix="/imports")
PER_MINUTE = "12 per minute"
STOP, DOUBT = "FFC7CE", "FFEB9C"
"""What Excel itself calls bad and neutral."""
AT_A_TIME, WIDTH, WIDE = 5_000, 18, 60


@dataclass
class Marked:
    """What is to be seen in one sheet: colours by cell, sentences by row, and values that were put right already."""

    fills: dict[Spot, str] = field(default_factory=dict)
    remarks: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    values: dict[Spot, str] = field(default_factory=dict)
    heads: set[int] = field(default_factory=set)
    """Rows of headings, where the added column gets its own."""


@bp.get("/<int:batch_id>/returned")
@needs("import.make")
@limiter.limit(PER_MINUTE, key_func=lambda: f"returned|{actor().id}")
def returned(batch_id: int) -> Response:
    """The file as it came, sheet by sheet and row by row; cells with a defect coloured, a last column that says why."""
    batch = batch_of(batch_id, "import.make")
    path, name, engine, heading = path_of(folder(), batch.file), batch.name, db.engine, RETURNED

    def body() -> Iterator[bytes]:
        with reading(engine) as session:
            found = session.get_one(Batch, batch_id)
            yield from workbook(list(sheets(session, found, read(path, name), heading)))

    answer: Response = current_app.response_class(stream_with_context(body()), direct_passthrough=False)
    answer.mimetype = MEDIA_TYPE
    spoken = quote(f"{Path(name).stem}-{_('待改')}.xlsx")
    answer.headers["Content-Disposition"] = f"attachment; filename=\"ledger.xlsx\"; filename*=UTF-8''{spoken}"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def sheets(session: Session, batch: Batch, book: Book, heading: str) -> Iterator[Sheet]:
    """The sheets of the file as it came, marked."""
    marked = _marks(session, batch)
    for number, sheet in enumerate(book.sheets):
        here = marked.get(number, Marked())
        last = max((len(row) for row in sheet.rows), default=0)
        widths = [min(WIDTH, 2 + max((_length(row[at]) for row in sheet.rows[:100] if at < len(row)), default=8))
                  for at in range(last)]
        yield Sheet(sheet.name, (), _rows(sheet, here, last, heading), widths=[*widths, WIDE], merged=sheet.merged,
                    hidden=sheet.hidden, hidden_rows=sheet.hidden_rows)


def _length(value: object) -> int:
    return sum(2 if ord(letter) > 255 else 1 for letter in str(value or ""))


def _rows(sheet: Read, here: Marked, last: int, heading: str) -> Iterator[list[Cell]]:
    for number, row in enumerate(sheet.rows):
        made = [_cell(sheet, here, (number, at), row[at] if at < len(row) else None) for at in range(last)]
        remark = "；".join(here.remarks.get(number, ())) or (heading if number in here.heads else None)
        yield [*made, remark]


def _cell(sheet: Read, here: Marked, spot: Spot, value: Cell) -> Cell:
    value, fill = here.values.get(spot, value), here.fills.get(spot) or sheet.fills.get(spot, "")
    struck = spot in sheet.struck
    return Look(value, fill, struck) if fill or struck else value  # type: ignore[arg-type]


def _marks(session: Session, batch: Batch) -> dict[int, Marked]:
    """By the sheet's number; a row is unsealed only where something is wrong with it or was put right."""
    found: dict[int, Marked] = defaultdict(Marked)
    told = tables(batch)
    places = [[column.place for column in table.columns] for table in told]
    for table in told:
        if table.shape == "rows" and table.first > 1:
            found[table.sheet].heads.add(table.first - 2)
    for row in session.scalars(_all(select(Row).where(Row.batch_id == batch.id, Row.edited))):
        kept = cells.kept_of(row)
        for column in kept.edits:
            spot = kept.spots.get(column) or (row.row_no, places[row.table_no][column])
            found[row.sheet_no].values[spot] = kept.judged.raw[column]
    waiting = select(Flaw, Row).join(Row, Flaw.row_id == Row.id).order_by(Row.ordinal, Flaw.id).where(
        Flaw.batch_id == batch.id, Flaw.state == "open", Flaw.weight != "tidied", Row.outcome != "left_out")
    for flaw, row in session.execute(_all(waiting)):
        spots = cells.kept_of(row).spots if told[row.table_no].shape == "vertical" else {}
        _mark(found[row.sheet_no], flaw, row, places[row.table_no], spots)
    return found


def _all(query: Any) -> Any:
    """Piece by piece, with what is sealed."""
    return query.options(undefer(Row.content)).execution_options(yield_per=AT_A_TIME)


def _mark(here: Marked, flaw: Flaw, row: Row, places: list[int], spots: dict[int, Spot]) -> None:
    """A colour for the cell, the first of the row where the whole row is meant, and a sentence at the row's end."""
    column = flaw.column_no
    spot = (row.row_no, 0) if column is None else spots.get(column) or (row.row_no, places[column])
    if here.fills.get(spot) != STOP:
        here.fills[spot] = STOP if flaw.weight == "stop" else DOUBT
    _raw, proposed = cells.cell_of(flaw)
    words = f"{say(KINDS[flaw.kind])}：{say(flaw.text, flaw.params)}"
    here.remarks[spot[0]].append(f"{words} → {proposed}" if proposed and proposed not in words else words)


@bp.post("/<int:batch_id>/returned")
@needs("import.make")
def again(batch_id: int) -> ResponseReturnValue:
    """The corrected file: it takes the place of the one before, in the same batch."""
    batch, sent = batch_of(batch_id, "import.make"), request.files.get("file")
    try:
        if sent is None or not sent.filename:
            raise NoFile
        check_share(db.session(), actor(), 1)
        receiving.again(db.session(), folder(), batch, sent.stream, sent.filename, by=actor())  # type: ignore[arg-type]
    except Refused as error:
        if error.status in (403, 404):
            raise
        words, status = sentence(error), error.status
        db.session.rollback()
        return imports.page(batch_of(batch_id), again_problems=[words]), status
    flash(_("已收到改好的文件，正在重新检查。"), "ok")
    return redirect(url_for("imports.show", batch_id=batch_id), 303)
