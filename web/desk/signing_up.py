"""Asking others to sign a task before or after it, and no longer asking; beside the task stands who was asked and what
they said."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from engine.model import DRAWN, OPEN, Task
from engine.usertasks import signing
from engine.usertasks.hands import AFTER, TaskPlan
from ledger.actor import Actor
from ledger.errors import BadAnswer, Conflict, NotFound
from web.desk import late
from web.desk.handing_over import Passing, asking, page_of, sent_to, version
from web.desk.verbs import VERBS, Verb
from web.errors import field_problems
from web.guard import actor
from web.i18n import say
from web.panels import PANELS, Panel
from web.requests.filled import Section, sections_of
from web.session import db
from workflows.handling import desk
from workflows.handling import signing as signatures
from workflows.requests import Request

bp = Blueprint("signing_up", __name__, url_prefix="/tasks/<int:task_id>/signers")
SIGN = Passing(
    "sign", _l("请别人加签"), _l("前加签是先听别人的意见，由您决定；后加签要他们都同意，您的办理才生效。"),
    _l("请他们看什么"), _l("请他们加签"), "signing_up.ask", "question", several=True)


@bp.get("")
def signers(task_id: int) -> ResponseReturnValue:
    """Whom to ask, before or after, and what. ?q= looks for people."""
    opened = page_of(task_id, lambda _session, task, person: signatures.may_ask(task, person))
    if opened is None:
        return _task(task_id)
    return asking(SIGN, opened)


@bp.post("")
def ask(task_id: int) -> ResponseReturnValue:
    """They are asked to sign."""
    form, to = request.form, sent_to()
    question = form.get("question", "")
    role: signing.Role = "after" if form.get("role") == AFTER else "before"
    try:
        signatures.ask(
            db.session(), actor(), task_id, to, role, question=question,
            in_order=bool(form.get("in_order")), version=version())
    except Conflict as error:
        return late.too_late(task_id, error, [(_("请他们看什么"), question)])
    except BadAnswer as error:
        db.session.rollback()
        opened = desk.open_task(db.session(), actor(), task_id)
        typed = {"to": to, "question": question, "role": role, "in_order": form.get("in_order")}
        return asking(SIGN, opened, typed=typed, error=error), 400
    flash(_("已请他们加签。") if role != AFTER else _("您办理之后，会请他们加签。"), "ok")
    return _task(task_id)


@bp.get("/<int:plan_id>/removal")
def removal(task_id: int, plan_id: int) -> ResponseReturnValue:
    """Why this signature is waited for no more."""
    opened = desk.open_task(db.session(), actor(), task_id)
    return _removal(opened.task, _plan(task_id, plan_id))


@bp.post("/<int:plan_id>/removal")
def drop(task_id: int, plan_id: int) -> ResponseReturnValue:
    """This signature is waited for no more."""
    reason = request.form.get("reason", "")
    plan = _plan(task_id, plan_id)
    try:
        task = signatures.drop(db.session(), actor(), plan.id, reason=reason)
    except Conflict as error:
        return late.too_late(task_id, error, [(_("为什么减签"), reason)])
    except BadAnswer as error:
        db.session.rollback()
        opened = desk.open_task(db.session(), actor(), task_id)
        return _removal(opened.task, _plan(task_id, plan_id), reason, field_problems(error)), 400
    flash(_("已减签。") if task.state == OPEN else _("已减签，不再等别人，您的办理已经生效。"), "ok")
    return _task(task_id)


def _removal(task: Task, plan: TaskPlan, reason: str = "", problems: dict[str, list[str]] | None = None) -> str:
    return render_template("tasks/removal.html", task=task, plan=plan, reason=reason, problems=problems or {})


def _plan(task_id: int, plan_id: int) -> TaskPlan:
    plan = db.session().get(TaskPlan, plan_id)
    if plan is None or plan.task_id != task_id:
        raise NotFound
    return plan


def _task(task_id: int) -> ResponseReturnValue:
    return redirect(url_for("tasks.show", task_id=task_id), 303)


VERBS.append(Verb(
    "sign", _l("加签"), "user-check", "signing_up.signers",
    lambda _session, person, opened: signatures.may_ask(opened.task, person), 50, act="signing_up.ask",
    keeps="question"))


def _told(session: Session, person: Actor, application: Request, task: Task | None) -> dict[str, Any] | None:
    """The signatures around a task; for a signer also what they are asked, and the answers they are to agree to."""
    if task is None:
        return None
    asked = None if task.role == DRAWN else signing.plan_of(session, task)
    host = task if asked is None else session.get_one(Task, asked.task_id)
    own = [_row(session, plan, task, person) for plan in signing.plans(session, task.id)]
    beside = [_row(session, plan, host, person) for plan in signing.plans(session, host.id)
              if asked is not None and plan.id != asked.id]
    if asked is None and not own:
        return None
    return {"asked": asked, "rows": own, "beside": beside, "answers": _answers(session, application, host)
            if asked is not None and asked.role == AFTER and task.state != "cancelled" else []}


def _row(session: Session, plan: TaskPlan, host: Task, person: Actor) -> dict[str, Any]:
    child = None if plan.made_id is None else session.get(Task, plan.made_id)
    given = dict(signing.said(session, child.id)) if child is not None and child.state == "completed" else {}
    waits = plan.dropped_at is None and (child is None or child.state == OPEN)
    may = waits and host.state == OPEN and person.id in (plan.by_id, host.assignee_id)
    name = plan.person_name if child is None else child.assignee_name
    return {"plan": plan, "name": name, "child": child, "given": given, "may_drop": may, "waits": waits}


def _answers(session: Session, application: Request, host: Task) -> list[Section]:
    """What the last signers agree to."""
    kept = signing.pending(session, host.id)
    if kept is None:
        return []
    form = desk.shaped(session, application, host)
    told = sections_of(form, kept.answers, desk.given_for(session, application, host))
    verdict = next((one.label for one in form.verdicts if one.value == kept.answers.get("verdict")), "")
    return [Section(_("%(name)s 的办理意见", name=kept.by_name), [(_("结论"), say(verdict))]), *told]


PANELS.append(Panel("task", 12, "tasks/signers.html", _told))
