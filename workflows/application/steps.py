"""The service tasks of application.bpmn, each named by its type in the drawing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.catalog import Step
from forms.contents import entries
from ledger.facts import record
from registry.certificates import lifecycle
from registry.certificates.catalogue import type_of
from workflows.application.rules import day_in, faults
from workflows.opening import holder_of
from workflows.requests import Request, of_instance
from workflows.typed import form_of


def prevalidate(step: Step) -> Mapping[str, Any]:
    """A2: note everything that stands against the request; `valid` decides whether it goes on."""
    request = of_instance(step.session, step.instance.id)
    found = faults(step.session, request)
    request.problems = [fault.as_json() for fault in found]
    record(step.session, "request.prevalidated", ("request", request.id), by=step.actor, group_id=request.group_id,
           after={"faults": len(found)})
    return {"valid": not found}


def publish(step: Step) -> Mapping[str, Any]:
    """A12: the certificate enters the register as version 001, with its timers and its scans."""
    request = of_instance(step.session, step.instance.id)
    certificate = lifecycle.grant(step.session, **grant_of(step, request))
    request.certificate_id = certificate.id
    return {"certificate_id": certificate.id}


def grant_of(step: Step, request: Request) -> dict[str, Any]:
    """The arguments of lifecycle.grant for what was registered at A10 and applied for at A1."""
    answers = request.grant or {}
    return {
        "type_code": request.type_code, "holder": holder_of(step.session, request.holder_kind, request.holder_id),
        "number": answers["number"], "item": request.item, "fields": fields_of(request), "by": step.actor,
        "request_id": request.id, "issuer": answers.get("issuer") or "",
        "licence_mark": answers.get("licence_mark") or "", "scans": answers.get("scans") or [],
        **{key: day_in(answers, key) for key in ("issued_on", "valid_from", "valid_until")},
    }


def fields_of(request: Request) -> dict[str, Any]:
    """What the type keeps of both forms: codes where the type has codes, words where it has words."""
    told: dict[str, str] = {}
    for name, answers in (("apply", request.content), ("register", request.grant or {})):
        told |= {entry.path: entry.text for entry in entries(form_of(name, request.type_code), answers)}
    known = {**request.content, **(request.grant or {})}
    kept = [field for field in type_of(request.type_code).fields if not field.column and field.key in known]
    return {
        field.key: known[field.key] if field.options or not isinstance(known[field.key], str)
        else told.get(field.key, known[field.key])
        for field in kept
    }


STEPS = {"prevalidate": prevalidate, "publish": publish}
