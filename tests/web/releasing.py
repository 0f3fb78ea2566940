"""What tests of releases begin with: more process owners, drafts of theirs, who runs on which version."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from engine import catalog
from engine.model import Definition, Instance
from ledger.actor import SYSTEM
from ledger.db import unit
from registry.access.grants import grant_role
from registry.people.identity import id_check_digit
from registry.people.persons import create_person
from tests.journeys.company import Company
from workflows import CATALOG
from workflows.applying import opening
from workflows.requests import Request
from workflows.studio import drafts

BEFORE, AFTER = "填报申请", "填写申请表"


def more_owners(session: Session, company: Company, **places: str) -> None:
    """Process owners by login and the unit that they hold the role at."""
    for number, (login, place) in enumerate(places.items()):
        home = company.unit(session, place)
        first = f"33010919890613{300 + number:03d}"
        person = create_person(session, unit=home, name=f"主管{'甲乙丙丁'[number]}", by=SYSTEM,
                               id_number=first + id_check_digit(first), joined_on=dt.date(2020, 1, 1))
        grant_role(session, person, "process_owner", home, by=SYSTEM)
        company.people[login] = person.id


def drafted(engine: Engine, company: Company, login: str = "owner", *, process: str = "application",
            files: Mapping[str, bytes] | None = None) -> int:
    """A draft of the shipped process that `login` changed; its id."""
    shipped = CATALOG[process].files[f"{process}.bpmn"]
    with unit(engine) as session:
        by = company.actor(session, login)
        draft = drafts.of_definition(session, catalog.latest(session, process), by=by)
        changes = files or {f"{process}.bpmn": shipped.replace(BEFORE.encode(), AFTER.encode())}
        drafts.save(session, draft.id, changes, base=1, by=by)
        return draft.id


def version_of(engine: Engine, company: Company, code: str, kind: str, name: str, login: str = "desk") -> int:
    """Begin a request for this holder; the version of the process that it runs on."""
    number = company.units[name] if kind == "unit" else company.people[name]
    with unit(engine) as session:
        request = opening.open_request(session, company.actor(session, login), code, kind, number)
        return _version(session, request.id)


def _version(session: Session, request_id: int) -> int:
    query = select(Definition.version).join(Instance, Instance.definition_id == Definition.id)
    return session.scalars(query.join(Request, Request.instance_id == Instance.id)
                           .where(Request.id == request_id)).one()
