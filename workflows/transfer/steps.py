"""Steps of single kinds of change: the employers' people, what is given up first, and the way to another province."""

from __future__ import annotations

import datetime as dt
from typing import Any

from engine.catalog import Step
from ledger import clock
from ledger.actor import Actor
from registry.access.accounts import actor_for
from registry.certificates import lifecycle
from registry.certificates.catalogue import in_force_of
from registry.certificates.chain import ran_out
from registry.certificates.codes import LIVE
from registry.certificates.models import Certificate
from registry.people.persons import person_of
from registry.people.units import Unit, places, unit_of
from workflows import CATALOG
from workflows.applying.beginning import VARIABLES, begin
from workflows.requests import Request, of_instance


def held(step: Step, request: Request) -> Certificate:
    """The certificate that changes."""
    return step.session.get_one(Certificate, request.certificate_id)


def company(step: Step, unit: Unit) -> Unit:
    """The employer at or above a unit."""
    return unit_of(step.session, unit.company_id) if unit.company_id else unit


def employers(step: Step) -> dict[str, Any]:
    """E1: whose human resources are asked, as "role@unit" from the company up to the group."""
    request = of_instance(step.session, step.instance.id)
    old = company(step, held(step, request).unit)
    new = unit_of(step.session, int(request.content["new_unit"]))
    return {"old_hr": [f"hr@{place}" for place in places(old)],
            "old_head": [f"hr_head@{place}" for place in places(old)],
            "new_hr": [f"hr@{place}" for place in places(new)]}


def end_base(step: Step) -> None:
    """d, e: the old permit or registration ends before a new one is asked for, unless it has ended meanwhile."""
    request = of_instance(step.session, step.instance.id)
    certificate = held(step, request)
    if certificate.state in LIVE or ran_out(certificate):
        lifecycle.cancel(step.session, certificate, kind="注销", by=step.actor, request_id=request.id,
                         since=dt.date.fromisoformat(step.variables["ended_on"]), reason=request.number)


def begin_application(step: Step) -> None:
    """d: the same project applies again; both requests name each other."""
    request = of_instance(step.session, step.instance.id)
    old = held(step, request)
    kind = in_force_of(old.type_code, clock.today(), old.unit.province)
    child = begin(
        step.session, "application", old.holder, by=applicant(step, request), kind=kind, parent=request,
        details={"replaces": old.id}, title=f"{kind.name} · {old.holder_name}",
        once_key=f"application:after:{request.id}",
        variables=dict.fromkeys((CATALOG["application"].variables or frozenset()) - VARIABLES))
    request.details = {**request.details, "replaced_by": child.id}


def applicant(step: Step, request: Request) -> Actor:
    """Whoever began the request; the system where nobody did."""
    if request.applicant_id is None:
        return step.actor
    return actor_for(step.session, person_of(step.session, request.applicant_id))


def send_out(step: Step) -> None:
    """H1: state 06 until the other province has decided."""
    request = of_instance(step.session, step.instance.id)
    lifecycle.send_out(step.session, held(step, request), to=str(request.content["province"]), by=step.actor,
                       since=clock.today(), request_id=request.id)


def withdraw_sending(step: Step) -> None:
    """H3: valid here again."""
    request = of_instance(step.session, step.instance.id)
    lifecycle.withdraw_sending(step.session, held(step, request), since=clock.today(), by=step.actor,
                               request_id=request.id)


def sent_out(step: Step) -> dict[str, Any]:
    """H4: over here; `bring` where a company of the group takes it in."""
    request = of_instance(step.session, step.instance.id)
    lifecycle.sent_out(step.session, held(step, request), since=clock.today(), by=step.actor, request_id=request.id)
    return {"received": True, "bring": bool(request.content.get("unit"))}


EMPLOYER = {"employers": employers}
EQUIPMENT = {"end_base": end_base}
PERMIT = {"end_base": end_base, "begin_application": begin_application}
PROVINCE = {"send_out": send_out, "withdraw_sending": withdraw_sending, "sent_out": sent_out}
