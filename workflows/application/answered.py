"""What an answer in each form of application.bpmn leaves behind, wherever the drawing uses the form."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from ledger import clock
from ledger.errors import BadAnswer, Problem
from ledger.facts import record
from registry.certificates import drafting
from registry.certificates.catalogue import type_of
from workflows.application.rules import faults, registration_faults
from workflows.opening import lock_holder
from workflows.process import Act
from workflows.requests import Correction, RequestContent


def apply_checked(act: Act) -> None:
    """A1: what the process would send straight back is said at once, while the form is still open."""
    if act.answers.get("verdict") != "submit":
        return
    lock_holder(act.session, act.request)
    act.request.item = drafting.item_of(type_of(act.request.type_code), act.answers)
    problems: dict[str, list[Problem]] = {}
    for fault in faults(act.session, act.request):
        problems.setdefault(fault.field, []).append(fault.problem)
    if problems:
        raise BadAnswer(problems)


def applied(act: Act) -> None:
    """A1: keep what was asked for as the next round; what had been returned counts as corrected."""
    if act.answers.get("verdict") != "submit":
        return
    request, now = act.request, clock.now()
    answers = {key: value for key, value in act.answers.items() if key != "verdict"}
    content = RequestContent(no=len(request.contents) + 1, answers=answers, at=now, by_name=act.by.name)
    request.contents.append(content)
    request.submitted_at = now
    for correction in request.open_corrections:
        correction.resolved_at = now
    _record(act, "request.submitted", no=content.no)


def reviewed(act: Act) -> None:
    """A3, A4: a return asks for each field or document what is wrong and why."""
    if act.answers.get("verdict") == "return":
        _returns(act)


def _returns(act: Act) -> None:
    rows = act.answers.get("returns") or act.answers.get("differences") or []
    found = [
        Correction(request_id=act.request.id, element_id=act.task.element_id, field=row.get("field") or "",
                   reason=row.get("reason") or row["found"], by_name=act.by.name, at=clock.now())
        for row in rows
    ]
    act.request.corrections.extend(found)
    act.session.flush()
    _record(act, "request.returned", corrections=[item.id for item in found])


def file_checked(act: Act) -> None:
    """A5: a filing in the future cannot have happened."""
    if dt.date.fromisoformat(act.answers["filed_on"]) > clock.today():
        raise BadAnswer({"filed_on": [Problem("日期不能晚于今天。")]})


def filed(act: Act) -> None:
    """A5: where and under which number the request was filed."""
    request = act.request
    request.channel = act.answers.get("channel") or ""
    request.authority_no = act.answers["application_number"]
    request.filed_on = dt.date.fromisoformat(act.answers["filed_on"])
    _record(act, "request.filed", number=request.authority_no, on=request.filed_on.isoformat())


def supplemented(act: Act) -> None:
    """A7: what the notice asked for was handed in."""
    _record(act, "request.supplemented", round=act.request.rounds)


def chased(act: Act) -> None:
    """A8c: the authority was reminded."""
    _record(act, "request.chased")


def register_checked(act: Act) -> None:
    """A10: the number by its type's rule and free, the dates in order."""
    if problems := registration_faults(act.session, act.request, act.answers):
        raise BadAnswer(problems)


def registered(act: Act) -> None:
    """A10: keep what is to enter the register until a second person has compared it with the scan."""
    act.request.grant = {key: value for key, value in act.answers.items() if key != "verdict"}
    for correction in act.request.open_corrections:
        correction.resolved_at = clock.now()
    _record(act, "request.registered")


def compared(act: Act) -> None:
    """A11: the second pair of eyes; a mismatch goes back to the custodian with what differs."""
    _record(act, "request.compared", verdict=act.answers["verdict"])
    if act.answers["verdict"] == "mismatch":
        _returns(act)


def _record(act: Act, kind: str, **after: Any) -> None:
    act.session.flush()
    after["task"] = act.task.name
    record(act.session, kind, ("request", act.request.id), by=act.by, group_id=act.request.group_id, after=after)


Writes = dict[str, Callable[[Act], None]]
CHECKED: Writes = {
    "apply": apply_checked, "file": file_checked, "register": register_checked,
}
ANSWERED: Writes = {
    "apply": applied, "review": reviewed, "approve": reviewed, "file": filed, "supplement": supplemented,
    "chase": chased, "register": registered, "compare": compared,
}
