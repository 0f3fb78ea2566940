"""Copying a request to colleagues, and the receipt of whoever got a copy."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from engine.model import Task
from ledger.actor import Actor
from ledger.errors import BadAnswer, NotAllowed
from web.asked import whole
from web.errors import field_problems
from web.guard import actor
from web.limits import limiter
from web.panels import PANELS, Panel
from web.requests.comments import SAID, said_by, to_tick
from web.requests.whereabouts import names_for
from web.session import db
from workflows import requests
from workflows.requests import Request
from workflows.sharing import copies

bp = Blueprint("copied", __name__, url_prefix="/requests/<int:request_id>")


@bp.get("/copies/new")
def new(request_id: int) -> ResponseReturnValue:
    """Whom to copy it to: ?q= finds colleagues, ?to= are those ticked."""
    return _page(request_id)


def _page(request_id: int, error: BadAnswer | None = None) -> ResponseReturnValue:
    session = db.session()
    application = requests.get(session, actor(), request_id)
    if not copies.may_give(session, actor(), application):
        raise NotAllowed("只有申请人和办理人可以抄送。")
    page = render_template(
        "sharing/copy.html", application=application, people=to_tick(application, "copy"),
        copies=copies.of_request(session, application), problems=field_problems(error) if error else {},
    )
    return page, error.status if error else 200


@bp.post("/copies")
@limiter.limit(SAID, key_func=said_by)
def give(request_id: int) -> ResponseReturnValue:
    """Copy it to everybody ticked; whoever has a copy gets no second one."""
    try:
        reached = copies.give(db.session(), actor(), request_id, request.form.getlist("to", type=whole))
    except BadAnswer as error:
        db.session.rollback()
        return _page(request_id, error)
    if reached:
        flash(_("已抄送给 %(names)s。", names=_("、").join(one.name for one in reached)), "ok")
    else:
        flash(_("他们已经收到过抄送。"), "ok")
    return redirect(url_for("requests.show", request_id=request_id), 303)


@bp.post("/reading")
def read(request_id: int) -> ResponseReturnValue:
    """The receipt. The page sends it by itself once it is shown; without scripts there is a button."""
    copy = copies.read(db.session(), actor(), request_id)
    if request.headers.get("HX-Request"):
        return render_template("sharing/_receipt.html", own=copy)
    return redirect(url_for("requests.show", request_id=request_id), 303)


def _given(session: Session, person: Actor, application: Request, _task: Task | None) -> dict[str, Any] | None:
    given, may = copies.of_request(session, application), copies.may_give(session, person, application)
    if not given and not may:
        return None
    unread = sum(one.copy.read_at is None for one in given)
    return {
        "given": given, "may": may, "application": application,
        "own": next((one.copy for one in given if one.copy.person_id == person.id), None),
        "who": names_for(session, application, person),
        "words": ngettext("%(num)d 人未读", "%(num)d 人未读", unread) if unread else _("都已读") if given else "",
    }


PANELS += [Panel("request", 70, "sharing/copies_beside.html", _given),
           Panel("task", 70, "sharing/copies_beside.html", _given)]
