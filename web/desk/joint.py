"""A countersign on the page of its request: who has said what, and for whoever asked, who else is to be asked."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import Task
from ledger.actor import Actor
from ledger.errors import BadAnswer, Conflict, NotAllowed
from registry.access.rules import visible
from registry.certificates.models import Certificate
from web.asked import whole_in
from web.errors import field_problems, sentence
from web.guard import actor
from web.panels import PANELS, Panel
from web.session import db
from workflows import requests
from workflows.joint import membership, people, reading
from workflows.requests import Request

bp = Blueprint("joint", __name__, url_prefix="/requests/<int:request_id>/members")
SAID = {
    "yes": ("good", _l("同意")), "no": ("bad", _l("不同意")), "abstain": ("closed", _l("弃权")),
    "left": ("closed", _l("已退出")), None: ("due", _l("未表态")),
}
DONE = {"join": _l("已加入会签。"), "leave": _l("已退出会签。"), "replace": _l("已换人。")}


@bp.get("")
def show(request_id: int) -> ResponseReturnValue:
    """The members, and the forms to change them."""
    return _page(_mine(request_id))


def _mine(request_id: int) -> Request:
    found = requests.get(db.session(), actor(), request_id)
    if not membership.may_change(actor(), found):
        raise NotAllowed
    return found


def _page(application: Request, error: BadAnswer | Conflict | None = None) -> ResponseReturnValue:
    session = db.session()
    shown = render_template(
        "requests/members.html", application=application, poll=membership.poll_of(session, application), said=SAID,
        people=people.options(session, application), typed=request.form,
        error=sentence(error) if isinstance(error, Conflict) else "",
        problems=field_problems(error) if isinstance(error, BadAnswer) else {})
    return shown, error.status if error is not None else 200


@bp.post("")
def change(request_id: int) -> ResponseReturnValue:
    """Add, take out or replace a member; `what` says which."""
    application, verb = _mine(request_id), request.form.get("what", "")
    if verb not in DONE:
        verb = "join"
    given = {"reason": request.form.get("reason", ""), "to": whole_in(request.form.get("to")),
             "task": whole_in(request.form.get("task")), "weight": whole_in(request.form.get("weight")),
             "veto": request.form.get("veto") == "yes"}
    try:
        membership.change(db.session(), actor(), application, verb, given)
    except (BadAnswer, Conflict) as error:
        db.session.rollback()
        return _page(requests.get(db.session(), actor(), request_id), error)
    flash(DONE[verb], "ok")
    return redirect(url_for("requests.show", request_id=request_id), 303)


def _panel(session: Session, person: Actor, application: Request, _task: Task | None) -> dict[str, Any] | None:
    poll = membership.poll_of(session, application)
    return None if poll is None else {
        "poll": poll, "said": SAID, "may": membership.may_change(person, application)}


def _signed(session: Session, person: Actor, application: Request, _task: Task | None) -> dict[str, Any] | None:
    """What is to be signed: the request, with a way there for whoever may read it, or the certificate in short."""
    about = reading.subject(session, application)
    held = session.get(Certificate, application.certificate_id) if application.process_id == reading.PROCESS and (
        application.certificate_id) else None
    if about is None and held is None:
        return None
    opens = _sees(session, person, held) if about is None else requests.readable(session, person, about.id)
    return {"about": about, "certificate": held, "opens": opens}


def _sees(session: Session, person: Actor, held: Certificate | None) -> bool:
    found = select(Certificate.id).where(Certificate.id == held.id) if held is not None else None
    return found is not None and session.scalar(visible(found, person, model=Certificate)) is not None


PANELS += [Panel("request", 8, "requests/poll.html", _panel), Panel("task", 3, "requests/signed.html", _signed),
           Panel("request", 7, "requests/signed.html", _signed)]
