"""What can be begun about a unit or a request: a countersign, so far; a button on its page."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine.model import Task
from ledger.actor import Actor
from ledger.errors import NotFound
from registry.people.units import Unit
from web.guard import actor
from web.organisation.sight import unit_of
from web.panels import PANELS, Panel
from web.requests.matters import onwards
from web.requests.whereabouts import names_for
from web.session import db
from workflows import requests
from workflows.applying import choices
from workflows.joint import elsewhere, reading
from workflows.requests import Request

bp = Blueprint("matters_at", __name__)


@bp.post("/units/<int:unit_id>/matters")
def at_unit(unit_id: int) -> ResponseReturnValue:
    """Begin what was chosen about a unit (or go on with what is open) and open its first task."""
    return _begin(unit_of(unit_id))


@bp.post("/requests/<int:request_id>/matters")
def at_request(request_id: int) -> ResponseReturnValue:
    """The same about a request."""
    return _begin(requests.get(db.session(), actor(), request_id))


def _begin(subject: Unit | Request) -> ResponseReturnValue:
    process_id, _dash, subtype = request.form.get("choice", "").partition(".")
    return onwards(choices.begin_at(db.session(), actor(), subject, process_id, subtype))


def _given(session: Session, person: Actor, application: Request, _task: Task | None) -> dict[str, Any] | None:
    """The countersigns about it and the one it is about, as far as the visitor may read them; what may be begun."""
    offered = choices.of_subject(session, person, application) if application.instance.ended_at is None else []
    begun = _seen(session, person, [one.id for one in elsewhere.of_request(session, application)])
    number = reading.about(application)
    about = _seen(session, person, [number] if number else [])
    if not (offered or begun or about):
        return None
    return {"choices": offered, "begun": begun, "about": about,
            "who": names_for(session, application, person)}


def _seen(session: Session, person: Actor, numbers: list[int]) -> list[Request]:
    found = []
    for number in numbers:
        try:
            found.append(requests.get(session, person, number))
        except NotFound:
            continue
    return found


PANELS.append(Panel("request", 50, "requests/matters_beside.html", _given))
