"""/cockpit/workload: what lies with whom and with which group; and what would happen if somebody were away."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from engine.figures.sketch import ERROR
from ledger import clock
from ledger.errors import NotFound
from registry.access.roles import roles
from registry.access.rules import Thing, can, visible
from registry.people.persons import Person
from registry.people.scope import subtree
from registry.people.units import Unit
from web.asked import day_in, whole
from web.cockpit.companies import READ, scope
from web.cockpit.heat_shown import days
from web.guard import actor, needs
from web.i18n import named
from web.session import db
from workflows.workload import asking, counting

bp = Blueprint("workload", __name__, url_prefix="/cockpit/workload")
USUAL = 14  # days away, if nothing else is said
LONGEST = 180  # days; whoever is away for longer hands over for good (registry.access.appointing)


@bp.app_template_global()
def role_words(key: str) -> str:
    """A role by its name; one that is no more by its key."""
    return named(roles()[key]) if key in roles() else key


@bp.app_template_global()
def group_words(group: str) -> str:
    """ "legal@3" as people say it; somebody named by their name."""
    role, _at, number = group.partition("@")
    if role == "person":
        person = db.session.get(Person, int(number))
        return person.name if person else group
    place = db.session.get(Unit, int(number)) if number.isdigit() else None
    return f"{role_words(role)}（{place.name}）" if place else role_words(role)


@bp.get("", endpoint="index")
@needs(READ)
def show() -> ResponseReturnValue:
    """?unit=company"""
    session = db.session()
    seen = scope(session, actor(), request.args.get("unit", type=whole))
    people = counting.by_person(session, actor(), READ, seen.units) if seen.units else []
    groups, nobody = counting.by_group(session, seen.units) if seen.units else ([], 0)
    return render_template(
        "cockpit/workload.html", scope=seen, people=people, groups=groups, nobody=nobody, days=days, error=ERROR,
        most=max((one.lying.count for one in people), default=0),
        most_group=max((one.lying.count for one in groups), default=0))


@bp.get("/away")
@needs(READ)
def away() -> ResponseReturnValue:
    """?person= first= last=: two weeks from tomorrow, if no days are named."""
    person = _person(request.args.get("person", type=whole))
    first, last, problems = _days()
    told = None if problems else asking.outlook(db.session(), asking.Absence(person, first, last))
    substitute = url_for("absence.new", person=person.id) if can(
        actor(), "substitution.edit", Thing(person.unit_path, owner_id=person.id)) else ""
    return render_template("cockpit/away.html", person=person, first=first, last=last, problems=problems, told=told,
                           substitute=substitute, looked_back=asking.LOOKED_BACK)


def _person(number: int | None) -> Person:
    """Somebody of the companies whose cockpit the visitor sees; NotFound for anybody else."""
    units = scope(db.session(), actor(), None).units
    within = or_(*((Person.unit_path >= low) & (Person.unit_path < high)
                   for low, high in (subtree(unit.path) for unit in units)))
    query = visible(select(Person), actor(), action=READ).where(Person.id == number, within)
    found = db.session.scalar(query.options(joinedload(Person.unit))) if number is not None and units else None
    if found is None:
        raise NotFound
    return found


def _days() -> tuple[dt.date, dt.date, dict[str, str]]:
    """The days in the address; a sentence at the field for those that cannot be."""
    today = clock.today()
    told = {name: request.args.get(name, "").strip() for name in ("first", "last")}
    first = day_in(told["first"]) or today + dt.timedelta(days=1)
    last = day_in(told["last"]) or first + dt.timedelta(days=USUAL - 1)
    problems = {name: _("请按 2026-01-31 的样子填写日期。") for name, text in told.items() if text and not day_in(text)}
    if not problems and first < today:
        problems["first"] = _("请选择今天或以后的日期。")
    if not problems and last < first:
        problems["last"] = _("结束日期早于开始日期。")
    if not problems and (last - first).days >= LONGEST:
        problems["last"] = _("最多看 %(n)s 天。离开更久的，请办理工作移交。", n=LONGEST)
    return first, last, problems
