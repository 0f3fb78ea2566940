"""Contracts, insurance and posts of a person: entered, corrected, ended; each a form of its own."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ledger import clock
from ledger.errors import BadAnswer, NotFound, Problem
from registry.access.rules import require
from registry.people.persons import Person
from registry.people.tenure import POSTS, TIES, Assignment, Employment, Tie, amend, assign, employ, relieve, strike
from registry.people.units import Unit
from web.entry import Ask, Entry, answered, drawn
from web.guard import actor, needs
from web.i18n import say
from web.ledgers.lacks import trades
from web.organisation.sight import chosen, person_of, unit_of, unit_options
from web.session import db

bp = Blueprint("tenure", __name__)
EDIT = "person.edit"
ROWS: dict[str, type[Any]] = {"employment": Employment, "posts": Assignment}


def trail(person: Person) -> list[tuple[str, str]]:
    """Where a form about a person hangs."""
    return [(url_for("people.persons"), _("人员与项目")), (home(person), person.name)]


def home(person: Person) -> str:
    """The person's page."""
    return url_for("people.person", person_id=person.id)


def _of(kind: type[Any], row_id: int) -> tuple[Any, Person]:
    """A row of somebody's, and whose it is; NotFound unless it is believed and may be changed."""
    row = db.session.get(kind, row_id)
    if row is None or row.known_until is not None:
        raise NotFound
    return row, person_of(row.person_id, EDIT)


@bp.get("/people/<int:person_id>/employment/new/<any(contract, insurance):kind>")
@needs(EDIT)
def new_tie(person_id: int, kind: str) -> ResponseReturnValue:
    """Enter a labour contract or months of insurance."""
    return drawn(_tying(person_of(person_id, EDIT), kind))


@bp.post("/people/<int:person_id>/employment/<any(contract, insurance):kind>")
@needs(EDIT)
def tie(person_id: int, kind: Tie) -> ResponseReturnValue:
    """It is entered."""
    person = person_of(person_id, EDIT)

    def act(told: dict[str, Any]) -> str:
        employ(db.session(), person, chosen(told["company"]), kind, from_on=told["from_on"], to_on=told["to_on"],
               by=actor())  # fmt: skip
        flash(_("已登记%(what)s。", what=say(TIES[kind])), "ok")
        return home(person)

    return answered(_tying(person, kind), act)


def _tying(person: Person, kind: str) -> Entry:
    title = _("登记%(name)s的%(what)s", name=person.name, what=say(TIES[kind]))
    months = kind == "insurance"
    return Entry(title, _("登记"), url_for("tenure.tie", person_id=person.id, kind=kind), trail(person), [
        Ask("company", _("缴纳单位") if months else _("合同单位"), "choice", required=True, value=person.company_id,
            options=unit_options(EDIT, "company", "group", among=person.group_id)),
        Ask("from_on", _("起"), "day", required=True, value=clock.today().replace(day=1) if months else clock.today()),
        Ask("to_on", _("止（不填就是至今）"), "day", hint=_("最后一天也算在内")),
    ])  # fmt: skip


@bp.get("/<any(employment, posts):kind>/<int:row_id>/correction")
@needs(EDIT)
def wrong(kind: str, row_id: int) -> ResponseReturnValue:
    """Correct the days of a contract, of insurance or of a post."""
    row, person = _of(ROWS[kind], row_id)
    return drawn(_correcting(person, row, kind))


@bp.post("/<any(employment, posts):kind>/<int:row_id>/correction")
@needs(EDIT)
def correct(kind: str, row_id: int) -> ResponseReturnValue:
    """They are corrected, or the entry is taken back."""
    row, person = _of(ROWS[kind], row_id)
    return answered(_correcting(person, row, kind), lambda told: _correct(person, row, told))


def _correcting(person: Person, row: Employment | Assignment, kind: str) -> Entry:
    what = say(TIES[row.kind] if isinstance(row, Employment) else POSTS[row.post])
    address = url_for("tenure.correct", kind=kind, row_id=row.id)
    return Entry(_("更正%(name)s的%(what)s", name=person.name, what=what), _("更正"), address, trail(person), [
        Ask("from_on", _("起"), "day", required=True, value=row.from_on),
        Ask("to_on", _("止（不填就是至今）"), "day", value=row.to_on),
        Ask("strike", _("整条撤销：从来没有这回事"), "tick"),
        Ask("reason", _("原因"), "note", most=200, hint=_("撤销时必填")),
    ], lead=_("原来登记的内容不会消失，仍可按当时掌握的情况查到。"))  # fmt: skip


