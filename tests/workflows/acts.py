"""What the tests of several processes do over and over."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from ledger.actor import SYSTEM
from ledger.db import reading, unit
from registry.access.grants import grant_role
from registry.certificates import lifecycle
from registry.certificates.models import Certificate
from registry.people.persons import person_of
from tests.journeys.company import Company
from tests.workflows.coverage import Reached
from tests.workflows.passage import Passage
from workflows.requests import Request


def held(engine: Engine, number: int) -> Certificate:
    """The certificate with its last version, to be read after the session."""
    with reading(engine) as session:
        found = session.get_one(Certificate, number)
        assert found.latest.certificate is found and found.unit
        session.expunge_all()
        return found


def filed(case: Passage) -> Passage:
    """Filed, accepted and granted."""
    case.do("custodian", "S5_file", "done")
    case.authority("accepted")
    case.authority("granted")
    return case


def registered(case: Passage, second: str = "hr", **more: Any) -> Passage:
    """Registered, and compared by a second person."""
    case.do("custodian", "R10_register", "done", **more)
    case.do(second, "R11_compare", "match")
    return case


def renewed_ahead(engine: Engine, number: int) -> None:
    """The certificate has its next term already, which begins years from now."""
    with unit(engine) as session:
        found = session.get_one(Certificate, number)
        assert found.valid_until is not None
        lifecycle.renew(session, found, valid_from=found.valid_until + dt.timedelta(days=1), by=SYSTEM,
                        valid_until=dt.date(2032, 12, 31), issued_on=dt.date(2026, 11, 20), issuer="某厅")


def entrust(session: Session, company: Company, login: str, role: str, place: str = "company") -> None:
    """Somebody holds one more role."""
    grant_role(session, person_of(session, company.people[login]), role, company.unit(session, place), by=SYSTEM)


def child_of(noted: Reached, tmp_path: Path, case: Passage, code: str) -> Passage | None:
    """The request that a case has begun about a certificate of a type; None while there is none."""
    with reading(case.engine) as session:
        number = session.scalars(select(Request.id).where(
            Request.parent_id == case.id, Request.type_code == code)).one_or_none()
    if number is None:
        return None
    child = Passage(case.engine, case.company, tmp_path / "files", case.now)
    noted.cases.append(child)
    child.id = child.case.request_id = number
    return child
