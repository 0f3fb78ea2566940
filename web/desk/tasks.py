"""One user task: its page, claiming it, its draft, its answers."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import BadRequest

from engine.model import DRAWN, Task
from engine.usertasks import assigning, signing, tasks
from engine.usertasks.hands import AFTER
from forms.texts import translated
from ledger.errors import BadAnswer, Conflict, Problem, Refused
from web.desk import late
from web.desk.verbs import VERBS, Verb, verbs_of
from web.errors import answer, field_problems, problem_text, sentence, wants_json
from web.guard import actor
from web.i18n import say
from web.login import local_path
from web.panels import panels_of
from web.requests.answers import Sent, files_in, object_in, sent, spoken
from web.requests.filled import Section, filled_in, papers, sections_of
from web.requests.requests import marks
from web.requests.told import decision, tell
from web.requests.whereabouts import unnamed, veiled
from web.session import db
from web.text import moment
from workflows import requests, story
from workflows.applying.checks import checks_for
from workflows.handling import desk, naming
from workflows.handling.desk import Desk
from workflows.requests import Request

bp = Blueprint("tasks", __name__, url_prefix="/tasks/<int:task_id>")
LONGEST = 200  # characters of a value checked while it is typed


@bp.get("")
def show(task_id: int) -> ResponseReturnValue:
    """The task's page: form, and beside it everything needed to decide."""
    return page(desk.open_task(db.session(), actor(), task_id))


def page(opened: Desk, typed: dict[str, Any] | None = None, error: BadAnswer | None = None) -> str:
    """The page, with what was typed and what is wrong with it when it comes back."""
    session, application = db.session(), opened.request
    typed = typed or (tasks.answers(session, opened.task.id) if opened.task.state == "completed" else None) or {}
    attached = papers(session, application)
    own = opened.form.key in {content.form_key for content in application.contents} or not application.contents
    lines, nameless = story.of_request(session, application), naming.hidden_from(session, application, actor())
    judging = opened.form.key in ("review", "approve", "sign")
    return render_template(
        "tasks/task.html", desk=opened, task=opened.task, application=application,
        schema=translated(opened.form.schema, say), data=spoken(opened.form, opened.data), typed=typed,
        problems=_problems(opened, error), error=sentence(error) if error else "",
        files=files_in(session, actor(), opened.form, opened.data, typed, known=[file for file, _what in attached]),
        content=[] if own else filled_in(application), judging=judging,
        story=tell(session, unnamed(lines, application) if nameless else lines, application), papers=attached,
        marks=marks(application), ended=_ended(opened), verbs=verbs_of(session, actor(), opened),
        panels=panels_of("task", session, actor(), application, opened.task), wish=_wish(opened),
    )


def _wish(opened: Desk) -> str:
    """What whoever asked the visitor to sign, or delegated it to them, wants to know."""
    task = opened.task
    if not opened.mine or task.state != "open":
        return ""
    asked = signing.plan_of(db.session(), task) if task.role != DRAWN else None
    if asked is not None:
        return _("%(by)s请您看：%(what)s", by=asked.by_name, what=asked.question)
    given = assigning.delegations(db.session(), task.id) if task.owner_id is not None else []
    return _("%(by)s请您做：%(what)s", by=given[-1].from_name, what=given[-1].question) if given else ""


def _ended(opened: Desk) -> str:
    """How a task ended that nobody completed: who, when and why."""
    ended = tasks.fate(db.session(), opened.task)
    if ended is None or ended.how == "completed":
        return ""
    return sentence(veiled(db.session(), tasks.Over(ended), opened.request, actor()))


def _problems(opened: Desk, error: BadAnswer | None) -> dict[str, list[str]]:
    """What is wrong at each field: what was just found, else what it was returned for."""
    if error:
        return field_problems(error)
    return {key: [problem_text(one) for one in found] for key, found in opened.corrections.items()}


@bp.post("/claim")
def claim(task_id: int) -> ResponseReturnValue:
    """From now on this task is mine; 409 when somebody else was faster."""
    try:
        tasks.claim(db.session(), task_id, actor())
    except Conflict as error:
        return late.too_late(task_id, error)
    flash(_("已签收，这项任务由您处理。"), "ok")
    return redirect(_next(url_for("tasks.show", task_id=task_id)), 303)


@bp.post("/release")
def release(task_id: int) -> ResponseReturnValue:
    """Give the task back to the group; the draft stays."""
    try:
        tasks.release(db.session(), task_id, actor())
    except Conflict as error:
        return late.too_late(task_id, error)
    flash(_("已放回，同组的人都可以签收。"), "ok")
    return redirect(_next(url_for("inbox.tasks")), 303)


