"""Urging what one waits for: beside the request, with the place in the queue."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from engine.model import Task
from ledger.actor import Actor
from ledger.errors import Refused
from web.errors import sentence, wants_json
from web.guard import actor
from web.panels import PANELS, Panel
from web.session import db
from workflows.requests import Request
from workflows.sharing import urging

bp = Blueprint("urging", __name__, url_prefix="/requests/<int:request_id>")


@bp.post("/tasks/<int:task_id>/urging")
def urge(request_id: int, task_id: int) -> ResponseReturnValue:
    """Urge one of its tasks; where that cannot be, the request's page says why."""
    try:
        row = urging.urge(db.session(), actor(), request_id, task_id)
    except Refused as error:
        if error.status != 409 or wants_json():
            raise
        db.session.rollback()
        flash(sentence(error), "warn")
    else:
        flash(_("已催办。%(queue)s", queue=queue_words(row.position)), "ok")
    return redirect(url_for("requests.show", request_id=request_id), 303)


def queue_words(before: int) -> str:
    """How many tasks are due before it with whoever has to do it."""
    if before >= urging.MOST_COUNTED:
        return _("前面还有一千多项先到期的任务。")
    if not before:
        return _("它已排在最前面。")
    return ngettext("前面还有 %(num)d 项先到期的任务。", "前面还有 %(num)d 项先到期的任务。", before)


def _given(session: Session, person: Actor, application: Request, _task: Task | None) -> dict[str, Any] | None:
    waited = urging.waited_for(session, person, application)
    if not waited:
        return None
    rows = [{"task": one.task, "queue": queue_words(one.before), "urged": one.urged,
             "why_not": sentence(one.why_not) if one.why_not else ""} for one in waited]
    return {"rows": rows, "request_id": application.id}


PANELS.append(Panel("request", 30, "sharing/urging_beside.html", _given))
