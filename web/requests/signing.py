"""The signatures under a request's decisions, beside the request and its tasks."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from engine.model import Task
from ledger.actor import Actor
from web.panels import PANELS, Panel
from web.requests.whereabouts import names_for
from workflows.requests import Request
from workflows.sharing import signatures
from workflows.story import SIGNED


def _given(session: Session, person: Actor, application: Request, _task: Task | None) -> dict[str, Any] | None:
    found = signatures.of_request(session, application)
    return {"signed": found, "how": SIGNED, "who": names_for(session, application, person)} if found else None


PANELS += [Panel("task", 45, "sharing/signed_beside.html", _given),
           Panel("request", 45, "sharing/signed_beside.html", _given)]
