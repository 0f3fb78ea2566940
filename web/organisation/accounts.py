"""Somebody's way in and what they may do: their account, shut and opened again; their roles, given and taken away."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from ledger import clock
from ledger.errors import NotFound
from registry.access import factors, resets, sign_ins
from registry.access.accounts import Account
from registry.access.grants import RoleGrant, grant_role
from registry.access.retiring import retired
from registry.access.roles import EMPLOYEE, roles
from registry.access.rules import can, require
from registry.alerts.letters import resetting
from registry.people.persons import Person
from web.cockpit import taking_away
from web.entry import Ask, Entry, answered, drawn
from web.freshness import sensitive
from web.guard import actor, needs
from web.i18n import named
from web.organisation.sight import chosen, person_of, unit_options
from web.resets import address_of
from web.session import db
from workflows.impact import listing
from workflows.impact import taking_away as verbs
from workflows.impact.taking_away import Looked

bp = Blueprint("accounts", __name__, url_prefix="/people/<int:person_id>")
EDIT, GIVE = "account.edit", "role.edit"


def _account(person: Person) -> Account:
    found = db.session.scalar(select(Account).where(Account.person_id == person.id))
    if found is None:
        raise NotFound
    return found


def _home(person: Person) -> str:
    return url_for("accounts.show", person_id=person.id)


def _trail(person: Person) -> list[tuple[str, str]]:
    return [(url_for("people.persons"), _("人员与项目")),
            (url_for("people.person", person_id=person.id), person.name), (_home(person), _("账号和角色"))]


@bp.get("/account")
@needs("account.read")
def show(person_id: int) -> str:
    """The account and the roles, for those who look after them."""
    person = person_of(person_id, "account.read")
    held = select(RoleGrant).where(
        RoleGrant.person_id == person.id, RoleGrant.revoked_at.is_(None),
        or_(RoleGrant.until_on.is_(None), RoleGrant.until_on >= clock.today()))
    return render_template(
        "account_of.html", person=person, roles=roles(),
        account=db.session.scalar(select(Account).where(Account.person_id == person.id)),
        grants=db.session.scalars(held.options(joinedload(RoleGrant.unit)).order_by(RoleGrant.id)).all(),
        own=person.id == actor().id, may_shut=can(actor(), EDIT, person), may_give=can(actor(), GIVE, person),
        may_take={grant.id for grant in db.session.scalars(held) if can(actor(), GIVE, grant.unit)},
    )


@bp.get("/account/closing")
@needs(EDIT)
def closing(person_id: int) -> str:
    """What hangs on them, and the form to shut their account."""
    return drawn(_closing(person_of(person_id, EDIT)))


@bp.post("/account/closing")
@needs(EDIT)
@sensitive
def close(person_id: int) -> ResponseReturnValue:
    """It is shut, and every sign-in of it ends."""
    person = person_of(person_id, EDIT)
    account = _account(person)

    def act(seen: Looked) -> str:
        verbs.close_account(db.session(), account, seen, by=actor())
        flash(_("已停用%(name)s的账号。", name=person.name), "ok")
        return _home(person)

    return answered(_closing(person), taking_away.looked(act))


def _closing(person: Person) -> Entry:
    _account(person)
    return taking_away.form(
        _("停用%(name)s的账号", name=person.name), _("停用这个账号"), url_for("accounts.close", person_id=person.id),
        _trail(person), listing.of_person(db.session(), person),
        lead=_("停用后不能登录，正在使用的也立即退出；办过的事和记录都保留，以后可以重新启用。"))


@bp.post("/account/opening")
@needs(EDIT)
@sensitive
def reopen(person_id: int) -> ResponseReturnValue:
    """They may sign in again."""
    person = person_of(person_id, EDIT)
    verbs.open_account(db.session(), _account(person), by=actor())
    flash(_("已重新启用%(name)s的账号。", name=person.name), "ok")
    return redirect(_home(person), 303)


@bp.post("/account/reset")
@needs(EDIT)
@sensitive
def reset(person_id: int) -> ResponseReturnValue:
    """Begin a new password for them: a link by mail, or where they have none, one to hand over. They choose it."""
    person = person_of(person_id, EDIT)
    account = _account(person)
    if person.id == actor().id:
        raise verbs.OwnAccess
    if resetting.write(db.session(), account, by=actor()):
        flash(_("链接已寄到%(name)s的邮箱。", name=person.name), "ok")
        return redirect(_home(person), 303)
    link = resets.make(db.session(), account, by=actor())
    return render_template("reset_link.html", person=person, address=address_of(link))


@bp.post("/account/sign-ins/end")
@needs(EDIT)
def end_sign_ins(person_id: int) -> ResponseReturnValue:
    """They have to sign in again, everywhere."""
    person = person_of(person_id, EDIT)
    sign_ins.end_all(db.session(), _account(person).id)
    flash(_("%(name)s在所有设备上的登录都已结束。", name=person.name), "ok")
    return redirect(_home(person), 303)


@bp.post("/account/factors/removal")
@needs(EDIT)
@sensitive
def remove_factors(person_id: int) -> ResponseReturnValue:
    """For whoever has lost phone and paper: they sign in with the password alone, and begin anew."""
    person = person_of(person_id, EDIT)
    account = _account(person)
    if person.id == actor().id:
        raise verbs.OwnAccess
    factors.remove_all(db.session(), account, by=actor())
    sign_ins.end_all(db.session(), account.id)
    flash(_("已解除%(name)s的登录保护。", name=person.name), "ok")
    return redirect(_home(person), 303)


@bp.get("/roles/new")
@needs(GIVE)
def giving(person_id: int) -> str:
    """Which role, and where."""
    return drawn(_giving(person_of(person_id, GIVE)))


@bp.post("/roles")
@needs(GIVE)
@sensitive
def give(person_id: int) -> ResponseReturnValue:
    """They hold it."""
    person = person_of(person_id, GIVE)

    def act(told: dict[str, Any]) -> str:
        if person.id == actor().id:
            raise verbs.OwnAccess
        unit = chosen(told["unit"])
        require(actor(), GIVE, unit)
        grant_role(db.session(), person, told["role"], unit, by=actor(), from_on=told["from_on"],
                   until_on=told["until_on"])
        flash(_("已授予角色。"), "ok")
        return _home(person)

    return answered(_giving(person), act)


def _giving(person: Person) -> Entry:
    gone = retired(db.session(), "role", person.group_id)
    offered = [(key, named(role)) for key, role in roles().items() if key != EMPLOYEE and key not in gone]
    return Entry(_("授予%(name)s角色", name=person.name), _("授予"), url_for("accounts.give", person_id=person.id),
                 _trail(person), [
        Ask("role", _("角色"), "choice", required=True, options=offered),
        Ask("unit", _("在哪个单位"), "choice", required=True, value=person.company_id or person.unit_id,
            options=unit_options(GIVE, among=person.group_id)),
        Ask("from_on", _("起"), "day", required=True, value=clock.today()),
        Ask("until_on", _("止（不填就是至今）"), "day"),
    ])  # fmt: skip


@bp.get("/roles/<int:grant_id>/revocation")
@needs(GIVE)
def revoking(person_id: int, grant_id: int) -> str:
    """What hangs on them having this role, and the form to take it."""
    return drawn(_revoking(*_grant(person_id, grant_id)))


@bp.post("/roles/<int:grant_id>/revocation")
@needs(GIVE)
@sensitive
def revoke(person_id: int, grant_id: int) -> ResponseReturnValue:
    """They hold it no more."""
    person, grant = _grant(person_id, grant_id)

    def act(seen: Looked) -> str:
        verbs.revoke_role(db.session(), grant, seen, by=actor())
        flash(_("已收回角色。"), "ok")
        return _home(person)

    return answered(_revoking(person, grant), taking_away.looked(act))


def _grant(person_id: int, grant_id: int) -> tuple[Person, RoleGrant]:
    person, grant = person_of(person_id), db.session.get(RoleGrant, grant_id)
    if grant is None or grant.person_id != person.id:
        raise NotFound
    require(actor(), GIVE, grant.unit)
    return person, grant


def _revoking(person: Person, grant: RoleGrant) -> Entry:
    return taking_away.form(
        _("收回%(name)s的角色“%(role)s”", name=person.name, role=named(roles()[grant.role])), _("收回角色"),
        url_for("accounts.revoke", person_id=person.id, grant_id=grant.id), _trail(person),
        listing.of_grant(db.session(), grant), lead=grant.unit.name)
