"""Certificates in the register, and renewals of them taken along."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import SYSTEM
from ledger.clock import SHANGHAI
from ledger.db import reading, unit
from registry.certificates import lifecycle
from registry.certificates.models import Certificate
from registry.people.persons import person_of
from registry.people.units import unit_of
from tests.journeys.company import Company
from tests.workflows.passage import Passage
from workflows.renewal import starting
from workflows.requests import Request

D = dt.date
LOGINS = {"project_manager": "pm"}
GRANTS: dict[str, dict[str, Any]] = {
    "E02": {"on": "company", "number": "D233012345", "from": D(2022, 6, 1), "until": D(2027, 5, 31)},
    "E03": {"on": "company", "number": "（浙）JZ安许证字〔2024〕000777", "from": D(2024, 6, 1),
            "until": D(2027, 5, 31)},
    "J03": {"on": "project", "number": "330109202611100101", "from": D(2026, 11, 10), "until": D(2027, 2, 10)},
    "P01": {"on": "worker", "number": "", "from": D(2021, 6, 1), "until": D(2027, 5, 31),
            "fields": {"category": "电工作业", "item": "低压电工作业"}},
    "P02": {"on": "worker", "number": "浙A012025000123", "from": D(2025, 6, 1), "until": D(2027, 5, 31)},
    "P07": {"on": "worker", "number": "浙233202400001", "from": D(2024, 6, 1), "until": D(2027, 5, 31)},
}


def noon(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(12), SHANGHAI)


def granted(session: Session, company: Company, code: str, **more: Any) -> Certificate:
    """A certificate of the company, its project or its worker, entered when it was issued."""
    given = {**GRANTS[code], **more}
    holder = person_of(session, company.people["worker"]) if given["on"] == "worker" else unit_of(
        session, company.units[given["on"]])
    if "province" in given:
        unit_of(session, company.units["project"]).province = given["province"]
    number = given["number"] or f"T{person_of(session, company.people['worker']).id_number}"
    return lifecycle.grant(
        session, code, holder, number=number, issued_on=given["from"], valid_from=given["from"],
        valid_until=given["until"], review_on=given.get("review"), issuer="某省住建厅", by=SYSTEM,
        fields=given.get("fields") or {})


class Renewing(Passage):
    """One certificate and the renewal of it. The clock stands at noon of the day it was issued."""

    def __init__(
        self, engine: Engine, company: Company, folder: Path, now: clock.Fixed, code: str, **more: Any
    ) -> None:
        super().__init__(engine, company, folder, now)
        self.code = code
        now.move_to(noon({**GRANTS[code], **more}["from"]))
        with unit(engine) as session:
            self.certificate_id = granted(session, company, code, **more).id

    def day(self, year: int, month: int, day: int) -> Renewing:
        """Noon of a day; what was due until then happens."""
        self.wait_until(noon(D(year, month, day)))
        return self

    def opened(self) -> Renewing:
        """The request that the window began by itself."""
        with reading(self.engine) as session:
            found = session.scalars(select(Request).where(
                Request.certificate_id == self.certificate_id, Request.process_id == "renewal")).one()
            self.id = self.case.request_id = found.id
        return self

    def by_hand(self, login: str = "custodian") -> Renewing:
        def do(session: Session) -> Request:
            certificate = session.get_one(Certificate, self.certificate_id)
            return starting.begin(session, self.company.actor(session, login), certificate, "")

        self.begin(do)
        return self

    def certificate(self, session: Session) -> Certificate:
        return session.get_one(Certificate, self.certificate_id)

    def closed(self) -> Renewing:
        """Every gap is closed by somebody it is offered to."""
        while roles := self._roles():
            self.do(LOGINS.get(roles[0], roles[0]), "N3_gap", "done", hours=24)
        return self

    def _roles(self) -> list[str]:
        with reading(self.engine) as session:
            gaps = (task.offer for task in self._tasks(session) if task.element_id == "N3_gap")
            return [name.partition("@")[0] for name in next(gaps, [])]
