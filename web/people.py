"""人员与项目: who works where, what is built where, and what certificates each holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, render_template, request
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, joinedload

from ledger.errors import NotFound
from registry.access.rules import can, visible
from registry.certificates.models import Certificate
from registry.people.persons import Person, unmask
from registry.people.scope import subtree
from registry.people.units import Project, Unit
from web.custody import loans_of
from web.guard import actor, needs
from web.pages import cut
from web.session import db
from web.story import tell

bp = Blueprint("people", __name__)


@bp.get("/people")
@needs("person.read")
def persons() -> str:
    """The people one may see, by name; ?q= finds a piece of the name, its pinyin or its initials, ?unit= a place."""
    query = visible(select(Person), actor())
    query = _of_unit(_named(query), request.args.get("unit", type=int))
    if request.args.get("left") != "yes":
        query = query.where(Person.left_on.is_(None))
    loaded = joinedload(Person.unit), joinedload(Person.company)
    listed = cut(db.session(), query.order_by(Person.pinyin, Person.id), *loaded)
    return render_template(
        "people.html",
        listed=listed,
        held=_held(Certificate.holder_person_id, (one.id for one in listed.rows)),
        units=_units(),
    )


def _named(query: Select[Person]) -> Select[Person]:
    text = request.args.get("q", "").strip()[:60]
    if not text:
        return query
    plain = text.lower().replace(" ", "")
    return query.where(
        or_(
            Person.name.contains(text, autoescape=True),
            Person.pinyin.contains(plain, autoescape=True),
            Person.initials.startswith(plain, autoescape=True),
        )
    )


def _of_unit(query: Select[Person], unit_id: int | None) -> Select[Person]:
    if unit_id is None:
        return query
    unit = _unit(unit_id)
    return query.where(_under(Person.unit_path, unit))


def _under(column: InstrumentedAttribute[str], unit: Unit) -> ColumnElement[bool]:
    low, high = subtree(unit.path)
    return and_(column >= low, column < high)


def _held(column: InstrumentedAttribute[Any], owners: Iterable[int]) -> dict[int, int]:
    """How many certificates each holds, as far as one may see them: one query for the whole page."""
    query = visible(select(column, func.count()).select_from(Certificate), actor(), model=Certificate)
    return dict(db.session.execute(query.where(column.in_(list(owners))).group_by(column)).all())


def _units() -> list[Unit]:
    """The companies and departments to choose from."""
    query = visible(select(Unit), actor()).where(Unit.kind.in_(("company", "department")))
    return list(db.session.scalars(query.order_by(Unit.path)))


def _person(person_id: int) -> Person:
    query = visible(select(Person), actor()).where(Person.id == person_id)
    found = db.session.scalar(query.options(joinedload(Person.unit), joinedload(Person.company)))
    if found is None:
        raise NotFound
    return found


def _unit(unit_id: int) -> Unit:
    found = db.session.scalar(
        visible(select(Unit), actor()).where(Unit.id == unit_id).options(joinedload(Unit.project))
    )
    if found is None:
        raise NotFound
    return found


@bp.get("/people/<int:person_id>")
@needs("person.read")
def person(person_id: int) -> str:
    """One person: where, since when, the certificates held, and what happened."""
    return _person_page(_person(person_id))


def _person_page(found: Person, clear: tuple[str | None, str | None] | None = None) -> str:
    held = visible(select(Certificate), actor()).where(Certificate.holder_person_id == found.id)
    certificates = db.session.scalars(held.order_by(Certificate.valid_until, Certificate.id)).all()
    return render_template(
        "person.html",
        person=found,
        certificates=certificates,
        clear=clear,
        may_unmask=can(actor(), "person.unmask", found),
        told=tell(("person", found.id)),
        out=db.session.scalars(loans_of(found)).all(),
    )


@bp.post("/people/<int:person_id>/disclosure")
@needs("person.unmask")
def disclose(person_id: int) -> str:
    """Show ID number and phone in clear, once, for a reason that is written down."""
    found = _person(person_id)
    if not can(actor(), "person.unmask", found):
        raise NotFound
    clear = unmask(db.session(), found, reason=request.form.get("reason", ""), by=actor())
    return _person_page(found, clear)


@bp.get("/projects")
@needs("unit.read")
def projects() -> str:
    """The projects one may see; ?q= finds a piece of the name or the code."""
    query = visible(select(Unit), actor()).where(Unit.kind == "project")
    if text := request.args.get("q", "").strip()[:60]:
        query = query.where(or_(Unit.name.contains(text, autoescape=True), Unit.code.contains(text, autoescape=True)))
    listed = cut(db.session(), query.order_by(Unit.path), joinedload(Unit.project), joinedload(Unit.parent))
    return render_template(
        "projects.html",
        listed=listed,
        held=_held(Certificate.unit_id, (one.id for one in listed.rows)),
        managers=_managers(one.project for one in listed.rows),
    )


def _managers(built: Iterable[Project | None]) -> dict[int, str]:
    ids = {one.manager_id for one in built if one and one.manager_id}
    return dict(db.session.execute(select(Person.id, Person.name).where(Person.id.in_(ids))).all())


@bp.get("/projects/<int:unit_id>")
@needs("unit.read")
def project(unit_id: int) -> str:
    """One project: what is built, who runs it, its certificates and its people."""
    found = _unit(unit_id)
    if found.kind != "project":
        raise NotFound
    held = visible(select(Certificate), actor()).where(_under(Certificate.unit_path, found))
    certificates = db.session.scalars(held.order_by(Certificate.valid_until, Certificate.id).limit(200)).all()
    working = visible(select(func.count(Person.id)), actor(), model=Person)
    people = db.session.scalar(working.where(_under(Person.unit_path, found), Person.left_on.is_(None)))
    return render_template(
        "project.html",
        unit=found,
        certificates=certificates,
        people=people,
        managers=_managers([found.project]),
        told=tell(("unit", found.id), own=True),
    )
