"""What filing, supplementing and chasing leave behind, and what their forms open with."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from engine.catalog import Step
from ledger import clock
from ledger.errors import BadAnswer, Problem
from ledger.facts import record
from workflows.handling.reviewing import note
from workflows.process import Act, Answers
from workflows.requests import AuthorityAnswer, Request, of_instance


def file_checked(act: Act) -> None:
    """A5: a filing in the future cannot have happened."""
    if dt.date.fromisoformat(act.answers["filed_on"]) > clock.today():
        raise BadAnswer({"filed_on": [Problem("日期不能晚于今天。")]})


def filed(act: Act) -> None:
    """A5: where and under which number the request was filed; what came of an earlier filing no longer counts."""
    request = act.request
    request.accepted_on, request.accepted_how, request.rounds = None, "", 0
    request.channel = act.answers.get("channel") or ""
    request.authority_no = act.answers["application_number"]
    request.filed_on = dt.date.fromisoformat(act.answers["filed_on"])
    note(act, "request.filed", number=request.authority_no, on=request.filed_on.isoformat())


def supplemented(act: Act) -> None:
    """A7: what the notice asked for was handed in."""
    note(act, "request.supplemented", round=act.request.rounds)


def chased(act: Act) -> None:
    """A8c: the authority was reminded."""
    note(act, "request.chased")


def note_silence(step: Step) -> None:
    """A6d: nothing was heard in 5 working days, which counts as acceptance (行政许可法 32)."""
    request = of_instance(step.session, step.instance.id)
    request.accepted_on, request.accepted_how = clock.today(), "silence"
    record(step.session, "authority.silent", ("request", request.id), by=step.actor, group_id=request.group_id,
           after={"on": request.accepted_on.isoformat(), "basis": "行政许可法第32条"})


def filing(_session: Session, _request: Request) -> Answers:
    """A5: filed today, unless somebody says otherwise."""
    return {"filed_on": clock.today().isoformat()}


def supplement(_session: Session, request: Request) -> Answers:
    """A7: the notice's items, each to be answered."""
    notice = _last_notice(request)
    items = [{"item": row["item"], "response": None} for row in (notice.answers.get("items") or [])] if notice else []
    return {"items": items, "resubmitted_on": clock.today().isoformat()}


def _last_notice(request: Request) -> AuthorityAnswer | None:
    notices = [answer for answer in request.authority_answers if answer.kind == "supplement"]
    return notices[-1] if notices else None


def chase(_session: Session, _request: Request) -> Answers:
    """A8c: chased today, unless somebody says otherwise."""
    return {"chased_on": clock.today().isoformat()}


STEPS = {"note_silence": note_silence}
CHECKED = {"file": file_checked}
ANSWERED = {"file": filed, "supplement": supplemented, "chase": chased}
GIVEN = {"file": filing, "supplement": supplement, "chase": chase}
