"""The service tasks of renewal.bpmn, each named by its type in the drawing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.catalog import Step
from ledger import clock
from ledger.errors import Conflict
from ledger.facts import record
from registry.certificates.kinds import Document
from registry.certificates.models import Certificate
from workflows.applying import opening
from workflows.handing import hand_over
from workflows.renewal import conditions
from workflows.renewal.conditions import Case
from workflows.renewal.terms import days_of, kind_of
from workflows.requests import Request, of_instance

HANDED = {"not_needed": ("cancellation", ""), "upgrade": ("transfer", "g")}
"""What another verdict than "renew" begins: process and subtype (facts 4.3 N1, 4.4 g). Leaving begins by itself, with
the fact that a last day was set (answered.decided)."""


class Gone(Conflict):
    """持证主体已离职、关闭或报废，不能重新申领。"""


def case_of(step: Step) -> Case:
    """The certificate that the request is about, and the days of its term."""
    request = of_instance(step.session, step.instance_id)
    certificate = step.session.get_one(Certificate, request.certificate_id)
    return Case(step.session, certificate, days_of(step.session, certificate), request.id)


def noted(step: Step, kind: str, **after: Any) -> Request:
    """Record a fact of the request, in the certificate's story too; ids, dates and codes only."""
    request = of_instance(step.session, step.instance_id)
    assert request.certificate_id is not None
    record(step.session, kind, ("request", request.id), by=step.actor, group_id=request.group_id, after=after,
           about=[("certificate", request.certificate_id)])
    return request


def remember(request: Request, **told: Any) -> None:
    """Keep something about the request, beside what it was begun with."""
    request.details = {**request.details, **told}


def check_conditions(step: Step) -> Mapping[str, Any]:
    """N2: what stands against the renewal, and what is missing for it."""
    case = case_of(step)
    why = conditions.hopeless(case)
    found = [] if why else conditions.gaps(case, step.variables["conditions"])
    request = noted(step, "renewal.checked", gaps=[one["key"] for one in found], refused=why)
    remember(request, refused=why)
    return {"gaps": found, "hopeless": bool(why)}


def reopen(step: Step) -> Mapping[str, Any]:
    """N4: what was returned becomes gaps again; after a fatal accident every required paper of the type does."""
    case, request = case_of(step), of_instance(step.session, step.instance_id)
    roles, returned = list(kind_of(case.certificate).reviewers), request.open_corrections
    full = step.variables.get("accident") == "yes" and not step.variables.get("full_materials")
    if returned:
        found = [_again(case, item.field, roles, item.reason) for item in returned]
        for item in returned:
            item.resolved_at = clock.now()
    elif full:
        found = [_paper(case, each, roles) for each in kind_of(case.certificate).documents if each.required]
    else:
        found = [conditions.gap(case, "rework", roles=roles, before=0)]
    noted(step, "renewal.reopened", gaps=[one["key"] for one in found], full=full)
    return {"gaps": found, "full_materials": bool(step.variables.get("full_materials")) or full}


def _again(case: Case, key: str, roles: list[str], reason: str) -> dict[str, Any]:
    known = key if key in conditions.NAMES else "materials"
    return conditions.gap(case, known, roles=roles, before=0, note=reason)


def _paper(case: Case, document: Document, roles: list[str]) -> dict[str, Any]:
    return conditions.gap(case, f"doc_{document.key}", roles=roles, before=0, name=document.name)


def warn(level: int) -> Any:
    """N3: gaps are still open 15 (first) or 5 (second) working days before the law's day."""

    def warned(step: Step) -> None:
        noted(step, "renewal.warned", level=level, target=step.variables["target_on"])

    return warned


def begin_other(step: Step) -> None:
    """N1: what is not renewed goes its own way."""
    if step.variables["n1_verdict"] == "left":
        noted(step, "renewal.handed_over", process="leaving")
        return
    process_id, subtype = HANDED[step.variables["n1_verdict"]]
    request = of_instance(step.session, step.instance_id)
    begun = hand_over(step.session, request, process_id, by=step.actor, subtype=subtype)
    noted(step, "renewal.handed_over", process=process_id, to=begun.id)


def apply_again(step: Step) -> None:
    """N9: a new application for the holder of what has lapsed, filled in by whoever decided it: the task gives the
    right to, whether or not they begin applications otherwise. Gone where nothing can be held any more."""
    request = of_instance(step.session, step.instance_id)
    holder = opening.holder_of(step.session, request.holder_kind, request.holder_id)
    kind = opening.kind_for(holder, request.type_code)
    if not opening.fits(kind, holder):
        raise Gone
    begun = opening.start(step.session, kind, holder, by=step.actor, once_key=f"reapply:{request.id}")
    begun.parent_id = request.id
    noted(step, "renewal.handed_over", process="application", to=begun.id)


STEPS = {
    "check_conditions": check_conditions, "reopen": reopen, "warn_first": warn(1), "warn_second": warn(2),
    "hand_over": begin_other, "apply_again": apply_again,
}
