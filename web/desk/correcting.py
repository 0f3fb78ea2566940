"""Asking the applicant to correct single fields or documents while the task stays where it is; beside it what was asked
and what was answered."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from engine.model import CORRECTION, OPEN, Task
from engine.usertasks import correcting, tasks
from ledger.actor import Actor
from ledger.errors import BadAnswer, Conflict, NotFound, Refused
from web.asked import whole_in
from web.desk import late
from web.desk.verbs import VERBS, Verb
from web.errors import field_problems, sentence
from web.guard import actor
from web.i18n import say, title_words
from web.panels import PANELS, Panel
from web.requests.filled import application_fields, field_label
from web.requests.whereabouts import names_for
from web.session import db
from workflows.handling import correcting as corrections
from workflows.handling import desk
from workflows.handling.desk import Desk
from workflows.requests import Request

bp = Blueprint("correcting", __name__, url_prefix="/tasks/<int:task_id>/corrections")
SENTENCE = "sentence."


@bp.get("")
def choose(task_id: int) -> ResponseReturnValue:
    """The fields and documents of the application, each with room for what is wrong."""
    opened = desk.open_task(db.session(), actor(), task_id)
    if opened.task.state != OPEN:
        return late.too_late(task_id, tasks.over(db.session(), opened.task))
    if not corrections.may_ask(db.session(), opened.task, actor()):
        return _task(task_id)
    return _page(opened)


def _page(opened: Desk, wanted: dict[str, str] | None = None, error: BadAnswer | None = None) -> str:
    session, wanted = db.session(), wanted or {}
    return render_template(
        "tasks/correcting.html", task=opened.task, application=opened.request, wanted=wanted,
        fields=[(one["value"], say(one["label"])) for one in corrections.askable(session, opened.request)],
        problems=field_problems(error) if error else {}, error=sentence(error) if error else "")


@bp.post("")
def ask(task_id: int) -> ResponseReturnValue:
    """Ask. 400 brings the page again with every sentence on it; 409 says who was faster, and keeps them too."""
    wanted = _wanted()
    try:
        corrections.ask(db.session(), actor(), task_id, wanted, version=whole_in(request.form.get("version", "")))
    except BadAnswer as error:
        db.session.rollback()
        return _page(desk.open_task(db.session(), actor(), task_id), wanted, error), error.status
    except Conflict as error:
        return late.too_late(task_id, error, _typed(task_id))
    flash(_("已请申请人补正，任务仍由您办理，答复前暂停计时。"), "ok")
    return _task(task_id)


def _wanted() -> dict[str, str]:
    """{field key: sentence} of the fields that are ticked."""
    return {key: request.form.get(SENTENCE + key, "") for key in dict.fromkeys(request.form.getlist("fields"))}


def _typed(task_id: int) -> list[tuple[str, str]]:
    """Every sentence that was typed, under the name of its field (its key where the task is out of reach by now)."""
    db.session.rollback()
    try:
        known = application_fields(desk.open_task(db.session(), actor(), task_id).request)
    except Refused:
        known = {}
    return [(field_label(known, key.removeprefix(SENTENCE)), text)
            for key, text in request.form.items() if key.startswith(SENTENCE)]


@bp.post("/<int:question_id>/removal")
def withdraw(task_id: int, question_id: int) -> ResponseReturnValue:
    """The answer is wanted no more; 409 where it has been given."""
    try:
        asked = db.session.get(Task, question_id)
        if asked is None or asked.parent_id != task_id:
            raise NotFound
        host = corrections.withdraw(db.session(), actor(), question_id)
    except Conflict as error:
        return late.too_late(task_id, error)
    flash(_("已取消补正请求，请继续办理。"), "ok")
    return _task(host.id)


def _task(task_id: int) -> ResponseReturnValue:
    return redirect(url_for("tasks.show", task_id=task_id), 303)


VERBS.append(Verb(
    "correct", _l("请申请人补正"), "edit", "correcting.choose",
    lambda session, person, opened: corrections.may_ask(session, opened.task, person), 45, act="correcting.ask",
    keeps=SENTENCE + "address"))


def _given(session: Session, person: Actor, application: Request, task: Task | None) -> dict[str, Any] | None:
    """Beside the task what was asked and answered, and what others approved before that changed; beside a question who
    asks."""
    if task is None:
        return None
    known = application_fields(application)
    if task.role == CORRECTION:
        host = correcting.host_of(session, task)
        told = names_for(session, application, person)
        return {"by": told(host.assignee_name or ""), "step": title_words(host.name), "questions": [], "stale": []}
    asked = corrections.question_of(session, application, task)
    if not asked:
        return None
    shown = [{
        "task": one.task, "may_drop": one.task.state == OPEN and task.assignee_id == person.id,
        "rows": [(field_label(known, row.field), row) for row in one.rows]} for one in asked]
    left = corrections.stale(session, application) if task.state == OPEN else []
    return {"by": "", "step": "", "questions": shown, "stale": [
        (title_words(one.task.name), one.task.completed_by_name, [field_label(known, key) for key in one.keys])
        for one in left]}


PANELS.append(Panel("task", 4, "tasks/corrections.html", _given))
