"""The service tasks of review.bpmn, each named by its type in the drawing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from engine.catalog import Step
from ledger import clock
from ledger.facts import record
from ledger.workdays import calendar
from registry.certificates import codes, lifecycle
from registry.certificates.models import Certificate
from registry.people.units import places
from workflows.renewal.starting import is_review
from workflows.renewal.terms import days_of, kind_of
from workflows.requests import Request, of_instance
from workflows.review.batches import due_on

PREPARE_WORKDAYS = 10  # working days between what we prepare and what is filed, where the type names no day of ours


def plan_items(step: Step) -> Mapping[str, Any]:
    """V2: each person's or machine's own days; what is not on the list any more is left out."""
    request = of_instance(step.session, step.instance_id)
    numbers = request.details.get("chosen", request.details["certificates"])
    found = (step.session.get_one(Certificate, number) for number in numbers)
    return {"items": [_item(step, certificate) for certificate in found if certificate.state in codes.LIVE]}


def _item(step: Step, certificate: Certificate) -> dict[str, Any]:
    days, ends = calendar(step.session), due_on(certificate)
    today = clock.today()
    if is_review(certificate):
        target = days_of(step.session, certificate).target
    else:
        target = days.before(ends, PREPARE_WORKDAYS)
    target = max(min(target, ends), today)
    prepare = max(days.before(target, PREPARE_WORKDAYS), today)
    return {
        "certificate_id": certificate.id, "name": certificate.holder_name, "number": certificate.number,
        "person_id": certificate.holder_person_id, "prepare_on": prepare.isoformat(), "target_on": target.isoformat(),
        "ends_on": ends.isoformat(),
        "managers": [*(f"project_manager@{place}" for place in places(certificate.unit)), "safety"],
    }


def one_of(step: Step) -> tuple[Request, Certificate]:
    """The request, and the certificate of this round."""
    request = of_instance(step.session, step.instance_id)
    return request, step.session.get_one(Certificate, int(step.variables["item"]["certificate_id"]))


def note(step: Step, kind: str, request: Request, certificate: Certificate, result: str, **after: Any) -> None:
    """Record what became of one certificate, in its story too, and keep it for the summary."""
    results = {**request.details["results"], str(certificate.id): result}
    request.details = {**request.details, "results": results}
    record(step.session, kind, ("request", request.id), by=step.actor, group_id=request.group_id,
           about=[("certificate", certificate.id)],
           after={"certificate": certificate.id, "code": certificate.code, **after})


def write_review(step: Step) -> None:
    """V5 合格: same number and same end of the term, the next review day; an inspection gets its new term."""
    request, certificate = one_of(step)
    told = request.details["answers"][str(certificate.id)]
    on, until = dt.date.fromisoformat(told["reviewed_on"]), _next(certificate, told)
    if kind_of(certificate).review is not None:
        version = lifecycle.reviewed(
            step.session, certificate, on=on, next_review_on=until, by=step.actor, request_id=request.id)
        lifecycle.add_scans(step.session, version, told.get("scans") or (), by=step.actor)
    else:
        assert until is not None
        lifecycle.renew(
            step.session, certificate, valid_from=on, valid_until=until, issued_on=on, by=step.actor,
            issuer=certificate.latest.issuer, scans=told.get("scans") or (), request_id=request.id)
    note(step, "review.passed", request, certificate, "passed", on=on.isoformat(),
         next=until.isoformat() if until else "")


def _next(certificate: Certificate, told: Mapping[str, Any]) -> dt.date | None:
    if told.get("next_on"):
        return dt.date.fromisoformat(told["next_on"])
    on = dt.date.fromisoformat(told["reviewed_on"])
    return lifecycle.next_review(kind_of(certificate), on, bool(told.get("long_term")))


def lock(step: Step) -> None:
    """V5 不予通过: not to be relied on any more, until somebody gives it back or it lapses."""
    request, certificate = one_of(step)
    if lifecycle.held(step.session, certificate).state == codes.VALID:
        lifecycle.suspend(
            step.session, certificate, since=clock.today(), reason="复审不予通过，停止使用", by=step.actor,
            request_id=request.id)
    note(step, "review.refused", request, certificate, "refused")


def lapse_item(step: Step) -> None:
    """逾期: the day has passed without a result; a certificate that only owes a duty (E12) stands on."""
    request, certificate = one_of(step)
    lifecycle.lapse(step.session, lifecycle.held(step.session, certificate), by=step.actor)
    kind = "review.overdue" if certificate.state in codes.LIVE else "review.lapsed"
    note(step, kind, request, certificate, "lapsed", due=step.variables["item"]["ends_on"])


def sum_up(step: Step) -> None:
    """V6: how many passed, were refused, were late."""
    request = of_instance(step.session, step.instance_id)
    results = list(request.details["results"].values())
    record(step.session, "review.summed_up", ("request", request.id), by=step.actor, group_id=request.group_id,
           after={name: results.count(name) for name in ("passed", "refused", "lapsed")})


STEPS = {
    "plan_items": plan_items, "write_review": write_review, "lock": lock, "lapse_item": lapse_item, "sum_up": sum_up,
}
