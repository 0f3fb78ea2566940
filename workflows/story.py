"""The story of a request, in order: who did what and when, with before and after."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import catalog, drawing
from ledger import facts
from ledger.facts import Fact
from registry.people.persons import Person
from workflows import outcomes, words
from workflows.requests import Request

WORDS: dict[str, str] = {
    "request.opened": "发起申请 {number}",
    "request.submitted": "提交申请（第 {no} 次）",
    "request.returned": "{task}：退回修改",
    "request.filed": "向机关申报，申报号 {number}",
    "request.supplemented": "补交材料（第 {round} 轮）",
    "request.chased": "催办",
    "request.compared": "四眼复核：{verdict}",
    "request.registered": "登记证件信息",
    "authority.accepted": "机关受理",
    "authority.supplement": "机关通知补正（第 {round} 轮）",
    "authority.refused": "机关不予受理",
    "authority.granted": "机关准予许可",
    "authority.denied": "机关不予许可",
    "authority.silent": "机关逾期未答复，视为受理（{basis}）",
    "instance.ended": "流程结束：{outcome}",
    "instance.terminated": "流程终止：{reason}",
    "instance.suspended": "流程挂起：{reason}",
    "instance.resumed": "流程恢复：{reason}",
    "instance.migrated": "流程换到新版本：{reason}",
    "instance.migration_undone": "撤销换版本：{reason}",
    "instance.modified": "流程调整：{reason}",
    "instance.termination_undone": "撤销终止：{reason}",
    "instance.modification_undone": "撤销调整：{reason}",
    "instance.variables_changed": "修改流程变量",
    "timer.fired_by_hand": "提前触发“{name}”：{reason}",
    "timer.rescheduled": "“{name}”改期：{reason}",
    "timer.suspended": "“{name}”暂停计时：{reason}",
    "timer.resumed": "“{name}”恢复计时：{reason}",
    "task.claimed": "签收“{name}”",
    "task.released": "放回“{name}”",
    "task.completed": "办理“{name}”",
    "task.transferred": "把“{name}”转办给 {to}：{reason}",
    "task.delegated": "把“{name}”委派给 {to}",
    "task.delegation_ended": "“{name}”的委派结束，回到 {to}",
    "task.reassigned": "把“{name}”改派给 {to}：{reason}",
    "task.returned_after_absence": "代理期结束，“{name}”转回 {to}",
    "task.sign_asked": "“{name}”请 {to} 加签",
    "task.sign_due": "轮到 {to} 加签“{name}”",
    "task.sign_dropped": "“{name}”不再请 {to} 加签：{reason}",
    "task.returned": "“{name}”退回到“{target}”：{reason}",
    "task.taken_back": "取回“{name}”",
    "task.undone": "“{name}”原来的办理结果不再有效",
    "task.kept": "“{name}”所依据的内容没有改动，原来的办理结果保留",
    "task.silent": "“{name}”逾期未办，按规定视为{verdict}",
    "task.signature": "在“{name}”上签名（{how}）",
    "request.withdrawn": "撤回申请：{reason}",
    "request.copied": "抄送给 {to}",
    "request.copy_read": "已阅",
    "request.urged": "催办“{name}”",
    "request.commented": "发表评论",
    "request.comment_struck": "划去一条评论",
    "instance.reopened": "重新开启：{reason}",
    "correction.asked": "请补正 {count} 处",
    "correction.answered": "答复 {count} 处补正",
    "correction.dropped": "不再要求补正",
    "correction.reopened": "补正改动了 {count} 项意见所依据的内容，这些意见请原环节重新办理",
    "vote.closed": "会签“{name}”有了结果：{verdict}",
    "vote.left": "{to} 退出会签“{name}”：{reason}",
    "vote.joined": "{to} 加入会签“{name}”：{reason}",
    "task.silence_near": "“{name}”临近期限：逾期未办将按规定视为{verdict}",
    "clock.paused": "“{name}”暂停计时：{reason}",
    "clock.resumed": "“{name}”恢复计时，顺延 {days} 个工作日",
    "clock.extended": "“{name}”延长 {days} 个工作日：{reason}",
    "consultation.asked": "向外部专家咨询",
    "consultation.opened": "外部专家打开了咨询链接",
    "consultation.answered": "外部专家答复了咨询",
    "consultation.revoked": "撤销咨询链接",
    "handover.moved": "移交给 {to}",
    "task.overdue": "“{name}”已逾期", "task.nearing": "“{name}”应于 {due} 办理，已提醒",
    "task.escalated": "“{name}”超期未办，已升级",
    "timer.fired": "期限届满：{name}",
    "incident.opened": "流程出现异常，等待处理",
    "incident.resolved": "流程异常已处理",
    "certificate.granted": "证件入库，版本 001",
    "certificate.imported": "由旧台账导入",
    "certificate.withdrawn": "导入已撤销，不再在册",
}
QUIET = frozenset({"message.received", "request.prevalidated", "instance.started", "task.sign_due"})
"""Facts that another line of the same story already tells."""
TOLD_BY_REQUEST = frozenset({
    "request.submitted", "request.returned", "request.filed", "request.supplemented", "request.chased",
    "request.compared", "request.registered",
})
"""Facts written in the act that completes a task: the task's own line would say it twice."""
SIGNED: dict[str, str] = {"drawn": "手写", "stored": "存档签名", "typed": "键入姓名"}
"""How somebody signed."""
VERDICTS: dict[str, str] = {
    "match": "一致", "mismatch": "不一致", "vote_passed": "通过", "vote_failed": "未通过",
    "approve": "同意", "agree": "同意", "pass": "通过", "disagree": "不同意", "abstain": "弃权", "reject": "驳回",
}


