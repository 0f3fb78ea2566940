"""The kinds of change (domain 4.4 a to h): which certificates they fit, what they are called, when they are due."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from sqlalchemy import ColumnElement, and_
from sqlalchemy.orm import Session

from ledger import clock
from ledger.workdays import calendar, months_before
from registry.certificates.catalogue import in_force_of
from registry.certificates.models import Certificate
from registry.people.persons import Person
from registry.people.units import Unit

NAMES: dict[str, str] = {
    "a": "转注册", "b": "企业信息变更", "c": "更换项目负责人", "d": "变更建设或施工单位", "e": "设备转场或过户",
    "f": "变更个人信息", "g": "增项或增补", "h": "转出本省", "in": "转入本省", "step": "联动变更",
}
ABOUT: dict[str, str] = {
    "a": "执业企业变更：调出单位同意、调入单位确认，有效期不变。",
    "b": "名称、法定代表人、地址、注册资本：从营业执照开始，按次序联动变更其他证件。",
    "c": "核对继任人资格，双方书面交接，施工许可信息随之变更。",
    "d": "交回原施工许可证，重新申领。",
    "e": "原登记注销，转场的重新告知、检测、登记。",
    "f": "姓名、身份证号变更，旧身份证号仍可查到。",
    "g": "增加专业或资质类别，各有自己的有效期。",
    "h": "转到外省，转入省接收前为“办理转出”。",
}
USUAL_DAYS = 30
"""Where a type names no period of its own (our own rule)."""
LAST_DAYS = 30
"""So many days before its end a registration is only cancelled, neither moved nor extended (BJ1)."""
MOST_MOVES = 5
"""A registration is moved at most so often in a year (Beijing, BJ1)."""
INWARD = "in"
"""h from outside: a certificate of another province that is not in our register (domain 4.4 h)."""
GROWING = frozenset({"P06", "P07", "P08", "P09", "P10", "P12", "E02", "E04", "E05", "E06", "E11", "E13"})
LEAVING_PROVINCE = frozenset({"P02", "P03", "P04", "P05"})
FITS: dict[str, Callable[[Certificate], bool]] = {
    "a": lambda held: held.family == "P" and held.type.employer in ("tied", "takeover"),
    "b": lambda held: held.type_code == "E01",
    "c": lambda held: held.type_code == "J03",
    "d": lambda held: held.type_code == "J03",
    "e": lambda held: held.type_code in ("Q03", "Q04"),
    "f": lambda held: held.family == "P",
    "g": lambda held: held.type_code in GROWING,
    "h": lambda held: held.type_code in LEAVING_PROVINCE,
}


def staff(unit: Unit) -> ColumnElement[bool]:
    """Whom the company at or above a unit employs, or the group itself; a subsidiary's people are its own."""
    return and_(Person.group_id == unit.group_id, Person.company_id == unit.company_id)


def due_on(session: Session, certificate: Certificate, since: dt.date | None = None) -> dt.date:
    """The last day for a change that happened on a day (today), by the type's own period, else USUAL_DAYS."""
    since = since or clock.today()
    change = in_force_of(certificate.type_code, since, certificate.unit.province).change
    if change is not None and change.workdays:
        return calendar(session).after(since, change.workdays)
    if change is not None and change.months:
        return months_before(since, -change.months)
    return since + dt.timedelta(days=(change.days if change is not None else None) or USUAL_DAYS)
