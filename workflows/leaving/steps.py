"""The service tasks of leaving.bpmn, each named by its type in the drawing."""

from __future__ import annotations

import datetime as dt
from typing import Any

from engine.catalog import Step
from ledger.facts import Fact, record
from registry.access.grants import holders
from registry.alerts.notices import notify
from registry.certificates.models import Certificate
from registry.people.tenure import POSTS
from registry.people.units import places
from workflows.cancellation import beginning as cancellation
from workflows.leaving import holding
from workflows.requests import Request
from workflows.transfer import beginning as transfer

PROOF_DAYS = 15  # 劳动合同法第50条


def _request(step: Step) -> Request:
    """By its number: the first steps run while the request does not know its instance yet."""
    return step.session.get_one(Request, step.variables["request_id"])


def _note(step: Step, kind: str, **after: Any) -> Fact:
    request = _request(step)
    return record(step.session, kind, ("request", request.id), by=step.actor, group_id=request.group_id,
                  after=after)


def list_items(step: Step) -> dict[str, Any]:
    """D1: what has to be dealt with: ids of certificates and posts, the number of originals out, and the two days."""
    who = holding.leaver(step.session, _request(step))
    tied = [one.id for one in holding.certificates(step.session, who)]
    posts = [one.id for one in holding.posts(step.session, who)]
    loans = len(holding.loans(step.session, who))
    _note(step, "leaving.listed", tied=len(tied), posts=len(posts), loans=loans)
    due = who.last + dt.timedelta(days=PROOF_DAYS)
    return {"tied": tied, "posts": posts, "loans": loans, "last_day": who.last.isoformat(),
            "proof_due": due.isoformat()}


def split_items(step: Step) -> dict[str, Any]:
    """D2: what was decided, one item for each certificate that is still there."""
    decided = _request(step).details.get("decided") or {}
    who = holding.leaver(step.session, _request(step))
    left = {str(one.id) for one in holding.certificates(step.session, who)}
    return {"items": [{"certificate": int(key), "how": how} for key, how in sorted(decided.items()) if key in left]}


def begin_transfer(step: Step) -> dict[str, Any]:
    """D2: 转注册 (subtype a) of one certificate."""
    _below(step, transfer.start(
        step.session, _certificate(step, step.variables["item"]["certificate"]), "a", by=step.actor,
        parent=_request(step)))
    return {}


def begin_cancellation(step: Step) -> dict[str, Any]:
    """D2: 注销 of one certificate, because its holder leaves."""
    _below(step, cancellation.start(
        step.session, _certificate(step, step.variables["item"]["certificate"]), by=step.actor, ground="left",
        parent=_request(step)))
    return {}


def list_managers(step: Step) -> dict[str, Any]:
    """D3: the permits of the projects whose manager leaves."""
    who = holding.leaver(step.session, _request(step))
    return {"replaced": [one.id for one in holding.permits(step.session, who)]}


def begin_replacement(step: Step) -> dict[str, Any]:
    """D3: 项目负责人更换 (subtype c) at one project's permit."""
    _below(step, transfer.start(
        step.session, _certificate(step, step.variables["permit"]), "c", by=step.actor, parent=_request(step)))
    return {}


def _certificate(step: Step, number: Any) -> Certificate:
    return step.session.get_one(Certificate, int(number))  # FEEL numbers are decimals


def _below(step: Step, begun: Request) -> None:
    """What was open already is taken instead of a second one, and counts as this request's unless it is another's."""
    if begun.parent_id is None:
        begun.parent_id = _request(step).id
        step.session.flush()


def note_open_posts(step: Step) -> dict[str, Any]:
    """D3: the last day is over and posts stand empty: the heads and the project's people are told."""
    request = _request(step)
    who = holding.leaver(step.session, request)
    waiting = holding.unfilled(step.session, who)
    fact = _note(step, "leaving.post_open", posts=len(waiting))
    for post in waiting:
        groups = [f"{role}@{place}" for place in places(post.unit) for role in ("project_manager", "safety_head",
                                                                               "hr_head")]
        told = [one for one in holders(step.session, groups) if one != who.person.id]
        notify(step.session, told, fact, "{place}的{post}已离职，还没有人接任。",
               {"place": post.unit.name, "post": POSTS[post.post]}, subject=("request", request.id))
    return {}


def count_loans(step: Step) -> dict[str, Any]:
    """D5: how many originals are still out."""
    return {"loans": len(holding.loans(step.session, holding.leaver(step.session, _request(step))))}


def remind_loans(step: Step) -> dict[str, Any]:
    """D5: who leaves and the custodians are reminded of what is out."""
    request = _request(step)
    who = holding.leaver(step.session, request)
    person, out = who.person, holding.loans(step.session, who)
    fact = _note(step, "leaving.reminded", loans=len(out))
    keepers = holders(step.session, [f"custodian@{place}" for place in places(person.unit)])
    notify(step.session, [person.id, *keepers], fact, "{name}离职，还有 {count} 件原件没有归还。",
           {"name": person.name, "count": len(out)}, subject=("request", request.id))
    return {}


def recompute(step: Step) -> dict[str, Any]:
    """D4: what companies and projects lack of staff; a shortage is told to the heads at once."""
    request = _request(step)
    who = holding.leaver(step.session, request)
    person, lines = who.person, holding.shortages(step.session, who)
    if lines:
        fact = _note(step, "leaving.shortage", lines=len(lines), rules=sorted({line.rule for _, line in lines}))
        groups = [f"{role}@{place}" for place in places(person.unit) for role in ("safety_head", "hr_head", "legal")]
        notify(step.session, holders(step.session, groups), fact, "{name}离职后人员不足：{count} 项，须定补员计划。",
               {"name": person.name, "count": len(lines)}, subject=("request", request.id))
    return {"short": len(lines)}


def note_late_proof(step: Step) -> dict[str, Any]:
    """D6: the 15 days are over."""
    _note(step, "leaving.proof_late")
    return {}


STEPS = {
    "list_items": list_items, "split_items": split_items, "begin_transfer": begin_transfer,
    "begin_cancellation": begin_cancellation, "list_managers": list_managers, "begin_replacement": begin_replacement,
    "note_open_posts": note_open_posts, "count_loans": count_loans, "remind_loans": remind_loans,
    "recompute": recompute, "note_late_proof": note_late_proof,
}
