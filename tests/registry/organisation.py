"""Builders of a small organisation for the tests: a group, two companies, a department and two projects."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from ledger.actor import SYSTEM, Actor
from registry.access.accounts import actor_for
from registry.access.grants import grant_role
from registry.certificates.lifecycle import grant
from registry.certificates.models import Certificate
from registry.people.identity import id_check_digit
from registry.people.machines import Machine, create_machine
from registry.people.persons import Person, create_person
from registry.people.units import Unit, create_unit

DAY = dt.date(2026, 11, 22)


def id_number(serial: int = 21, born: str = "19900307", region: str = "110101") -> str:
    """A synthetic identity number with a right check digit."""
    first = f"{region}{born}{serial:03d}"
    return first + id_check_digit(first)


@dataclass
class Organisation:
    """One group with two companies; `project` and `safety` belong to the first, `far` to the second."""

    session: Session
    group: Unit
    company: Unit
    other: Unit
    safety: Unit
    project: Unit
    far: Unit
    serial: int = 100

    def person(self, unit: Unit | None = None, name: str = "王建国", **more: Any) -> Person:
        """Somebody with an ID number, in the project unless told otherwise."""
        self.serial += 1
        given = {"id_number": id_number(self.serial % 1000, f"19{60 + self.serial // 1000 % 40:02d}0307"), **more}
        return create_person(self.session, unit=unit or self.project, name=name, by=SYSTEM, **given)

    def actor(self, *roles: str, unit: Unit | None = None, at: Unit | None = None, name: str = "李同事") -> Actor:
        """A person of the first company who holds the roles there (or at `at`)."""
        person = self.person(unit or self.safety, name)
        for role in roles:
            grant_role(self.session, person, role, at or self.company, by=SYSTEM)
        return actor_for(self.session, person)

    def machine(self, unit: Unit | None = None) -> Machine:
        """A tower crane."""
        self.serial += 1
        return create_machine(self.session, unit=unit or self.project, kind="塔式起重机", name="塔吊",
                              serial=f"TC{self.serial}", by=SYSTEM)

    def permit(self, project: Unit | None = None, **more: Any) -> Certificate:
        """A construction permit J03."""
        self.serial += 1
        given = {"number": f"320102202610{self.serial % 20 + 1:02d}01{self.serial % 100:02d}", "issuer": "某区住建局",
                 "issued_on": dt.date(2026, 10, 8), "by": SYSTEM, **more}
        return grant(self.session, "J03", project or self.project, **given)

    def licence(self, company: Unit | None = None, **more: Any) -> Certificate:
        """A safety production licence E03 that ends on 2028-12-31."""
        self.serial += 1
        given = {"number": f"（苏）JZ安许证字〔2025〕{self.serial:06d}", "issuer": "某省住建厅",
                 "issued_on": dt.date(2025, 12, 20), "valid_from": dt.date(2026, 1, 1),
                 "valid_until": dt.date(2028, 12, 31), "by": SYSTEM, **more}
        return grant(self.session, "E03", company or self.company, **given)

    def worker(self, person: Person | None = None, **more: Any) -> Certificate:
        """A special worker's certificate P02 (建筑电工) that ends on 2027-05-31."""
        self.serial += 1
        given = {"number": f"苏A012025{self.serial:06d}", "issuer": "某省住建厅", "issued_on": dt.date(2025, 6, 1),
                 "valid_until": dt.date(2027, 5, 31), "by": SYSTEM, **more}
        return grant(self.session, "P02", person or self.person(), **given)


def organisation(session: Session) -> Organisation:
    """The units, nobody yet."""
    def unit(kind: Any, name: str, code: str, parent: Unit | None = None, **more: Any) -> Unit:
        return create_unit(session, kind=kind, name=name, code=code, parent=parent, by=SYSTEM, **more)

    group = unit("group", "华城建设集团", "G", province="苏", region="320100")
    company = unit("company", "华城第一建筑公司", "C1", group, uscc="91320100135800013L")
    other = unit("company", "华城市政公司", "C2", group)
    return Organisation(
        session, group, company, other, unit("department", "安全管理部", "C1-AQ", company),
        unit("project", "滨江花园一期", "C1-P1", company, project={"work": "房建", "amount_wan": 8600}),
        unit("project", "环城快速路", "C2-P1", other, project={"work": "市政"}),
    )
