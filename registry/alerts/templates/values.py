"""The values that a template may fill in: flat, few, none of them a number of a person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from registry.alerts.channels import CHANNELS

INAPP = "inapp"
DIGEST = "digest"
SITUATIONS: dict[str, str] = {
    "before": "还没到期", "last": "到期当天", "after": "已经逾期", "going": "正在办理，何时办结不确定",
    "late": "正在办理，预计晚于到期日", "unheeded": "没有人处理，往上报", "unheeded_over": "逾期且没有人处理，往上报",
    "opens": "可以开始办理延续", "hand_in": "到达内部交件日", "target": "到达法定申请日", "closes": "办理窗口已关闭",
    "lapsed": "有效期已届满", "review": "还没到复审日", "review_last": "复审当天", "review_after": "逾期没有复审",
    "loan": "借出的原件快到归还日", "loan_last": "归还当天", "loan_after": "逾期没有归还",
    "loan_unheeded": "逾期没有归还且没有人处理，往上报", DIGEST: "多张证件的汇总",
}
"""When something is said, in the order of the page; the keys are those of wording.py, and the sum of many."""


@dataclass(frozen=True)
class Value:
    """One value: how it is called in a template, in English and in Chinese, and an example."""

    name: str
    chinese: str
    example: Any

    @property
    def about(self) -> str:
        """What it is."""
        return ABOUT[self.name]


VALUES: tuple[Value, ...] = (
    Value("type", "证件", "安全生产许可证"),
    Value("holder", "持有人", "江海一建"),
    Value("unit", "单位", "江海一建"),
    Value("code", "编号", "LC-E03-000001"),
    Value("day", "到期日", dt.date(2027, 1, 31)),
    Value("left", "剩余天数", 30),
    Value("over", "逾期天数", 0),
    Value("number", "申请编号", "SQ-2027-0007"),
    Value("step", "当前环节", "初审"),
    Value("expected", "预计办结日", dt.date(2027, 2, 5)),
    Value("late", "预计晚几天", 5),
    Value("n", "张数", 3),
    Value("first", "最近到期日", dt.date(2027, 1, 15)),
    Value("borrower", "借用人", "李卫东"),
    Value("person", "收件人", "王建国"),
)
ABOUT: dict[str, str] = {
    "type": "证件种类的名称", "holder": "持证的人、单位、项目或设备", "unit": "证件所在单位",
    "code": "证件在本系统的编号",
    "day": "到期的日子", "left": "离到期还有几天；到期以后是 0", "over": "到期以后过了几天；到期以前是 0",
    "number": "正在办理的申请的编号", "step": "申请走到哪一步", "expected": "申请预计办结的日子",
    "late": "预计办结比到期晚几天", "n": "汇总里有几张证件", "first": "汇总里最早到期的日子",
    "borrower": "借走原件的人", "person": "收到提醒的人的姓名；发到群里时为空",
}
"""What each value is."""
_EVER = ("type", "holder", "unit", "code", "day", "left", "over", "person")
_MATTER = ("number", "step", "expected", "late")
_DAYS = ("day", "expected", "first")


def of(situation: str) -> tuple[Value, ...]:
    """The values of a situation, in order."""
    if situation == DIGEST:
        names: tuple[str, ...] = ("n", "first", "person")
    elif situation.startswith("loan"):
        names = (*_EVER, "borrower")
    else:
        names = (*_EVER, *(_MATTER if situation in ("late", "going") else ()))
    return tuple(each for each in VALUES if each.name in names)


def examples(situation: str) -> dict[str, Any]:
    """A value for each name of a situation; each stands under both its names."""
    told = {each.name: each.example for each in of(situation)}
    if situation in ("after", "unheeded_over", "lapsed", "review_after", "loan_after", "loan_unheeded"):
        told |= {"left": 0, "over": 7}
    elif situation in ("last", "review_last", "loan_last"):
        told["left"] = 0
    return named(situation, told)


def named(situation: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """What was kept of an alert as the values of a template: every one there, days as days, under both their names."""
    found: dict[str, Any] = {}
    for each in of(situation):
        value = told.get(each.name, 0 if isinstance(each.example, int) else "")
        if each.name in _DAYS and isinstance(value, str) and value:
            value = dt.date.fromisoformat(value)
        found[each.name] = found[each.chinese] = value
    return found


def channels(situation: str) -> tuple[str, ...]:
    """By which a text of its own can be said: every one, the application (which sums nothing up), each way out."""
    return ("", *(() if situation == DIGEST else (INAPP,)), *CHANNELS)


def is_sms(channel: str) -> bool:
    """Whether only a template of the provider leaves by it."""
    return channel in CHANNELS and CHANNELS[channel].reaches == "mobile"


__all__ = ["ABOUT", "DIGEST", "INAPP", "SITUATIONS", "VALUES", "Value", "channels", "examples", "is_sms", "named", "of"]
