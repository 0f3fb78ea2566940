"""What answering the forms of review.bpmn asks and leaves behind, and what they open with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.errors import BadAnswer, Problem
from registry.certificates.models import Certificate
from workflows.handling import reviewing
from workflows.process import Act, Answers
from workflows.renewal.terms import kind_of
from workflows.requests import Request
from workflows.review.batches import due_on

LEAST_HOURS = {"P01": 8}
"""培训学时: at least 8 for the review of a 特种作业操作证 (facts 4.6 V3)."""


def item_of(act: Act) -> dict[str, Any]:
    """The certificate of the round in which a task stands, with its days."""
    found: dict[str, Any] = (act.task.inputs or {})["item"]
    return found


def list_checked(act: Act) -> None:
    """V2: whatever is left off the list has a reason."""
    listed = {str(number) for number in act.request.details["certificates"]}
    if listed - set(act.answers.get("chosen") or ()) and not act.answers.get("reason"):
        raise BadAnswer({"reason": [Problem("没有勾选的请写明为什么不复审。")]})


def listed(act: Act) -> None:
    """V2: who is on the list of this batch; from here on others begin a new one."""
    chosen = [int(number) for number in act.answers.get("chosen") or ()]
    act.request.details = {**act.request.details, "chosen": chosen}
    reviewing.note(act, "review.decided", certificates=chosen)


def prepare_checked(act: Act) -> None:
    """V3: the hours of training that the type wants."""
    least = LEAST_HOURS.get(act.request.type_code)
    if least is not None and (act.answers.get("hours") or 0) < least:
        raise BadAnswer({"hours": [Problem("复审培训不少于 {hours} 学时。", {"hours": least})]})


def result_checked(act: Act) -> None:
    """V5: a review that was held, in time, with a day for the next one."""
    if act.answers["verdict"] != "pass":
        return
    certificate = act.session.get_one(Certificate, item_of(act)["certificate_id"])
    if kind_of(certificate).review is None and not act.answers.get("next_on"):
        raise BadAnswer({"next_on": [Problem("请填写下次检验日期。")]})
    on, following = (act.answers.get(key) for key in ("reviewed_on", "next_on"))
    if on and following and following <= on:
        late = Problem("下次复审日期应晚于本次复审日期 {day}。", {"day": on})
        raise BadAnswer({"next_on": [late]})
    if on and dt.date.fromisoformat(on) > dt.date.fromisoformat(item_of(act)["ends_on"]):
        over = Problem("复审日期晚于最后有效日 {day}，逾期未复审的不能再复审。", {"day": item_of(act)["ends_on"]})
        raise BadAnswer({"reviewed_on": [over]})


def resulted(act: Act) -> None:
    """V5: what the authority or the inspecting body said, for this person or machine."""
    number, told = item_of(act)["certificate_id"], {k: v for k, v in act.answers.items() if k != "verdict"}
    before = act.request.details.get("answers") or {}
    act.request.details = {**act.request.details, "answers": {**before, str(number): told}}
    reviewing.note(act, "review.answered", certificate=number, verdict=act.answers["verdict"])


def list_given(session: Session, request: Request) -> Answers:
    """V2: who is on the list so far, by name, with the last day of each."""
    listed = select(Certificate).where(Certificate.id.in_(request.details["certificates"]))
    found = session.scalars(listed.order_by(Certificate.ends_on, Certificate.id))
    rows = [{"value": str(one.id), "label": f"{one.holder_name} {one.number}", "text": due_on(one).isoformat()}
            for one in found]
    return {"items": rows, "chosen": [row["value"] for row in rows]}


Writes = dict[str, Callable[[Act], None]]
CHECKED: Writes = {"review-list": list_checked, "review-prepare": prepare_checked, "review-result": result_checked}
ANSWERED: Writes = {"review-list": listed, "review-result": resulted}
GIVEN = {"review-list": list_given}
