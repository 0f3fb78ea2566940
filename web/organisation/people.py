"""人员与项目: who works where, what is built where, and what certificates each holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, render_template, request
from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, contains_eager, joinedload

from ledger import clock
from ledger.errors import NotFound
from registry.access.handovers import shut
from registry.access.rules import can, placed, visible
from registry.certificates.models import Certificate
from registry.people.machines import Installation, Machine
from registry.people.persons import Person, unmask
from registry.people.scope import subtree
from registry.people.tenure import POSTS, TIES, Assignment, Employment
from registry.people.units import Unit
from registry.people.works import CONTRACTING, SCALES, Works
from registry.rules.effects import blocked, follows_from
from web.asked import whole
from web.cabinet.custody import loans_of
from web.freshness import sensitive
from web.guard import actor, needs
from web.ledgers.lacks import trade_name as _trade
from web.organisation.sight import person_of, unit_of
from web.pages import Page, cut
from web.requests.story import tell
from web.session import db
from workflows.absence.inventory import complete_of
from workflows.applying import choices

bp = Blueprint("people", __name__)


@bp.get("/people")
@needs("person.read")
def persons() -> str:
    """The people one may see, by name; ?q= finds a piece of the name, its pinyin or its initials, ?unit= a place."""
    query = visible(select(Person), actor())
    query = _of_unit(_named(query), request.args.get("unit", type=whole))
    if request.args.get("left") != "yes":
        query = query.where(here())
    loaded = joinedload(Person.unit), joinedload(Person.company)
    listed = cut(db.session(), query.order_by(Person.pinyin, Person.id), *loaded)
    return render_template(
        "people.html",
        listed=listed,
        held=held_by(Certificate.holder_person_id, (one.id for one in listed.rows)),
        units=_units(),
        may_add=can(actor(), "person.edit"),
    )


def here() -> ColumnElement[bool]:
    """Who works here today: a last day that is still to come does not count yet."""
    return or_(Person.left_on.is_(None), Person.left_on >= clock.today())


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


def found_by_name(unit: Unit) -> Page:
    """The people of a unit's group who work here today, as ?q= asks, those of its company first."""
    query = _named(visible(select(Person), actor(), action="person.edit"))
    query = query.where(Person.group_id == unit.group_id, here())
    home = case((Person.company_id == unit.company_id, 0), else_=1)
    query = query.order_by(home, Person.pinyin, Person.id)
    return cut(db.session(), query, joinedload(Person.unit), joinedload(Person.company))


def _of_unit(query: Select[Person], unit_id: int | None) -> Select[Person]:
    if unit_id is None:
        return query
    unit = unit_of(unit_id)
    return query.where(_under(Person.unit_path, unit))


def _under(column: InstrumentedAttribute[str], unit: Unit) -> ColumnElement[bool]:
    low, high = subtree(unit.path)
    return and_(column >= low, column < high)


def held_by(column: InstrumentedAttribute[Any], owners: Iterable[int]) -> dict[int, int]:
    """How many certificates each holds, as far as one may see them: one query for the whole page."""
    query = visible(select(column, func.count()).select_from(Certificate), actor(), model=Certificate)
    return dict(db.session.execute(query.where(column.in_(list(owners))).group_by(column)).all())


def _units() -> list[Unit]:
    """The companies and departments to choose from."""
    query = visible(select(Unit), actor()).where(Unit.kind.in_(("company", "department")))
    return list(db.session.scalars(query.order_by(Unit.path)))


@bp.get("/people/<int:person_id>")
@needs("person.read")
def person(person_id: int) -> str:
    """One person: where, since when, the certificates held, and what happened."""
    return _person_page(person_of(person_id))


def _person_page(found: Person, clear: tuple[str | None, str | None] | None = None) -> str:
    held = visible(select(Certificate), actor()).where(Certificate.holder_person_id == found.id)
    certificates = db.session.scalars(held.order_by(Certificate.valid_until, Certificate.id)).all()
    ties, posts = _tenure(found)
    gone = found.left_on is not None or shut(db.session(), found)
    may_hand_over = gone and can(actor(), "handover.make", placed(found))
    return render_template(
        "person.html",
        person=found,
        ties=ties,
        posts=posts,
        names={"tie": TIES, "post": POSTS},
        trade_words=trade_words,
        may_edit=can(actor(), "person.edit", found),
        may_hand_over=may_hand_over,
        not_handed_over=complete_of(db.session(), found).total if may_hand_over else 0,
        may_see_account=can(actor(), "account.read", found),
        may_arrange=not found.left_on and can(actor(), "substitution.edit", placed(found)),
        follows=[one for one in follows_from(db.session(), found) if can(actor(), "certificate.read", one)],
        certificates=certificates,
        clear=clear,
        may_unmask=can(actor(), "person.unmask", found),
        told=tell(("person", found.id)),
        out=loans_of(found),
    )


def _tenure(found: Person) -> tuple[list[tuple[Employment, str]], list[Assignment]]:
    """Contracts and insurance with the name of the company, and posts, as believed now; the newest first."""
    ties = db.session.execute(
        select(Employment, Unit.name)
        .join(Unit, Unit.id == Employment.company_id)
        .where(Employment.person_id == found.id, Employment.known_until.is_(None))
        .order_by(Employment.from_on.desc(), Employment.id)
    ).all()
    posts = db.session.scalars(
        select(Assignment)
        .options(joinedload(Assignment.unit))
        .where(Assignment.person_id == found.id, Assignment.known_until.is_(None))
        .order_by(Assignment.from_on.desc(), Assignment.id)
    )
    return [(row[0], row[1]) for row in ties], list(posts)


