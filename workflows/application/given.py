"""What the forms of application.bpmn open with, beside those of filing and registering."""

from __future__ import annotations

from sqlalchemy.orm import Session

from forms import contents
from workflows import form_for
from workflows.applying.known import known_of
from workflows.applying.opening import holder_of
from workflows.handling import reviewing
from workflows.process import Answers
from workflows.requests import Request


def application(session: Session, request: Request) -> Answers:
    """A1: the holder's name and what was submitted the last time; before that, what is known and was chosen."""
    if request.contents:
        return {**request.content, "holder_name": request.holder_name}
    form, holder = form_for(request, "apply"), holder_of(session, request.holder_kind, request.holder_id)
    known = {**known_of(holder), "id_number": None, **request.details.get("prefill", {})}
    return {**contents.prefill(form, known), "holder_name": request.holder_name}


GIVEN = {"apply": application, **reviewing.GIVEN}
