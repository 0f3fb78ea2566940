"""谁能看什么: what somebody sees and may do, why they may or may not do something with one record, and who may.

For those who look after accounts. Counts say how much somebody sees; what it is, only to whoever may see it themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, or_, select

from ledger.actor import Actor
from ledger.errors import NotFound
from registry.access import reasons
from registry.access.accounts import actor_for
from registry.access.roles import ACTIONS, roles
from registry.access.rules import placed, visible
from registry.certificates.catalogue import types
from registry.certificates.models import Certificate
from registry.custody.originals import Original
from registry.people.machines import Machine
from registry.people.persons import Person
from registry.people.units import Unit
from web.guard import actor, needs
from web.i18n import named
from web.organisation.sight import person_of
from web.pages import Page, cut
from web.session import db
from workflows.requests import Request

bp = Blueprint("seen", __name__)
READ = "account.read"
MOST_FOUND = 5
FAMILIES = {"P": _l("人员证"), "E": _l("企业证"), "J": _l("项目证"), "Q": _l("设备证")}
SCOPES = {"own": _l("本人的"), "unit": _l("只这个单位"), "subtree": _l("这个单位及下级")}
ENDS = {
    "": _l("允许"), "revoked": _l("已收回"), "ended": _l("已到期"), "later": _l("还没有开始"),
    "action": _l("这个角色没有这项权限"), "family": _l("只管别的类别"), "elsewhere": _l("不在这个单位的范围内"),
    "others": _l("只能对本人的"),
}
HINDRANCES = {"left": _l("不在职"), "no_account": _l("没有账号"), "shut": _l("账号已停用")}


@dataclass(frozen=True)
class Kind:
    """A kind of record: how it is called, found by what people type, shown, and where its page is."""

    model: type[Any]
    label: LazyString
    typed: Callable[[str], Any]
    words: Callable[[Any], str]
    page: Callable[[Any], str]

    @property
    def action(self) -> str:
        """What reading one needs."""
        found: str = self.model.__visible__.action
        return found


KINDS = {
    "certificate": Kind(
        Certificate, _l("证件"), lambda text: or_(Certificate.code == text.upper(), Certificate.number == text),
        lambda row: f"{row.code} {row.holder_name}",
        lambda row: url_for("register.certificate", certificate_id=row.id)),
    "request": Kind(
        Request, _l("申请"), lambda text: Request.number == text.upper(), lambda row: f"{row.number} {row.title}",
        lambda row: url_for("requests.show", request_id=row.id)),
    "person": Kind(
        Person, _l("人员"), lambda text: Person.name == text, lambda row: row.name,
        lambda row: url_for("people.person", person_id=row.id)),
    "machine": Kind(
        Machine, _l("设备"), lambda text: Machine.serial == text, lambda row: f"{row.serial} {row.name}",
        lambda row: url_for("machines.machine", machine_id=row.id)),
    "original": Kind(
        Original, _l("原件"), lambda text: Original.certificate.has(Certificate.code == text.upper()),
        lambda row: f"{row.certificate.code} {row.certificate.holder_name}",
        lambda row: url_for("originals.original", original_id=row.id)),
    "unit": Kind(
        Unit, _l("单位"), lambda text: or_(Unit.name == text, Unit.code == text.upper()), lambda row: row.name,
        lambda row: ""),
}


@dataclass(frozen=True)
class Seen:
    """How many of a kind somebody sees, and how far their roles reach there."""

    key: str
    label: LazyString
    count: int
    reaches: Sequence[reasons.Reach]


@dataclass(frozen=True)
class Explained:
    """What was found for the words typed, and whether the person may."""

    words: str
    page: str
    answer: reasons.Answer


@bp.get("/people/<int:person_id>/sight")
@needs(READ)
def sight(person_id: int) -> str:
    """What they see and may do; ?kind=: which of it; ?of=&words=&action=: why they may or may not do that."""
    person = person_of(person_id, READ)
    them = actor_for(db.session(), person)
    seen = [Seen(key, kind.label, _count(kind, them), reasons.reach_of(them, kind.action))
            for key, kind in KINDS.items()]
    allowed = {action: reach for action in ACTIONS if (reach := reasons.reach_of(them, action))}
    kind = KINDS.get(request.args.get("kind", ""))
    units = {grant.unit_id for grant in them.grants}
    return render_template(
        "sight.html", person=person, seen=seen, allowed=allowed, actions=ACTIONS, roles=roles(), kinds=KINDS,
        scopes=SCOPES, family=family, ends=ENDS, hindrances=HINDRANCES, chosen=kind,
        listed=kind and _listed(kind, them),
        names={row.id: row.name for row in db.session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(units)))},
        **_asked(person))


def family(key: str) -> str:
    """The name of a family, or of the type that a right is narrowed to."""
    return str(FAMILIES[key]) if key in FAMILIES else named(types()[key])


def _count(kind: Kind, them: Actor) -> int:
    return db.session.scalar(visible(select(func.count(kind.model.id)), them, model=kind.model)) or 0


def _listed(kind: Kind, them: Actor) -> Page:
    """What both see: nobody learns by this page of a record that they may not see themselves."""
    return cut(db.session(), visible(visible(select(kind.model), them), actor()).order_by(kind.model.id.desc()))


def _asked(person: Person) -> dict[str, Any]:
    """The question of the form, and its answers; None: nothing was asked."""
    of, words = request.args.get("of", ""), request.args.get("words", "").strip()[:120]
    action = request.args.get("action", "")
    asked = {"of": of if of in KINDS else "certificate", "words": words,
             "action": action if action in ACTIONS else KINDS.get(of, KINDS["certificate"]).action}
    if not words:
        return {"asked": asked, "explained": None}
    kind = KINDS[asked["of"]]
    rows = db.session.scalars(visible(select(kind.model), actor()).where(kind.typed(words)).limit(MOST_FOUND))
    return {"asked": asked, "explained": [
        Explained(kind.words(row), kind.page(row),
                  reasons.explain(db.session(), person, asked["action"], placed(row))) for row in rows]}


@bp.get("/access/<kind>/<int:number>")
@needs(READ)
def who(kind: str, number: int) -> str:
    """Who may read this record, or do something else with it (?action=)."""
    of = KINDS.get(kind)
    row = of and db.session.scalar(visible(select(of.model), actor()).where(of.model.id == number))
    if of is None or row is None:
        raise NotFound
    action = request.args.get("action", "")
    action = action if action in ACTIONS else of.action
    place = placed(row)
    found = reasons.who_may(db.session(), action, place)
    units = {reason.unit_id for _person, reason in found}
    return render_template(
        "who_may.html", kind=kind, number=number, words=of.words(row), page=of.page(row), action=action,
        actions=ACTIONS, found=found, roles=roles(), scopes=SCOPES, most=reasons.MOST,
        everybody=reasons.everybody(action, place),
        names={unit.id: unit.name for unit in db.session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(units)))})