def _correct(person: Person, row: Employment | Assignment, told: dict[str, Any]) -> str:
    if told["strike"]:
        strike(db.session(), row, by=actor(), reason=told["reason"])
    else:
        amend(db.session(), row, by=actor(), from_on=told["from_on"], to_on=told["to_on"])
    flash(_("已撤销。") if told["strike"] else _("已更正。"), "ok")
    return home(person)


@bp.get("/people/<int:person_id>/posts/new")
@needs(EDIT)
def new_post(person_id: int) -> ResponseReturnValue:
    """Give a post; ?unit= and ?post= stand there already."""
    return drawn(_posting(person_of(person_id, EDIT)))


@bp.post("/people/<int:person_id>/posts")
@needs(EDIT)
def post(person_id: int) -> ResponseReturnValue:
    """The post is given."""
    person = person_of(person_id, EDIT)

    def act(told: dict[str, Any]) -> str:
        unit = chosen(told["unit"])
        require(actor(), EDIT, unit)
        if told["trade"] and told["item"]:
            raise BadAnswer({"item": [Problem("工种和准操项目只填一个。")]})
        assign(db.session(), person, unit, told["post"], from_on=told["from_on"], to_on=told["to_on"], by=actor(),
               trade=told["trade"] or told["item"])  # fmt: skip
        flash(_("已任命%(name)s为%(post)s。", name=person.name, post=say(POSTS[told["post"]])), "ok")
        return url_for("people.project", unit_id=unit.id) if unit.kind == "project" else home(person)

    return answered(_posting(person), act)


def _posting(person: Person) -> Entry:
    return Entry(_("任命%(name)s", name=person.name), _("任命"), url_for("tenure.post", person_id=person.id),
                 trail(person), [
        Ask("post", _("岗位"), "choice", required=True, options=[(key, say(words)) for key, words in POSTS.items()],
            value=request.args.get("post")),
        Ask("unit", _("在哪个项目或公司"), "choice", required=True, value=request.args.get("unit") or person.unit_id,
            options=unit_options(EDIT, "project", "company", "group", among=person.group_id)),
        Ask("trade", _("工种（特种作业人员）"), "choice", options=trades()),
        Ask("item", _("或准操项目（应急管理部门的特种作业操作证）"), most=60, hint=_("例如：熔化焊接与热切割作业")),
        Ask("from_on", _("起"), "day", required=True, value=clock.today()),
        Ask("to_on", _("止（不填就是至今）"), "day"),
    ])  # fmt: skip


@bp.get("/posts/<int:row_id>/end")
@needs(EDIT)
def end_of_post(row_id: int) -> ResponseReturnValue:
    """Name the last day in a post."""
    return drawn(_relieving(*_of(Assignment, row_id)))


@bp.post("/posts/<int:row_id>/end")
@needs(EDIT)
def relieved(row_id: int) -> ResponseReturnValue:
    """It ends on that day."""
    row, person = _of(Assignment, row_id)

    def act(told: dict[str, Any]) -> str:
        relieve(db.session(), row, on=told["to_on"], by=actor())
        flash(_("已登记离任。"), "ok")
        return home(person)

    return answered(_relieving(row, person), act)


def _relieving(row: Assignment, person: Person) -> Entry:
    title = _("%(name)s不再担任%(post)s", name=person.name, post=say(POSTS[row.post]))
    return Entry(title, _("登记离任"), url_for("tenure.relieved", row_id=row.id), trail(person), [
        Ask("to_on", _("最后一天"), "day", required=True, value=clock.today()),
    ], lead=row.unit.name)  # fmt: skip


@bp.get("/projects/<int:unit_id>/people/new")
@bp.get("/companies/<int:unit_id>/people/new", endpoint="choose_for_company")
@needs(EDIT)
def choose(unit_id: int) -> str:
    """Find the person to give a post at a project or a company; ?q= as among the people."""
    from web.organisation.people import found_by_name

    unit: Unit = unit_of(unit_id, "project", "company", "group", action=EDIT)
    return render_template("choose_person.html", unit=unit, listed=found_by_name(unit))
