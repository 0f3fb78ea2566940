"""What happened, told in sentences: who, when, what, before and after."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ledger.facts import Fact
from registry.access.roles import roles
from registry.certificates import codes
from registry.certificates.catalogue import types
from web.i18n import language
from web.places import place_of

KINDS = {
    "certificate.granted": _l("登记证件"),
    "certificate.renewed": _l("延续证件"),
    "certificate.suspended": _l("暂扣证件"),
    "certificate.given_back": _l("发还证件"),
    "certificate.cancelled": _l("终止证件"),
    "certificate.lapsed": _l("证件过期失效"),
    "certificate.window_opened": _l("延续办理窗口已打开"),
    "certificate.target_reached": _l("已到延续申报期限"),
    "certificate.closed": _l("延续办理窗口已关闭"),
    "person.created": _l("录入人员"),
    "person.moved": _l("调动"),
    "person.left": _l("离职"),
    "person.unmasked": _l("查看完整身份证号和电话"),
    "account.created": _l("开通账号"),
    "account.disabled": _l("停用账号"),
    "account.enabled": _l("启用账号"),
    "account.password_changed": _l("修改密码"),
    "role.granted": _l("授予角色"),
    "role.revoked": _l("撤销角色"),
    "unit.created": _l("设立单位"),
    "machine.created": _l("录入设备"),
    "calendar.changed": _l("修改工作日历"),
    "calendar.confirmed": _l("确认工作日历"),
    "calendar.unconfirmed": _l("取消工作日历的确认"),
    "request.opened": _l("发起申请"),
    "request.submitted": _l("提交申请"),
    "request.prevalidated": _l("系统预审"),
    "request.returned": _l("退回补正"),
    "request.filed": _l("向发证机关申报"),
    "request.supplemented": _l("提交补正材料"),
    "request.chased": _l("催办发证机关"),
    "request.registered": _l("登记取得的证件"),
    "request.compared": _l("与原件核对"),
    "authority.accepted": _l("发证机关受理"),
    "authority.silent": _l("期满未答复，视为受理"),
    "authority.supplement": _l("发证机关通知补正"),
    "authority.refused": _l("发证机关不予受理"),
    "authority.granted": _l("发证机关准予许可"),
    "authority.denied": _l("发证机关不予许可"),
    "instance.started": _l("流程开始"),
    "instance.ended": _l("流程结束"),
    "instance.completed": _l("流程结束"),
    "instance.terminated": _l("流程终止"),
    "task.created": _l("待办生成"),
    "task.claimed": _l("签收待办"),
    "task.released": _l("退回待办"),
    "task.completed": _l("完成待办"),
    "task.cancelled": _l("待办取消"),
    "task.overdue": _l("待办逾期"),
    "task.escalated": _l("逾期升级"),
    "timer.fired": _l("期限到达"),
    "message.received": _l("收到消息"),
}
FIELDS = {
    "version": _l("版本"), "state": _l("状态"), "until": _l("有效期至"), "type": _l("种类"), "code": _l("编号"),
    "unit": _l("单位"), "post": _l("岗位"), "company": _l("公司"), "on": _l("日期"), "reason": _l("原因"), "role": _l("角色"),
    "from": _l("自"), "number": _l("编号"), "source": _l("依据"), "outcome": _l("结果"), "opinion": _l("意见"),
    "decision": _l("决定"), "note": _l("说明"), "name": _l("名称"), "round": _l("轮次"), "rounds": _l("补正次数"),
}


@dataclass(frozen=True)
class Told:
    """One line of a story. `changes` are (what, before, after), each as people read it."""

    at: dt.datetime
    by: str
    words: str
    changes: list[tuple[str, str, str]]
    address: str | None


def tell(facts: Iterable[Fact], names: Mapping[tuple[str, int], str] | None = None) -> list[Told]:
    """A story, newest first. `names` gives the names of units and people that facts hold by id."""
    return [_told(fact, names or {}) for fact in reversed(list(facts))]


def _told(fact: Fact, names: Mapping[tuple[str, int], str]) -> Told:
    before, after = fact.before or {}, fact.after or {}
    known = [key for key in {**before, **after} if key in FIELDS or fact.kind == "calendar.changed"]
    changes = [(str(FIELDS.get(key, key)), _value(key, before.get(key), names), _value(key, after.get(key), names)) for key in known]
    words = str(KINDS.get(fact.kind, fact.kind))
    by = fact.actor_name if fact.actor_id is not None else _("系统")
    different = [change for change in changes if change[1] != change[2]]
    return Told(fact.at, by, words, different, place_of(fact.subject_kind, fact.subject_id))


def _value(key: str, value: Any, names: Mapping[tuple[str, int], str]) -> str:
    """A stored id, code or date as people read it."""
    if value is None or value == "":
        return ""
    if key == "version":
        return f"{value:03d}" if isinstance(value, int) else str(value)
    if key == "state":
        return _(codes.STATES[value]) if value in codes.STATES else str(value)
    if key == "type" and value in types():
        return types()[value].name if language() == "zh" else types()[value].name_en
    if key == "role" and value in roles():
        return roles()[value].name if language() == "zh" else roles()[value].name_en
    if key in {"unit", "company"}:
        return names.get(("unit", value), f"#{value}")
    return {"off": _("休息"), "work": _("上班"), "weekday": _("按星期")}.get(str(value), str(value))
