"""The step of over_age.bpmn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, joinedload

from engine.catalog import Step
from ledger import clock
from ledger.actor import SYSTEM
from registry.certificates.codes import LIVE
from registry.certificates.models import Certificate
from registry.people.persons import Person
from registry.rules.editions import tables_on
from registry.rules.people import AGED, age_limit
from workflows.cancellation.beginning import start
from workflows.requests import Request

YOUNGEST = 50  # no row of R15 names fewer years: nobody younger is looked at
AT_ONCE = 200  # begun in one act; the rest follows the next day


def over_age(session: Session, today: dt.date) -> Iterator[Certificate]:
    """Live certificates whose holder has passed the type's age limit, and that were not begun before."""
    limits: dict[tuple[str, str | None, str], Mapping[str, Any]] = {}
    born = today.replace(year=today.year - YOUNGEST, day=min(today.day, 28))
    begun = exists().where(Request.certificate_id == Certificate.id, Request.once_key.like("cancellation:%:over-age"))
    rows = session.execute(
        select(Certificate, Person).join(Person, Person.id == Certificate.holder_person_id).where(
            Certificate.type_code.in_(AGED), Certificate.state.in_(LIVE), Person.birth <= born, ~begun)
        .options(joinedload(Person.unit)).order_by(Certificate.id))
    for certificate, person in rows:
        asked = (certificate.type_code, person.gender, person.unit.province)
        if asked not in limits:
            tables = tables_on(session, today, person.unit.province, clock.now())
            limits[asked] = tables.decide("R15_age", **dict(zip(("type", "gender", "province"), asked, strict=True)))
        row = limits[asked]
        if person.birth and row["years"] is not None and age_limit(
                person.birth, int(row["years"]), int(row["step_months"]), int(row["most_months"])) < today:
            yield certificate


def cancel_over_age(step: Step) -> Mapping[str, Any]:
    """Begin a cancellation for each, once for ever."""
    begun = 0
    for certificate in over_age(step.session, clock.today()):
        if begun == AT_ONCE:
            break
        start(step.session, certificate, by=SYSTEM, ground="over_age",
              once_key=f"cancellation:{certificate.id}:over-age")
        begun += 1
    return {"begun": begun}


STEPS = {"cancel_over_age": cancel_over_age}
