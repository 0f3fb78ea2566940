"""Change b: the certificates that follow a company's change, in order, each a request of its own with its own day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engine import catalog
from engine.catalog import Step
from ledger import clock
from ledger.facts import record
from ledger.workdays import months_before
from registry.certificates.codes import LIVE
from registry.certificates.models import Certificate
from registry.people.persons import Person
from registry.people.units import Unit
from workflows import children
from workflows.requests import Request, of_instance
from workflows.transfer.beginning import start
from workflows.transfer.kinds import staff
from workflows.transfer.steps import applicant

Rows = dict[int, list[tuple[Certificate, Mapping[str, Any]]]]


def steps_of(session: Session, request: Request) -> Rows:
    """The certificates to change, by rank, with their row of chain.dmn as deployed: the company's and its people's."""
    asked, found = request.content, Rows()
    model = catalog.plan(session, request.instance.definition_id).decisions["chain_step"]
    for certificate in _of_company(session, request):
        legal = str(certificate.holder_person_id) == str(asked.get("new_legal"))
        row = model.evaluate("chain_step", {
            "type": certificate.type_code, "change_legal": bool(asked.get("change_legal")),
            "change_name": bool(asked.get("change_name")), "holds": "legal" if legal else "other"}).value
        if row["rank"]:
            found.setdefault(int(row["rank"]), []).append((certificate, row))
    return dict(sorted(found.items()))


def _of_company(session: Session, request: Request) -> Iterator[Certificate]:
    unit = session.get_one(Unit, request.holder_id)
    people = Certificate.holder_person_id.in_(select(Person.id).where(staff(unit)))
    own = (Certificate.family == "E") & (Certificate.holder_unit_id == request.holder_id)
    yield from session.scalars(
        select(Certificate).where(or_(own, people), Certificate.state.in_(LIVE)).order_by(Certificate.id))


def plan_chain(step: Step) -> dict[str, Any]:
    """B1: the ranks that there is something to do for."""
    request = of_instance(step.session, step.instance.id)
    found = steps_of(step.session, request)
    record(step.session, "transfer.chain_planned", ("request", request.id), by=step.actor, group_id=request.group_id,
           after={"steps": sum(len(rows) for rows in found.values())})
    return {"ranks": list(found)}


def begin_steps(step: Step) -> None:
    """B3: a request for each certificate of this rank. The first counts from the decision, the others from its end."""
    request = of_instance(step.session, step.instance.id)
    rank = int(step.variables["rank"])
    base = _base(step.session, request, rank)
    for certificate, row in steps_of(step.session, request).get(rank, []):
        amount = int(row["amount"])
        due = months_before(base, -amount) if row["unit"] == "months" else base + dt.timedelta(days=amount)
        start(step.session, certificate, "step", by=applicant(step, request), due=max(due, clock.today()),
              parent=request, details={"rank": rank}, once_key=f"transfer:{request.id}:{certificate.id}")


def _base(session: Session, request: Request, rank: int) -> dt.date:
    decided = dt.date.fromisoformat(request.content["decided_on"])
    first = [child for child in children.of(session, request) if child.type_code == "E01"]
    changed = first[0].details.get("changed_on") if first and rank > 1 else None
    return dt.date.fromisoformat(changed) if changed else decided


STEPS = {"plan_chain": plan_chain, "begin_steps": begin_steps, **children.STEPS}
