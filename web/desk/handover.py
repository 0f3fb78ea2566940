"""工作移交: what somebody who leaves still has here, who takes it over, and how much is left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import select
from werkzeug.exceptions import BadRequest

from engine.model import Task
from engine.usertasks.hands import TaskDelegation, TaskPlan
from ledger.errors import Conflict, NotFound
from registry.access import appointing, handovers
from registry.access.grants import RoleGrant
from registry.access.handovers import Handover, HandoverItem
from registry.access.roles import roles
from registry.access.rules import can, placed
from registry.access.substitutions import Substitution
from registry.alerts.notices import Notice
from registry.people.persons import Person
from web.asked import whole, whole_in
from web.errors import sentence
from web.guard import actor, needs
from web.i18n import named, say, title_words
from web.organisation.sight import person_of
from web.session import db
from workflows.absence import handover, inventory
from workflows.handling.desk import Draft
from workflows.requests import Request

bp = Blueprint("handover", __name__, url_prefix="/people/<int:person_id>/handover")
MAKE = "handover.make"
SHOWN = 20
KINDS = {
    "task": _l("手里的待办"), "delegation": _l("委派的任务"), "sign": _l("还没有签的加签"), "substitution": _l("代理"),
    "request": _l("进行中的申请"), "draft": _l("草稿"), "role": _l("担任的角色"), "notice": _l("未读通知"),
}
END = {
    "task": _l("放回同组"), "substitution": _l("结束代理"), "role": _l("收回角色"), "draft": _l("删除草稿"),
    "notice": _l("不再提醒"), "delegation": _l("交回委派人"),
}
"""What can be done with a kind where nobody takes it over."""
ASKS = {
    "draft": _l("删除后不能恢复。确定删除这些草稿吗？"), "role": _l("收回后，这个人不能再用这些角色办事。确定收回吗？"),
}
"""What is asked before it is done, where it cannot be undone by whoever does it."""
ROWS: dict[str, type[Any]] = {
    "task": Task, "delegation": TaskDelegation, "sign": TaskPlan, "substitution": Substitution,
    "request": Request, "draft": Task, "role": RoleGrant, "notice": Notice,
}
HOW = {"moved": _l("已移交"), "ended": _l("已了结"), "gone": _l("已不需要移交"), "refused": _l("没有移交成")}


def _person(person_id: int) -> Person:
    found = person_of(person_id)
    if not can(actor(), MAKE, placed(found)):
        raise NotFound
    return found


@bp.get("")
@needs(MAKE)
def show(person_id: int) -> ResponseReturnValue:
    """Everything that is left, kind by kind, and the report of what became of the rest."""
    person = _person(person_id)
    found = handovers.of_person(db.session(), person)
    left, items = inventory.complete_of(db.session(), person), _done(found)
    return render_template(
        "handover/show.html", person=person, may_begin=bool(person.left_on) or handovers.shut(db.session(), person),
        handover=found, left=left, kinds=KINDS, end=END, asks=ASKS,
        only_ends=_only_ends(), how=HOW, successor=_successor(found),
        parts=[(kind, _shown(person, kind)) for kind in KINDS if left.left[kind]],
        done=[(item, _about(person, item)) for item in items], more=handover.LIMIT,
        items_named=_names_of_people(items),
    )


def _only_ends() -> tuple[str, ...]:
    """The kinds that this visitor cannot pass on: appointments end, roles are granted by whoever may."""
    return ("substitution",) if can(actor(), "role.edit") else ("substitution", "role")


def _successor(found: Handover | None) -> Person | None:
    return db.session.get(Person, found.successor_id) if found is not None and found.successor_id else None


def _done(found: Handover | None) -> Sequence[HandoverItem]:
    if found is None:
        return []
    query = select(HandoverItem).where(HandoverItem.handover_id == found.id)
    return db.session.scalars(query.order_by(HandoverItem.at.desc(), HandoverItem.id.desc()).limit(50)).all()


def _about(person: Person, item: HandoverItem) -> str:
    """What an item of the report was about."""
    row = db.session.get(ROWS[item.kind], item.thing_id)
    return "" if row is None else " · ".join(filter(None, _words(person, row)))


def _names_of_people(items: Iterable[HandoverItem]) -> dict[int, str]:
    ids = {item.to_id for item in items if item.to_id}
    return dict(db.session.execute(select(Person.id, Person.name).where(Person.id.in_(ids))).all()) if ids else {}


def _shown(person: Person, kind: str) -> list[tuple[int, str, str]]:
    """(number, what it is, more about it) of each thing of a kind, as the list shows it."""
    rows = handover.open_items(db.session(), person, kind)
    return [(handover.key_of(kind, row), *_words(person, row)) for row in rows]


def _words(person: Person, row: Any) -> tuple[str, str]:
    if isinstance(row, Task):
        return say(row.name), f"{title_words(row.title)} · {row.business_key or ''}"
    if isinstance(row, TaskDelegation):
        task = db.session.get_one(Task, row.task_id)
        theirs = row.from_id == person.id
        way = _("委派给 %(name)s", name=row.to_name) if theirs else _("%(name)s 委派来", name=row.from_name)
        return say(task.name), f"{title_words(task.title)} · {way}"
    if isinstance(row, TaskPlan):
        task = db.session.get_one(Task, row.task_id)
        return say(task.name), _("%(name)s 请加签", name=row.by_name)
    if isinstance(row, Substitution):
        return _("%(substitute)s 代 %(person)s", substitute=row.substitute.name, person=row.person.name), _(
            "%(from)s 至 %(until)s", **{"from": row.first_day.isoformat(), "until": row.last_day.isoformat()})
    return _further(row)


def _further(row: Any) -> tuple[str, str]:
    if isinstance(row, Request):
        return title_words(row.title), row.number
    if isinstance(row, Draft):
        task = db.session.get_one(Task, row.task_id)
        return say(task.name), title_words(task.title)
    if isinstance(row, RoleGrant):
        return named(roles()[row.role]) if row.role in roles() else row.role, row.unit.name
    return say(row.text, row.params), ""


@bp.get("/successor")
@needs(MAKE)
def successor(person_id: int) -> ResponseReturnValue:
    """Choose who takes over."""
    person = _person(person_id)
    search = request.args.get("q", "").strip()[:60]
    return render_template("handover/choose.html", person=person, search=search,
                           found=appointing.found(db.session(), person, search, SHOWN + 1))


@bp.post("")
@needs(MAKE)
def begin(person_id: int) -> ResponseReturnValue:
    """Begin, or go on with somebody else as the successor."""
    person = _person(person_id)
    made = handovers.begin(db.session(), person, by=actor())
    chosen = request.form.get("successor", type=whole)
    if chosen is not None:
        found = db.session.get(Person, chosen)
        if found is None or found.group_id != person.group_id or found.id == person.id:
            raise NotFound
        made.successor_id = found.id
    return _back(person)


def _back(person: Person) -> ResponseReturnValue:
    return redirect(url_for("handover.show", person_id=person.id), 303)


@bp.post("/<kind>")
@needs(MAKE)
def move(person_id: int, kind: str) -> ResponseReturnValue:
    """Hand over what is ticked of a kind (all of it where nothing is), to the successor, or end it."""
    person = _person(person_id)
    if kind not in KINDS or request.form.get("do") not in ("move", "end"):
        raise BadRequest
    made = handovers.begin(db.session(), person, by=actor())
    to = _successor(made) if request.form["do"] == "move" else None
    if request.form["do"] == "move" and to is None:
        return redirect(url_for("handover.successor", person_id=person.id), 303)
    ids = [number for text in request.form.getlist("item") if (number := whole_in(text)) is not None]
    items = handover.move(db.session(), made, kind, ids, to, by=actor())
    refused = [item for item in items if item.how == "refused"]
    if len(items) > len(refused):
        flash(ngettext("已办 %(num)d 项。", "已办 %(num)d 项。", len(items) - len(refused)), "ok")
    if refused:
        flash(ngettext("%(num)d 项没有移交成，原因见下面。", "%(num)d 项没有移交成，原因见下面。",
                       len(refused)), "warning")
    return _back(person)


@bp.post("/done")
@needs(MAKE)
def done(person_id: int) -> ResponseReturnValue:
    """Everything has gone over: the hand-over is closed. Not while something is left."""
    person = _person(person_id)
    made = handovers.begin(db.session(), person, by=actor())
    left = inventory.complete_of(db.session(), person)
    if left.total:
        error = Conflict(_("还有 %(n)d 项没有移交，不能结束。", n=left.total))
        flash(sentence(error), "warning")
        return _back(person)
    handovers.finish(db.session(), made, by=actor())
    return _back(person)
