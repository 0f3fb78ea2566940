"""Bringing a ledger into the register, and taking it out again whole: what would happen, then the act."""

from __future__ import annotations

from collections import Counter

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import func, select

from ledger.errors import Conflict
from registry.access.rules import visible
from registry.intake.batch.models import Batch, Row
from registry.intake.entry import committing
from registry.intake.entry.old_papers import OPEN_DAYS
from registry.intake.withdrawal import undoing
from registry.intake.withdrawal.upon import MOST, Upon
from web.errors import sentence
from web.guard import actor, needs
from web.intake import imports, imports_told
from web.intake.imports import batch_of
from web.places import place_of
from web.session import db

bp = Blueprint("imports_commit", __name__, url_prefix="/imports")
SHOWN = 200
"""So many things are named that were built upon a batch; the rest is counted."""


@bp.get("/<int:batch_id>/commit")
@needs("import.make")
def confirm(batch_id: int) -> ResponseReturnValue:
    """What would enter the register, in numbers."""
    batch = batch_of(batch_id, "import.make")
    if batch.state != "ready" or imports.busy(batch):
        return redirect(url_for("imports.show", batch_id=batch.id), 303)
    return _confirming(batch)


def _confirming(batch: Batch, refusal: str = "") -> str:
    return render_template(
        "imports/commit.html", batch=batch, outcomes=dict(_numbers(batch)),
        coming=batch.counts.get("coming", {}), loan_days=OPEN_DAYS, doubts=imports_told.sums(batch).doubts,
        refusal=refusal)


def _numbers(batch: Batch) -> list[tuple[str, int]]:
    return [(key, number) for key, _words, number in imports_told.outcomes(batch)]


@bp.post("/<int:batch_id>/commit")
@needs("import.make")
def commit(batch_id: int) -> ResponseReturnValue:
    """The worker brings it in, in one transaction. Pressed twice it is asked for once."""
    batch = batch_of(batch_id, "import.make")
    if batch.state in ("committing", "committed"):
        return redirect(url_for("imports.show", batch_id=batch_id), 303)
    try:
        committing.ask(db.session(), batch, by=actor())
    except Conflict as error:
        words, status = sentence(error), error.status
        db.session.rollback()
        return _confirming(batch_of(batch_id), words), status
    flash(_("开始入库。"), "ok")
    return redirect(url_for("imports.show", batch_id=batch_id), 303)


@bp.get("/<int:batch_id>/undo")
@needs("import.make")
def take_back(batch_id: int) -> ResponseReturnValue:
    """What undoing would take away, or what stands in its way."""
    batch = batch_of(batch_id, "import.make")
    if batch.state != "committed":
        return redirect(url_for("imports.show", batch_id=batch.id), 303)
    return _undoing(batch)


def _undoing(batch: Batch, refusal: str = "") -> str:
    upon = undoing.built_upon(db.session(), batch)
    return render_template(
        "imports/undo.html", batch=batch, refusal=refusal, total=len(upon), later=_later(upon), many=_many(upon),
        upon=[(one, place_of(*one.subject)) for one in upon[:SHOWN]], outcomes=dict(_numbers(batch)),
        made=batch.counts)


def _many(upon: list[Upon]) -> int:
    """How many of a sort are named at most, where there may be more of one; else 0."""
    sorts = Counter(one.kind for one in upon)
    return MOST if max(sorts.values(), default=0) >= MOST else 0


def _later(upon: list[Upon]) -> list[tuple[Batch, int]]:
    """Ledgers that came in later and brought what stands in the way, with how much of it: undoing them clears it."""
    numbers = [one.subject[1] for one in upon if one.subject[0] == "certificate"]
    brought = {row.batch_id: row.number for row in db.session.execute(
        select(Row.batch_id, func.count(Row.certificate_id.distinct()).label("number")).where(
            Row.certificate_id.in_(numbers), Row.version_id.is_not(None)).group_by(Row.batch_id))}
    named = {one.subject[1] for one in upon if one.subject[0] == "intake"}
    query = visible(select(Batch), actor()).where(Batch.id.in_({*brought, *named}), Batch.state == "committed")
    newest = db.session.scalars(query.order_by(Batch.committed_at.desc()))
    return [(found, brought.get(found.id, 0)) for found in newest]


@bp.post("/<int:batch_id>/undo")
@needs("import.make")
def undo(batch_id: int) -> ResponseReturnValue:
    """Take the whole batch out of the register. Pressed twice it is done once."""
    batch = batch_of(batch_id, "import.make")
    if batch.state in ("undoing", "undone"):
        return redirect(url_for("imports.show", batch_id=batch_id), 303)
    try:
        undoing.undo(db.session(), batch, by=actor())
    except Conflict as error:
        words, status = sentence(error), error.status
        db.session.rollback()
        return _undoing(batch_of(batch_id), words), status
    flash(_("已开始撤销。") if imports.busy(batch) else _("已整批撤销。"), "ok")
    return redirect(url_for("imports.show", batch_id=batch_id), 303)
