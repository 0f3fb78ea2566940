"""The clocks of a request: what was promised, the ledger of everything that moved a deadline, on paper too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from engine.model import Task
from engine.time import clocks, pausing, timesheet
from engine.time.timesheet import Line, Sheet
from ledger import clock
from ledger.actor import SYSTEM, Actor
from ledger.errors import BadAnswer, Conflict, Problem
from web.asked import whole_in
from web.errors import field_problems, sentence
from web.guard import actor
from web.i18n import say
from web.ledgers.certificate_pdf import FONT, printed
from web.limits import limiter
from web.panels import PANELS, Panel
from web.requests.whereabouts import names_for
from web.session import db
from workflows import promises, requests
from workflows.requests import Request

bp = Blueprint("clocks", __name__, url_prefix="/requests/<int:request_id>")
LONGEST, MOST_SHOWN = 500, 1000
WHAT = {
    "began": _l("开始计时"), "paused": _l("暂停"), "resumed": _l("恢复"), "extended": _l("延长"), "set": _l("改期"),
    "recounted": _l("按工作日历重新计算"), "met": _l("按期完成"), "missed": _l("逾期完成"), "ended": _l("不再办理"),
}
STATES = {
    clocks.RUNNING: ("good", _l("计时中")), clocks.PAUSED: ("closed", _l("暂停中")),
    clocks.OVER: ("closed", _l("已结束")),
}
BASIS = _l("期限按工作日计算，不含法定节假日；开始的当日不计入（民法典第 201 条，行政许可法第 82 条）。"
           "暂停期间不计时，恢复后按暂停经过的工作日顺延。标“未确认”的，计算时该年的节假日安排还没有公布。")


@bp.get("/clock")
def ledger(request_id: int) -> ResponseReturnValue:
    """Every clock with its lines; whoever may, stops one or gives it more days."""
    return _page(requests.get(db.session(), actor(), request_id))


def _page(application: Request, task_id: int | None = None, error: BadAnswer | Conflict | None = None,
          ) -> ResponseReturnValue:
    session, person = db.session(), actor()
    sheets = timesheet.sheets(session, application.instance_id or 0)[:MOST_SHOWN]
    tasks = {one.task_id: session.get(Task, one.task_id) for one in sheets if one.task_id is not None}
    movable = {number for number, task in tasks.items()
               if task is not None and task.state == "open" and promises.may_move(person, application, task)}
    shown = render_template(
        "requests/clock.html", application=application, sheets=sheets, movable=movable, what=WHAT, states=STATES,
        basis=BASIS, who=_who(application), why=_why, wrong=task_id, typed=request.form, title_of=_title,
        error=sentence(error) if isinstance(error, Conflict) else "",
        problems=field_problems(error) if isinstance(error, BadAnswer) else {})
    return shown, error.status if error is not None else 200


def _title(sheet: Sheet) -> str:
    return say(sheet.name) if sheet.task_id is not None else _("整个申请（承诺办结时间）")


def _who(application: Request) -> Callable[[Line], str]:
    told = names_for(db.session(), application, actor())
    return lambda line: _("系统") if line.by == SYSTEM.name else told(line.by)


def _why(line: Line) -> str:
    """A reason as somebody wrote it; what the system waits for is named as the drawing names it."""
    return " · ".join(say(part) for part in line.reason.split("、"))


@bp.get("/clock.pdf")
@limiter.limit("30 per minute", key_func=lambda: f"clock|{actor().id}")
def sheet(request_id: int) -> Response:
    """The ledger on paper, for a dispute."""
    application = requests.get(db.session(), actor(), request_id)
    found = timesheet.sheets(db.session(), application.instance_id or 0)[:MOST_SHOWN]
    html = render_template("requests/clock_sheet.html", application=application, sheets=found, what=WHAT,
                           states=STATES, basis=BASIS, who=_who(application), why=_why, title_of=_title,
                           at=clock.now(), font=FONT)
    answer = make_response(printed(html).write_pdf())
    answer.mimetype = "application/pdf"
    answer.headers["Content-Disposition"] = f'attachment; filename="{application.number}-clock.pdf"'
    return answer


@bp.post("/clock/<int:task_id>/pause")
def pause(request_id: int, task_id: int) -> ResponseReturnValue:
    """Stop a task's clock, for a reason."""
    return _moved(request_id, task_id, lambda session, reason: pausing.pause(
        session, task_id, by=actor(), reason=reason), _("已暂停计时。"))


@bp.post("/clock/<int:task_id>/resumption")
def resume(request_id: int, task_id: int) -> ResponseReturnValue:
    """Let it go on; no reason is asked."""
    return _moved(request_id, task_id, lambda session, reason: pausing.resume(
        session, task_id, by=actor(), reason=reason), _("已恢复计时，期限已顺延。"), reasoned=False)


@bp.post("/clock/<int:task_id>/extension")
def extend(request_id: int, task_id: int) -> ResponseReturnValue:
    """Give it more working days, for a reason."""
    return _moved(request_id, task_id, _extended(task_id), _("已延长期限。"))


def _extended(task_id: int) -> Callable[[Session, str], object]:
    days = whole_in(request.form.get("days"))

    def act(session: Session, reason: str) -> object:
        if days is None or not 1 <= days <= pausing.MOST_DAYS:
            raise BadAnswer({"days": [Problem("请填写 1 到 {most} 的工作日数。", {"most": pausing.MOST_DAYS})]})
        return pausing.extend(session, task_id, days, by=actor(), reason=reason)

    return act


def _moved(request_id: int, task_id: int, act: Callable[[Session, str], object], done: str, *,
           reasoned: bool = True) -> ResponseReturnValue:
    session = db.session()
    application = requests.get(session, actor(), request_id)
    promises.clock_of(session, actor(), application, task_id)
    reason = request.form.get("reason", "").strip()
    try:
        if reasoned and not reason:
            raise BadAnswer({"reason": [Problem("请写明原因，申请人和办理人都会看到。")]})
        if len(reason) > LONGEST:
            raise BadAnswer({"reason": [Problem("原因不超过 {most} 字。", {"most": LONGEST})]})
        act(session, reason)
    except (BadAnswer, Conflict) as error:
        db.session.rollback()
        return _page(requests.get(db.session(), actor(), request_id), task_id, error)
    flash(done, "ok")
    return redirect(url_for("clocks.ledger", request_id=request_id), 303)


def _promised(session: Session, _actor: Actor, application: Request, _task: Task | None) -> dict[str, Any] | None:
    found = promises.promise_of(session, application)
    return None if found is None else {"promise": found, "waits_for": [
        say(name) for name in found.waits_for.split("、") if name]}


def _stopped(session: Session, person: Actor, application: Request, task: Task | None) -> dict[str, Any] | None:
    """Beside a task: that its clock stands still, or the way to the ledger for whoever may move it."""
    if task is None or task.state != "open" or task.due_at is None or task.parent_id is not None:
        return None
    found, may = clocks.running_clock(session, task), promises.may_move(person, application, task)
    return None if found is None and not may else {"clock": found, "may": may, "application": application}


PANELS.append(Panel("request", 5, "requests/promise.html", _promised))
PANELS.append(Panel("task", 30, "requests/stopped.html", _stopped))
