"""Deeds on one instance, its incidents and its timers; each has a reason and is a fact of the instance."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from engine import instances
from engine.model import Incident, Instance, Timer
from engine.operations import interventions, repair
from engine.operations.interventions import Intervention
from engine.time import timers
from ledger.actor import Actor
from ledger.clock import SHANGHAI
from ledger.errors import BadAnswer, NotFound, Problem
from registry.access.rules import Thing, can
from web.asked import YEARS
from web.cockpit.doing import done
from web.errors import field_problems
from web.guard import actor, needs
from web.login import local_path
from web.session import db
from workflows.cockpit import account, reach, taking_back

bp = Blueprint("deeds", __name__, url_prefix="/cockpit")
MOST_EDITS = 6
"""So many variables can be changed with one retry."""


@bp.post("/instances/<int:instance_id>/suspension")
@needs(reach.ACT)
def suspend(instance_id: int) -> ResponseReturnValue:
    """Hold it: nobody claims or completes, no message is taken, no timer fires."""
    return done(instance_id, lambda session, by, why: instances.suspend(session, instance_id, by=by, reason=why),
                _("已挂起。恢复之前不能签收、办理，定时器和消息也都等着。"))


@bp.post("/instances/<int:instance_id>/resumption")
@needs(reach.ACT)
def resume(instance_id: int) -> ResponseReturnValue:
    """Let it go on."""
    return done(instance_id, lambda session, by, why: instances.resume(session, instance_id, by=by, reason=why),
                _("已恢复。挂起期间到期的，随后一并触发一次。"))


@bp.post("/instances/<int:instance_id>/termination")
@needs(reach.ACT)
def terminate(instance_id: int) -> ResponseReturnValue:
    """End it; as long as nothing has followed from that it can be taken back."""
    return done(instance_id, lambda session, by, why: interventions.terminate(session, instance_id, by=by, reason=why),
                _("已终止。没有办完的任务、定时器和等待的消息都已取消；在有新的进展之前可以撤销。"))


@bp.post("/interventions/<int:number>/undo")
@needs(reach.ACT)
def undo(number: int) -> ResponseReturnValue:
    """Take back an end or a move by hand."""
    made = db.session.get(Intervention, number)
    if made is None:
        raise NotFound
    said = {interventions.TERMINATED: _("已撤销终止，回到终止前的样子。"),
            interventions.MODIFIED: _("已撤销调整，回到调整前的样子。")}
    return done(made.instance_id, lambda session, by, why: taking_back.undo(session, number, by=by, reason=why),
                said[made.kind])


# incidents
def _incident(incident_id: int) -> tuple[Incident, Instance]:
    """The incident and its instance; NotFound where the actor may not look at that."""
    found = db.session.get(Incident, incident_id)
    if found is None:
        raise NotFound
    return found, reach.one(db.session(), actor(), found.instance_id)


def _settle(incident_id: int, act: Callable[[Session, Actor, str], object], said: str) -> ResponseReturnValue:
    found, _instance = _incident(incident_id)
    return done(found.instance_id, act, said, incident=incident_id, back=_back())


def _back() -> str:
    """Where the form said to go back to."""
    return local_path(request.form["next"]) if request.form.get("next") else ""


@bp.post("/incidents/<int:incident_id>/retry")
@needs(reach.ACT)
def retry(incident_id: int) -> ResponseReturnValue:
    """Try what failed once more, with variables changed if any were."""
    texts = _edits()

    def act(session: Session, by: Actor, why: str) -> None:
        edit = repair.typed(session, texts) if texts else None
        try:
            repair.retry(session, incident_id, by=by, reason=why, edit=edit)
        except TypeError:
            raise BadAnswer({"value": [Problem("变量不能保存这样的值。")]}) from None

    if texts:
        try:
            repair.typed(db.session(), texts)
        except BadAnswer as error:
            return _editor(incident_id, field_problems(error), 400)
    return _settle(incident_id, act, _("已重试。如果还有问题，会再列为异常。"))


def _edits() -> dict[str, str]:
    """The variables to change as they were typed, {name: value}; rows without a name or value change nothing."""
    rows = zip(request.form.getlist("name")[:MOST_EDITS], request.form.getlist("value")[:MOST_EDITS], strict=False)
    return {name.strip()[:120]: value.strip() for name, value in rows if name.strip() and value.strip()}


@bp.get("/incidents/<int:incident_id>/edit")
@needs(reach.ACT)
def edit(incident_id: int) -> ResponseReturnValue:
    """The variables that the halted element sees, to be changed before it is tried again."""
    return _editor(incident_id, {}, 200)


def _editor(incident_id: int, problems: dict[str, list[str]], status: int) -> ResponseReturnValue:
    found, instance = _incident(incident_id)
    if found.resolved_at is not None:
        return redirect(url_for("instance.show", instance_id=instance.id))
    unmask = can(actor(), "person.unmask", Thing(instance.unit_path))
    held: dict[str, Any] = repair.variables(db.session(), incident_id)
    page = render_template(
        "cockpit/edit.html", incident=found, instance=instance, name=account.names(db.session(), instance).get(
            found.element_id, found.element_id), most=MOST_EDITS, problems=problems, typed=list(_edits().items()),
        held=[account.shown(name, value, unmasked=unmask) for name, value in sorted(held.items())],
        reason=request.form.get("reason", ""))
    return page, status


@bp.post("/incidents/<int:incident_id>/skip")
@needs(reach.ACT)
def skip(incident_id: int) -> ResponseReturnValue:
    """Go on as if the element had been done and had given nothing."""
    along = request.form.get("along") or None
    return _settle(incident_id, lambda session, by, why: repair.skip(
        session, incident_id, by=by, reason=why, along=along), _("已跳过，流程继续往下走。"))


@bp.post("/incidents/<int:incident_id>/cancel")
@needs(reach.ACT)
def cancel(incident_id: int) -> ResponseReturnValue:
    """Take the halted token off the drawing."""
    return _settle(incident_id, lambda session, by, why: repair.cancel(
        session, incident_id, by=by, reason=why), _("已取消出错的这一支，其余分支照常。"))


# timers
def _timer(timer_id: int, act: Callable[[Session, Actor, str], object], said: str) -> ResponseReturnValue:
    found = db.session.get(Timer, timer_id)
    if found is None:
        raise NotFound
    reach.one(db.session(), actor(), found.instance_id)
    return done(found.instance_id, act, said, back=_back())


@bp.post("/timers/<int:timer_id>/firing")
@needs(reach.ACT)
def fire(timer_id: int) -> ResponseReturnValue:
    """Let it fire now."""
    return _timer(timer_id, lambda session, by, why: timers.fire_now(session, timer_id, by=by, reason=why),
                  _("已提前触发。"))


@bp.post("/timers/<int:timer_id>/moment")
@needs(reach.ACT)
def reschedule(timer_id: int) -> ResponseReturnValue:
    """Give it another moment."""
    def act(session: Session, by: Actor, why: str) -> None:
        timers.reschedule(session, timer_id, _moment(request.form.get("due", "")), by=by, reason=why)

    return _timer(timer_id, act, _("已改时间。"))


def _moment(text: str) -> dt.datetime:
    """A moment as a browser sends it (2026-12-01T09:30), in Shanghai. Raises BadAnswer."""
    try:
        found = dt.datetime.fromisoformat(text[:16]).replace(tzinfo=SHANGHAI)
    except ValueError:
        found = None
    if found is None or found.year not in YEARS:
        raise BadAnswer({"due": [Problem("请填写日期和时间，例如 2026-12-01 09:30。")]})
    return found


@bp.post("/timers/<int:timer_id>/suspension")
@needs(reach.ACT)
def hold(timer_id: int) -> ResponseReturnValue:
    """Hold it back."""
    return _timer(timer_id, lambda session, by, why: timers.suspend(session, timer_id, by=by, reason=why),
                  _("已暂停这个定时器，流程其余部分照常。"))


@bp.post("/timers/<int:timer_id>/resumption")
@needs(reach.ACT)
def release(timer_id: int) -> ResponseReturnValue:
    """Let one that was held back go on."""
    return _timer(timer_id, lambda session, by, why: timers.resume(session, timer_id, by=by, reason=why),
                  _("已恢复这个定时器。"))


