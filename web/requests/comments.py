"""Comments on a request: beside it and beside its tasks, and all of them on a page of their own."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest

from engine.model import Task
from ledger.actor import Actor
from ledger.errors import BadAnswer, Problem, Refused
from ledger.files import keep
from web import files, once
from web.asked import whole, whole_in
from web.cabinet.custody import done_before, wish
from web.errors import field_problems, sentence
from web.guard import actor
from web.limits import limiter
from web.login import local_path
from web.panels import PANELS, Panel
from web.requests.whereabouts import names_for
from web.session import db
from workflows import requests
from workflows.requests import Request
from workflows.sharing import colleagues, comments, copies
from workflows.sharing.colleagues import Purpose

bp = Blueprint("comments", __name__, url_prefix="/requests/<int:request_id>")
BESIDE, PAGE = 3, 50
SAID = "20 per minute; 300 per hour"
"""How often one person may say something or send copies: each tells others."""
PURPOSES: tuple[Purpose, ...] = ("mention", "copy")


def said_by() -> str:
    """Whose tries are counted."""
    return f"said|{actor().id}"


@bp.get("/comments")
def listed(request_id: int) -> str:
    """All comments of a request, the newest fifty first shown; ?before= the fifty before those."""
    return _page(requests.get(db.session(), actor(), request_id))


def _page(application: Request, error: Refused | None = None) -> str:
    session, before = db.session(), request.args.get("before", type=whole)
    said = comments.of_request(session, application, before=before, limit=PAGE)
    wrong = field_problems(error) if error else {}
    return render_template(
        "sharing/comments.html", application=application, said=said, total=comments.count(session, application),
        earlier=said[0].comment.id if len(said) == PAGE else None, once=once.fresh(), problems=wrong,
        refusal=sentence(error) if error and not wrong else "", typed=request.form.get("text", ""),
        who=names_for(session, application, actor()),
        lost=any(one.filename for one in request.files.getlist("files")), me=actor().id,
        task_id=whole_in(request.form.get("task")), going_to=request.form.get("next", ""),
        people=to_tick(application, "mention"), may_copy=copies.may_give(session, actor(), application),
    )


@bp.post("/comments")
@limiter.limit(SAID, key_func=said_by)
def write(request_id: int) -> ResponseReturnValue:
    """Say something; back to where it was said. 400 brings what was typed again, with what is wrong."""
    session, key = db.session(), wish("request.commented")
    application = requests.get(session, actor(), request_id)
    if not done_before(key):
        try:
            comments.write(
                session, actor(), application.id, request.form.get("text", ""), files=_kept(), key=key,
                mentions=request.form.getlist("to", type=whole), task_id=whole_in(request.form.get("task")))
        except BadAnswer as error:
            db.session.rollback()
            return _page(requests.get(db.session(), actor(), request_id), error), 400
        flash(_("评论已发表。"), "ok")
    return redirect(_back(request_id), 303)


def _back(request_id: int) -> str:
    wanted = request.form.get("next")
    return local_path(wanted) if wanted else url_for("comments.listed", request_id=request_id)


def _kept() -> list[int]:
    """The ids of the uploads; BadAnswer at "files" for one that is not fit."""
    sent = [one for one in request.files.getlist("files") if one.filename]
    try:
        files.check_share(db.session(), actor(), len(sent))
        return [keep(db.session(), files.folder(), one.stream, one.filename or "", by=actor()).id  # type: ignore[arg-type]
                for one in sent]
    except Refused as error:
        raise BadAnswer({"files": [Problem(error.message, error.params)]}) from error


@bp.post("/comments/<int:comment_id>/strike")
def strike(request_id: int, comment_id: int) -> ResponseReturnValue:
    """Strike out one's own comment."""
    comments.strike(db.session(), actor(), request_id, comment_id)
    flash(_("已划去，内容和附件别人都看不到了。"), "ok")
    return redirect(_back(request_id), 303)


@bp.get("/colleagues")
def found(request_id: int) -> str:
    """The people to tick, as a fragment: those ticked already, then those whose name begins with ?q=."""
    for_ = next((one for one in PURPOSES if one == request.args.get("for")), None)
    if for_ is None:
        raise BadRequest
    application = requests.get(db.session(), actor(), request_id)
    return render_template("sharing/_people.html", people=to_tick(application, for_))


def to_tick(application: Request, for_: Purpose) -> dict[str, Any]:
    """Who is ticked, and who else can be: what sharing/_people.html shows."""
    session, search = db.session(), request.values.get("q", "").strip()[:40]
    ticked = colleagues.chosen(session, actor(), application, for_, request.values.getlist("to", type=whole))
    known = {one.person_id for one in ticked}
    others = [one for one in colleagues.found(session, actor(), application, for_, search)
              if one.person_id not in known]
    return {"ticked": ticked, "others": others, "search": search}


def _given(session: Session, person: Actor, application: Request, task: Task | None) -> dict[str, Any]:
    return {
        "said": comments.of_request(session, application, limit=BESIDE), "once": once.fresh(),
        "total": comments.count(session, application), "request_id": application.id,
        "task_id": task.id if task is not None else None, "who": names_for(session, application, person),
    }


PANELS += [Panel("task", 60, "sharing/comments_beside.html", _given),
           Panel("request", 60, "sharing/comments_beside.html", _given)]
