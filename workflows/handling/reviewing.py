"""What people's judgements leave behind: a return asks, at each field or document, what is wrong and why."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from engine.model import Instance
from engine.returns.returning import drawn as going_back
from forms import contents
from forms.schema import Form
from ledger import clock
from ledger.facts import record
from workflows import form_for, form_named
from workflows.process import Act, Answers
from workflows.requests import Correction, Request, RequestContent


def asked(act: Act) -> RequestContent:
    """Keep what was asked for as the next round; what had been returned counts as corrected."""
    request, now = act.request, clock.now()
    answers = {key: value for key, value in act.answers.items() if key != "verdict"}
    content = RequestContent(
        no=len(request.contents) + 1, form_key=form_key(act), answers=answers, at=now, by_name=act.by.name)
    request.contents.append(content)
    request.submitted_at = now
    for correction in request.open_corrections:
        correction.resolved_at = now
    note(act, "request.submitted", no=content.no)
    return content


def form_key(act: Act) -> str:
    """The key of the form that the task was answered in, with its type ("apply-J03")."""
    return form_for(act.request, act.task.form_key or "").key


def reviewed(act: Act) -> None:
    """A verdict "return" becomes corrections; any other leaves only the task's own record."""
    if act.answers.get("verdict") == "return":
        returned(act)


def returned(act: Act) -> None:
    """Keep each reason to correct, at its field; the fact is request.returned. Unless "straight" is unticked, what was
    approved and rests on nothing that changes stands when it comes again."""
    rows = act.answers.get("returns") or act.answers.get("differences") or []
    found = [
        Correction(request_id=act.request.id, element_id=act.task.element_id, field=row.get("field") or "",
                   reason=row.get("reason") or row["found"], by_name=act.by.name, at=clock.now())
        for row in rows
    ]
    act.request.corrections.extend(found)
    act.session.flush()
    if act.answers.get("verdict") == "return":
        instance = act.session.get_one(Instance, act.task.instance_id)
        going_back(act.session, instance, act.task, act.by, "；".join(item.reason for item in found), clock.now(),
                   straight=act.answers.get("straight") is not False)  # what does not ask means it
    note(act, "request.returned", corrections=[item.id for item in found])


def note(act: Act, kind: str, **after: Any) -> None:
    """Record a fact of the request, with the task that it was done in; ids, dates and codes only."""
    act.session.flush()
    after["task"] = act.task.name
    record(act.session, kind, ("request", act.request.id), by=act.by, group_id=act.request.group_id, after=after)


def given(_session: Session, request: Request) -> Answers:
    """For the forms "review" and "approve": the documents to tick one by one, and what may be returned."""
    if not request.contents:
        return {"documents": [], "returnable": []}
    form = content_form(request)
    found = [row for row in contents.documents(form, request.content) if row["files"]]
    return {"documents": found, "returnable": contents.returnable(form)}


def content_form(request: Request) -> Form:
    """The form in which the request's content was given last; only once there is content."""
    return form_named(request, request.contents[-1].form_key)


ANSWERED = {"review": reviewed, "approve": reviewed}
GIVEN = {"review": given, "approve": given}
