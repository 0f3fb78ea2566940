"""The rows of a ledger as they were judged: what each becomes, every defect at its cell, and putting it right there."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import Select, func, select
from sqlalchemy.orm import undefer

from ledger.errors import BadAnswer, Conflict, NotAllowed, NotFound, Refused
from registry.access.rules import can
from registry.intake.batch.models import FLAW_STATES, OUTCOMES, STATES, Batch, Flaw, Row
from registry.intake.findings import KINDS
from registry.intake.settlement import settling
from web.asked import whole
from web.errors import field_problems, sentence
from web.guard import actor, needs
from web.intake import imports, imports_told
from web.intake.imports import batch_of
from web.intake.imports_shown import Shown, changed_words, kinds_of, shown
from web.pages import cut
from web.session import db

bp = Blueprint("imports_rows", __name__, url_prefix="/imports")
SIZE, LAST_ROW = 50, 2**31 - 1
NARROWING = ("outcome", "kind", "table", "open", "from")
OPEN = ("ready", "committed")
"""The states in which a person may settle what was found."""


@bp.get("/<int:batch_id>/rows")
@needs("import.read")
def listed(batch_id: int) -> ResponseReturnValue:
    """The rows, 50 a page. ?outcome=, ?kind= (one defect), ?table= (one table of the file), ?open= (only rows with
    something left to decide) and ?from= (a row of the sheet, from 1, and those below it) narrow the list."""
    batch = batch_of(batch_id)
    listed = cut(db.session(), _narrowed(batch), undefer(Row.content), size=SIZE, total=_total(batch))
    tables = imports_told.tables(batch)
    found = shown(batch, listed.rows, tables)
    return render_template(
        "imports/rows.html", batch=batch, listed=listed, tables=tables, **_about(batch),
        runs=[(tables[number], list(run)) for number, run in groupby(found, key=lambda one: one.row.table_no)],
        found=kinds_of(batch), outcomes=imports_told.outcomes(batch), sums=imports_told.sums(batch),
        narrowed=any(request.args.get(name) for name in NARROWING), working=imports.busy(batch),
    )


def _narrowed(batch: Batch) -> Select[Any]:
    query = select(Row).where(Row.batch_id == batch.id).order_by(Row.ordinal)
    outcome, kind, table = request.args.get("outcome"), request.args.get("kind"), request.args.get("table", type=whole)
    if outcome in OUTCOMES:
        query = query.where(Row.outcome == outcome)
    if kind in KINDS:
        query = query.where(Row.id.in_(select(Flaw.row_id).where(Flaw.batch_id == batch.id, Flaw.kind == kind)))
    if table is not None:
        query = query.where(Row.table_no == table)
    if request.args.get("open"):
        query = query.where(Row.outcome != "left_out", Row.id.in_(select(Flaw.row_id).where(
            Flaw.batch_id == batch.id, Flaw.state == "open", Flaw.weight != "tidied")))
    if first := request.args.get("from", type=whole):
        query = query.where(Row.row_no >= min(first, LAST_ROW) - 1)
    return query


def _total(batch: Batch) -> int | None:
    """How many rows that is, where the batch keeps count of it, or the findings tell."""
    counted, outcome, kind = batch.counts.get("outcomes"), request.args.get("outcome"), request.args.get("kind")
    if counted is None or any(request.args.get(name) for name in ("table", "open", "from")):
        return None
    if kind not in KINDS:
        return counted.get(outcome, 0) if outcome in OUTCOMES else sum(counted.values())
    if outcome in OUTCOMES:
        return None
    rows = select(func.count(Flaw.row_id.distinct())).where(Flaw.batch_id == batch.id, Flaw.kind == kind)
    return db.session.scalar(rows) or 0


def _about(batch: Batch) -> dict[str, Any]:
    """What every drawing of a row needs."""
    return {
        "names": OUTCOMES, "kinds": KINDS, "states": STATES, "flaw_states": FLAW_STATES, "changed_words": changed_words,
        "settles": batch.state in OPEN and not imports.busy(batch) and _may_settle(batch),
        "before": batch.state == "ready",
    }


def _may_settle(batch: Batch) -> bool:
    """Before the commit whoever imports settles; afterwards it is the steward's."""
    return can(actor(), "import.make" if batch.state == "ready" else "steward.settle", batch)


@bp.get("/<int:batch_id>/rows/<int:row_id>")
@needs("import.read")
def row(batch_id: int, row_id: int) -> ResponseReturnValue:
    """One row with everything about it: opened in the list, or alone on a page. ?column= is where the cursor goes."""
    batch = batch_of(batch_id)
    return _drawn(batch, _row_of(batch, row_id), opened=not request.args.get("closed"))


def _row_of(batch: Batch, row_id: int) -> Row:
    found = db.session.scalar(
        select(Row).where(Row.id == row_id, Row.batch_id == batch.id).options(undefer(Row.content)))
    if found is None:
        raise NotFound
    return found


