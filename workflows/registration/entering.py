"""What registering (A10) and comparing (A11) leave behind, and what their forms open with.

What the answers must fulfil differs: a process says it by a `checked["register"]` of its own.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from forms import contents
from ledger import clock
from workflows import form_for
from workflows.handling.reviewing import note, returned
from workflows.process import Act, Answers
from workflows.requests import Request


def registered(act: Act) -> None:
    """A10: keep what is to enter the register until a second person has compared it with the scan."""
    act.request.grant = {key: value for key, value in act.answers.items() if key != "verdict"}
    for correction in act.request.open_corrections:
        correction.resolved_at = clock.now()
    note(act, "request.registered")


def compared(act: Act) -> None:
    """A11: the second pair of eyes; a mismatch goes back to the custodian with what differs."""
    note(act, "request.compared", verdict=act.answers["verdict"])
    if act.answers["verdict"] == "mismatch":
        returned(act)


def registration(_session: Session, request: Request) -> Answers:
    """A10: what was registered before it came back, else what the application already says."""
    form = form_for(request, "register")
    return {**contents.prefill(form, request.content), **(request.grant or {})}


def comparison(_session: Session, request: Request) -> Answers:
    """A11: what was registered, line by line, to be compared with the scan."""
    form, grant = form_for(request, "register"), request.grant or {}
    facts = [
        {"value": entry.path, "label": entry.label} | (
            {"files": list(entry.files)} if entry.files else {"text": entry.text})
        for entry in contents.entries(form, grant)
    ]
    return {"facts": facts, "returnable": [row for row in contents.returnable(form) if row["value"] in grant]}


ANSWERED = {"register": registered, "compare": compared}
GIVEN = {"register": registration, "compare": comparison}
