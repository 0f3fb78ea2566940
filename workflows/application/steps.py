"""The service tasks of application.bpmn, each named by its type in the drawing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from engine.catalog import Step
from forms.contents import entries
from ledger.actor import Actor
from ledger.facts import record
from registry.certificates import codes, drafting, lifecycle
from registry.certificates.kinds import CertificateType
from registry.certificates.models import Holder
from workflows import form_named
from workflows.application.rules import DAYS, blocking, day_in, faults
from workflows.applying.known import known_of
from workflows.applying.opening import holder_of, kind_for
from workflows.requests import Request, of_instance


def prevalidate(step: Step) -> Mapping[str, Any]:
    """A2: note everything that stands against the request; `valid` (nothing blocks) decides whether it goes on."""
    request = of_instance(step.session, step.instance.id)
    found = faults(step.session, request)
    request.problems = [fault.as_json() for fault in found]
    record(step.session, "request.prevalidated", ("request", request.id), by=step.actor, group_id=request.group_id,
           after={"faults": len(found), "blocking": len(blocking(found))})
    return {"valid": not blocking(found)}


def publish(step: Step) -> Mapping[str, Any]:
    """A12: the certificate enters the register as version 001, with its timers and its scans."""
    request = of_instance(step.session, step.instance.id)
    certificate = lifecycle.grant(step.session, **grant_of(step.session, request, step.actor))
    request.certificate_id = certificate.id
    return {"certificate_id": certificate.id}


def grant_of(session: Session, request: Request, by: Actor) -> dict[str, Any]:
    """The arguments of lifecycle.grant for what was registered at A10 and applied for at A1."""
    answers, holder = request.grant or {}, holder_of(session, request.holder_kind, request.holder_id)
    kind = kind_for(holder, request.type_code)
    request.item = drafting.item_of(kind, {**request.content, **answers})
    return {
        "type_code": request.type_code, "holder": holder, "number": answers["number"], "item": request.item,
        "fields": fields_of(request, kind, holder), "by": by, "request_id": request.id,
        **{key: answers.get(key) or "" for key in ("issuer", "licence_mark", "qr")},
        "scans": answers.get("scans") or [], **{key: day_in(answers, key) for key in DAYS},
    }


def fields_of(request: Request, kind: CertificateType, holder: Holder) -> dict[str, Any]:
    """What the type keeps of both forms and of the holder's file: codes where it has codes, words where words."""
    told: dict[str, str] = {}
    for name, answers in (("apply", request.content), ("register", request.grant or {})):
        told |= {entry.path: entry.text for entry in entries(form_named(request, name), answers)}
    answered = {**request.content, **(request.grant or {})}
    known = {**known_of(holder), "operation": codes.ISSUED, **answered}
    kept = [field for field in kind.fields if not field.column and known.get(field.key) is not None]
    return {
        field.key: known[field.key] if field.options or not isinstance(known[field.key], str)
        else told.get(field.key, known[field.key])
        for field in kept
    }


STEPS = {"prevalidate": prevalidate, "publish": publish}
