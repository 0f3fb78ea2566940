"""The words of a type: what its keys are called, what its coded values mean, and how two editions differ."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from registry.access.roles import roles
from registry.certificates.kinds import CertificateType, Offset
from registry.certificates.type_files import plain
from web.i18n import named

WORDS: dict[str, LazyString] = {
    "type": _l("证件种类"), "code": _l("代码"), "name": _l("名称"), "name_en": _l("英文名称"), "aliases": _l("别名"),
    "family": _l("类别"), "holder": _l("持证对象"), "issuer": _l("发证机关"), "standard": _l("电子证照标准"),
    "national_code": _l("国家证照类型代码"), "effective_from": _l("生效日期"), "closed_from": _l("停用日期"),
    "employer": _l("与用人单位的关系"), "validity": _l("有效期"), "review": _l("期内复审"), "window": _l("办理窗口"),
    "extension": _l("延期"), "change": _l("变更"), "ending": _l("逾期、遗失与终止"), "age": _l("年龄"),
    "final": _l("终止后不能恢复"), "annuls": _l("逾期自行废止"),
    "cancelled_first": _l("重新申领前须先注销"), "opens_days": _l("提前几天开始"),
    "last_days": _l("到最高年龄前几天起不再受理"),
    "open_ended": _l("也可载明长期"),
    "decision": _l("机关办理期限"), "retention": _l("保存期限"), "number": _l("编号"), "rule": _l("编号规则"),
    "unique_by": _l("由哪些字段确定是同一本"), "kind": _l("方式"), "months": _l("月数"),
    "long_months": _l("延长的月数"), "lapses": _l("失效"), "year_from": _l("每年自"), "year_to": _l("每年至"),
    "opens": _l("开放"), "hand_in": _l("内部交件"), "target": _l("法定申请日"), "closes": _l("截止"),
    "months_before": _l("提前几个月"),
    "days_before": _l("提前几天"), "times": _l("次数"), "days": _l("天数"), "workdays": _l("工作日"),
    "extension_workdays": _l("可延长的工作日"), "acceptance_workdays": _l("受理告知的工作日"),
    "delivery_workdays": _l("送达的工作日"), "assumed": _l("按一般规定推定"), "minimum": _l("最低年龄"),
    "maximum": _l("最高年龄"), "checkup_after": _l("此后每年体检的年龄"), "source": _l("来源"),
    "verified": _l("已核实"), "text": _l("说明"), "reminders": _l("提前几天提醒"), "reviewers": _l("初审角色"),
    "second_approval": _l("需要复核审批"), "basis": _l("法律依据"), "law": _l("法规或标准"), "articles": _l("条款"),
    "requires": _l("先要有的证件"), "types": _l("证件种类代码"), "of": _l("谁的"), "when": _l("适用情形"),
    "documents": _l("申请材料"), "key": _l("键名"), "required": _l("必填"), "fields": _l("证面字段"),
    "label": _l("名称"), "label_en": _l("英文名称"), "column": _l("存放的栏目"), "longest": _l("最长字数"),
    "sample": _l("样例"), "unit": _l("计量单位"), "options": _l("选项"), "value": _l("值"),
    "reason": _l("原因或依据"), "verified_by": _l("核对原文的人"),
    "variants": _l("地方或日期差异"), "province": _l("省份"), "pending": _l("待核实，不执行"),
}
CHOICES: dict[str, dict[str, LazyString]] = {
    "holder": {"enterprise": _l("企业"), "person": _l("人员"), "project": _l("项目"), "equipment": _l("设备")},
    "employer": {"": _l("无规定"), "tied": _l("绑定用人单位"), "free": _l("不绑定"), "takeover": _l("换单位须备案")},
    "validity.kind": {
        "months": _l("自发证起若干个月"), "dated": _l("以证上载明的日期为准"), "long": _l("长期"),
        "works": _l("至工程、工地或设备结束"), "start_within": _l("限期内开工，否则作废"), "none": _l("无有效期"),
    },
    "of": {"holder": _l("持证对象"), "project": _l("项目"), "contractor": _l("施工单位"), "employer": _l("用人单位")},
    "fields.kind": {
        "text": _l("文字"), "date": _l("日期"), "number": _l("数字"), "code": _l("选项"),
        "uscc": _l("统一社会信用代码"), "id_number": _l("证件号码"), "file": _l("文件"), "image": _l("图片"),
        "rows": _l("多行"),
    },
    "column": {
        "": _l("随版本保存"), "number": _l("编号"), "licence_mark": _l("证照标识"), "issuer": _l("发证机关"),
        "issued_on": _l("发证日期"), "valid_from": _l("有效期起"), "valid_until": _l("有效期止"),
        "review_on": _l("应复审日期"), "state": _l("状态"), "qr": _l("二维码"), "note": _l("备注"),
    },
}
_STEP = re.compile(r"^(?P<name>\w+)(?:\[(?P<row>[^\]]*)\])?$")


@dataclass(frozen=True)
class Difference:
    """One statement that reads otherwise: where, before, after (empty: was or is not there)."""

    place: str
    before: str
    after: str


def word(name: str) -> str:
    """What a key is called."""
    return str(WORDS.get(name, name))


def place(path: str) -> str:
    """A key as people read it: "window.opens" is 办理窗口 · 开放."""
    parts = []
    for step in path.split("."):
        found = _STEP.match(step)
        row = found["row"] if found else None
        name = word(found["name"]) if found else step
        row = _("第 %(n)d 项", n=int(row) + 1) if row and row.isdigit() else row
        parts.append(f"{name} {row}" if row else name)
    return " · ".join(parts)


def choices(path: str) -> dict[str, LazyString]:
    """The values a coded key may have, with their names; empty for free ones."""
    steps = re.sub(r"\[[^\]]*\]", "", path).split(".")
    for tail in (".".join(steps[-2:]), steps[-1]):
        if tail in CHOICES and (tail != "kind"):
            return CHOICES[tail]
    return {}


def shown(path: str, value: Any) -> str:
    """A value of plain data as people read it."""
    if value is None or value == "" or value == []:
        return ""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if path.endswith("reviewers"):
        return listed(role(key) for key in value)
    if isinstance(value, list):
        return listed(shown(path, one) for one in value)
    if isinstance(value, dict):
        return listed(f"{word(key)} {shown(f'{path}.{key}', inner)}" for key, inner in value.items())
    known = choices(path)
    return str(known[value]) if value in known else str(value)


def listed(parts: Any) -> str:
    """Several things in a row, with the comma of the language."""
    return _("、").join(filter(None, parts))


def role(key: str) -> str:
    """The name of a role."""
    found = roles().get(key)
    return named(found) if found else key


def ahead(offset: Offset | None) -> str:
    """How long before the end of the term: 提前3个月."""
    if offset is None:
        return ""
    if offset.months_before:
        return _("期满前 %(n)d 个月", n=offset.months_before)
    return _("期满前 %(n)d 天", n=offset.days_before) if offset.days_before else _("期满当天")


def differences(before: CertificateType | None, after: CertificateType) -> list[Difference]:
    """What an edition says otherwise than another, statement by statement, in the order of the type."""
    old, new = (dict(_leaves("", plain(each))) if each else {} for each in (before, after))
    places = [*new, *(path for path in old if path not in new)]
    return [Difference(place(path), shown(path, old.get(path)), shown(path, new.get(path)))
            for path in places if old.get(path) != new.get(path)]


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Every value with its key; rows are told apart by their own key, law or place rather than by their number."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _leaves(f"{path}.{name}" if path else name, inner)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        taken: set[str] = set()
        for number, row in enumerate(value):
            name = _name(row, number)
            name = name if name not in taken else f"{name} {number + 1}"
            taken.add(name)
            yield from _leaves(f"{path}[{name}]", row)
    else:
        yield path, value


def _name(row: dict[str, Any], number: int) -> str:
    if "types" in row:
        return "、".join(row["types"])
    said = row.get("label") or row.get("name") or row.get("law") or row.get("province") or row.get("effective_from")
    return re.sub(r"[\[\].]", " ", str(said or row.get("value") or number + 1))

