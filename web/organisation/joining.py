"""Who joins, moves to another place, leaves and comes back; each a form of its own."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ledger import clock
from ledger.errors import BadAnswer, Problem
from registry.access.rules import require
from registry.people.joining import come_back, join, require_stays_out
from registry.people.persons import Person, leave, move_person
from registry.rules.dependence import when_left
from web.entry import Ask, Entry, answered, drawn
from web.guard import actor, needs
from web.ledgers.effects import consequences_shown
from web.ledgers.lacks import day_asked
from web.organisation.sight import chosen, person_of, unit_options
from web.organisation.tenure import EDIT, home, trail
from web.session import db

bp = Blueprint("joining", __name__)


@bp.get("/people/new")
@needs(EDIT)
def new() -> ResponseReturnValue:
    """Enter somebody who joins."""
    return drawn(_joining())


@bp.post("/people")
@needs(EDIT)
def joined() -> ResponseReturnValue:
    """They join."""
    return answered(_joining(), _join)


def _joining() -> Entry:
    start = [(url_for("people.persons"), _("人员与项目"))]
    return Entry(_("新员工入职"), _("登记入职"), url_for("joining.joined"), start, [
        Ask("name", _("姓名"), required=True, most=60),
        Ask("id_number", _("身份证号"), most=24, hint=_("18位；只保存密文，页面上遮住生日")),
        Ask("phone", _("电话"), most=20),
        Ask("unit", _("在哪里工作"), "choice", required=True, options=unit_options(EDIT),
            value=request.args.get("unit")),
        Ask("post", _("岗位名称"), most=60, hint=_("例如：施工员、焊工；正式任命的岗位，入职后在人员页登记")),
        Ask("on", _("入职日期"), "day", required=True, value=clock.today()),
        Ask("contract", _("同时登记劳动合同（自入职日起）"), "tick", value=True),
    ])  # fmt: skip


def _join(told: dict[str, Any]) -> str:
    unit = chosen(told["unit"])
    require(actor(), EDIT, unit)
    person = join(
        db.session(), unit=unit, on=told["on"], by=actor(), contract=told["contract"], name=told["name"],
        id_number=told["id_number"] or None, phone=told["phone"] or None, post=told["post"],
    )  # fmt: skip
    flash(_("已登记%(name)s入职。", name=person.name), "ok")
    return home(person)


@bp.get("/people/<int:person_id>/move")
@needs(EDIT)
def moving(person_id: int) -> ResponseReturnValue:
    """Choose where to."""
    return drawn(_moving(person_of(person_id, EDIT)))


@bp.post("/people/<int:person_id>/move")
@needs(EDIT)
def move(person_id: int) -> ResponseReturnValue:
    """They move."""
    person = person_of(person_id, EDIT)

    def act(told: dict[str, Any]) -> str:
        to = chosen(told["unit"])
        require(actor(), EDIT, to)
        if to.id == person.unit_id:
            raise BadAnswer({"unit": [Problem("已经在这个单位。")]})
        elsewhere = to.company_id != person.company_id
        move_person(db.session(), person, to=to, by=actor(), post=told["post"])
        flash(_("已调动。"), "ok")
        if elsewhere:
            flash(_("换了公司：请更正劳动合同和社保，注册在原单位的证件须办理执业企业变更。"), "warn")
        return home(person)

    return answered(_moving(person), act)


def _moving(person: Person) -> Entry:
    lead = _("现在：%(unit)s。证件跟人走；换公司的，注册类证件须另行变更单位，不能借用。", unit=person.unit.name)
    return Entry(_("调动%(name)s", name=person.name), _("调动"), url_for("joining.move", person_id=person.id),
                 trail(person), [
        Ask("unit", _("调到"), "choice", required=True, options=unit_options(EDIT, among=person.group_id)),
        Ask("post", _("岗位名称"), most=60, value=person.post),
    ], lead=lead)  # fmt: skip


@bp.get("/people/<int:person_id>/leaving")
@needs(EDIT)
def leaving(person_id: int) -> ResponseReturnValue:
    """What follows if they leave on ?on= (today), and the form to say so."""
    return drawn(_leaving(person_of(person_id, EDIT)))


@bp.post("/people/<int:person_id>/leaving")
@needs(EDIT)
def left(person_id: int) -> ResponseReturnValue:
    """Their last day is set: contracts and posts end with it, and what follows is written down by itself."""
    person = person_of(person_id, EDIT)

    def act(told: dict[str, Any]) -> str:
        require_stays_out(person, told["on"])
        leave(db.session(), person, on=told["on"], by=actor(), reason=told["reason"])
        flash(_("已登记%(name)s的最后工作日 %(day)s。", name=person.name, day=told["on"].isoformat()), "ok")
        return home(person)

    return answered(_leaving(person), act)


def _leaving(person: Person) -> Entry:
    day = day_asked("on") or clock.today()
    asks = [
        Ask("on", _("最后工作日"), "day", required=True, value=day),
        Ask("reason", _("离职原因"), "note", most=200),
    ]
    return Entry(
        _("%(name)s离职", name=person.name), _("登记离职"), url_for("joining.left", person_id=person.id), trail(person),
        asks, question=_("登记后，劳动合同和岗位到这一天为止，账号随后停用。"), above="effects_above.html",
        given=consequences_shown(when_left(db.session(), person, on=day)),
        lead=_("先看会影响什么，再登记。"),
    )  # fmt: skip


@bp.get("/people/<int:person_id>/return")
@needs(EDIT)
def returning(person_id: int) -> ResponseReturnValue:
    """Somebody who left comes back."""
    return drawn(_returning(person_of(person_id, EDIT)))


@bp.post("/people/<int:person_id>/return")
@needs(EDIT)
def returned(person_id: int) -> ResponseReturnValue:
    """They do."""
    person = person_of(person_id, EDIT)

    def act(told: dict[str, Any]) -> str:
        unit = chosen(told["unit"])
        require(actor(), EDIT, unit)
        come_back(db.session(), person, unit=unit, on=told["on"], by=actor(), contract=told["contract"])
        flash(_("已登记返聘。"), "ok")
        return home(person)

    return answered(_returning(person), act)


def _returning(person: Person) -> Entry:
    return Entry(_("%(name)s返聘", name=person.name), _("登记返聘"), url_for("joining.returned", person_id=person.id),
                 trail(person), [
        Ask("unit", _("在哪里工作"), "choice", required=True, options=unit_options(EDIT, among=person.group_id),
            value=person.unit_id),
        Ask("on", _("入职日期"), "day", required=True, value=clock.today()),
        Ask("contract", _("同时登记劳动合同（自入职日起）"), "tick", value=True),
    ])  # fmt: skip
