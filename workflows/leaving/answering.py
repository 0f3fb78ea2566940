"""What the forms of leaving.bpmn open with, refuse, and leave behind."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy.orm import Session

from ledger import clock
from ledger.errors import BadAnswer, Problem
from registry.certificates.models import Certificate
from workflows.absence import inventory
from workflows.applying.faults import lack_of
from workflows.borrowing.papers import label
from workflows.handling.reviewing import note
from workflows.leaving import holding
from workflows.process import Act, Answers
from workflows.requests import Request

LEFT = {
    "task": "未移交：待办 {count} 项", "delegation": "未移交：委派 {count} 项", "sign": "未移交：待签 {count} 项",
    "substitution": "未移交：代理 {count} 项", "request": "未移交：进行中的申请 {count} 项",
    "draft": "未移交：草稿 {count} 份", "role": "未收回：角色 {count} 个",
}
HOW = ("transfer", "cancel", "kept")


def _option(certificate: Certificate) -> dict[str, Any]:
    return {"value": str(certificate.id), "label": Problem("{type} {number}", _named(certificate)).plain()}


def _named(certificate: Certificate) -> dict[str, Any]:
    return {"type": certificate.type.name, "number": certificate.number}


def certificates_given(session: Session, request: Request) -> Answers:
    """L2: every certificate tied to the employer, and which of them a new employer may take over."""
    found = holding.certificates(session, holding.leaver(session, request))
    return {"certificates": [_option(one) for one in found],
            "takeover": [_option(one) for one in found if one.type.employer == "takeover"]}


def certificates_checked(act: Act) -> None:
    """L2: each exactly once."""
    found = holding.certificates(act.session, holding.leaver(act.session, act.request))
    chosen = [value for how in HOW for value in act.answers.get(how) or []]
    twice = [one for one in found if chosen.count(str(one.id)) > 1]
    missing = [one for one in found if str(one.id) not in chosen]
    if twice:
        raise BadAnswer({"cancel": [Problem("{code} 只能选一种办法。", {"code": twice[0].code})]})
    if missing:
        raise BadAnswer({"transfer": [
            Problem("还有 {count} 份没有决定，例如 {code}。", {"count": len(missing), "code": missing[0].code})]})


def certificates_decided(act: Act) -> None:
    """L2: what was decided is kept with the request: ids and words of the process only."""
    decided = {value: how for how in HOW for value in act.answers.get(how) or []}
    act.request.details = {**act.request.details, "decided": decided}
    note(act, "leaving.decided", **{how: list(decided.values()).count(how) for how in HOW})


def posts_given(session: Session, request: Request) -> Answers:
    """L3: the posts that somebody has to take over."""
    found = holding.posts(session, holding.leaver(session, request))
    return {"posts": [{"value": str(one.id), "label": holding.post_words(one).plain()} for one in found]}


def posts_checked(act: Act) -> None:
    """L3: ticking is not enough: somebody else must hold each post from the day after the last."""
    who = holding.leaver(act.session, act.request)
    if waiting := holding.unfilled(act.session, who):
        told = {"post": holding.post_words(waiting[0]), "day": who.last + holding.DAY}
        raise BadAnswer({"succeeded": [Problem("还没有任命接任者：{post}，应自 {day} 起。", told)]})


def plan_given(session: Session, request: Request) -> Answers:
    """L5: what will be lacking, place by place."""
    found = holding.shortages(session, holding.leaver(session, request))
    return {"shortages": [
        {"value": str(number), "label": Problem("{place} · {rule} {what}", {
            "place": place, "rule": line.rule, "what": lack_of(line.lack, line.params)}).plain()}
        for number, (place, line) in enumerate(found, 1)]}


def plan_checked(act: Act) -> None:
    """L5: a plan for the past is none."""
    if dt.date.fromisoformat(act.answers["by_on"]) < clock.today():
        raise BadAnswer({"by_on": [Problem("日期不能早于今天。")]})


def clear_given(session: Session, request: Request) -> Answers:
    """L6: what to look at: the person's own certificates go back, and what is still out."""
    person = holding.leaver(session, request)
    rows = [{"value": f"own-{one.id}", "label": Problem("退还本人：{type} {number}", _named(one)).plain()}
            for one in holding.own(session, person)]
    rows += [{"value": f"loan-{one.id}", "label": Problem("未归还：{type}（{original}）", {
        "type": one.original.certificate.type.name, "original": label(one.original)}).plain()}
             for one in holding.loans(session, person)]
    rows += [{"value": f"left-{kind}", "label": Problem(LEFT[kind], {"count": count}).plain()}
             for kind, count in inventory.complete_of(session, person.person).left.items()
             if count and kind in inventory.BLOCKING]
    return {"clearances": [*rows, {"value": "badge", "label": "工作证、门禁和印章已收回"}]}


def clear_checked(act: Act) -> None:
    """L6: nothing may be out any more (D5), and no work may still lie with whoever leaves."""
    who = holding.leaver(act.session, act.request)
    out = holding.loans(act.session, who)
    if out:
        raise BadAnswer({"returned": [Problem("还有 {count} 件原件没有归还，不能放行。", {"count": len(out)})]})
    if left := inventory.complete_of(act.session, who.person).blocking:
        raise BadAnswer({"returned": [
            Problem("还有 {count} 项工作没有移交，不能放行。请在人员页“工作移交”里办完。", {"count": left})]})


ANSWERED = {
    "leaving-certificates": certificates_decided, "leaving-posts": lambda act: note(act, "leaving.succeeded"),
    "leaving-plan": lambda act: note(act, "leaving.planned", on=act.answers["by_on"]),
    "leaving-clear": lambda act: note(act, "leaving.cleared"),
    "leaving-proof": lambda act: note(act, "leaving.proved", on=act.answers["issued_on"]),
}
CHECKED = {
    "leaving-certificates": certificates_checked, "leaving-posts": posts_checked, "leaving-plan": plan_checked,
    "leaving-clear": clear_checked,
}
GIVEN = {
    "leaving-certificates": certificates_given, "leaving-posts": posts_given, "leaving-plan": plan_given,
    "leaving-clear": clear_given,
}
