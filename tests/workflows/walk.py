"""Takes one request through P-APPLY, each act in a transaction of its own, as people would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from ledger import clock
from tests.journeys.company import Company
from tests.workflows.passage import Passage
from workflows import opening

HOLDERS = {"J03": ("unit", "project"), "E03": ("unit", "company"), "P02": ("person", "worker")}
REVIEWERS = {"J03": ["pm"], "E03": ["legal"], "P02": ["hr", "safety"]}
APPLICANTS = {"J03": "applicant", "E03": "desk", "P02": "applicant"}


class Walk(Passage):
    """One application."""

    def __init__(self, engine: Engine, company: Company, folder: Path, now: clock.Fixed, code: str = "J03",
                 applicant: str = "") -> None:
        super().__init__(engine, company, folder, now)
        self.code = code
        self.applicant = applicant or APPLICANTS[code]
        kind, name = HOLDERS[code]
        holder = company.units[name] if kind == "unit" else company.people[name]
        self.begin(lambda session: opening.open_request(
            session, company.actor(session, self.applicant), code, kind, holder))

    def submitted(self, **more: Any) -> Walk:
        self.do(self.applicant, "A1_fill", "submit", **more)
        return self

    def reviewed(self, **more: Any) -> Walk:
        self.submitted(**more)
        for reviewer in REVIEWERS[self.code]:
            self.do(reviewer, f"A3_{reviewer}", "pass")
        return self

    def approved(self, **more: Any) -> Walk:
        self.reviewed(**more)
        self.do("approver", "A4_approve", "approve")
        if "A4_second" in self.open():
            self.do("vice", "A4_second", "approve")
        return self

    def filed(self) -> Walk:
        self.approved()
        self.do("custodian", "A5_file", "done")
        return self

    def accepted(self) -> Walk:
        self.filed()
        self.authority("accepted")
        return self

    def granted(self) -> Walk:
        self.accepted()
        self.authority("granted")
        return self
