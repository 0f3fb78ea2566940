"""What doing a duty asks, shows and leaves behind, and what its being late means."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from engine.catalog import Step
from ledger import clock
from ledger.errors import BadAnswer, Problem
from ledger.facts import Fact, record
from ledger.outbox import Handler
from registry.access.grants import holders
from registry.alerts.notices import notify
from registry.people.units import places, unit_of
from registry.rules.lacking import lacking
from workflows.annual.campaigns import NAMES, certificates
from workflows.applying.faults import lack_of
from workflows.handling import reviewing
from workflows.process import Act, Answers
from workflows.requests import Request, RequestContent, of_instance

BY_DATES = frozenset({"inspection", "calibration", "vehicles"})
"""Duties that are done when no certificate of theirs ends in the year any more."""
CHECKED_BY: dict[str, tuple[str, ...]] = {"staff": ("R11",), "conditions": ("R09", "R10")}
"""Which rules of registry.rules say what is lacking, by the beginning of a duty's key."""
MOST_SHOWN = 30
LATE: dict[str, str] = {"text": "{title}：到期未办，可能列入经营异常名录或被暂停，请尽快办理。"}
STATED: dict[bool, str] = {True: "已核实", False: "未经核实"}


def duty_given(session: Session, request: Request) -> Answers:
    """D1: which duty, until when, on what basis, and what the register says of it today."""
    details = request.details
    return {
        "name": NAMES.get(details["duty"], details["duty"]), "due_on": details["due_on"], "basis": details["basis"],
        "verified": STATED[details["verified"]], "findings": _findings(session, request),
    }


def _findings(session: Session, request: Request) -> list[Any]:
    """Lines: what is lacking (Problem.plain), or which certificates end."""
    duty = request.details["duty"]
    if rules := CHECKED_BY.get(duty.partition("_")[0]):
        return _lacks(session, request, rules)
    ending = _ending(session, request)
    return [f"{ends} {holder} {number}" for ends, holder, number in ending[:MOST_SHOWN]]


def _lacks(session: Session, request: Request, rules: tuple[str, ...]) -> list[dict[str, Any]]:
    found = lacking(session, unit_of(session, request.unit_id)).lines
    return [Problem("{rule} {what}（{basis}）", {
        "rule": line.rule, "what": lack_of(line.lack, line.params), "basis": line.basis}).plain()
            for line in found if line.rule in rules]


def _ending(session: Session, request: Request) -> list[tuple[str, str, str]]:
    """The duty's certificates that end in its year: (last day, holder, number)."""
    last = dt.date(int(request.details["year"]), 12, 31)
    found = certificates(session, unit_of(session, request.unit_id), request.details["types"])
    return [(one.ends_on.isoformat(), one.holder_name, one.number) for one in found
            if one.ends_on is not None and one.ends_on <= last]


def waive_given(session: Session, request: Request) -> Answers:
    """D3: which duty, and why somebody asks to be spared it."""
    shown = duty_given(session, request)
    return {"name": shown["name"], "due_on": shown["due_on"], "asked": request.content.get("result", "")}


def done_checked(act: Act) -> None:
    """D1: inspections and calibrations are done when each certificate has its next term."""
    if act.answers["verdict"] != "done" or act.request.details["duty"] not in BY_DATES:
        return
    if ending := _ending(act.session, act.request):
        left = Problem("还有 {count} 张证件在本年到期，没有新的有效期：{number}。",
                       {"count": len(ending), "number": ending[0][2]})
        raise BadAnswer({"result": [left]})


def done(act: Act) -> None:
    """D1: what was done, or why it should be waived; each time a round of its own."""
    answers = {key: value for key, value in act.answers.items() if key != "verdict"}
    act.request.contents.append(RequestContent(
        no=len(act.request.contents) + 1, form_key="duty", answers=answers, at=clock.now(), by_name=act.by.name))
    reviewing.note(act, "duty.answered", verdict=act.answers["verdict"])


def conclude(step: Step) -> None:
    """D2: done, with how much the register still finds lacking."""
    request = of_instance(step.session, step.instance_id)
    rules = CHECKED_BY.get(request.details["duty"].partition("_")[0], ())
    record(step.session, "duty.done", ("request", request.id), by=step.actor, group_id=request.group_id, after={
        "duty": request.details["duty"], "lacking": len(_lacks(step.session, request, rules)) if rules else 0})


def note_late(step: Step) -> None:
    """D1: the day has passed: a risk on record, told to legal and safety, once."""
    request = of_instance(step.session, step.instance_id)
    if request.details.get("late"):
        return
    request.details = {**request.details, "late": True}
    record(step.session, "duty.late", ("request", request.id), by=step.actor, group_id=request.group_id, after={
        "duty": request.details["duty"], "due": request.details["due_on"]})


def told_late(session: Session, fact: Fact) -> None:
    """Legal leads the year's work, safety stops what must not go on."""
    request = session.get(Request, fact.subject_id)
    if request is not None:
        above = places(unit_of(session, request.unit_id))
        people = holders(session, [f"{role}@{place}" for role in ("legal", "safety") for place in above])
        notify(session, people, fact, LATE["text"], {"title": request.title})


Writes = dict[str, Callable[[Act], None]]
STEPS = {"note_late": note_late, "conclude": conclude}
CHECKED: Writes = {"duty": done_checked}
ANSWERED: Writes = {"duty": done}
GIVEN = {"duty": duty_given, "duty-waive": waive_given}
REACTS: tuple[tuple[str, Handler], ...] = (("duty.late", told_late),)
