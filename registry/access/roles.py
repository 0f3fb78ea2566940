"""The roles and their rights, read from roles.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ledger.errors import NotFound

SOURCE = Path(__file__).with_name("roles.toml")
SCOPES = ("own", "unit", "subtree")
EMPLOYEE = "employee"
ACTIONS: dict[str, str] = {
    "certificate.read": "查看证件", "certificate.register": "登记证件", "certificate.export": "导出台账",
    "custody.read": "查看原件和借阅", "custody.keep": "保管原件（登记、借出、收回）", "loan.ask": "预约和借用原件",
    "copy.make": "制作带水印的副本",
    "request.start": "发起申请", "request.read": "查看申请",
    "person.read": "查看人员", "person.edit": "维护人员", "person.unmask": "查看完整身份证号和电话",
    "unit.read": "查看组织", "unit.edit": "维护组织",
    "works.edit": "维护工程概况", "machine.read": "查看设备", "machine.edit": "维护设备",
    "process.read": "查看流程", "process.edit": "编辑流程草稿", "process.deploy": "发布流程",
    "instance.read": "查看运行中的流程", "instance.repair": "处理流程异常",
    "type.read": "查看证件种类", "type.edit": "维护证件种类", "rule.read": "查看规则", "rule.edit": "发布规则新版本",
    "calendar.read": "查看工作日历", "calendar.edit": "维护工作日历",
    "audit.read": "查看审计", "account.read": "查看账号", "account.edit": "维护账号", "role.edit": "授予角色",
    "system.read": "查看系统状态", "system.edit": "维护消息渠道",
    "import.read": "查看导入的台账", "import.make": "导入台账",
    "task.reassign": "改派他人的任务", "request.reopen": "重新开启已结束的申请",
    "substitution.read": "查看代理安排", "substitution.edit": "安排代理", "handover.make": "办理工作移交",
    "steward.read": "查看待治理数据", "steward.settle": "处理待治理数据",
}
"""Everything that can be allowed, with the name people read (a gettext msgid)."""


class UnknownRole(NotFound):
    """没有名为 {role} 的角色。"""


@dataclass(frozen=True)
class Right:
    """`families` holds family letters and type codes; None means every one."""

    actions: frozenset[str]
    scope: str
    families: frozenset[str] | None = None

    def fits(self, family: str | None, type_code: str | None) -> bool:
        """Whether it reaches a thing of that family and type; one that has neither is reached."""
        if self.families is None or (family is None and type_code is None):
            return True
        return family in self.families or type_code in self.families


@dataclass(frozen=True)
class Role:
    """A role's name in Chinese (a msgid) and English, what it may do, and which roles exclude it."""

    key: str
    name: str
    name_en: str
    rights: tuple[Right, ...]
    excludes: frozenset[str]

    def may(self, action: str) -> tuple[Right, ...]:
        """The rights that name the action."""
        return tuple(right for right in self.rights if action in right.actions)


@cache
def roles() -> Mapping[str, Role]:
    """Every role by key. ValueError for a role that names an unknown action, scope or role."""
    with SOURCE.open("rb") as file:
        entries: dict[str, dict[str, Any]] = tomllib.load(file)
    return {key: _role(key, entries) for key in entries}


def role_of(key: str) -> Role:
    """The role with this key, or UnknownRole."""
    try:
        return roles()[key]
    except KeyError:
        raise UnknownRole(role=key) from None


def _role(key: str, entries: Mapping[str, Mapping[str, Any]]) -> Role:
    entry = entries[key]
    named_by = {other for other in entries if key in entries[other].get("excludes", ())}
    excludes = named_by | set(entry.get("excludes", ()))
    if strange := excludes - set(entries):
        raise ValueError(f"roles.toml: {key} excludes unknown roles {sorted(strange)}")
    return Role(key, entry["name"], entry["name_en"], tuple(_rights(key, entries)), frozenset(excludes))


def _rights(key: str, entries: Mapping[str, Mapping[str, Any]]) -> list[Right]:
    rights = [_right(key, row) for row in entries[key].get("rights", ())]
    for included in entries[key].get("includes", ()):
        rights += _rights(included, entries)
    return rights


def _right(key: str, row: Mapping[str, Any]) -> Right:
    actions = frozenset(row["actions"])
    if strange := actions - set(ACTIONS):
        raise ValueError(f"roles.toml: {key} names unknown actions {sorted(strange)}")
    if row["scope"] not in SCOPES:
        raise ValueError(f"roles.toml: {key} has the unknown scope {row['scope']}")
    families = row.get("families")
    return Right(actions, row["scope"], None if families is None else frozenset(families))
