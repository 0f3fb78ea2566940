"""Whoever leads where a request lies puts a task that somebody else has into other hands, and says why."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import OPEN, Task
from ledger.actor import Actor
from ledger.errors import BadAnswer, Conflict, NotFound
from web.desk import late
from web.desk.handing_over import About, Passing, asking, sent_to, version
from web.desk.verbs import VERBS, Verb
from web.guard import actor
from web.panels import PANELS, Panel
from web.session import db
from workflows import requests
from workflows.handling import assigning
from workflows.handling.desk import Desk
from workflows.requests import Request

bp = Blueprint("reassigning", __name__, url_prefix="/tasks/<int:task_id>")
REASSIGN = Passing(
    "transfer", _l("改派给别人"), _l("改派以后，这一步由您选的人办理；原来的办理人会在经过里看到原因。"),
    _l("为什么改派"), _l("改派"), "reassigning.reassign", "reason")


def _about(task_id: int) -> About:
    """The task and its request, for whoever may read the request. Raises NotFound."""
    task = db.session().get(Task, task_id)
    if task is None:
        raise NotFound
    found = requests.of_instance(db.session(), task.instance_id)
    return About(task, requests.get(db.session(), actor(), found.id))


def _page(about: About, **more: Any) -> str:
    back = url_for("requests.show", request_id=about.request.id)
    return asking(REASSIGN, about, back=back, back_label=_("不了，回到申请"), at_request=True, **more)


@bp.get("/reassignment")
def whom(task_id: int) -> ResponseReturnValue:
    """To whom, and why. ?q= looks for people."""
    about = _about(task_id)
    if not assigning.may_reassign(db.session(), about.request, about.task, actor()):
        return redirect(url_for("requests.show", request_id=about.request.id), 303)
    return _page(about)


@bp.post("/reassignment")
def reassign(task_id: int) -> ResponseReturnValue:
    """The task is theirs from now on; back to the request."""
    reason, to = request.form.get("reason", ""), sent_to()
    about = _about(task_id)
    try:
        task = assigning.reassign(
            db.session(), actor(), task_id, to[0] if to else None, reason=reason, version=version())
    except Conflict as error:
        return late.too_late(task_id, error, [(_("为什么改派"), reason)])
    except BadAnswer as error:
        db.session.rollback()
        return _page(_about(task_id), typed={"to": to, "reason": reason}, error=error), 400
    flash(_("已改派给 %(name)s。", name=task.assignee_name), "ok")
    return redirect(url_for("requests.show", request_id=about.request.id), 303)


def _may(session: Session, person: Actor, opened: Desk) -> bool:
    return assigning.may_reassign(session, opened.request, opened.task, person)


VERBS.append(Verb("reassign", _l("改派"), "users", "reassigning.whom", _may, 35, act="reassigning.reassign",
                  keeps="reason"))


def _given(session: Session, person: Actor, application: Request, _task: Task | None) -> dict[str, Any] | None:
    """What is being done of the request, and by whom, for whoever may put it into other hands."""
    query = select(Task).where(Task.instance_id == application.instance_id, Task.state == OPEN).order_by(Task.id)
    rows = [task for task in session.scalars(query)
            if assigning.may_reassign(session, application, task, person)]
    return {"rows": rows} if rows else None


PANELS.append(Panel("request", 32, "tasks/reassigning_beside.html", _given))