@dataclass(frozen=True)
class Line:
    """One line: `text` is a msgid with {names} that `params` fill; before and after by field key. `stands_for` is the
    name of whom they acted for."""

    fact_id: int
    at: dt.datetime
    who: str
    kind: str
    text: str
    params: Mapping[str, Any]
    stands_for: str = ""
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)


def of_request(session: Session, request: Request) -> list[Line]:
    """The whole story of a request, oldest first."""
    subjects = [("request", request.id)]
    if request.instance_id is not None:
        subjects.append(("instance", request.instance_id))
    told = facts.story(session, *subjects)
    teller = _Teller(session, request, told)
    doubled = {fact.id for before, fact in pairwise(told) if _same_act(before, fact)}
    return [teller.line(fact) for fact in told if fact.kind not in QUIET and fact.id not in doubled]


def _same_act(before: Fact, fact: Fact) -> bool:
    """Whether a task's completion is told by the line before it already."""
    return fact.kind == "task.completed" and before.kind in TOLD_BY_REQUEST and before.actor_id == fact.actor_id


class _Teller:
    """What lines are told with: the rounds of the application, its corrections, the drawing's names."""

    def __init__(self, session: Session, request: Request, told: Iterable[Fact]) -> None:
        self.people = _named(session, told)
        self.contents = {content.no: content.answers for content in request.contents}
        self.reasons = {item.id: item for item in request.corrections}
        self.names = element_names(session, request.instance.definition_id) if request.instance else {}

    def line(self, fact: Fact) -> Line:
        after, before = dict(fact.after or {}), dict(fact.before or {})
        params = {**before, **after}
        params["name"] = params.get("name") or self.names.get(str(params.get("element")), "")
        if "outcome" in params:
            params["outcome"] = outcomes().get(str(params["outcome"]), params["outcome"])
        params |= {key: self.people.get(number, "") for key, number in _people(fact).items()}
        if fact.kind == "request.submitted":
            before, after = _changes(self.contents, int(after.get("no", 1)))
        elif fact.kind == "request.returned":
            found = [self.reasons[number] for number in after.get("corrections", ()) if number in self.reasons]
            before, after = {}, {item.field or "reason": item.reason for item in found}
        if "verdict" in params:
            params["verdict"] = VERDICTS.get(str(params["verdict"]), params["verdict"])
        if fact.kind == "task.signature":
            params["how"] = SIGNED.get(str(after.get("how", "drawn")), "")
        text = WORDS.get(fact.kind) or words().get(fact.kind, fact.kind)
        if "{reason}" in text:
            after.pop("reason", None)  # the line says it
        whom = str(params["for"]) if "for" in params else ""
        return Line(fact.id, fact.at, fact.actor_name, fact.kind, text, params, whom, before, after)


def _named(session: Session, told: Iterable[Fact]) -> dict[Any, str]:
    """The names of the people whose ids facts hold; names are asked for when they are shown, facts never hold any."""
    ids = {number for fact in told for number in _people(fact).values()}
    return dict(session.execute(select(Person.id, Person.name).where(Person.id.in_(ids))).all()) if ids else {}


def _people(fact: Fact) -> dict[str, int]:
    """What in a fact is somebody's id: whom something went to ("to"), whom the actor stood in for ("for")."""
    after, known = fact.after or {}, ["for", "to"] if "{to}" in WORDS.get(fact.kind, "") else ["for"]
    return {key: after[key] for key in known if isinstance(after.get(key), int)}


def _changes(contents: Mapping[int, Mapping[str, Any]], no: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a resubmission changed against the one before, field by field; all of it the first time."""
    new, old = contents.get(no, {}), contents.get(no - 1, {})
    changed = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    return {key: old.get(key) for key in changed if key in old}, {key: new.get(key) for key in changed}


_names: dict[int, dict[str, str]] = {}


def element_names(session: Session, definition_id: int) -> dict[str, str]:
    """The names of the elements of a definition's drawings by id; it never changes, so they are read once."""
    key = hash((session.get_bind().engine.url, definition_id))
    if key not in _names:
        files = catalog.files_of(session, definition_id)
        drawn = [drawing.read(body, name) for name, body in files.items() if name.endswith(".bpmn")]
        _names[key] = {
            str(node.get("id")): str(node.get("name")) for root in drawn for node in root.iter() if node.get("name")}
    return _names[key]
