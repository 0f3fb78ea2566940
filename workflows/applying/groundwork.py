"""What the demonstration's projects need before a construction permit may be applied for: rules R07, R08 and R12."""

from __future__ import annotations

import datetime as dt
from random import Random

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import SYSTEM
from ledger.workdays import months_before
from registry.certificates import lifecycle
from registry.certificates.catalogue import type_of
from registry.certificates.models import Holder
from registry.people.persons import Person
from registry.people.tenure import Assignment, assign
from registry.people.units import Unit
from registry.people.works import Works, qualified
from registry.rules.lacking import lacking
from registry.rules.lines import Line
from registry.sample.numbers import Numbers
from workflows.application.prerequisites import ASKED
from workflows.applying.cures import CONTRACTORS
from workflows.applying.faults import BLOCK

PERMIT, OFFICER = "J03", "P05"
EARLIER, AGO = dt.timedelta(days=30), dt.timedelta(days=200)
SERIALS = 60_000  # apart from those of the sample's own certificates


def lay(session: Session, project: Unit) -> None:
    """Enter whatever stands against a construction permit for this project today, a month ago."""
    lines = lacking(session, project).lines
    with clock.use(clock.Fixed(clock.now() - EARLIER)):
        for line in lines:
            if line.severity == BLOCK and line.rule in ASKED[PERMIT]:
                _supply(session, project, line)
        session.flush()


def _supply(session: Session, project: Unit, line: Line) -> None:
    company = session.get_one(Unit, project.parent_id)
    if line.lack == "missing_paper" and line.params["type"] != PERMIT:
        _grant(session, str(line.params["type"]), project)
    elif line.lack in CONTRACTORS:
        _grant(session, CONTRACTORS[line.lack], company)
    elif line.lack == "out_of_scope":
        site = session.scalars(select(Works).where(
            Works.unit_id == project.id, Works.known_until.is_(None)).order_by(Works.from_on.desc()).limit(1)).one()
        qualified(session, company, work=site.work, contracting=site.contracting, grade="first",
                  from_on=clock.today() - AGO, by=SYSTEM)
    elif line.lack == "short_of_officers":
        for person in _free(session, company, int(line.params["needed"]) - int(line.params["have"])):
            _grant(session, OFFICER, person, {"category": "C3"})
            assign(session, person, project, "safety_officer", from_on=clock.today() - AGO, by=SYSTEM)


def _free(session: Session, company: Unit, count: int) -> list[Person]:
    """People of the company who hold no post."""
    posted = exists().where(Assignment.person_id == Person.id)
    query = select(Person).where(Person.company_id == company.id, Person.left_on.is_(None), ~posted)
    return list(session.scalars(query.order_by(Person.id.desc()).limit(count)))


def _grant(session: Session, code: str, holder: Holder, fields: dict[str, str] | None = None) -> None:
    kind, day = type_of(code), clock.today() - AGO
    own = holder.uscc or "" if isinstance(holder, Unit) else ""
    number = Numbers(Random(holder.id)).certificate(kind.number.rule, code, day, own, serial=SERIALS + holder.id)
    months = kind.validity.months or (24 if kind.validity.kind == "dated" else 0)
    until = months_before(day, -months) - dt.timedelta(days=1) if months else None
    lifecycle.grant(session, code, holder, number=number, issued_on=day, valid_from=day, valid_until=until,
                    issuer=kind.issuer, fields=fields or {}, by=SYSTEM)
