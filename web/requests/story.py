"""What happened, told in sentences: who, when, what, before and after."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from ledger import clock
from ledger.facts import Fact, Subject, story
from registry.access.roles import roles
from registry.certificates import codes
from registry.certificates.catalogue import types
from registry.certificates.type_checks import STEPS
from registry.custody.loans import CONDITIONS, PURPOSES
from registry.custody.originals import KINDS as KINDS_OF_ORIGINALS
from registry.people.persons import Person
from registry.people.tenure import POSTS, TIES
from registry.people.units import Unit
from registry.people.works import CONTRACTING, GRADES
from web.i18n import named
from web.places import place_of
from web.session import db

KINDS = {
    "register.exported": _l("导出台账"),
    "layout.kept": _l("保存导出格式"),
    "layout.dropped": _l("删除导出格式"),
    "intake.taken": _l("领取待治理的数据"),
    "intake.unmasked": _l("查看台账中一行的完整内容"),
    "intake.received": _l("上传台账"),
    "intake.confirmed": _l("确认各列含义"),
    "intake.settled": _l("处理一处问题"),
    "intake.resumed": _l("继续处理"),
    "intake.cancelled": _l("取消导入"),
    "intake.committed": _l("台账入库"),
    "intake.undone": _l("整批撤销"),
    "certificate.imported": _l("批量录入证件"),
    "certificate.granted": _l("证件登记入册"),
    "certificate.renewed": _l("延续证件"),
    "certificate.suspended": _l("暂扣证件"),
    "certificate.given_back": _l("发还证件"),
    "certificate.suspension_ends": _l("暂扣期限届满"),
    "certificate.brought_in": _l("证件转入登记"),
    "certificate.changed": _l("变更证件"),
    "certificate.reissued": _l("补发证件"),
    "certificate.reviewed": _l("复审合格"),
    "certificate.sending_out": _l("办理转出"),
    "certificate.sending_withdrawn": _l("取消转出"),
    "certificate.sent_out": _l("证件转出"),
    "certificate.restored": _l("恢复误终止的证件"),
    "certificate.work_started": _l("登记开工"),
    "certificate.speciality_added": _l("登记注册专业"),
    "certificate.speciality_dropped": _l("减少注册专业"),
    "certificate.hand_in_reached": _l("已到内部交件日"),
    "certificate.cancelled": _l("终止证件"),
    "certificate.lapsed": _l("证件过期失效"),
    "certificate.window_opened": _l("延续办理窗口已打开"),
    "certificate.target_reached": _l("已到延续申报期限"),
    "certificate.closed": _l("延续办理窗口已关闭"),
    "certificate.review_opened": _l("开始准备期内复审"),
    "alert.raised": _l("发出到期提醒"), "alert.climbed": _l("到期提醒上报一级"),
    "alert_rule.set": _l("修改提醒规则"), "alert_rule.removed": _l("删除提醒规则"),
    "alert_rule.tried": _l("试发一条提醒给自己"),
    "alert.withheld": _l("正在办理，到期提醒没有打扰任何人"), "alert.taken": _l("接手处理到期提醒"),
    "alerts.proved": _l("打印提醒送达证明"),
    "original.entered": _l("登记原件"),
    "original.moved": _l("原件换存放位置"),
    "original.to_authority": _l("原件交给机关"),
    "original.from_authority": _l("机关退还原件"),
    "original.lost": _l("原件报失"),
    "original.found": _l("原件找回"),
    "original.destroyed": _l("原件销毁"),
    "loan.handed_over": _l("借出原件"),
    "loan.received": _l("领取人签收"),
    "loan.extended": _l("延长借期"),
    "loan.returned": _l("归还原件"),
    "loan.voided": _l("借用作废"),
    "reservation.made": _l("预约原件"),
    "reservation.cancelled": _l("取消预约"),
    "copy.made": _l("制作带水印的副本"),
    "copy.revoked": _l("副本作废"),
    "scan.read": _l("查看扫描件"),
    "certificate.retimed": _l("证件的日期重新计算"),
    "evidence.case_exported": _l("导出核验案卷"),
    "type.published": _l("发布证件种类的新版本"),
    "type.withdrawn": _l("撤回证件种类的版本"),
    "type.corrected": _l("更正证件种类当天生效的版本"),
    "type.applied": _l("按证件种类的新版本重算完毕"),
    "person.created": _l("录入人员"),
    "person.moved": _l("调动"),
    "person.left": _l("离职"),
    "person.joined": _l("入职"),
    "person.returned": _l("返聘"),
    "employment.corrected": _l("更正劳动合同或社保"),
    "employment.struck": _l("撤销误登的劳动合同或社保"),
    "assignment.corrected": _l("更正岗位"),
    "assignment.struck": _l("撤销误登的岗位"),
    "qualification.ended": _l("终止资质类别"),
    "machine.taken_down": _l("拆卸设备"),
    "machine.relocated": _l("设备换管理单位"),
    "machine.scrapped": _l("设备报废"),
    "effects.applied": _l("引起影响"),
    "effects.lifted": _l("影响解除"),
    "rule.published": _l("发布规则新版本"),
    "rule.withdrawn": _l("撤回规则新版本"),
    "employment.entered": _l("登记劳动合同或社保"),
    "assignment.made": _l("任命岗位"),
    "assignment.ended": _l("免去岗位"),
    "works.entered": _l("登记工程概况"), "project.won": _l("登记中标"),
    "qualification.entered": _l("登记资质类别和等级"),
    "machine.installed": _l("登记设备安装"),
    "person.unmasked": _l("查看完整身份证号和电话"),
    "account.created": _l("开通账号"),
    "account.disabled": _l("停用账号"),
    "account.enabled": _l("启用账号"),
    "account.password_changed": _l("修改密码"),
    "role.granted": _l("授予角色"),
    "role.revoked": _l("撤销角色"),
    "role.retired": _l("停用角色"), "role.taken_up": _l("重新启用角色"),
    "form.retired": _l("停用表单"), "form.taken_up": _l("重新启用表单"),
    "unit.created": _l("设立单位"),
    "machine.created": _l("录入设备"),
    "calendar.changed": _l("修改工作日历"),
    "calendar.confirmed": _l("确认工作日历"),
    "calendar.retimed": _l("按新的工作日历重新计算证件日期"),
    "calendar.unconfirmed": _l("取消工作日历的确认"),
    "clocks.recounted": _l("按新的工作日历重新计算办理期限"),
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
    "instance.suspended": _l("流程挂起"),
    "instance.resumed": _l("流程恢复"),
    "instance.migrated": _l("流程换到新版本"),
    "instance.migration_undone": _l("撤销换版本"),
    "instance.modified": _l("流程调整"),
    "instance.termination_undone": _l("撤销终止"), "instance.modification_undone": _l("撤销调整"),
    "instance.variables_changed": _l("修改流程变量"),
    "incident.opened": _l("流程出现异常"),
    "incident.resolved": _l("流程异常已处理"),
    "step.retried": _l("系统步骤重试"),
    "timer.fired_by_hand": _l("提前触发定时器"),
    "timer.rescheduled": _l("定时器改期"),
    "timer.suspended": _l("定时器暂停"),
    "timer.resumed": _l("定时器恢复"),
    "task.created": _l("待办生成"),
    "task.claimed": _l("签收待办"),
    "task.released": _l("放回待办"),
    "task.transferred": _l("转办"), "task.delegated": _l("委派"), "task.delegation_ended": _l("结束委派"),
    "task.reassigned": _l("改派"), "task.returned_after_absence": _l("代理期结束，转回本人"),
    "task.sign_asked": _l("请求加签"), "task.sign_dropped": _l("减签"), "task.signature": _l("签名"),
    "task.sign_due": _l("轮到加签"), "signature.kept": _l("存档签名"), "signature.removed": _l("删除存档签名"),
    "task.returned": _l("退回"), "task.taken_back": _l("取回"), "task.undone": _l("办理结果不再有效"),
    "task.kept": _l("办理结果保留"), "task.silent": _l("逾期未办，默认处理"),
    "request.withdrawn": _l("撤回申请"), "request.copied": _l("抄送"), "request.copy_read": _l("已阅抄送"),
    "request.urged": _l("催办待办"), "request.commented": _l("发表评论"), "request.comment_struck": _l("划去评论"),
    "instance.reopened": _l("重新开启"), "correction.asked": _l("请求补正"), "correction.answered": _l("答复补正"),
    "correction.dropped": _l("取消补正请求"), "correction.reopened": _l("因补正重新办理"),
    "vote.closed": _l("会签结束"), "vote.left": _l("退出会签"),
    "clock.paused": _l("暂停计时"), "clock.resumed": _l("恢复计时"), "clock.extended": _l("延长期限"),
    "consultation.asked": _l("向外部专家咨询"), "consultation.opened": _l("外部专家打开咨询"),
    "consultation.answered": _l("外部专家答复咨询"), "consultation.revoked": _l("撤销咨询"),
    "substitution.made": _l("安排代理"), "substitution.ended": _l("结束代理"),
    "handover.begun": _l("开始移交"), "handover.moved": _l("移交"), "handover.done": _l("移交完成"),
    "task.completed": _l("完成待办"),
    "task.cancelled": _l("待办取消"),
    "task.overdue": _l("待办逾期"),
    "task.escalated": _l("逾期升级"),
    "timer.fired": _l("期限到达"),
    "message.received": _l("收到消息"),
}
FIELDS = {
    "version": _l("版本"),
    "state": _l("状态"),
    "until": _l("有效期至"),
    "type": _l("种类"),
    "code": _l("编号"),
    "unit": _l("单位"),
    "post": _l("岗位"),
    "tie": _l("登记事项"),
    "grade": _l("资质等级"),
    "contracting": _l("承包方式"),
    "company": _l("公司"),
    "on": _l("日期"),
    "reason": _l("原因"),
    "role": _l("角色"),
    "from": _l("自"),
    "to": _l("至"),
    "number": _l("编号"),
    "source": _l("依据"),
    "outcome": _l("结果"),
    "certificates": _l("证件份数"),
    "places": _l("单位处数"),
    "opinion": _l("意见"),
    "decision": _l("决定"),
    "note": _l("说明"),
    "name": _l("名称"),
    "round": _l("轮次"),
    "rounds": _l("补正次数"),
    "original": _l("原件"),
    "purpose": _l("用途"),
    "condition": _l("状况"),
    "late_days": _l("逾期天数"),
    "step": _l("步骤"),
    "due": _l("到期日"),
}


NAMED = frozenset({"unit", "company"})
MOMENTS = frozenset({"from", "until"})
SPOKEN = {
    "post": POSTS, "tie": TIES, "grade": GRADES, "contracting": CONTRACTING, "original": KINDS_OF_ORIGINALS,
    "purpose": PURPOSES, "condition": CONDITIONS, "step": STEPS,
}
LONGEST = 60


@dataclass(frozen=True)
class Told:
    """One line of a story. `changes` are (what, before, after) as people read them; `data` is what came with it."""

    at: dt.datetime
    by: str
    words: str
    changes: list[tuple[str, str, str]]
    data: list[str]
    address: str | None


def tell(*subjects: Subject, own: bool = False, without: Sequence[str] = ()) -> list[Told]:
    """The story of the subjects, newest first, at most 60 lines; `own` leaves out what is only about them, `without`
    facts of these kinds."""
    facts = [
        fact for fact in story(db.session(), *subjects, without=without)
        if not own or (fact.subject_kind, fact.subject_id) in subjects
    ]
    facts = facts[: -LONGEST - 1 : -1]
    names, people = _unit_names(facts), _people_names(facts)
    return [_told(fact, names, people) for fact in facts]


def _unit_names(facts: Iterable[Fact]) -> dict[int, str]:
    """The names of the units that the facts hold by id, in one query."""
    told = [{**(fact.before or {}), **(fact.after or {})} for fact in facts] + [fact.before or {} for fact in facts]
    ids = {one[key] for one in told for key in NAMED if isinstance(one.get(key), int)}
    return dict(db.session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(ids))).all()) if ids else {}


def _people_names(facts: Iterable[Fact]) -> dict[int, str]:
    """The names of those to whom something went ("to"), in one query."""
    ids = {found for fact in facts if isinstance(found := (fact.after or {}).get("to"), int)}
    return dict(db.session.execute(select(Person.id, Person.name).where(Person.id.in_(ids))).all()) if ids else {}


def _told(fact: Fact, names: Mapping[int, str], people: Mapping[int, str]) -> Told:
    before, after = fact.before or {}, fact.after or {}
    known = [key for key in {**before, **after} if key in FIELDS or fact.kind == "calendar.changed"]
    changes, data = [], []
    if isinstance(after.get("to"), int):
        after = {**after, "to": people.get(after["to"], "")}
    for key in known:
        was, now = _value(key, before.get(key), names), _value(key, after.get(key), names)
        if was and was != now:
            changes.append((str(FIELDS.get(key, key)), was, now))
        elif now and now != was:
            data.append(f"{FIELDS.get(key, key)} {now}")
    by = fact.actor_name if fact.actor_id is not None else _("系统")
    return Told(
        fact.at, by, str(KINDS.get(fact.kind, fact.kind)), changes, data, place_of(fact.subject_kind, fact.subject_id)
    )


def _value(key: str, value: Any, names: Mapping[int, str]) -> str:
    """A stored id, code or date as people read it."""
    if value is None or value == "":
        return ""
    if key in MOMENTS and "T" in str(value):
        return _day(key, str(value))
    if key in NAMED:
        return names.get(value, f"#{value}")
    if key == "version" and isinstance(value, int):
        return f"{value:03d}"
    if key == "state" and value in codes.STATES:
        return _(codes.STATES[value])
    if key == "type" and value in types():
        return named(types()[value])
    if key == "role" and value in roles():
        return named(roles()[value])
    if key in SPOKEN and value in SPOKEN[key]:
        return _(SPOKEN[key][value])
    return {"off": _("休息"), "work": _("上班"), "weekday": _("按星期")}.get(str(value), str(value))


def _day(key: str, moment: str) -> str:
    """The day of an instant; of an end, the last day before it."""
    at = dt.datetime.fromisoformat(moment)
    return clock.day_of(at - dt.timedelta(microseconds=1) if key == "until" else at).isoformat()