def _can_put_back(opened: Desk) -> bool:
    """Whether the task is the visitor's and others could take it; not while it is somebody's who wants it back."""
    task = opened.task
    return opened.mine and bool(task.offer) and task.owner_id is None and task.hold != AFTER


VERBS += [
    Verb("claim", _l("签收"), "check", "tasks.claim", lambda _session, _actor, opened: opened.may_claim, 10,
         first=True, shortcut="c"),
    Verb("release", _l("放回"), "arrow-back-up", "tasks.release",
         lambda _session, _actor, opened: _can_put_back(opened), 90),
]


def _next(otherwise: str) -> str:
    wanted = request.form.get("next")
    return local_path(wanted) if wanted else otherwise


@bp.route("/draft", methods=["PUT", "POST"])
def draft(task_id: int) -> ResponseReturnValue:
    """Keep what was typed so far; nothing is checked yet. 204, with the time in Licet-Saved-At."""
    task = tasks.get(db.session(), task_id, actor())
    if task.state != "open":
        raise tasks.over(db.session(), task)
    kept_at = desk.save_draft(db.session(), actor(), task_id, sent().answers)
    return Response(status=204, headers={"Licet-Saved-At": moment(kept_at)})


@bp.delete("/draft")
def drop_draft(task_id: int) -> ResponseReturnValue:
    """Begin again from what was there before."""
    desk.drop_draft(db.session(), actor(), task_id)
    return Response(status=204)


@bp.post("/checks")
def check(task_id: int) -> ResponseReturnValue:
    """One value against one check of the form while it is typed: {ok, normal, problem}; nothing is kept."""
    told = object_in(request.get_data(as_text=True))
    name, value = told.get("check"), told.get("value")
    opened = tasks.get(db.session(), task_id, actor())
    known = checks_for(db.session(), requests.of_instance(db.session(), opened.instance_id))
    if not isinstance(name, str) or name not in known or not isinstance(value, str) or len(value) > LONGEST:
        raise BadRequest
    found = known[name](value, {})
    wrong = problem_text(found) if isinstance(found, Problem) else ""
    return jsonify(ok=not wrong, normal=found if isinstance(found, str) else value, problem=wrong)


@bp.post("")
def complete(task_id: int) -> ResponseReturnValue:
    """Hand in the answers. 303 onwards; 400 and 409 bring the page again, with everything typed still on it."""
    told = sent()
    try:
        done = desk.complete(db.session(), actor(), task_id, told.answers, version=told.version)
    except BadAnswer as error:
        return _again(task_id, told, error)
    except Conflict as error:
        return late.late_page(task_id, error, _typed(task_id, told.answers))
    application = requests.of_instance(db.session(), done.instance_id)
    flash(_done(done, decision(done, application, told.answers)), "ok")
    return _onwards(application)


def _done(task: Task, what: str) -> str:
    """What became of what was handed in: done, given back to whoever delegated it, or waiting for signatures."""
    if task.state == "completed":
        return _("已提交。%(what)s。", what=what)
    if task.hold is None:
        return _("已交回给 %(name)s。", name=task.assignee_name)
    return _("已提交，要等加签的人都同意才生效。%(what)s。", what=what)


def _onwards(application: Request) -> ResponseReturnValue:
    """The applicant sees where the request stands now; everybody else goes on with the inbox."""
    target = url_for("inbox.tasks")
    if application.applicant_id == actor().id:
        target = url_for("requests.show", request_id=application.id)
    return jsonify(location=target) if wants_json() else redirect(target, 303)


def _again(task_id: int, told: Sent, error: BadAnswer) -> ResponseReturnValue:
    db.session.rollback()
    if wants_json():
        return answer(400, sentence(error), problems=field_problems(error))
    return page(desk.open_task(db.session(), actor(), task_id), told.answers, error), 400


def _typed(task_id: int, answers: dict[str, Any]) -> list[Section]:
    """What was typed, with the names of its fields; by key where the form is out of reach by now."""
    try:
        opened = desk.open_task(db.session(), actor(), task_id)
        return sections_of(opened.form, answers, spoken(opened.form, opened.data))
    except (Refused, TypeError, ValueError, AttributeError):
        rows = [(key, json.dumps(value, ensure_ascii=False)) for key, value in answers.items() if key != "verdict"]
        return [Section("", rows)]
