"""Handing a task on: transfer, delegation, giving back, recalling; each asks whom and why on a page of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import Task
from engine.usertasks import assigning
from engine.usertasks.assigning import TaskDelegation
from engine.usertasks.signing import MOST
from ledger.actor import Actor
from ledger.errors import BadAnswer, Conflict
from web.asked import whole_in
from web.desk import late
from web.desk.verbs import VERBS, Verb
from web.errors import field_problems, problem_text
from web.guard import actor
from web.panels import PANELS, Panel
from web.session import db
from workflows.handling import assigning as handing
from workflows.handling import desk, eligible
from workflows.handling.desk import Desk
from workflows.handling.eligible import Candidate, For
from workflows.requests import Request

bp = Blueprint("handing_over", __name__, url_prefix="/tasks/<int:task_id>")
SHOWN, SIGNERS = 20, 8
"""How many people a page lists; of each who may sign it is asked whether they may read the request."""


@dataclass(frozen=True)
class Passing:
    """What the page of a verb asks: whom (one, or `several`), and a text in the field `text`."""

    for_: For
    title: Any
    lead: Any
    label: Any
    button: Any
    endpoint: str
    text: str
    several: bool = False


TRANSFER = Passing(
    "transfer", _l("转办给别人"), _l("转办以后，这一步就由对方办理，不再回到您这里。"), _l("为什么转办"), _l("转办"),
    "handing_over.transfer", "reason")
DELEGATE = Passing(
    "delegate", _l("委派给别人办"), _l("对方办好后交回给您，由您看过再办结。"), _l("请对方做什么"), _l("委派"),
    "handing_over.delegate", "question")


class About(NamedTuple):
    """A task and its request, seen by somebody who has no desk there."""

    task: Task
    request: Request


def asking(passing: Passing, opened: Desk | About, *, typed: dict[str, Any] | None = None,
           error: BadAnswer | None = None, **more: Any) -> str:
    """The page that asks whom and why; people who were chosen stay chosen while others are looked for."""
    session, typed = db.session(), typed or {}
    search = request.values.get("q", "").strip()[:60]
    chosen = typed.get("to") or [number for one in request.args.getlist("to") if (number := whole_in(one))]
    chosen = list(dict.fromkeys(chosen))[:MOST]
    most = SIGNERS if passing.several else SHOWN
    found = eligible.people(session, actor(), opened.task, for_=passing.for_, search=search, limit=most)
    problems = field_problems(error) if error else {}
    more.setdefault("back", url_for("tasks.show", task_id=opened.task.id))
    more.setdefault("back_label", _("不了，回到任务"))
    return render_template(
        "tasks/passing.html", passing=passing, task=opened.task, search_at=request.path,
        action=url_for(passing.endpoint, task_id=opened.task.id), application=opened.request, search=search,
        people=_chosen_first(opened.task, passing.for_, found, chosen), chosen=chosen, full=len(found) == most,
        typed=typed, problems=problems, why_not={one.person_id: problem_text(one.why_not) for one in found
                                                 if one.why_not is not None}, **more)


def _chosen_first(task: Task, for_: For, found: Sequence[Candidate], chosen: Sequence[int]) -> list[Candidate]:
    missing = [number for number in chosen if number not in {one.person_id for one in found}]
    return [*eligible.named(db.session(), actor(), task, missing, for_=for_), *found]


def page_of(task_id: int, may: Callable[[Session, Task, Actor], bool]) -> Desk | None:
    """The desk, where the verb may be done now."""
    opened = desk.open_task(db.session(), actor(), task_id)
    open_ = opened.task.state == "open"
    return opened if open_ and may(db.session(), opened.task, actor()) else None


def sent_to() -> list[int]:
    """Whom the page names."""
    return [number for one in request.form.getlist("to") if (number := whole_in(one)) is not None]


def version() -> int | None:
    """The version of the task that the page was drawn from."""
    return whole_in(request.form.get("version"))


def _task(task_id: int) -> ResponseReturnValue:
    return redirect(url_for("tasks.show", task_id=task_id), 303)


def _ask(task_id: int, passing: Passing, may: Callable[[Session, Task, Actor], bool]) -> ResponseReturnValue:
    opened = page_of(task_id, may)
    return asking(passing, opened) if opened else _task(task_id)


def _again(task_id: int, passing: Passing, text: str, error: BadAnswer) -> ResponseReturnValue:
    to = sent_to()
    db.session.rollback()
    opened = desk.open_task(db.session(), actor(), task_id)
    return asking(passing, opened, typed={"to": to, passing.text: text}, error=error), 400


@bp.get("/transfer")
def transfer_page(task_id: int) -> ResponseReturnValue:
    """To whom, and why. ?q= looks for people."""
    return _ask(task_id, TRANSFER, handing.may_transfer)


@bp.post("/transfer")
def transfer(task_id: int) -> ResponseReturnValue:
    """The task is theirs from now on."""
    reason, to = request.form.get("reason", ""), sent_to()
    try:
        task = handing.transfer(db.session(), actor(), task_id, to[0] if to else None, reason=reason, version=version())
    except Conflict as error:
        return late.too_late(task_id, error, [(_("为什么转办"), reason)])
    except BadAnswer as error:
        return _again(task_id, TRANSFER, reason, error)
    flash(_("已转办给 %(name)s。", name=task.assignee_name), "ok")
    return redirect(url_for("inbox.tasks"), 303)


@bp.get("/delegation")
def delegation_page(task_id: int) -> ResponseReturnValue:
    """To whom, and with what question. ?q= looks for people."""
    return _ask(task_id, DELEGATE, handing.may_delegate)


@bp.post("/delegation")
def delegate(task_id: int) -> ResponseReturnValue:
    """They do it and give it back."""
    question, to = request.form.get("question", ""), sent_to()
    try:
        task = handing.delegate(
            db.session(), actor(), task_id, to[0] if to else None, question=question, version=version())
    except Conflict as error:
        return late.too_late(task_id, error, [(_("请对方做什么"), question)])
    except BadAnswer as error:
        return _again(task_id, DELEGATE, question, error)
    flash(_("已委派给 %(name)s，办好后会交回给您。", name=task.assignee_name), "ok")
    return redirect(url_for("inbox.tasks"), 303)


@bp.get("/resolution")
def resolution(task_id: int) -> ResponseReturnValue:
    """Giving a delegated task back with an opinion alone, its form left to whoever delegated it."""
    opened = page_of(task_id, lambda _session, task, person: task.assignee_id == person.id and bool(task.owner_id))
    if opened is None:
        return _task(task_id)
    return render_template("tasks/giving_back.html", task=opened.task, application=opened.request)


@bp.post("/resolution")
def resolve(task_id: int) -> ResponseReturnValue:
    """Back to whoever delegated it."""
    opinion = request.form.get("opinion", "")
    try:
        task = assigning.resolve(db.session(), task_id, by=actor(), answers=None, opinion=opinion.strip(),
                                 version=version())
    except Conflict as error:
        return late.too_late(task_id, error, [(_("您的意见"), opinion)])
    flash(_("已交回给 %(name)s。", name=task.assignee_name), "ok")
    return redirect(url_for("inbox.tasks"), 303)


@bp.post("/recall")
def recall(task_id: int) -> ResponseReturnValue:
    """Whoever delegated it takes it back."""
    try:
        assigning.recall(db.session(), task_id, by=actor(), version=version())
    except Conflict as error:
        return late.too_late(task_id, error)
    flash(_("已收回，这项任务由您处理。"), "ok")
    return _task(task_id)


VERBS += [
    Verb("transfer", _l("转办"), "arrow-right", "handing_over.transfer_page",
         lambda session, person, opened: handing.may_transfer(session, opened.task, person), 30,
         act="handing_over.transfer", shortcut="t", keeps="reason"),
    Verb("delegate", _l("委派"), "user-plus", "handing_over.delegation_page",
         lambda session, person, opened: handing.may_delegate(session, opened.task, person), 40,
         act="handing_over.delegate", keeps="question"),
    Verb("resolve", _l("交回"), "clipboard-check", "handing_over.resolution",
         lambda _session, person, opened: opened.mine and bool(opened.task.owner_id), 20,
         act="handing_over.resolve", keeps="opinion"),
    Verb("recall", _l("收回委派"), "rotate", "handing_over.recall",
         lambda session, person, opened: handing.may_recall(session, opened.task, person), 20, first=True),
]


def _told(session: Session, _actor: Actor, _request: Request, task: Task | None) -> dict[str, Any] | None:
    """Who delegated it to whom, with what question, and what came back."""
    if task is None:
        return None
    rows = session.scalars(select(TaskDelegation).where(TaskDelegation.task_id == task.id).order_by(TaskDelegation.id))
    found = rows.all()
    return {"rows": found} if found else None


PANELS.append(Panel("task", 14, "tasks/delegations.html", _told))
