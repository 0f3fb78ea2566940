"""表单: those of the library and of deployed processes; one that no drawing needs is withdrawn, and can come back."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from engine.resources import DefinitionFile
from forms import schema
from ledger.errors import NotFound
from registry.access.retiring import retired
from registry.access.rules import Thing, can
from registry.people.units import Unit
from web.cockpit import taking_away
from web.entry import Entry, answered, drawn
from web.guard import actor, needs
from web.session import db
from workflows.impact import listing
from workflows.impact import taking_away as verbs
from workflows.impact.taking_away import Looked

bp = Blueprint("forms", __name__, url_prefix="/forms")
READ, DEPLOY = "process.read", "process.deploy"
ENDING = ".form"


def _group() -> Unit:
    """The visitor's own group: a form is withdrawn there as a whole."""
    if actor().group_id is None:
        raise NotFound
    return db.session.get_one(Unit, actor().group_id)


def _may_withdraw(group: Unit) -> bool:
    return can(actor(), DEPLOY, Thing(group.path))


@bp.get("", endpoint="index")
@needs(READ)
def listed() -> str:
    """Every form by its key: its title, where it comes from, whether it is withdrawn."""
    group = _group()
    files = db.session.scalars(select(DefinitionFile.name).where(DefinitionFile.name.endswith(ENDING)).distinct())
    own = {name.removesuffix(ENDING) for name in files} - set(schema.library())
    rows = [*((key, schema.load(key).title, False) for key in schema.library()), *((key, "", True) for key in own)]
    return render_template("forms.html", forms=sorted(rows), gone=retired(db.session(), "form", group.id),
                           may_withdraw=_may_withdraw(group))


@bp.get("/<key>/withdrawal")
@needs(DEPLOY)
def withdrawing(key: str) -> str:
    """What hangs on it, and the form to withdraw it."""
    return drawn(_withdrawing(key))


@bp.post("/<key>/withdrawal")
@needs(DEPLOY)
def withdraw(key: str) -> ResponseReturnValue:
    """No drawing takes it any more."""

    def act(seen: Looked) -> str:
        verbs.retire_form(db.session(), key, _group(), seen, by=actor())
        flash(_("已停用表单“%(form)s”。", form=key), "ok")
        return url_for("forms.index")

    return answered(_withdrawing(key), taking_away.looked(act))


def _withdrawing(key: str) -> Entry:
    group = _group()
    if not _may_withdraw(group):
        raise NotFound
    return taking_away.form(
        _("停用表单“%(form)s”", form=key), _("停用这张表单"), url_for("forms.withdraw", key=key),
        [(url_for("processes.index"), _("流程")), (url_for("forms.index"), _("表单目录"))],
        listing.of_form_key(db.session(), key, [group]), anyway=False,
        lead=_("停用后，不能再加入流程，用到它的草稿不能发布；办过的任务照样看得到当时的表单。还有流程或任务要用到它时不能停用。"))


@bp.post("/<key>/return")
@needs(DEPLOY)
def take_up(key: str) -> ResponseReturnValue:
    """Drawings may take it again."""
    verbs.take_up(db.session(), "form", key, _group(), by=actor())
    flash(_("已重新启用表单“%(form)s”。", form=key), "ok")
    return redirect(url_for("forms.index"), 303)
