"""Reopening an ended request: whoever may chooses the step it goes on from, and says why."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from engine.model import Instance, Task
from ledger.actor import Actor
from ledger.errors import BadAnswer, Conflict
from web.asked import whole_in
from web.desk.returning import chooser
from web.errors import field_problems, sentence
from web.guard import actor, needs
from web.panels import PANELS, Panel
from web.session import db
from workflows import requests
from workflows.handling import reopening
from workflows.requests import Request

bp = Blueprint("reopening", __name__, url_prefix="/requests/<int:request_id>/reopen")


@bp.get("")
@needs("request.reopen")
def choose(request_id: int) -> ResponseReturnValue:
    """Every step it may go on from, each with what counts no more and what may stand."""
    return _page(requests.get(db.session(), actor(), request_id))


def _page(application: Request, error: BadAnswer | Conflict | None = None) -> str:
    session = db.session()
    found = reopening.targets(session, actor(), application)
    bad = error if isinstance(error, BadAnswer) else None
    return render_template(
        "returning/reopen.html", application=application, reason=request.values.get("reason", ""),
        version=session.get_one(Instance, application.instance_id).version,
        problems=field_problems(bad) if bad else {}, error=sentence(error) if error else "",
        **chooser(application, found))


@bp.post("")
@needs("request.reopen")
def reopen(request_id: int) -> ResponseReturnValue:
    """Do it; what is refused brings the page again with the reason on it."""
    application = requests.get(db.session(), actor(), request_id)
    try:
        reopening.reopen(
            db.session(), actor(), application, whole_in(request.form.get("to", "")),
            reason=request.form.get("reason", ""), version=whole_in(request.form.get("version", "")))
    except (BadAnswer, Conflict) as error:
        db.session.rollback()
        again = requests.get(db.session(), actor(), request_id)
        if not reopening.may_reopen(db.session(), actor(), again):
            raise
        return _page(again, error), error.status
    flash(_("已重新开启。"), "ok")
    return redirect(url_for("requests.show", request_id=request_id), 303)


def _given(session: Session, who: Actor, application: Request, _task: Task | None) -> dict[str, Any] | None:
    return {} if reopening.may_reopen(session, who, application) else None


PANELS.append(Panel("request", 80, "returning/reopen_panel.html", _given))
