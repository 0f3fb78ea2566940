"""What the forms of application.bpmn open with: earlier answers, and the lists that choices are made from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from forms import contents
from forms.schema import load
from ledger import clock
from workflows.requests import AuthorityAnswer, Request

Given = dict[str, Any]


def application(_session: Session, request: Request) -> Given:
    """A1: the holder's name, and what was submitted the last time."""
    return {**request.content, "holder_name": request.holder_name}


def review(_session: Session, request: Request) -> Given:
    """A3, A4: the documents to tick one by one, and what may be returned."""
    form = load(f"apply-{request.type_code}")
    found = [row for row in contents.documents(form, request.content) if row["files"]]
    return {"documents": found, "returnable": contents.returnable(form)}


def supplement(session: Session, request: Request) -> Given:
    """A7: the notice's items, each to be answered."""
    notice = _last_notice(request)
    items = [{"item": row["item"], "response": None} for row in (notice.answers.get("items") or [])] if notice else []
    return {"items": items, "resubmitted_on": clock.today().isoformat()}


def _last_notice(request: Request) -> AuthorityAnswer | None:
    notices = [answer for answer in request.authority_answers if answer.kind == "supplement"]
    return notices[-1] if notices else None


def filing(_session: Session, _request: Request) -> Given:
    """A5: filed today, unless somebody says otherwise."""
    return {"filed_on": clock.today().isoformat()}


def chase(_session: Session, _request: Request) -> Given:
    """A8c: chased today, unless somebody says otherwise."""
    return {"chased_on": clock.today().isoformat()}


def registration(_session: Session, request: Request) -> Given:
    """A10: what was registered before it came back, else what the application already says."""
    form = load(f"register-{request.type_code}")
    return {**contents.prefill(form, request.content), **(request.grant or {})}


def comparison(_session: Session, request: Request) -> Given:
    """A11: what was registered, line by line, to be compared with the scan."""
    form, grant = load(f"register-{request.type_code}"), request.grant or {}
    facts = [
        {"value": entry.path, "label": entry.label} | (
            {"files": list(entry.files)} if entry.files else {"text": entry.text})
        for entry in contents.entries(form, grant)
    ]
    return {"facts": facts, "returnable": [row for row in contents.returnable(form) if row["value"] in grant]}


GIVEN: dict[str, Callable[[Session, Request], Given]] = {
    "apply": application, "review": review, "approve": review, "file": filing, "supplement": supplement,
    "chase": chase, "register": registration, "compare": comparison,
}
