"""导出格式: the columns in which a company keeps its own ledgers, learned from one that came in or chosen here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from ledger.errors import NotFound
from registry.access.rules import can, visible
from registry.intake.batch.models import Batch
from registry.intake.mapping import FIELDS
from registry.intake.stewardship import layouts
from registry.intake.stewardship.layouts import EDIT, READ, Layout, NoLayout, complete, keep, layout_of, learned_from
from registry.people.units import Unit
from web.asked import whole
from web.errors import field_problems
from web.guard import actor, needs
from web.organisation.sight import unit_of
from web.session import db

bp = Blueprint("layouts", __name__, url_prefix="/layouts")
OFFERED, MOST = 12, layouts.MOST_COLUMNS + 1
FIRST = ("sequence", "type", "number", "name", "unit", "issued_on", "valid_until", "issuer", "code")
"""The columns of a layout that begins from nothing."""


@bp.get("")
@needs(READ)
def listed() -> str:
    """The layouts one may export in, and the ledgers that they can be learned from."""
    session, me = db.session(), actor()
    found = layouts.layouts(session, me)
    return render_template(
        "layouts/index.html", listed=found, editable={one.id for one in found if can(me, EDIT, one)},
        may_edit=can(me, EDIT), learnable=list(_learnable()) if can(me, EDIT) else [],
    )


def _learnable() -> Iterator[tuple[Batch, dict[str, Any], int]]:
    """The tables of the ledgers that came in last, as far as no layout was learned from the ledger yet."""
    learned = select(Layout.batch_id).where(Layout.batch_id.is_not(None))
    query = visible(select(Batch), actor()).where(Batch.state == "committed", Batch.id.not_in(learned))
    for batch in db.session.scalars(query.order_by(Batch.committed_at.desc()).limit(OFFERED)):
        for table in batch.told.get("tables", [])[:OFFERED]:
            yield batch, table, table.get("rows", 0)


@bp.get("/new")
@needs(EDIT)
def new() -> str:
    """A layout to begin with: ?batch= and ?table= those of a ledger that came in."""
    batch = _batch(request.args.get("batch", type=whole))
    if batch is None:
        return _page(None, columns=[(FIELDS[field], field) for field in FIRST], unit_id=None, name="")
    table = request.args.get("table", 0, type=whole)
    columns, tables = learned_from(batch, table), batch.told["tables"]
    return _page(None, columns=complete(columns), unit_id=batch.unit_id, name=tables[table].get("name", "")[:60],
                 batch=batch)


@bp.post("/new")
@needs(EDIT)
def create() -> ResponseReturnValue:
    """Keep a new layout; or the page again with a column moved, added or taken out."""
    return _answered(None)


@bp.get("/<int:layout_id>")
@needs(EDIT)
def edit(layout_id: int) -> str:
    """Its columns, to be changed."""
    found = layout_of(db.session(), actor(), layout_id, EDIT)
    return _page(found, columns=found.pairs, unit_id=found.unit_id, name=found.name)


@bp.post("/<int:layout_id>")
@needs(EDIT)
def save(layout_id: int) -> ResponseReturnValue:
    """The same for one that there is."""
    return _answered(layout_id)


@bp.post("/<int:layout_id>/removal")
@needs(EDIT)
def remove(layout_id: int) -> Response:
    """It is offered no more."""
    layouts.drop(db.session(), layout_of(db.session(), actor(), layout_id, EDIT), by=actor())
    flash(_("已删除导出格式。"), "ok")
    return redirect(url_for("layouts.listed"), 303)


def _answered(layout_id: int | None) -> ResponseReturnValue:
    layout = layout_of(db.session(), actor(), layout_id, EDIT) if layout_id else None
    columns = list(zip(request.form.getlist("heading"), request.form.getlist("field"), strict=False))[:MOST]
    name, unit_id = request.form.get("name", ""), request.form.get("unit", type=whole)
    batch = _batch(request.form.get("batch", type=whole))
    act, _dash, number = request.form.get("act", "").partition("-")
    if act != "save":
        changed, focus = _changed(columns, act, int(number) if number.isdecimal() else 0)
        return _page(layout, columns=changed, focus=focus, moved=act, batch=batch, name=name, unit_id=unit_id)
    try:
        unit = layout.unit if layout else unit_of(unit_id or 0, "group", "company")
        kept = keep(db.session(), unit, name, columns, by=actor(), layout=layout, batch=batch)
    except NoLayout as refused:
        problems = field_problems(refused)
        db.session.rollback()
        again = layout_of(db.session(), actor(), layout_id, EDIT) if layout_id else None
        batch = _batch(request.form.get("batch", type=whole))
        return _page(again, columns=columns, problems=problems, batch=batch, name=name, unit_id=unit_id), 422
    flash(_("已保存导出格式“%(name)s”。", name=kept.name), "ok")
    return redirect(url_for("layouts.listed"), 303)


def _changed(columns: list[tuple[str, str]], act: str, place: int) -> tuple[list[tuple[str, str]], int | None]:
    """The columns after a button, and which of them has the focus."""
    if act == "add":
        return [*columns, ("", "keep")], len(columns)
    if act in ("up", "down"):
        step = -1 if act == "up" else 1
        return layouts.moved(columns, place, step), max(0, min(len(columns) - 1, place + step))
    if act == "drop":
        return [column for index, column in enumerate(columns) if index != place], max(0, place - 1)
    return columns, None


def _page(
    layout: Layout | None, *, columns: list[tuple[str, str]], unit_id: int | None, name: str, focus: int | None = None,
    moved: str = "", batch: Batch | None = None, problems: dict[str, list[str]] | None = None,
) -> str:
    units = visible(select(Unit), actor(), action=EDIT).where(Unit.kind.in_(("group", "company"))).order_by(Unit.path)
    return render_template(
        "layouts/edit.html", layout=layout, columns=columns, unit_id=unit_id, name=name, focus=focus, batch=batch,
        moved=moved if moved in ("up", "down") else "", problems=problems or {}, units=db.session.scalars(units).all(),
        fields={key: _(words) for key, words in FIELDS.items()},
    )


def _batch(number: int | None) -> Batch | None:
    if number is None:
        return None
    query = visible(select(Batch), actor()).where(Batch.id == number, Batch.state == "committed")
    found = db.session.scalar(query)
    if found is None:
        raise NotFound
    return found
