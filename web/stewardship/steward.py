"""数据治理: the steward's queue. Similar cases lie together; a case opens to its rows, a row to all we know of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Blueprint, g, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from ledger import clock
from ledger.actor import Actor
from registry.access.rules import can, visible
from registry.certificates.catalogue import types
from registry.certificates.models import Certificate
from registry.intake.batch import cells
from registry.intake.batch.models import FLAW_STATES, Batch, Flaw
from registry.intake.findings import KINDS
from registry.intake.mapping import FIELDS
from registry.intake.stewardship import queue
from registry.intake.stewardship.queue import Wanted
from registry.people.units import Unit
from web import navigation
from web.asked import day_in, whole, whole_in
from web.guard import actor, needs
from web.organisation.sight import unit_of
from web.pages import SIZE, Page, cut
from web.session import db
from web.stewardship.steward_words import flaw_words, masked, shown, table_of, type_words

bp = Blueprint("steward", __name__, url_prefix="/steward")
KEPT = ("kind", "case", "unit", "type", "batch", "mine", "opened", "settled")
READ, SETTLE = "steward.read", "steward.settle"
MOST_PAGES, MOST_CHOICES = 10**6, 2000
bp.add_app_template_global(flaw_words)
bp.add_app_template_global(type_words)


def wanted_in(given: Mapping[str, str]) -> Wanted:
    """Read the arguments; what makes no sense is left out. NotFound for a unit that one may not see."""
    kind, code = given.get("kind", ""), given.get("type", "")
    return Wanted(
        kind=kind if kind in KINDS else "",
        case=given["case"][:120] if "case" in given and kind in KINDS else None,
        unit=_unit(given.get("unit")),
        type_code=code if code in types() else "",
        batch_id=whole_in(given.get("batch")),
        taken_by=actor().id if given.get("mine") else None,
        opened=day_in(given.get("opened")),
        settled=day_in(given.get("settled")),
    )


def arguments_in(given: Mapping[str, str]) -> dict[str, Any]:
    """The arguments that say the same filter again."""
    return {name: given[name] for name in KEPT if given.get(name) or (name == "case" and name in given)}


def _unit(text: str | None) -> Unit | None:
    number = whole_in(text)
    return unit_of(number) if number is not None else None


@bp.get("")
@needs(READ)
def cases() -> str:
    """What waits, similar cases together."""
    session, me, wanted = db.session(), actor(), wanted_in(request.args)
    everything = queue.cases(session, me, replace(wanted, kind="", case=None))
    chosen = [one for one in everything if one.kind == (wanted.kind or one.kind)]
    number = min(max(1, request.args.get("page", 1, type=whole)), max(1, -(-len(chosen) // SIZE)))
    found = chosen[(number - 1) * SIZE:number * SIZE]
    examples = shown(session.scalars(_loaded(
        visible(select(Flaw), me).where(Flaw.id.in_([one.example_id for one in found])))))
    return render_template(
        "steward/cases.html", listed=Page(found, number, len(chosen)), wanted=wanted,
        examples={one.flaw.id: one for one in examples}, kept=arguments_in(request.args),
        may_settle=can(me, SETTLE), **choices(wanted, queue.by_kind(everything)),
    )


@bp.get("/items")
@needs(READ)
def items() -> str:
    """The rows of a case, or of whatever the filter says; with a day, those that came in or were settled on it."""
    session, me, wanted = db.session(), actor(), wanted_in(request.args)
    listed = cut(session, queue.rows(me, wanted).order_by(Flaw.id), *LOADED)
    return render_template(
        "steward/items.html", listed=listed, rows=shown(listed.rows), wanted=wanted, states=FLAW_STATES,
        kept=arguments_in(request.args), may_settle=can(me, SETTLE), **choices(wanted),
    )


@bp.get("/items/<int:flaw_id>")
@needs(READ)
def item(flaw_id: int) -> str:
    """One finding: what stands where, what we would write, the whole row of the ledger, what became of it."""
    return item_page(queue.flaw_of(db.session(), actor(), flaw_id))


def item_page(flaw: Flaw, *, clear: list[str] | None = None, problems: Mapping[str, list[str]] | None = None,
              typed: str = "", status: int = 200) -> Any:
    """The page of a finding; `clear` are the row's cells without masks, for whoever asked and was written down."""
    kept = cells.kept_of(flaw.row)
    told = table_of(flaw.batch, flaw.row)
    headings = [column.get("heading", "") for column in told.get("columns", [])]
    fields = [column.get("field", "") for column in _mapped(flaw.batch, flaw.row.table_no)]
    raw = clear if clear is not None else [
        masked(text, fields[place] if place < len(fields) else "", flaw.type_code)
        for place, text in enumerate(kept.judged.raw)]
    others = select(Flaw).where(Flaw.row_id == flaw.row_id, Flaw.weight != "tidied").order_by(Flaw.id)
    page = render_template(
        "steward/item.html", flaw=flaw, one=shown([flaw])[0], states=FLAW_STATES,
        cells=[(headings[place] if place < len(headings) else "", FIELDS.get(fields[place], "") if place < len(
            fields) else "", text, place) for place, text in enumerate(raw)],
        others=[one for one in shown(db.session.scalars(_loaded(visible(others, actor())))) if one.flaw.id != flaw.id],
        certificate=_certificate(flaw), clear=clear is not None, problems=problems or {}, typed=typed,
        following=_following(flaw), kept=arguments_in(request.args),
        may_settle=flaw.state == "open" and can(actor(), SETTLE, flaw), may_unmask=can(actor(), "person.unmask", flaw),
    )
    return (page, status) if status != 200 else page


