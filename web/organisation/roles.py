"""角色: which there are, who holds them; one that a group needs no more is retired, and can be taken up again."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from ledger import clock
from ledger.errors import NotFound
from registry.access.grants import RoleGrant, held_on
from registry.access.retiring import retired
from registry.access.roles import ACTIONS, EMPLOYEE, role_of, roles
from registry.access.rules import Thing, can, visible
from registry.people.persons import Person
from registry.people.units import Unit
from web.cockpit import taking_away
from web.entry import Entry, answered, drawn
from web.guard import actor, needs
from web.i18n import named
from web.session import db
from workflows.impact import listing
from workflows.impact import taking_away as verbs
from workflows.impact.taking_away import KEPT, Looked

bp = Blueprint("roles", __name__, url_prefix="/roles")
READ, GIVE = "account.read", "role.edit"
SHOWN = 200


def _group() -> Unit:
    """The visitor's own group: a role is retired there as a whole."""
    if actor().group_id is None:
        raise NotFound
    return db.session.get_one(Unit, actor().group_id)


def _may_retire(group: Unit) -> bool:
    return can(actor(), GIVE, Thing(group.path))


@bp.get("", endpoint="index")
@needs(READ)
def listed() -> str:
    """Every role, how many people of the group hold it today, and whether it is retired."""
    group = _group()
    counted = dict(db.session.execute(
        select(RoleGrant.role, func.count(RoleGrant.person_id.distinct())).where(
            RoleGrant.group_id == group.id, *held_on(clock.today())).group_by(RoleGrant.role)).all())
    known = [one for one in roles().values() if one.key != EMPLOYEE]
    return render_template("roles.html", roles=known, counted=counted, gone=retired(db.session(), "role", group.id))


@bp.get("/<key>")
@needs(READ)
def show(key: str) -> str:
    """One role: what it may do, who holds it where."""
    role, group = role_of(key), _group()
    held = visible(select(RoleGrant).join(Person, Person.id == RoleGrant.person_id), actor(), model=Person).where(
        RoleGrant.role == key, RoleGrant.group_id == group.id, *held_on(clock.today()))
    found = db.session.scalars(held.options(joinedload(RoleGrant.person), joinedload(RoleGrant.unit)).order_by(
        RoleGrant.unit_id, RoleGrant.id).limit(SHOWN + 1)).all()
    allowed = sorted({action for right in role.rights for action in right.actions}, key=list(ACTIONS).index)
    return render_template(
        "role.html", role=role, held=found[:SHOWN], more=len(found) > SHOWN, allowed=[ACTIONS[one] for one in allowed],
        gone=retired(db.session(), "role", group.id).get(key), may_retire=_may_retire(group) and key not in KEPT,
    )


@bp.get("/<key>/retirement")
@needs(GIVE)
def retiring(key: str) -> str:
    """What hangs on it, and the form to retire it."""
    return drawn(_retiring(key))


@bp.post("/<key>/retirement")
@needs(GIVE)
def retire(key: str) -> ResponseReturnValue:
    """Nobody holds it any more."""

    def act(seen: Looked) -> str:
        verbs.retire_role(db.session(), key, _group(), seen, by=actor())
        flash(_("已停用角色“%(role)s”。", role=named(role_of(key))), "ok")
        return url_for("roles.show", key=key)

    return answered(_retiring(key), taking_away.looked(act))


def _retiring(key: str) -> Entry:
    role, group = role_of(key), _group()
    if not _may_retire(group) or key in KEPT:
        raise NotFound
    return taking_away.form(
        _("停用角色“%(role)s”", role=named(role)), _("停用这个角色"), url_for("roles.retire", key=key),
        [(url_for("roles.index"), _("角色目录")), (url_for("roles.show", key=key), named(role))],
        listing.of_role_key(db.session(), key, [group]), anyway=False,
        lead=_("停用后，现在担任的人都不再担任，也不能再授予；以前的记录保留，以后可以重新启用。还有流程或任务要用到它时不能停用。"))


@bp.post("/<key>/return")
@needs(GIVE)
def take_up(key: str) -> ResponseReturnValue:
    """It can be granted again."""
    role = role_of(key)
    verbs.take_up(db.session(), "role", key, _group(), by=actor())
    flash(_("已重新启用角色“%(role)s”，请重新授予需要的人。", role=named(role)), "ok")
    return redirect(url_for("roles.show", key=key), 303)
