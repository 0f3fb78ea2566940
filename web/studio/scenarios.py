"""The scenarios of a process: which are kept, keeping another, changing what one looks at, recording it anew."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import Instance
from engine.releases import choosing
from ledger.errors import NotFound, Refused
from registry.access.rules import visible
from web.asked import whole_in
from web.errors import sentence
from web.guard import actor, needs
from web.session import db
from web.studio import rehearsal_words as words
from web.studio.rehearsal import rehearsal_of
from workflows.requests import Request
from workflows.studio import scenarios
from workflows.studio.rehearsing import DONE, RehearsalCase
from workflows.studio.scenarios import Scenario, Wanted

bp = Blueprint("scenarios", __name__, url_prefix="/studio/scenarios")


class NoSuchRequest(Refused):
    """没有找到这个编号的申请，或您无权查看。请填写这个流程的申请编号或实例编号。"""

    status = 422


@bp.get("")
@needs("process.edit")
def listed() -> ResponseReturnValue:
    """The scenarios of a process."""
    return _page(request.args.get("process", ""))


def _page(process_id: str, problem: str = "") -> str:
    session = db.session()
    now = choosing.current(session, process_id, actor().group_id or 0)
    found = scenarios.of_process(session, process_id, group_id=actor().group_id)
    return render_template("studio/scenarios.html", definition=now, scenarios=found, problem=problem, words=words,
                           looks=scenarios.LOOKS, typed=request.form, most=scenarios.MOST)


@bp.post("")
@needs("process.edit")
def keep() -> ResponseReturnValue:
    """Keep a finished request, or an instance that a rehearsal showed."""
    process_id = request.form.get("process", "")
    session = db.session()
    try:
        made = scenarios.keep(session, _instance(session, process_id), _wanted(), by=actor())
    except Refused as error:
        db.session.rollback()
        return _page(process_id, sentence(error)), error.status
    flash(_("已存为场景“%(name)s”，以后每次预演和发布检查都会重演它。", name=made.name), "ok")
    return redirect(url_for("scenarios.listed", process=process_id), 303)


def _wanted() -> Wanted:
    days = request.form.get("most_days", "").strip()
    most = float(whole_in(days) or 0) if days else None
    return Wanted(request.form.get("name", ""), request.form.get("looks", "path"), most)


def _instance(session: Session, process_id: str) -> int:
    """The instance that is meant: a case of a rehearsal, or a request by its number."""
    case_id = whole_in(request.form.get("case"))
    if case_id is not None:
        case = session.get(RehearsalCase, case_id)
        if case is None or case.part != DONE or rehearsal_of(case.rehearsal_id).process_id != process_id:
            raise NotFound
        return case.instance_id
    number = request.form.get("number", "").strip()
    if whole_in(number) is not None:
        found = session.scalar(select(Instance.id).where(
            Instance.id == whole_in(number), Instance.process_id == process_id,
            Instance.group_id == actor().group_id))
    else:
        wanted = select(Request.instance_id).where(Request.number == number, Request.process_id == process_id)
        found = session.scalar(visible(wanted, actor(), model=Request))
    if found is None:
        raise NoSuchRequest
    return found


@bp.post("/<int:scenario_id>")
@needs("process.edit")
def change(scenario_id: int) -> ResponseReturnValue:
    """Another name, or another thing to look at."""
    return _done(scenario_id, lambda session, one: scenarios.change(session, one.id, _wanted(), by=actor()),
                 _("已保存。"))


@bp.post("/<int:scenario_id>/recording")
@needs("process.edit")
def record_again(scenario_id: int) -> ResponseReturnValue:
    """From now on it is expected to come out as it does by the version in force."""
    return _done(scenario_id, lambda session, one: scenarios.record_again(session, one.id, by=actor()),
                 _("已按现行版本重新录制。"))


@bp.post("/<int:scenario_id>/deletion")
@needs("process.edit")
def delete(scenario_id: int) -> ResponseReturnValue:
    """It is played no more."""
    return _done(scenario_id, lambda session, one: scenarios.delete(session, one.id, by=actor()), _("已删除场景。"))


def _done(scenario_id: int, verb, said: str) -> ResponseReturnValue:
    session = db.session()
    one: Scenario = scenarios.one(session, scenario_id, group_id=actor().group_id)
    process_id = one.process_id
    try:
        verb(session, one)
    except Refused as error:
        db.session.rollback()
        return _page(process_id, sentence(error)), error.status
    flash(said, "ok")
    return redirect(url_for("scenarios.listed", process=process_id), 303)