def trade_words(post: Assignment) -> str:
    """The special work of a post: a coded one by its name."""
    return _trade(post.trade) if post.trade.isdigit() else post.trade


@bp.post("/people/<int:person_id>/disclosure")
@needs("person.unmask")
@sensitive
def disclose(person_id: int) -> str:
    """Show ID number and phone in clear, once, for a reason that is written down."""
    found = person_of(person_id)
    if not can(actor(), "person.unmask", found):
        raise NotFound
    clear = unmask(db.session(), found, reason=request.form.get("reason", ""), by=actor())
    return _person_page(found, clear)


@bp.get("/projects")
@needs("unit.read")
def projects() -> str:
    """The projects one may see; ?q= finds a piece of the name or the code, ?unit= a company's, ?state= live or done."""
    query = visible(select(Unit), actor()).where(Unit.kind == "project")
    if text := request.args.get("q", "").strip()[:60]:
        query = query.where(or_(Unit.name.contains(text, autoescape=True), Unit.code.contains(text, autoescape=True)))
    if (company := request.args.get("unit", type=whole)) is not None:
        query = query.where(_under(Unit.path, unit_of(company)))
    query = _in_state(query, request.args.get("state", ""))
    listed = cut(db.session(), query.order_by(Unit.path), joinedload(Unit.project), joinedload(Unit.parent))
    ids = [one.id for one in listed.rows]
    return render_template(
        "projects.html",
        listed=listed,
        held=held_by(Certificate.unit_id, ids),
        managers=_managers(ids),
        units=[one for one in _units() if one.kind == "company"],
        may_add=can(actor(), "unit.edit"),
    )


def _in_state(query: Select[Unit], state: str) -> Select[Unit]:
    """live: works are known and not accepted; done: accepted; bare: nothing was entered."""
    today = clock.today()
    known = select(Works.unit_id).where(Works.holding(today, clock.now()))
    over = known.where(Works.accepted_on <= today)
    if state == "live":
        return query.where(Unit.id.in_(known), Unit.id.not_in(over))
    if state == "done":
        return query.where(Unit.id.in_(over))
    return query.where(Unit.id.not_in(known)) if state == "bare" else query


def _managers(projects: Iterable[int]) -> dict[int, str]:
    """Who runs each project today."""
    rows = db.session.execute(
        select(Assignment.unit_id, Person.name)
        .join(Person, Person.id == Assignment.person_id)
        .where(Assignment.unit_id.in_(list(projects)), Assignment.post == "project_manager")
        .where(Assignment.holding(clock.today(), clock.now()))
        .order_by(Assignment.id)
    )
    found: dict[int, str] = {}
    for unit_id, name in rows:
        found[unit_id] = f"{found[unit_id]}、{name}" if unit_id in found else name
    return found


@bp.get("/projects/<int:unit_id>")
@needs("unit.read")
def project(unit_id: int) -> str:
    """One project: what is built, who has which post, which machines stand there, its certificates and its story."""
    found = unit_of(unit_id, "project")
    held = visible(select(Certificate), actor()).where(_under(Certificate.unit_path, found))
    certificates = db.session.scalars(held.order_by(Certificate.valid_until, Certificate.id).limit(200)).all()
    working = visible(select(func.count(Person.id)), actor(), model=Person)
    people = db.session.scalar(working.where(_under(Person.unit_path, found), here()))
    return render_template(
        "project.html",
        unit=found,
        certificates=certificates,
        people=people,
        works=works_of(found),
        posts=posts_at(found),
        cranes=_cranes(found),
        blocked=[one for one in blocked(db.session(), found) if can(actor(), "certificate.read", one)],
        choices=choices.of_subject(db.session(), actor(), found),
        names={"post": POSTS, "contracting": CONTRACTING, "scale": SCALES},
        trade_words=trade_words,
        may={key: can(actor(), key, found) for key in ("works.edit", "person.edit", "machine.edit")},
        told=tell(("unit", found.id), own=True),
    )


def works_of(project: Unit) -> Works | None:
    """What the project builds today, as far as it is known; the next to come where nothing holds yet."""
    rows = db.session.scalars(
        select(Works).where(Works.unit_id == project.id, Works.known_until.is_(None)).order_by(Works.from_on, Works.id)
    ).all()
    holding = [row for row in rows if row.from_on <= clock.today()]
    return holding[-1] if holding else next(iter(rows), None)


def posts_at(unit: Unit) -> list[Assignment]:
    """Who has a post there today or later, of those one may see."""
    query = visible(select(Assignment).join(Person, Person.id == Assignment.person_id), actor(), model=Person)
    query = query.where(
        Assignment.unit_id == unit.id,
        Assignment.known_until.is_(None),
        or_(Assignment.to_on.is_(None), Assignment.to_on >= clock.today()),
    )
    query = query.options(contains_eager(Assignment.person)).order_by(Assignment.post, Assignment.from_on)
    return list(db.session.scalars(query))


def _cranes(project: Unit) -> list[Installation]:
    if not can(actor(), "machine.read"):
        return []
    query = visible(select(Installation).join(Machine, Machine.id == Installation.machine_id), actor(), model=Machine)
    query = query.where(Installation.unit_id == project.id, Installation.holding(clock.today(), clock.now()))
    return list(db.session.scalars(query.options(contains_eager(Installation.machine)).order_by(Installation.id)))
