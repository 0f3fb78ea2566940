"""The story of a request or a certificate, in order: who did what and when, with before and after."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from ledger import facts
from ledger.facts import Fact
from workflows.requests import Request

WORDS: dict[str, str] = {
    "request.opened": "发起申请 {number}",
    "request.submitted": "提交申请（第 {no} 次）",
    "request.returned": "退回修改",
    "request.filed": "向机关申报，申报号 {number}",
    "request.supplemented": "补交材料（第 {round} 轮）",
    "request.chased": "催办",
    "request.prevalidated": "预审校验",
    "request.compared": "四眼复核：{verdict}",
    "request.registered": "登记证件信息",
    "authority.accepted": "机关受理",
    "authority.supplement": "机关通知补正（第 {round} 轮）",
    "authority.refused": "机关不予受理",
    "authority.granted": "机关准予许可",
    "authority.denied": "机关不予许可",
    "authority.silent": "机关逾期未答复，视为受理（{basis}）",
    "instance.started": "流程开始",
    "instance.ended": "流程结束：{outcome}",
    "task.claimed": "签收“{task}”",
    "task.released": "放回“{task}”",
    "task.completed": "办理“{task}”",
    "task.overdue": "“{task}”已逾期",
    "task.escalated": "“{task}”超期未办，已升级",
    "timer.fired": "期限届满：{element}",
    "message.received": "收到答复",
    "certificate.granted": "证件入库，版本 001",
    "certificate.window_opened": "可以开始办理延续",
    "certificate.target_reached": "到达办理目标日",
    "certificate.closed": "办理窗口关闭",
    "certificate.lapsed": "证件有效期届满",
}
QUIET = frozenset({"message.received", "request.prevalidated"})
"""Facts that another line of the same story already tells."""
OUTCOMES: dict[str, str] = {
    "void": "作废", "closed": "自动关闭", "rejected": "驳回", "refused": "不予受理", "lapsed": "逾期未补正",
    "disputed": "转复议或诉讼", "denied": "未获许可", "registered": "已入库",
}


@dataclass(frozen=True)
class Line:
    """One line: `text` is a msgid with {names} that `params` fill; before and after by field key."""

    fact_id: int
    at: dt.datetime
    who: str
    kind: str
    text: str
    params: Mapping[str, Any]
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)


def of_request(session: Session, request: Request) -> list[Line]:
    """The whole story of a request, oldest first."""
    subjects = [("request", request.id)]
    if request.instance_id is not None:
        subjects.append(("instance", request.instance_id))
    contents = {content.no: content.answers for content in request.contents}
    return [_line(fact, contents) for fact in facts.story(session, *subjects) if fact.kind not in QUIET]


def of_certificate(session: Session, certificate_id: int) -> list[Line]:
    """The whole story of a certificate, oldest first."""
    return [_line(fact, {}) for fact in facts.story(session, ("certificate", certificate_id))]


def _line(fact: Fact, contents: Mapping[int, Mapping[str, Any]]) -> Line:
    after, before = dict(fact.after or {}), dict(fact.before or {})
    params = {**before, **after}
    if fact.kind == "request.submitted":
        before, after = _changes(contents, int(after.get("no", 1)))
    if "outcome" in params:
        params["outcome"] = OUTCOMES.get(str(params["outcome"]), params["outcome"])
    text = WORDS.get(fact.kind, fact.kind)
    return Line(fact.id, fact.at, fact.actor_name, fact.kind, text, params, before, after)


def _changes(contents: Mapping[int, Mapping[str, Any]], no: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a resubmission changed against the one before, field by field; all of it the first time."""
    new, old = contents.get(no, {}), contents.get(no - 1, {})
    changed = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    return {key: old.get(key) for key in changed if key in old}, {key: new.get(key) for key in changed}
