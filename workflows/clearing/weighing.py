"""The step and the two forms of clearing.bpmn."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from engine.catalog import Step
from ledger import clock
from ledger.errors import BadAnswer, Problem
from ledger.facts import record
from workflows.clearing.hindrance import WEIGH, Hindrance
from workflows.handling.reviewing import note
from workflows.process import Act, Answers
from workflows.requests import Request, of_instance


def standing_in_the_way(session: Session, request: Request) -> list[Hindrance]:
    """What is there today and was not waived."""
    weigh = WEIGH.get(request.process_id)
    waived = request.details.get("waived", {})
    return [each for each in (weigh(session, request) if weigh else ()) if each.key not in waived]


def weigh(step: Step) -> dict[str, Any]:
    """K1: list what stands in the way now; the counts decide who may waive it."""
    request = of_instance(step.session, step.instance.id)
    found = standing_in_the_way(step.session, request)
    request.problems = [each.as_json() for each in found]
    kinds = [each.kind for each in found]
    record(step.session, "request.hindered" if found else "request.clear", ("request", request.id), by=step.actor,
           group_id=request.group_id, after={"open": len(found)})
    return {"clear": not found, "loans": kinds.count("loan"), "posts": kinds.count("post"),
            "dependants": kinds.count("dependant") + kinds.count("rule")}


def waivable(request: Request) -> list[dict[str, Any]]:
    """What is open and may be waived at all."""
    return [each for each in request.problems if each.get("waivable")]


def clear_checked(act: Act) -> None:
    """K2: there must be something that may be waived."""
    if act.answers["verdict"] == "waive" and not waivable(act.request):
        raise BadAnswer({"waive_reason": [Problem("这些障碍不能豁免，请按列出的办法处理。")]})


def waived(act: Act) -> None:
    """K4: what was ticked is waived, with who and when; refused, it stays."""
    if act.answers["verdict"] != "waive":
        return
    how = {"by": act.by.id, "on": clock.today().isoformat()}
    ticked = dict.fromkeys(act.answers.get("checked") or (), how)
    act.request.details = {**act.request.details, "waived": {**act.request.details.get("waived", {}), **ticked}}
    note(act, "request.waived", count=len(ticked), keys=sorted(ticked))


def waiving(_session: Session, request: Request) -> Answers:
    """K4: what may be waived, line by line."""
    return {"hindrances": [{"value": each["key"], "label": {"text": each["text"], "params": each["params"]}}
                           for each in waivable(request)]}


STEPS = {"weigh": weigh}
CHECKED = {"clear": clear_checked}
ANSWERED = {"waive": waived}
GIVEN = {"waive": waiving}
