"""Going back: choosing an earlier step with what that undoes, taking back one's own, withdrawing an application."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import DRAWN, Instance, Task
from engine.operations.moves import CannotModify
from engine.returns import giving_back
from engine.returns.giving_back import Target
from engine.returns.taking_back import TAKE_BACK
from engine.usertasks import tasks
from engine.usertasks.hands import AFTER
from ledger.actor import Actor
from ledger.errors import BadAnswer, Conflict, NotFound
from web.asked import whole_in
from web.desk import late
from web.desk.verbs import VERBS, Verb
from web.errors import field_problems, sentence
from web.guard import actor
from web.i18n import language, say
from web.panels import PANELS, Panel
from web.requests.filled import application_fields, field_label
from web.requests.whereabouts import names_for
from web.session import db
from workflows import requests
from workflows.handling import desk, returning
from workflows.handling.desk import Desk
from workflows.requests import Request
from workflows.story import element_names

bp = Blueprint("returning", __name__)
TYPED = "reason"


@bp.get("/tasks/<int:task_id>/return")
def choose(task_id: int) -> ResponseReturnValue:
    """Every earlier step, each with what going back to it undoes and what may stand."""
    opened = desk.open_task(db.session(), actor(), task_id)
    if opened.task.state != "open":
        return late.too_late(task_id, tasks.over(db.session(), opened.task))
    if not opened.mine:
        raise NotFound
    giving_back.free(db.session(), opened.task)
    return _page(opened)


def _page(opened: Desk, error: BadAnswer | None = None) -> str:
    session, task = db.session(), opened.task
    found = returning.targets(session, actor(), task.id)
    return render_template(
        "returning/choose.html", task=task, application=opened.request, reason=request.values.get(TYPED, ""),
        straight=request.method == "GET" or bool(request.form.get("straight")),
        version=session.get_one(Instance, task.instance_id).version,
        problems=field_problems(error) if error else {}, error=sentence(error) if error else "",
        **chooser(opened.request, found))


def chooser(application: Request, found: list[Target]) -> dict[str, Any]:
    """What the list of steps is drawn with: those to choose from, those not and why, and which is chosen."""
    free = [target for target in found if target.refused is None]
    return {
        "free": free, "told": _told, "names": _names(application),
        "refused": [(target, _why_not(target.refused)) for target in found if target.refused is not None],
        "chosen": whole_in(request.values.get("to", "")) or (free[0].task_id if free else None),
    }


def _why_not(error: Conflict) -> str:
    return error.finding.text(language()) if isinstance(error, CannotModify) else sentence(error)


def _names(application: Request) -> dict[str, str]:
    return element_names(db.session(), application.instance.definition_id) if application.instance else {}


def _told(target: Target) -> dict[str, Any]:
    """What going back to a step does, in groups."""
    may = {work.task_id for work in target.may_stand}
    return {
        "gone": target.preview.withdrawn, "undone": [work for work in target.undone if work.task_id not in may],
        "may": target.may_stand, "staying": target.preview.staying,
        "timers": list(dict.fromkeys(element for element, _due in target.preview.timers)),
        "remarks": [remark.text(language()) for remark in target.preview.remarks],
    }


@bp.post("/tasks/<int:task_id>/return")
def give_back(task_id: int) -> ResponseReturnValue:
    """Do it. 400 brings the page again with the reason on it; 409 says who was faster, and keeps the reason."""
    session, reason = db.session(), request.form.get(TYPED, "")
    try:
        returning.give_back(
            session, actor(), task_id, whole_in(request.form.get("to", "")), reason=reason,
            straight=bool(request.form.get("straight")), version=whole_in(request.form.get("version", "")),
            instance_version=whole_in(request.form.get("instance_version", "")))
    except BadAnswer as error:
        db.session.rollback()
        return _page(desk.open_task(db.session(), actor(), task_id), error), error.status
    except Conflict as error:
        return late.too_late(task_id, error, [(_("退回原因"), reason)])
    flash(_("已退回。"), "ok")
    return redirect(url_for("inbox.tasks"), 303)


@bp.post("/tasks/<int:task_id>/take-back")
def take_back(task_id: int) -> ResponseReturnValue:
    """What I have just handed in is mine again; 409 with the reason when somebody has gone on with it."""
    try:
        again = returning.take_back(db.session(), actor(), task_id)
    except Conflict as error:
        return late.too_late(task_id, error)
    flash(_("已取回，请重新办理。"), "ok")
    return redirect(url_for("tasks.show", task_id=again.id), 303)


@bp.get("/requests/<int:request_id>/withdraw")
def ask_withdraw(request_id: int) -> ResponseReturnValue:
    """Why, and whether to change it or to call it off."""
    application = requests.get(db.session(), actor(), request_id)
    if not returning.may_withdraw(db.session(), actor(), application):
        raise Conflict
    return _withdraw_page(application)


def _withdraw_page(application: Request, error: BadAnswer | Conflict | None = None) -> str:
    return render_template(
        "returning/withdraw.html", application=application, reason=request.values.get(TYPED, ""),
        how=request.values.get("how", "edit"), problems=field_problems(error) if error else {},
        error=sentence(error) if error else "",
    )


@bp.post("/requests/<int:request_id>/withdraw")
def withdraw(request_id: int) -> ResponseReturnValue:
    """The application is mine again, to change it or to end it."""
    how, reason = request.form.get("how", "edit"), request.form.get(TYPED, "")
    application = requests.get(db.session(), actor(), request_id)
    try:
        returning.withdraw(db.session(), actor(), application, how=how, reason=reason)
    except (BadAnswer, Conflict) as error:
        db.session.rollback()
        again = requests.get(db.session(), actor(), request_id)
        return _withdraw_page(again, error), error.status
    flash(_("申请已撤销。") if how == "end" else _("申请已撤回，请修改后重新提交。"), "ok")
    return redirect(url_for("requests.show", request_id=request_id), 303)


# beside a task and a request
def _may_return(session: Session, _actor: Actor, opened: Desk) -> bool:
    task = opened.task
    if not opened.mine or task.role != DRAWN or task.hold == AFTER or task.owner_id is not None:
        return False
    done = select(Task.id).where(
        Task.instance_id == task.instance_id, Task.state == "completed", Task.undone_at.is_(None))
    return session.scalars(done.limit(1)).first() is not None


VERBS.append(Verb("return", _l("退回"), "arrow-left", "returning.choose", _may_return, 40, act="returning.give_back",
                  shortcut="r", keeps=TYPED))


def _given(session: Session, who: Actor, application: Request, task: Task | None) -> dict[str, Any] | None:
    """Beside a task: that it came back, why, and what is to be judged anew; that one may take it back."""
    if task is None:
        return _of_request(session, who, application)
    if task.state != "open":
        mine = [one for one in returning.recent(session, who, application) if one.id == task.id]
        return _panel(mine) if mine else None
    case, changed = returning.why_here(session, task), returning.changed_since(session, task)
    if case is None and not changed:
        return None
    return {**_panel([]), "case": case, "changed": _parts(application, changed),
            "who": names_for(session, application, who)}


def _panel(mine: list[Task]) -> dict[str, Any]:
    return {"recent": [(one, one.completed_at + TAKE_BACK) for one in mine if one.completed_at], "case": None,
            "changed": [], "withdraw": False}


def _of_request(session: Session, who: Actor, application: Request) -> dict[str, Any] | None:
    recent, may = returning.recent(session, who, application), returning.may_withdraw(session, who, application)
    return {**_panel(recent), "withdraw": may} if recent or may else None


def _parts(application: Request, changed: list[str]) -> list[str]:
    """The parts of a basis, in words: fields by their labels, steps by their names."""
    known, names = application_fields(application), _names(application)
    found = []
    for part in changed:
        kind, _colon, key = part.partition(":")
        element = key.partition("#")[0]
        found.append({"f": field_label(known, key), "t": say(names.get(element, element))}.get(kind, _("表单")))
    return list(dict.fromkeys(found))


PANELS += [Panel("task", 10, "returning/panel.html", _given), Panel("request", 10, "returning/panel.html", _given)]
