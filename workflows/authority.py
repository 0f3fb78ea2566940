"""What an outside authority answers, recorded by the custodian: acceptance, supplement notice, refusal, decision."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import run
from engine.messaging import messages
from forms import schema
from forms.check import check
from ledger import clock
from ledger.actor import Actor
from ledger.errors import BadAnswer, Conflict, NotAllowed, NotFound, Problem
from ledger.facts import Fact, record
from registry.access.rules import can
from workflows import form_named
from workflows.applying import bans
from workflows.filing import file_ids, may_use
from workflows.requests import AuthorityAnswer, Request, attach, get

MESSAGES = {
    "accepted": "authority.accepted", "supplement": "authority.supplement", "refused": "authority.refused",
    "granted": "authority.granted", "denied": "authority.denied",
}
KINDS = {
    "accepted": "受理", "supplement": "补正通知", "refused": "不予受理", "granted": "准予许可", "denied": "不予许可",
}
ACTION = "certificate.register"
MORE_THAN_ONCE = 2


class OtherStage(Conflict):
    """该申请当前环节不能登记这种答复，请核对后再试。"""


def expected(session: Session, actor: Actor, request: Request) -> list[str]:
    """The kinds of answer that this actor may record at the present stage; empty where none."""
    if request.instance_id is None or not can(actor, ACTION, request):
        return []
    waiting = set(messages.waiting(session, request.instance_id))
    return [kind for kind, name in MESSAGES.items() if name in waiting]


def form_for(request: Request, kind: str) -> tuple[schema.Form, dict[str, Any]]:
    """The form of an answer and the values it opens with."""
    if kind not in MESSAGES:
        raise NotFound
    given = {"kinds": [{"value": kind, "label": KINDS[kind]}], "kind": kind, "answered_on": clock.today().isoformat()}
    return form_named(request, "answer"), given


def record_answer(
    session: Session, actor: Actor, request_id: int, kind: str, answers: Mapping[str, Any], *, once: str | None = None
) -> AuthorityAnswer:
    """Write the answer down and move the process. OtherStage when nobody waits for it: then nothing changes.

    `once` names this act (at most 40 characters): sent again, what it wrote is given back.
    """
    request = get(session, actor, request_id)
    if not can(actor, ACTION, request):
        raise NotAllowed
    assert request.instance_id is not None
    run.lock(session, request.instance_id)
    if before := recorded(session, request_id, once):
        return before
    form, given = form_for(request, kind)
    mine = may_use(session, actor, request)
    clean = check(form, {**answers, "kind": kind, "verdict": "done"}, given=given, may_use=mine)
    on = _day(clean, request)
    if MESSAGES[kind] not in messages.waiting(session, request.instance_id):
        raise OtherStage
    answer = AuthorityAnswer(
        request_id=request.id, kind=kind, answers=clean, on=on, by_id=actor.id, by_name=actor.name)
    session.add(answer)
    attach(session, request, file_ids(form, clean))
    session.flush()
    after = {"answer": answer.id, "on": on.isoformat(), "document_no": clean.get("document_no") or ""}
    after |= _effect(session, request, kind, clean, on)
    session.flush()
    record(session, MESSAGES[kind], ("request", request.id), by=actor, group_id=request.group_id, after=after,
           key=_act(request_id, once) if once else None)
    messages.send(session, request.instance_id, MESSAGES[kind], {"due_on": clean.get("due_on")}, by=actor)
    return answer


def recorded(session: Session, request_id: int, once: str | None) -> AuthorityAnswer | None:
    """What an act of this name has written, if it was done."""
    fact = session.scalar(select(Fact).where(Fact.key == _act(request_id, once))) if once else None
    return session.get_one(AuthorityAnswer, (fact.after or {})["answer"]) if fact else None


def _act(request_id: int, once: str) -> str:
    return f"authority.answer:{request_id}:{once}"


def _day(clean: Mapping[str, Any], request: Request) -> dt.date:
    on = dt.date.fromisoformat(clean["answered_on"])
    if on > clock.today():
        raise BadAnswer({"answered_on": [Problem("日期不能晚于今天。")]})
    if request.filed_on and on < request.filed_on:
        params = {"day": request.filed_on.isoformat()}
        raise BadAnswer({"answered_on": [Problem("日期不能早于申报日期 {day}。", params)]})
    return on


def _effect(session: Session, request: Request, kind: str, clean: Mapping[str, Any], on: dt.date) -> dict[str, Any]:
    if kind == "accepted":
        request.accepted_on, request.accepted_how = on, "notice"
    if kind == "supplement":
        request.rounds += 1
        complaint = request.rounds >= MORE_THAN_ONCE
        return {"round": request.rounds, **({"complaint": True, "basis": "行政许可法第32条"} if complaint else {})}
    if kind in ("refused", "denied") and (ban := bans.impose(session, request, clean.get("ground", ""), on)):
        return {"ground": clean["ground"], "banned_until": ban.until.isoformat(), "basis": ban.basis}
    return {}
