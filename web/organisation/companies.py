"""公司: a company's qualification, its own posts and its children; for a parent the roll-up, for a child its own."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload

from ledger import clock
from ledger.errors import NotFound
from registry.access.rollup import Sum, rollup
from registry.access.rules import can, visible
from registry.certificates.models import Certificate
from registry.people.scope import subtree
from registry.people.tenure import POSTS
from registry.people.units import WORKS, Unit
from registry.people.works import CONTRACTING, GRADES, Qualification, end_qualification, qualified
from registry.rules.effects import blocked
from registry.rules.lacking import lacking
from registry.rules.tables import TITLES
from web.entry import Ask, Entry, answered, drawn
from web.guard import actor, needs
from web.i18n import say
from web.ledgers.lacks import may_read
from web.organisation.people import posts_at, trade_words
from web.organisation.sight import unit_of
from web.pages import cut
from web.requests.story import tell
from web.session import db
from workflows.applying import choices

bp = Blueprint("companies", __name__)
FIRMS = ("group", "company")
MOST_ASKED = 120  # companies and projects asked at once


@bp.get("/companies")
@needs("unit.read")
def listed() -> str:
    """The group and the companies one may see; ?q= finds a piece of the name or the code."""
    query = visible(select(Unit), actor()).where(Unit.kind.in_(FIRMS))
    if text := request.args.get("q", "").strip()[:60]:
        query = query.where(or_(Unit.name.contains(text, autoescape=True), Unit.code.contains(text, autoescape=True)))
    found = cut(db.session(), query.order_by(Unit.path), joinedload(Unit.parent))
    ids = [one.id for one in found.rows]
    projects = select(Unit.parent_id, func.count()).where(Unit.parent_id.in_(ids), Unit.kind == "project")
    return render_template(
        "companies.html", listed=found, may_add=can(actor(), "unit.edit"),
        projects=dict(db.session.execute(visible(projects, actor(), model=Unit).group_by(Unit.parent_id)).all()),
    )  # fmt: skip


@bp.get("/companies/<int:unit_id>")
@needs("unit.read")
def company(unit_id: int) -> str:
    """One company; ?lacks=yes also asks what it, its children and their projects lack today."""
    found = unit_of(unit_id, *FIRMS)
    sums = rollup(db.session(), actor(), found) if can(actor(), "certificate.read") else []
    asked, whole = _lacks(sums) if request.args.get("lacks") == "yes" else ({}, True)
    held = visible(select(Certificate), actor()).where(Certificate.holder_unit_id == found.id)
    lines = select(Qualification).where(Qualification.company_id == found.id, Qualification.known_until.is_(None))
    return render_template(
        "company.html", unit=found, sums=sums, asked=asked, whole=whole,
        certificates=db.session.scalars(held.order_by(Certificate.type_code, Certificate.id).limit(200)).all(),
        lines=db.session.scalars(lines.order_by(Qualification.from_on.desc(), Qualification.id)).all(),
        posts=posts_at(found), trade_words=trade_words, rules=TITLES,
        names={"post": POSTS, "contracting": CONTRACTING, "grade": GRADES},
        may={key: can(actor(), key, found) for key in ("unit.edit", "person.edit")},
        blocked=[one for one in blocked(db.session(), found) if can(actor(), "certificate.read", one)],
        told=tell(("unit", found.id), own=True), choices=choices.of_subject(db.session(), actor(), found),
    )  # fmt: skip


def _lacks(sums: list[Sum]) -> tuple[dict[int, Counter[str]], bool]:
    """How many lines of each rule a company and its projects have today, by company; whether all could be asked."""
    counted: dict[int, Counter[str]] = {one.unit.id: Counter() for one in sums}
    rows = sorted(sums, key=lambda one: -len(one.unit.path))
    asked: set[int] = set()
    for one in rows:
        low, high = subtree(one.unit.path)
        places = visible(select(Unit), actor()).where(
            Unit.path >= low, Unit.path < high, Unit.kind.in_((*FIRMS, "project")))
        for place in db.session.scalars(places.order_by(Unit.path).limit(MOST_ASKED + 1)).all():
            if place.id not in asked:
                if len(asked) >= MOST_ASKED:
                    return counted, False
                asked.add(place.id)
                lines = lacking(db.session(), place).lines
                counted[one.unit.id].update(line.rule for line in lines if may_read(line))
    return counted, True


@bp.get("/units/<int:unit_id>")
@needs("unit.read")
def place(unit_id: int) -> ResponseReturnValue:
    """The page of a unit, whatever its kind: a department is shown with its people."""
    found = unit_of(unit_id)
    if found.kind == "department":
        return redirect(url_for("people.persons", unit=found.id))
    return redirect(url_for("people.project" if found.kind == "project" else "companies.company", unit_id=found.id))


@bp.get("/companies/<int:unit_id>/qualifications/new")
@needs("unit.edit")
def new_line(unit_id: int) -> ResponseReturnValue:
    """Enter one line of the qualification."""
    return drawn(_qualifying(unit_of(unit_id, *FIRMS, action="unit.edit")))


@bp.post("/companies/<int:unit_id>/qualifications")
@needs("unit.edit")
def add_line(unit_id: int) -> ResponseReturnValue:
    """It is entered."""
    unit = unit_of(unit_id, *FIRMS, action="unit.edit")

    def act(told: dict[str, Any]) -> str:
        qualified(db.session(), unit, by=actor(), **told)
        flash(_("已登记资质类别。"), "ok")
        return url_for("companies.company", unit_id=unit.id)

    return answered(_qualifying(unit), act)


def _trail(unit: Unit) -> list[tuple[str, str]]:
    return [(url_for("companies.listed"), _("公司")), (url_for("companies.company", unit_id=unit.id), unit.name)]


def _qualifying(unit: Unit) -> Entry:
    return Entry(_("登记%(name)s的资质类别", name=unit.name), _("登记"),
                 url_for("companies.add_line", unit_id=unit.id), _trail(unit), [
        Ask("work", _("工程类别"), "choice", required=True, options=[(one, say(one)) for one in WORKS]),
        Ask("contracting", _("承包方式"), "choice", required=True, value="general",
            options=[(key, say(words)) for key, words in CONTRACTING.items()]),
        Ask("grade", _("资质等级"), "choice", required=True,
            options=[(key, say(words)) for key, words in GRADES.items()]),
        Ask("from_on", _("起"), "day", required=True, value=clock.today()),
        Ask("to_on", _("止（不填就是至今）"), "day"),
    ])  # fmt: skip


@bp.get("/qualifications/<int:row_id>/end")
@needs("unit.edit")
def end_of_line(row_id: int) -> ResponseReturnValue:
    """Name the last day of a line."""
    return drawn(_ending(*_line(row_id)))


@bp.post("/qualifications/<int:row_id>/end")
@needs("unit.edit")
def end_line(row_id: int) -> ResponseReturnValue:
    """It ends on that day."""
    row, unit = _line(row_id)

    def act(told: dict[str, Any]) -> str:
        end_qualification(db.session(), row, on=told["to_on"], reason=told["reason"], by=actor())
        flash(_("已登记终止。"), "ok")
        return url_for("companies.company", unit_id=unit.id)

    return answered(_ending(row, unit), act)


def _line(row_id: int) -> tuple[Qualification, Unit]:
    row = db.session.get(Qualification, row_id)
    if row is None or row.known_until is not None:
        raise NotFound
    return row, unit_of(row.company_id, *FIRMS, action="unit.edit")


def _ending(row: Qualification, unit: Unit) -> Entry:
    title = _("终止%(name)s的%(work)s%(grade)s", name=unit.name, work=say(row.work), grade=say(GRADES[row.grade]))
    return Entry(title, _("登记终止"), url_for("companies.end_line", row_id=row.id), _trail(unit), [
        Ask("to_on", _("最后一天"), "day", required=True, value=clock.today()),
        Ask("reason", _("原因"), "note", required=True, most=200),
    ])  # fmt: skip
