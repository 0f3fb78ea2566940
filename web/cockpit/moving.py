"""Tokens put elsewhere, and an instance moved to another version: chosen, previewed, done, undone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from engine.model import Definition, Instance
from engine.operations import interventions, migration, modification
from engine.operations.modification import BackTo, Cancel, Preview, StartBefore
from engine.operations.moved import Migration
from engine.operations.moves import Move
from ledger.actor import Actor
from ledger.errors import NotFound
from web.asked import whole_in
from web.cockpit.doing import done
from web.guard import actor, needs
from web.i18n import language
from web.session import db
from workflows.cockpit import account, finding, reach

bp = Blueprint("moving", __name__, url_prefix="/cockpit")
MOST_MOVES = 20
MAP = "map."
"""Before the old element's id, in the name of the field that says what it becomes."""


@bp.app_template_global()
def finding_words(found: Any) -> str:
    """What the engine found, in the visitor's language."""
    return str(found.text(language()))


# tokens
@bp.get("/instances/<int:instance_id>/modification")
@needs(reach.ACT)
def modify(instance_id: int) -> ResponseReturnValue:
    """Which tokens go, where new ones start, what is done again; with any of it chosen, what that would do."""
    session = db.session()
    instance = reach.to_act(session, actor(), instance_id)
    wanted = _moves(request.args)
    running = instance.state == "active"
    return render_template(
        "cockpit/modify.html", instance=instance, running=running, names=account.names(session, instance),
        stands=modification.standing(session, instance_id) if running else [],
        done=account.completed(session, instance_id),
        places=finding.elements(session, instance.definition_id), wanted=wanted,
        preview=_preview(session, instance, wanted) if wanted and running else None,
        chosen={name: request.args.getlist(name) for name in ("cancel", "start", "back")},
    )


def _preview(session: Session, instance: Instance, wanted: Sequence[Move]) -> Preview:
    return modification.preview(session, instance.id, wanted)


def _moves(given: Any) -> list[Move]:
    """?cancel=(token) &start=(element) &back=(task), each as often as wanted."""
    numbers: list[Move] = [Cancel(found) for one in given.getlist("cancel") if (found := whole_in(one)) is not None]
    starts = [StartBefore(one[:120]) for one in given.getlist("start") if one]
    backs = [BackTo(found) for one in given.getlist("back") if (found := whole_in(one)) is not None]
    return [*numbers, *starts, *backs][:MOST_MOVES]


@bp.post("/instances/<int:instance_id>/modification")
@needs(reach.ACT)
def modified(instance_id: int) -> ResponseReturnValue:
    """Do what was previewed; if the instance has gone on meanwhile, nothing is done."""
    wanted, version = _moves(request.form), whole_in(request.form.get("version"))

    def act(session: Session, by: Actor, why: str) -> None:
        interventions.modify(session, instance_id, wanted, by=by, reason=why, version=version)

    return done(instance_id, act, _("已按预览调整。在有新的进展之前可以撤销。"))


# versions
@bp.get("/instances/<int:instance_id>/migration")
@needs(reach.ACT)
def migrate(instance_id: int) -> ResponseReturnValue:
    """To which version, what each element that is gone becomes, and what that would do."""
    session = db.session()
    instance = reach.to_act(session, actor(), instance_id)
    versions = account.versions(session, instance)
    to = next((one for one in versions if str(one.id) == request.args.get("to")), None)
    mapping = mapping_in(request.args)
    verdict = migration.plan(session, to.id, instance_ids=[instance_id], mapping=mapping)[0] if to else None
    return render_template(
        "cockpit/migrate.html", instance=instance, versions=versions, to=to, mapping=mapping, verdict=verdict,
        now=session.get_one(Definition, instance.definition_id), names=account.names(session, instance),
        places=finding.elements(session, to.id) if to else [], map=MAP,
    )


def mapping_in(given: Any) -> dict[str, str]:
    """What becomes of elements, {old id: new id}, from the fields "map.OLD"."""
    return {name.removeprefix(MAP)[:120]: value[:120] for name, value in given.items()
            if name.startswith(MAP) and value}


@bp.post("/instances/<int:instance_id>/migration")
@needs(reach.ACT)
def migrated(instance_id: int) -> ResponseReturnValue:
    """Move it as planned."""
    to, mapping = whole_in(request.form.get("to")) or 0, mapping_in(request.form)

    def act(session: Session, by: Actor, why: str) -> None:
        migration.migrate(session, instance_id, to, by=by, reason=why, mapping=mapping)

    return done(instance_id, act, _("已迁移。在有新的进展之前可以撤销。"))


@bp.post("/migrations/<int:migration_id>/undo")
@needs(reach.ACT)
def undo(migration_id: int) -> ResponseReturnValue:
    """Put an instance back to the version it came from."""
    made = db.session.get(Migration, migration_id)
    if made is None:
        raise NotFound

    def act(session: Session, by: Actor, why: str) -> None:
        migration.undo(session, migration_id, by=by, reason=why)

    return done(made.instance_id, act, _("已撤销迁移，回到原来的版本和原来的样子。"),
                back=url_for("instance.show", instance_id=made.instance_id))
