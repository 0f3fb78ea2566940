"""Takes one request through P-APPLY, each act in a transaction of its own, as people would."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import SYSTEM
from ledger.db import unit
from registry.certificates.catalogue import type_of
from registry.people.machines import create_machine
from tests.journeys.company import Company
from tests.workflows.passage import Passage
from workflows.applying import opening

HOLDERS = {"J": ("unit", "project"), "E": ("unit", "company"), "P": ("person", "worker"), "Q": ("machine", "")}
APPLICANTS = {"J": "applicant", "E": "desk", "P": "applicant", "Q": "applicant"}
Prepare = Callable[[Session, str, int], None]
LOGINS = {"project_manager": "pm"}
SECOND = {"J": "safety", "E": "safety", "P": "hr", "Q": "hr"}
"""Who compares, by family: not who reviews most of them."""


def holder_for(session: Session, company: Company, code: str) -> tuple[str, int]:
    """Somebody or something a certificate of this type is applied for; a machine is put up for it."""
    kind, name = HOLDERS[code[0]]
    if kind == "machine":
        site = company.unit(session, "project")
        serial = f"TC-{code}-{uuid.uuid4().hex[:6]}"
        return kind, create_machine(session, unit=site, kind="塔式起重机", name="1号塔吊", serial=serial, by=SYSTEM).id
    return kind, company.units[name] if kind == "unit" else company.people[name]


class Walk(Passage):
    """One application."""

    def __init__(self, engine: Engine, company: Company, folder: Path, now: clock.Fixed, code: str = "J03",
                 applicant: str = "", prepare: Prepare | None = None) -> None:
        super().__init__(engine, company, folder, now)
        self.code = code
        self.applicant = applicant or APPLICANTS[code[0]]
        with unit(engine) as session:
            kind, number = holder_for(session, company, code)
            if prepare:
                prepare(session, kind, number)
        self.begin(lambda session: opening.open_request(
            session, company.actor(session, self.applicant), code, kind, number))

    def submitted(self, **more: Any) -> Walk:
        self.do(self.applicant, "A1_fill", "submit", **more)
        return self

    def reviewed(self, **more: Any) -> Walk:
        self.submitted(**more)
        for role in type_of(self.code).reviewers:
            reviewer = LOGINS.get(role, role)
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

    def registered(self) -> Walk:
        self.granted()
        self.do("custodian", "A10_register", "done")
        self.do(SECOND[self.code[0]], "A11_compare", "match")
        return self
