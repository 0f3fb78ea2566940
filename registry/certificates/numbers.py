"""Certificate numbers: one rule per kind of number (facts 2.1-2.8), each with its normal form and its check.

A type names its rule by key; `check_number` first brings the text into normal form. Rules that are known from samples
only are habits: a number that differs is a warning, not a refusal.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from stdnum.iso7064 import mod_37_36

from ledger import clock
from ledger.errors import NotFound
from registry.certificates import shapes
from registry.certificates.shapes import Asked, Habit, Judge
from registry.people.identity import LOST, check_id_number, check_uscc
from registry.verdict import Verdict, fails, holds
from registry.writing import clean, free, licence, lost_digits, narrow_rounded, rounded, undashed

LONGEST = 100


class UnknownRule(NotFound):
    """没有名为 {key} 的编号规则。"""


@dataclass(frozen=True)
class Rule:
    """How one kind of number is named, written and checked; `example` is synthetic."""

    key: str
    name: str
    example: str
    write: Callable[[str], str]
    judge: Judge


def check_number(rule_key: str, text: str, holder_id_number: str | None = None, on: dt.date | None = None) -> Verdict:
    """Bring a typed number into its normal form and check it by its type's rule on a day (default today).

    `holder_id_number` lets rules built on an identity number compare it. UnknownRule for an unknown key.
    """
    rule = rule_of(rule_key)
    value = rule.write(text)
    if not value:
        return fails(value, "请填写证书编号")
    if len(value) > LONGEST:
        return fails(value, "编号不能超过 {longest} 个字，请核对原件", longest=LONGEST)
    if value[:1].isdigit() and lost_digits(clean(text)):
        return fails(value, LOST)
    return rule.judge(value, Asked(holder_id_number, on or clock.today()))


def normal(rule_key: str, text: str) -> str:
    """The form that is compared: equal numbers have equal normal forms."""
    return rule_of(rule_key).write(text)


def rule_of(key: str) -> Rule:
    """The rule with this key; UnknownRule otherwise."""
    try:
        return RULES[key]
    except KeyError:
        raise UnknownRule(key=key) from None


def _identity(value: str, asked: Asked) -> Verdict:
    """An identity number, equal to the holder's where that is known."""
    verdict = check_id_number(value, asked.on)
    if verdict.ok and asked.holder and undashed(asked.holder) != verdict.value:
        return fails(value, "证号与持证人的身份证号不一致，请核对持证人和原件")
    return replace(verdict, value=value)


def _special_operation(value: str, asked: Asked) -> Verdict:
    """特种作业操作证: T and the holder's identity number (facts 2.6)."""
    if not value.startswith("T"):
        if check_id_number(value, asked.on).ok:
            return fails(value, "特种作业操作证号以 T 开头，请在身份证号前加上 T")
        return fails(value, "特种作业操作证号应为 T 加18位身份证号，请核对原件")
    verdict = _identity(value[1:], asked)
    return replace(verdict, value=value)


def _electronic(value: str, asked: Asked) -> Verdict:
    """电子证照标识 GB/T 36904: MOD 37,36 over type, issuer, serial and version, without root and dots (facts 2.3)."""
    parts = value.split(".")
    if parts[:5] != ["1", "2", "156", "3005", "2"]:
        return fails(value, "电子证照标识应以 1.2.156.3005.2 开头，请从电子证照上复制")
    if len(parts) != 10 or not all(re.fullmatch(r"[0-9A-Z]+", each) for each in parts):
        return fails(value, "电子证照标识应有10段，用点隔开，请从电子证照上复制")
    kind, issuer, serial, version, check = parts[5:]
    if len(kind) != 21 or len(issuer) != 18 or not re.fullmatch(r"[0-9]{3}", version) or len(check) != 1:
        return fails(value, "电子证照标识的类型21位、发证机关18位、版本3位、校验码1位，请从电子证照上复制")
    expected = mod_37_36.calc_check_digit(kind + issuer + serial + version)
    if check != expected:
        return fails(value, "最后一段校验码应为 {expected}，请从电子证照上重新复制", expected=expected)
    return holds(value, parts={"type": kind, "issuer": issuer, "serial": serial, "version": version})


def _credit_code(value: str, asked: Asked) -> Verdict:
    return check_uscc(value)


def _anything(value: str, asked: Asked) -> Verdict:
    return holds(value)


def _only(shape: shapes.Shape, example: str, **pieces: tuple[str, ...]) -> shapes.Shape:
    return replace(shape, example=example, only=pieces)