def _drawn(
    batch: Batch, found: Row, *, opened: bool, refusal: str = "", problems: dict[str, list[str]] | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    """The row as a part of the list for htmx, as a page otherwise."""
    tables = imports_told.tables(batch)
    one: Shown = shown(batch, [found], tables)[0]
    inside = bool(request.headers.get("HX-Request"))
    answer = render_template(
        "imports/_row_alone.html" if inside else "imports/row.html", batch=batch, one=one, table=tables[found.table_no],
        opened=opened, refusal=refusal, problems=problems or {}, inside=inside, typed=request.form.get("text"),
        column=request.values.get("column", type=whole), **_about(batch))
    return answer, status, {"HX-Trigger": "import-settled"} if inside and request.method == "POST" else {}


@bp.get("/<int:batch_id>/summary")
@needs("import.read")
def summary(batch_id: int) -> str:
    """A fragment: the numbers above the list, as they are after something was settled."""
    batch = batch_of(batch_id)
    return render_template("imports/_summary.html", batch=batch, outcomes=imports_told.outcomes(batch),
                           found=kinds_of(batch), **_about(batch))


@bp.post("/<int:batch_id>/rows/<int:row_id>/corrections")
@needs("import.read")
def correct(batch_id: int, row_id: int) -> ResponseReturnValue:
    """Another value into the cell `column`: the row is judged anew."""
    batch, found = _settled(batch_id, row_id)
    column, text = request.form.get("column", type=whole), request.form.get("text", "").strip()
    if column is None or column >= len(imports_told.tables(batch)[found.table_no].columns):
        raise NotFound
    return _did(batch, found, lambda: settling.correct(db.session(), found, column, text, by=actor()))


@bp.post("/<int:batch_id>/rows/<int:row_id>/omission")
@needs("import.read")
def leave_out(batch_id: int, row_id: int) -> ResponseReturnValue:
    """The whole row stays out."""
    batch, found = _settled(batch_id, row_id)
    return _did(batch, found, lambda: settling.leave_out(db.session(), found, by=actor()))


@bp.post("/<int:batch_id>/rows/<int:row_id>/admission")
@needs("import.read")
def take_in(batch_id: int, row_id: int) -> ResponseReturnValue:
    """The row comes in after all."""
    batch, found = _settled(batch_id, row_id)
    return _did(batch, found, lambda: settling.take_in(db.session(), found, by=actor()))


@bp.post("/<int:batch_id>/flaws/<int:flaw_id>/acceptance")
@needs("import.read")
def accept(batch_id: int, flaw_id: int) -> ResponseReturnValue:
    """What we propose is right."""
    flaw = _flaw_of(batch_id, flaw_id)
    batch, found = _settled(batch_id, flaw.row_id)
    return _did(batch, found, lambda: settling.accept(db.session(), flaw, by=actor()))


@bp.post("/<int:batch_id>/flaws/<int:flaw_id>/dismissal")
@needs("import.read")
def dismiss(batch_id: int, flaw_id: int) -> ResponseReturnValue:
    """What stands there is right."""
    flaw = _flaw_of(batch_id, flaw_id)
    batch, found = _settled(batch_id, flaw.row_id)
    return _did(batch, found, lambda: settling.dismiss(db.session(), flaw, by=actor()))


@bp.post("/<int:batch_id>/acceptances")
@needs("import.read")
def accept_alike(batch_id: int) -> ResponseReturnValue:
    """Every proposal of one kind, or of one case of it, at once."""
    batch = batch_of(batch_id)
    _require_settling(batch)
    kind, case = request.form.get("kind", ""), request.form.get("case")
    if kind not in KINDS:
        raise NotFound
    try:
        number = settling.accept_case(db.session(), batch, kind, case, by=actor())
    except Conflict as error:
        words = sentence(error)
        db.session.rollback()
        flash(words, "bad")
    else:
        flash(_("已采纳 %(n)d 处建议。", n=number) if not imports.busy(batch) else _("正在采纳，请稍候。"), "ok")
    if imports.busy(batch):
        return redirect(url_for("imports.show", batch_id=batch_id), 303)
    return redirect(url_for("imports_rows.listed", batch_id=batch_id, kind=kind), 303)


def _flaw_of(batch_id: int, flaw_id: int) -> Flaw:
    found = db.session.scalar(select(Flaw).where(Flaw.id == flaw_id, Flaw.batch_id == batch_id))
    if found is None:
        raise NotFound
    return found


def _settled(batch_id: int, row_id: int) -> tuple[Batch, Row]:
    """The batch and the row of something that is to be settled by whoever may."""
    batch = batch_of(batch_id)
    _require_settling(batch)
    return batch, _row_of(batch, row_id)


def _require_settling(batch: Batch) -> None:
    if not _may_settle(batch):
        raise NotAllowed
    if batch.state not in OPEN or imports.busy(batch):
        raise imports.NotNow(state=STATES[batch.state])


def _did(batch: Batch, found: Row, act: Callable[[], object]) -> ResponseReturnValue:
    """Do it; then the row as it now is, or as it was with what stood in the way."""
    batch_id, row_id = batch.id, found.id
    inside = bool(request.headers.get("HX-Request"))
    try:
        act()
        db.session.flush()
    except (BadAnswer, Conflict) as error:
        return _refused(batch_id, row_id, error)
    db.session.expire(found)
    if not inside:
        flash(_("已处理第 %(n)d 行。", n=found.row_no + 1), "ok")
        return redirect(url_for("imports_rows.row", batch_id=batch_id, row_id=row_id), 303)
    return _drawn(batch, _row_of(batch, row_id), opened=False)


def _refused(batch_id: int, row_id: int, error: Refused) -> ResponseReturnValue:
    problems, words, status = field_problems(error), sentence(error), error.status
    db.session.rollback()
    batch = batch_of(batch_id)
    return _drawn(batch, _row_of(batch, row_id), opened=True, refusal=words, problems=problems, status=status)