def _mapped(batch: Batch, table: int) -> list[dict[str, Any]]:
    return batch.mappings[table].get("columns", []) if table < len(batch.mappings) else []


def _certificate(flaw: Flaw) -> Certificate | None:
    """What the row became, as far as one may see it."""
    number = flaw.certificate_id or flaw.row.certificate_id
    return db.session.scalar(visible(select(Certificate), actor()).where(Certificate.id == number)) if number else None


def _following(flaw: Flaw) -> int | None:
    """The next row of the same list."""
    query = queue.rows(actor(), wanted_in(request.args)).where(Flaw.id > flaw.id).order_by(Flaw.id).limit(1)
    return db.session.scalar(query.with_only_columns(Flaw.id, maintain_column_froms=True))


LOADED = (selectinload(Flaw.batch).undefer(Batch.told), joinedload(Flaw.row))


def _loaded(query: Any) -> Any:
    return query.options(*LOADED)


def choices(wanted: Wanted, kinds: Mapping[str, int] | None = None) -> dict[str, Any]:
    """What the filters offer; `kinds` if they are known already, with how many there are of each."""
    me = actor()
    if kinds is None:
        kinds = queue.kinds(db.session(), me, replace(wanted, kind="", case=None, opened=None, settled=None))
    companies = visible(select(Unit), me).where(Unit.kind.in_(("group", "company"))).order_by(Unit.path)
    batches = visible(select(Batch.id, Batch.name, Batch.committed_at), me, model=Batch)
    batches = batches.where(Batch.state == "committed").order_by(Batch.committed_at.desc())
    return {
        "kinds": kinds,
        "companies": db.session.scalars(companies.limit(MOST_CHOICES)).all(), "types": list(types().values()),
        "batches": db.session.execute(batches.limit(100)).all(), "today": clock.today(),
    }


def waiting(session: Session, person: Actor) -> int:
    """The number beside 数据治理: what waits where one may settle it."""
    if not can(person, SETTLE):
        return 0
    if "steward_count" not in g:
        g.steward_count = queue.count(session, person)
    found: int = g.steward_count
    return found


navigation.COUNTS["steward"] = waiting
