"""The service tasks of cancellation.bpmn, each named by its type in the drawing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from engine.catalog import Step
from ledger.facts import record
from ledger.workdays import months_before
from registry.certificates import lifecycle
from registry.certificates.chain import ran_out
from registry.certificates.codes import LIVE
from workflows.clearing.hindrance import subject
from workflows.requests import Request, of_instance

KINDS = {"cancelled": "注销", "annulled": "撤销", "revoked": "吊销", "withdrawn": "撤回", "void": "废止"}


def report(step: Step) -> None:
    """C5 of the passive way: the authority has spoken; whoever answers for it is told."""
    request = step.session.get_one(Request, step.variables["request_id"])  # it is being begun right now
    record(step.session, "cancellation.noticed", ("request", request.id), by=step.actor, group_id=request.group_id,
           after={"certificate": request.certificate_id})


def cancel(step: Step) -> Mapping[str, Any]:
    """C6: the certificate ends, its timers stop; the papers are kept for as long as the table says (0: for ever)."""
    request = of_instance(step.session, step.instance.id)
    certificate, told = subject(step.session, request), request.details["recorded"]
    assert certificate is not None
    ended_on = dt.date.fromisoformat(told["ended_on"])
    if certificate.state in LIVE or ran_out(certificate):
        lifecycle.cancel(step.session, certificate, kind=KINDS[told["kind"]], since=ended_on, by=step.actor,
                         reason=told.get("document_no") or request.number, request_id=request.id)
    years = int(step.variables["keep_years"])
    until = months_before(ended_on, -12 * years).isoformat() if years else "永久"
    record(step.session, "cancellation.archived", ("request", request.id), by=step.actor, group_id=request.group_id,
           after={"certificate": request.certificate_id, "years": years, "until": until})
    return {}


STEPS = {"report": report, "cancel": cancel}