def _rules() -> list[Rule]:
    built, officer, firm = shapes.BUILDER, shapes.SAFETY_OFFICER, shapes.QUALIFICATION
    sure = [
        Rule("AX", "安全生产许可证编号", shapes.SAFETY_LICENCE.example, licence, shapes.SAFETY_LICENCE),
        Rule("SG", "施工许可证编号", shapes.CONSTRUCTION_PERMIT.example, undashed, shapes.CONSTRUCTION_PERMIT),
        Rule("TZ-JZ", "建筑施工特种作业证书编号", shapes.SITE_OPERATOR.example, clean, shapes.SITE_OPERATOR),
        Rule("JA", "交安人员证书编号", shapes.TRANSPORT_OFFICER.example, rounded, shapes.TRANSPORT_OFFICER),
        Rule("SB", "特种设备使用登记证编号", shapes.EQUIPMENT.example, narrow_rounded, shapes.EQUIPMENT),
    ]
    families: list[tuple[str, str, Callable[[str], str], shapes.Shape]] = [
        ("JZ", "建造师注册编号", clean, built),
        ("JZ-1", "一级建造师注册编号", clean, _only(built, "京111050700001", level=("1",))),
        ("JZ-2", "二级建造师注册编号", clean, _only(built, "苏232101200345", level=("2",))),
        ("AG", "安管人员证书编号", rounded, officer),
        ("AG-A", "企业主要负责人证书编号", rounded, _only(officer, "苏建安A（2022）0012345", kind=("A",))),
        ("AG-B", "项目负责人证书编号", rounded, _only(officer, "苏建安B（2022）0012345", kind=("B",))),
        ("AG-C", "专职安全员证书编号", rounded, _only(officer, officer.example, kind=("C", "C1", "C2", "C3"))),
        ("ZZ", "企业资质证书编号", clean, firm),
        ("ZZ-D", "建筑业企业资质证书编号", clean, _only(firm, firm.example, kind=("D", "DW"))),
        ("ZZ-A", "设计资质证书编号", clean, _only(firm, "A132012345", kind=("A", "AW"))),
        ("ZZ-B", "勘察资质证书编号", clean, _only(firm, "B132012345", kind=("B",))),
        ("ZZ-E", "监理资质证书编号", clean, _only(firm, "E132012345", kind=("E", "EW"))),
    ]
    return sure + [Rule(key, name, shape.example, write, shape) for key, name, write, shape in families]


LAND = Habit(r"地字第[0-9A-Z（）\-]+号", "编号通常写成“地字第…号”，请与原件核对")
PLAN = Habit(r"建字第[0-9A-Z（）\-]+号", "编号通常写成“建字第…号”，请与原件核对")
TS = Habit(r"TS.+", "编号通常以 TS 开头，请与原件核对")
CMA = Habit(r"[0-9]{12}", "编号通常是12位数字，请与原件核对")
DISCHARGE = Habit(r"[0-9A-Z]{18}[0-9]{3}[0-9A-Z]", "编号通常是统一社会信用代码加4位，请与原件核对")
ACCEPTANCE = Habit(r"[0-9]{20}", "编号通常是20位数字，请与原件核对")
PROJECT = Habit(
    r"[0-9]{4}-[0-9]{6}-[0-9]{2}-[0-9]{2}-[0-9]{6}",
    "项目代码通常写成 2026-320102-48-01-000001 的样式，请核对",
)
ELECTRONIC = "1.2.156.3005.2.11100000000013338W011.11110000000021135M.20260000001.001.1"

RULES: dict[str, Rule] = {
    rule.key: rule
    for rule in [
        Rule("USCC", "统一社会信用代码", "91110105MA01ABCD5F", undashed, _credit_code),
        Rule("ID", "公民身份号码", "110101199003070214", undashed, _identity),
        Rule("TZ-EM", "特种作业操作证号", "T110101199003070214", undashed, _special_operation),
        Rule("ECERT", "电子证照标识", ELECTRONIC, clean, _electronic),
        *_rules(),
        Rule("YD", "建设用地规划许可证编号", "地字第320102202600001号", free, LAND),
        Rule("GC", "建设工程规划许可证编号", "建字第320102202600001号", free, PLAN),
        Rule("TS", "特种设备生产许可证编号", "TS0000000", free, TS),
        Rule("CMA", "资质认定证书编号", "260012345678", free, CMA),
        Rule("PW", "排污许可证编号", "91110105MA01ABCD5F001P", free, DISCHARGE),
        Rule("BA", "竣工验收备案编号", "32010220260315010001", free, ACCEPTANCE),
        Rule("XM", "投资项目统一代码", "2026-320102-48-01-000001", clean, PROJECT),
        Rule("free", "自由编号", "2026-0001", free, _anything),
    ]
}
