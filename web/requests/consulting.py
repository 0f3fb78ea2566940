"""Asking an expert outside: made beside a task, answered behind a link by somebody who has no account."""

from __future__ import annotations

from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from engine.model import Task
from engine.usertasks import tasks
from engine.usertasks.hands import BEFORE
from ledger.actor import Actor
from ledger.errors import BadAnswer, Conflict
from ledger.files import path_of
from web import files, once
from web.asked import whole, whole_in
from web.cabinet.custody import done_before, wish
from web.desk import late
from web.desk.verbs import VERBS, Verb
from web.errors import field_problems
from web.guard import actor, public
from web.limits import VERIFY, limiter
from web.panels import PANELS, Panel
from web.requests.filled import entry_words
from web.session import db
from workflows import requests
from workflows.requests import Request
from workflows.sharing import consulting
from workflows.sharing.consulting import Consultation, Wanted

bp = Blueprint("consulting", __name__)
QUIET = {"X-Robots-Tag": "noindex, nofollow"}
ENDINGS = {"answered": _l("已答复"), "revoked": _l("已撤销"), "over": _l("已过期"), "waiting": _l("等待答复")}


@bp.get("/tasks/<int:task_id>/consultations/new")
def new(task_id: int) -> ResponseReturnValue:
    """What to ask of whom, and what the link shows; nothing is ticked by itself."""
    task = tasks.get(db.session(), task_id, actor())
    if task.state != "open":
        return late.too_late(task_id, tasks.over(db.session(), task))
    if task.assignee_id != actor().id:
        return late.too_late(task_id, tasks.NotHeld() if task.assignee_id is None
                             else tasks.held_by(db.session(), task, actor()))
    return _page(task_id)


def _page(task_id: int, error: BadAnswer | None = None) -> ResponseReturnValue:
    session, form = db.session(), request.form
    task = tasks.get(session, task_id, actor())
    application = requests.of_instance(session, task.instance_id)
    problems = field_problems(error) if error else {}
    page = render_template(
        "sharing/consult.html", entry_words=entry_words, task=task,
        application=application, material=consulting.material(session, application),
        once=once.fresh(), problems=problems, most_days=consulting.MOST_DAYS,
        typed={**{name: form.get(name, "") for name in ("expert_name", "expert_org", "question")},
               "days": form.get("days") or consulting.DAYS},
        fields=form.getlist("fields"), files=form.getlist("files", type=whole),
    )
    return page, error.status if error else 200


@bp.post("/tasks/<int:task_id>/consultations")
def ask(task_id: int) -> ResponseReturnValue:
    """Make the link. It is shown on this answer and never again: only its hash is kept."""
    form, key = request.form, wish("consultation.asked")
    if done_before(key):
        flash(_("链接已经生成过，只显示一次。如果没有保存，请撤销后重新生成。"), "warn")
        return redirect(url_for("tasks.show", task_id=task_id), 303)
    wanted = Wanted(form.get("expert_name", ""), form.get("expert_org", ""), form.get("question", ""),
                    form.getlist("fields"), form.getlist("files", type=whole), whole_in(form.get("days")) or 0)
    try:
        row, token = consulting.ask(db.session(), actor(), task_id, wanted, key=key)
    except BadAnswer as error:
        db.session.rollback()
        return _page(task_id, error)
    except Conflict as error:
        return late.too_late(task_id, error, [(_("咨询的问题"), wanted.question)])
    task = tasks.get(db.session(), task_id, actor())
    return render_template("sharing/consult_link.html", row=row, task=task, link=_address(token),
                           shown=consulting.shown(db.session(), row))


def _address(token: str) -> str:
    own: str = current_app.extensions["licet_config"].url or request.host_url.rstrip("/")
    return own + url_for("consulting.link", token=token)


@bp.post("/tasks/<int:task_id>/consultations/<int:consultation_id>/revocation")
def revoke(task_id: int, consultation_id: int) -> ResponseReturnValue:
    """The link ends now."""
    consulting.revoke(db.session(), actor(), task_id, consultation_id)
    flash(_("咨询链接已撤销，对方再打开时看不到任何内容。"), "ok")
    return redirect(url_for("tasks.show", task_id=task_id), 303)


