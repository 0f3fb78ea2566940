"""/cockpit/impact?kind=&key=: what hangs on a person, role, form or type, before it is taken away."""

from __future__ import annotations

from flask import Blueprint, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from forms import schema
from ledger.errors import NotFound
from registry.access.accounts import Account
from registry.access.roles import roles
from registry.access.rules import can, visible
from registry.certificates.catalogue import types
from registry.people.persons import Person
from registry.people.units import Unit
from web.asked import whole_in
from web.cockpit.companies import READ, scope
from web.guard import actor, needs
from web.i18n import named
from web.places import place_of
from web.session import db
from workflows.impact import listing
from workflows.impact.listing import Item, Line
from workflows.impact.taking_away import KEPT

bp = Blueprint("impact", __name__, url_prefix="/cockpit/impact")
KINDS = {"person": _l("人员"), "role": _l("角色"), "form": _l("表单"), "type": _l("证件种类")}
LINES = {
    "alone": _l("只有其一个人的组"), "task": _l("手上未办的任务"), "request": _l("发起后还在办的申请"),
    "loan": _l("借出未还的原件"), "delegation": _l("委派"), "sign": _l("加签"), "substitution": _l("代理安排"),
    "draft": _l("填了没有提交的内容"), "role": _l("担任的角色"), "notice": _l("未读的通知"),
    "process_draft": _l("没有发布的流程草稿"), "drawing": _l("正在使用的流程里提到的环节"),
    "draft_drawing": _l("流程草稿里提到的环节"), "waiting": _l("等这个角色领取的任务"),
    "holder": _l("担任这个角色的人"),
    "open": _l("正用这张表单的未办任务"), "process": _l("指定用这张表单的流程"), "type": _l("用这张表单的证件种类"),
    "certificate": _l("没有注销的证件"), "running": _l("正在办的申请"), "rule": _l("提到它的规则"),
    "required": _l("提到它的其他种类"),
    "decides": _l("只有其能决定的发布申请"), "release": _l("由其申请或可由其决定的发布申请"),
}
"""Key of a line -> what people read."""
WEIGHTS = {"stop": ("bad", _l("会停下来")), "moves": ("due", _l("要先安排")), "note": ("closed", _l("供参考"))}
OPENED_BY = {"request": "request.read", "loan": "custody.read", "person": "person.read", "definition": "process.read",
             "process_draft": "process.edit", "process_release": "process.read"}
"""Who may open the page of a thing; a task's is for those who may do it, and never linked here."""
PAGES = {"definition": ("processes.show", "definition_id"), "process_draft": ("drafts.show", "draft_id")}
ACTS = {"person": ("account.edit", "accounts.closing", "person_id"), "role": ("role.edit", "roles.retiring", "key"),
        "form": ("process.deploy", "forms.withdrawing", "key"), "type": ("type.edit", "types.closing", "code")}
"""Who takes it away, and where."""
MOST_FOUND = 20


@bp.get("", endpoint="index")
@needs(READ)
def show() -> ResponseReturnValue:
    """The list for ?kind=&key=; without them the choice of what to look at."""
    kind, key = request.args.get("kind", ""), request.args.get("key", "").strip()[:120]
    seen = scope(db.session(), actor(), None)
    if kind not in KINDS or not key:
        return _choice(kind if kind in KINDS else "person")
    if kind != "person":
        lines, name = listing.KINDS[kind](db.session(), key, seen.units), _name(kind, key)
        return render_template("cockpit/impact.html", kind=kind, key=key, name=name, lines=lines, kinds=KINDS)
    person = _person(key)
    if person is None:
        return _choice("person", key)
    return render_template("cockpit/impact.html", kind=kind, key=key, name=person.name, kinds=KINDS,
                           lines=listing.of_person(db.session(), person))


def _choice(kind: str, search: str = "") -> str:
    """Roles, forms and types to choose from; people by a part of their name."""
    choices: list[tuple[str, str]] = {
        "role": lambda: [(one.key, named(one)) for one in roles().values()],
        "form": lambda: [(one, one) for one in schema.library()],
        "type": lambda: [(one.code, f"{one.code} {named(one)}") for one in types().values()],
        "person": lambda: _found(search),
    }[kind]()
    return render_template("cockpit/impact_choice.html", kind=kind, kinds=KINDS, choices=choices, search=search)


def _found(search: str) -> list[tuple[str, str]]:
    if not search:
        return []
    people = visible(select(Person), actor(), action=READ).where(
        Person.name.contains(search, autoescape=True)).options(joinedload(Person.unit)).order_by(Person.id)
    return [(str(one.id), f"{one.name}（{one.unit.name}）") for one in db.session.scalars(people.limit(MOST_FOUND))]


def _person(key: str) -> Person | None:
    """The person with this number; None for words, which are looked for; NotFound for somebody out of reach."""
    number = whole_in(key)
    if number is None:
        return None
    found = db.session.scalar(visible(select(Person), actor(), action=READ).where(Person.id == number))
    if found is None:
        raise NotFound
    return found


def _name(kind: str, key: str) -> str:
    if kind == "role":
        return named(roles()[key])
    return f"{key} {named(types()[key])}" if kind == "type" else key


@bp.app_template_global()
def impact_lines(kind: str, key: str) -> list[Line]:
    """The list for a card on the page where somebody is about to take it away; within what they see there."""
    units = list(db.session.scalars(visible(select(Unit), actor()).where(Unit.kind.in_(("group", "company")))))
    if kind == "person":
        return listing.of_person(db.session(), db.session.get_one(Person, int(key)))
    return listing.KINDS[kind](db.session(), key, _topmost(units))


def _topmost(units: list[Unit]) -> list[Unit]:
    return [one for one in units if not any(one.path.startswith(other.path) and one is not other for other in units)]


@bp.app_template_global()
def impact_words(line: Line) -> tuple[str, str, str]:
    """A line: its colour, how heavy it is, and what it is about."""
    colour, word = WEIGHTS[line.weight]
    return colour, str(word), str(LINES[line.key])


@bp.app_template_global()
def impact_place(item: Item) -> str:
    """The page of a thing on the list; "" where there is none."""
    kind, number = item.ref or ("", 0)
    if not can(actor(), OPENED_BY.get(kind, ""), None):
        return ""
    endpoint, argument = PAGES.get(kind, ("", ""))
    if endpoint in current_app.view_functions:
        where: dict[str, int] = {argument: number}
        return url_for(endpoint, **where)  # type: ignore[arg-type]
    return place_of(kind, number) or ""


@bp.app_template_global()
def impact_item(line: Line, item: Item) -> tuple[str, str]:
    """A thing and what is said beside it, in the visitor's language."""
    if line.key == "alone":
        return "", _("%(n)s 件在等", n=item.about)
    if line.key in ("decides", "release"):
        return item.words, _("第 %(n)s 版", n=item.about)
    return item.words, item.about


def _open(person_id: int) -> bool:
    """Whether somebody else than the visitor can sign in."""
    account = select(Account.id).where(Account.person_id == person_id, Account.disabled_at.is_(None))
    return person_id != actor().id and db.session.scalar(account) is not None


@bp.app_template_global()
def impact_act(kind: str, key: str) -> str:
    """The page where the visitor takes it away; "" where they may not, or it stays."""
    action, endpoint, argument = ACTS[kind]
    if not can(actor(), action) or (kind == "role" and key in KEPT) or (kind == "person" and not _open(int(key))):
        return ""
    where: dict[str, str] = {argument: key}
    return url_for(endpoint, **where)  # type: ignore[arg-type]
