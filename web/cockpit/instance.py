"""One running process: its tokens on the drawing, tasks, variables, timers, messages, incidents, and what was done."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from engine import catalog
from engine.model import Definition, Instance, Timer
from engine.operations import interventions, repair
from engine.time import timers
from ledger.clock import SHANGHAI
from registry.access.rules import Thing, can
from web.drawn import drawn
from web.guard import actor, needs
from web.i18n import language
from web.requests.whereabouts import role_words
from web.session import db
from workflows.cockpit import account, deeds, reach

bp = Blueprint("instance", __name__, url_prefix="/cockpit/instances/<int:instance_id>")
KINDS = {
    "event": _l("流程里的定时事件"), "sla": _l("办理期限"), "escalation": _l("超期升级"), "silence": _l("逾期视为"),
    "warning": _l("逾期视为前的提醒"), "retry": _l("自动重试"),
}
TIMERS = {"waiting": _l("等待中"), "suspended": _l("已暂停"), "failed": _l("触发失败")}


@bp.app_template_global()
def timer_words(timer: Timer) -> str:
    """What kind of timer it is."""
    return str(KINDS.get(timer.kind, timer.kind))


@bp.app_template_global()
def timer_state(timer: Timer) -> str:
    """Whether it waits, is held back, or has failed."""
    return str(TIMERS.get(timer.state, timer.state))


@bp.app_template_global()
def cause_words(trouble: Any) -> str:
    """Why something stopped, in the visitor's language."""
    return str(trouble.cause if language() == "zh" else trouble.cause_en or trouble.cause)


@bp.app_template_global()
def offered_to(groups: list[str]) -> list[str]:
    """The roles a task is offered to, each once."""
    return list(dict.fromkeys(role_words(name.partition("@")[0]) for name in groups))


@bp.get("")
@needs(reach.READ)
def show(instance_id: int) -> ResponseReturnValue:
    """Its page; ?element= opens the visits of one element."""
    session, person = db.session(), actor()
    instance = reach.one(session, person, instance_id)
    passed = account.elements(session, instance_id)
    unmask = can(person, "person.unmask", Thing(instance.unit_path))
    return render_template(
        "cockpit/instance.html", instance=instance, definition=session.get_one(Definition, instance.definition_id),
        passed=passed, marks=account.marks(session, instance, passed), numbers=account.counts(instance, passed),
        element=request.args.get("element", "")[:120],
        variables=account.variables(session, instance, unmasked=unmask), names=account.names(session, instance),
        tasks=account.tasks(session, instance_id), timers=timers.of_instance(session, instance_id),
        awaited=account.awaited(session, instance_id), troubles=_troubles(session, instance),
        moved=account.moved(session, instance_id), done=deeds.of_instance(session, instance_id), deeds=deeds.WORDS,
        application=account.request_of(session, person, instance_id), versions=account.versions(session, instance),
        may_act=reach.may(person, reach.ACT, instance), taken_back=interventions.last(session, instance),
    )


def _troubles(session: Session, instance: Instance) -> list[tuple[repair.Trouble, list[tuple[str, str]]]]:
    """Its open incidents, each with the flows that an operator may have it skip along."""
    return [(one, account.ways_on(session, instance, one.element_id))
            for one in repair.troubles(session, instance.id)]


@bp.get("/diagram.bpmn")
@needs(reach.READ)
def diagram(instance_id: int) -> Response:
    """The drawing it runs on."""
    instance = reach.one(db.session(), actor(), instance_id)
    return drawn(catalog.diagram(db.session(), instance.definition_id))


@bp.app_template_filter()
def clock_field(value: dt.datetime) -> str:
    """A moment as a browser's field for date and time holds it, in Shanghai."""
    return value.astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M")