# behind the link
@bp.get("/x/<token>")
@public
@limiter.limit(VERIFY)
def link(token: str) -> Response:
    """From whom it comes, and a button; nothing of the matter itself, and nothing is used up: scanners come here."""
    row = consulting.living(db.session(), token)
    return _gone() if row is None else _quiet(render_template("sharing/expert_door.html", row=row, token=token))


@bp.post("/x/<token>")
@public
@limiter.limit(VERIFY)
def opened(token: str) -> Response:
    """The question and what was ticked for it; that it was opened is written down."""
    row = _opened(token)
    return _gone() if row is None else _asked(row, token)


def _opened(token: str) -> Consultation | None:
    return consulting.open_link(db.session(), token, address=request.remote_addr or "",
                                agent=request.headers.get("User-Agent", ""))


def _asked(row: Consultation, token: str, error: BadAnswer | None = None) -> Response:
    shown = consulting.shown(db.session(), row)
    page = render_template(
        "sharing/expert.html", entry_words=entry_words, row=row, token=token, shown=shown, verdicts=consulting.VERDICTS,
        problems=field_problems(error) if error else {}, typed=request.form)
    return _quiet(page, error.status if error else 200)


@bp.post("/x/<token>/files/<int:file_id>")
@public
@limiter.limit(VERIFY)
def paper(token: str, file_id: int) -> Response:
    """A file that was ticked for this link, to be saved; any other is nobody's."""
    row = _opened(token)
    file = consulting.file_of(db.session(), row, file_id) if row is not None else None
    if file is None:
        db.session.rollback()
        return _gone()
    answer = send_file(path_of(files.folder(), file).absolute(), mimetype=file.media_type, as_attachment=True,
                       download_name=file.name)
    answer.headers.update({**files.INERT, **QUIET})
    return answer


@bp.post("/x/<token>/answer")
@public
@limiter.limit(VERIFY)
def answer(token: str) -> Response:
    """The one answer."""
    told = request.form
    try:
        row = consulting.answer(db.session(), token, verdict=told.get("verdict", ""), text=told.get("answer", ""))
    except BadAnswer as error:
        db.session.rollback()
        still = consulting.living(db.session(), token)
        return _gone() if still is None else _asked(still, token, error)
    if row is None:
        db.session.rollback()
        return _gone()
    return _quiet(render_template("sharing/expert_thanks.html", row=row))


def _gone() -> Response:
    """The same page whether a link never was, was used, revoked, or is over; what was typed can still be copied."""
    return _quiet(render_template("sharing/expert_gone.html", typed=request.form.get("answer", "")), 404)


def _quiet(page: str, status: int = 200) -> Response:
    return make_response(page, status, QUIET)


VERBS.append(Verb("consult", _l("咨询外部专家"), "external-link", "consulting.new",
                  lambda _session, person, opened: opened.mine and opened.task.hold in (None, BEFORE)
                  and opened.request.applicant_id != person.id, 70, act="consulting.ask", keeps="question"))


def _given(session: Session, person: Actor, application: Request, task: Task | None) -> dict[str, Any] | None:
    """What experts were asked is for those who decide, not for whoever applied."""
    rows = consulting.of_request(session, application)
    if task is None or not rows or person.id == application.applicant_id:
        return None
    counted = consulting.views(session, rows)
    return {"rows": [{"row": one, "state": ENDINGS[_state(one)], "views": counted.get(one.id, 0),
                      "verdict": consulting.VERDICTS.get(one.verdict, ""),
                      "may_revoke": one.running and person.id in (one.by_id, task.assignee_id)
                      and one.task_id == task.id} for one in rows]}


def _state(row: Consultation) -> str:
    if row.running:
        return "waiting"
    return "answered" if row.answered_at else "revoked" if row.revoked_at else "over"


PANELS.append(Panel("task", 50, "sharing/consulted_beside.html", _given))
