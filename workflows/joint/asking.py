"""What a countersign begins with: chosen at a certificate, asked in a form, made a list of signers and a rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.catalog import Step
from engine.model import Instance
from ledger import clock
from ledger.actor import Actor
from ledger.errors import BadAnswer, Problem
from ledger.facts import record
from ledger.workdays import calendar, working_days_after
from registry.access.rules import can
from registry.certificates.models import Certificate
from workflows.applying import beginning
from workflows.handling import reviewing
from workflows.joint import people, reading
from workflows.joint.reading import PROCESS
from workflows.process import Act, Answers, Choice
from workflows.requests import Request, of_instance

NAME, DAYS = "内部会签", 3
BEGUN: dict[str, Any] = dict.fromkeys(("signers", "rule", "percent", "due_on", "silent"))
RULES: dict[str, str] = {
    "all": "全部同意才通过", "any": "一人同意即通过", "percent": "同意的权重达到 {percent}% 即通过",
}
SILENT: dict[str, str] = {
    "none": "逾期不表态的，继续等", "agree": "逾期不表态的，视为同意", "abstain": "逾期不表态的，视为弃权",
}


def choices(session: Session, actor: Actor, certificate: Certificate) -> list[Choice]:
    """Whoever may begin a request about it; one's own draft goes on."""
    if actor.id is None or not can(actor, "request.start", certificate):
        return []
    return [Choice(PROCESS, NAME, about="请几位同事对这张证件的事项一起表态", open=_draft(session, actor, certificate))]


def _draft(session: Session, actor: Actor, certificate: Certificate) -> Request | None:
    query = select(Request).join(Instance, Request.instance_id == Instance.id).where(
        Request.certificate_id == certificate.id, Request.process_id == PROCESS, Request.applicant_id == actor.id,
        Request.submitted_at.is_(None), Instance.ended_at.is_(None))
    return session.scalar(query.order_by(Request.id).limit(1))


def begin(session: Session, actor: Actor, certificate: Certificate, _subtype: str) -> Request:
    """A countersign of the actor's own: there may be several about one certificate."""
    return beginning.begin(
        session, PROCESS, certificate.holder, by=actor, kind=certificate.type, certificate=certificate,
        title=f"{NAME} · {certificate.type.name} · {certificate.holder_name}", variables=BEGUN)


def asked_given(session: Session, request: Request) -> Answers:
    """J1: whom one can choose; everybody must agree within three working days unless somebody says otherwise."""
    return {"people": people.options(session, request), "rule": "all", "silence": "none", "days": DAYS,
            "about_request": reading.about(request) is not None, **request.content}


def asked_checked(act: Act) -> None:
    """J1: nobody twice, and nobody who could not read what they are to sign. Raises BadAnswer, NotYours."""
    if act.answers["verdict"] != "submit":
        return
    rows, seen, wrong = act.answers.get("signers") or [], set[str](), dict[str, list[Problem]]()
    for place, row in enumerate(rows):
        if row["person"] in seen:
            wrong[f"signers.{place}.person"] = [Problem("这个人已经选过了。")]
        seen.add(row["person"])
    unread = reading.refusals(act.session, act.by, act.request, [int(row["person"]) for row in rows],
                              bool(act.answers.get(reading.COPIES)))
    for place, said in unread.items():
        wrong.setdefault(f"signers.{place}.person", []).append(said)
    if not rows:
        wrong["signers"] = [Problem("请至少选一位会签人。")]
    if wrong:
        raise BadAnswer(wrong)


def asked(act: Act) -> None:
    """J1: what was asked is kept as a round of the request, and its signers may read what they sign."""
    if act.answers["verdict"] == "submit":
        reviewing.asked(act)
        reading.share(act.session, act.by, act.request, [int(row["person"]) for row in act.answers["signers"]])


def list_signers(step: Step) -> dict[str, Any]:
    """J2: the signers in the order they were chosen, the rule, the last day, and what silence means."""
    request = of_instance(step.session, step.instance_id)
    said = request.content
    last = working_days_after(calendar(step.session), clock.today(), int(said.get("days") or DAYS))
    silence = said.get("silence", "none")
    return {
        "signers": [{"person_id": int(row["person"]), "weight": int(row.get("weight") or 1),
                     "veto": bool(row.get("veto"))} for row in said["signers"]],
        "rule": said["rule"], "percent": said.get("percent") or 100, "due_on": last.on.isoformat(),
        "silent": None if silence == "none" else silence,
    }


def sign_given(_session: Session, request: Request) -> Answers:
    """J3: what everybody is asked, by which rule, and what becomes of silence."""
    said = request.content
    percent = {"percent": str(said.get("percent") or 100)} if said["rule"] == "percent" else {}
    rule = Problem(RULES[said["rule"]], percent)
    return {"subject": said.get("subject", ""), "question": said.get("question", ""), "rule_words": rule.plain(),
            "silence_words": Problem(SILENT[said.get("silence", "none")]).plain()}


def conclude(step: Step) -> None:
    """J4: how it ended, by numbers."""
    request, result = of_instance(step.session, step.instance_id), step.variables["result"]
    record(step.session, "joint.concluded", ("request", request.id), by=step.actor, group_id=request.group_id, after={
        "passed": bool(result["passed"]), **{key: int(result[key]) for key in ("yes", "no", "abstain", "left")}})


Writes = dict[str, Callable[[Act], None]]
STEPS = {"list_signers": list_signers, "conclude": conclude}
CHECKED: Writes = {"joint-ask": asked_checked}
ANSWERED: Writes = {"joint-ask": asked}
GIVEN = {"joint-ask": asked_given, "joint-sign": sign_given}

__all__ = ["ANSWERED", "CHECKED", "GIVEN", "STEPS", "begin", "choices"]
