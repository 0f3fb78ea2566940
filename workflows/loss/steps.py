"""The service tasks of loss.bpmn, each named by its type in the drawing."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import func, select

from engine.catalog import Step
from ledger.facts import record
from registry.certificates import changing, lifecycle
from registry.custody import originals, whereabouts
from registry.custody.originals import Original, original_of
from workflows.requests import of_instance


def freeze(step: Step) -> dict[str, Any]:
    """L2: the original is lost in the book, what ran on it is void, and the certificate is frozen until this ends."""
    request = of_instance(step.session, step.instance.id)
    original = original_of(step.session, request.details["original"])
    if originals.absence(step.session, originals.held(step.session, original)) is None:
        whereabouts.lost(
            step.session, original, told=request.content.get("told") or request.number, by=step.actor,
            police_report=request.content.get("police") == "yes", suspected=request.subtype == "suspected",
            request_id=request.id)
    request.details = {**request.details, "frozen": True}
    ended = whereabouts.void_loans(step.session, original, by=step.actor)
    record(step.session, "loss.frozen", ("request", request.id), by=step.actor, group_id=request.group_id,
           about=[("certificate", original.certificate_id)], after={"loans": len(ended), "original": original.kind})
    return {"electronic": original.kind == "electronic"}


def keep_download(step: Step) -> None:
    """L3: the file downloaded again joins the current version, and the electronic original is there again."""
    request = of_instance(step.session, step.instance.id)
    original = original_of(step.session, request.details["original"])
    lifecycle.add_scans(step.session, original.certificate.latest, (request.grant or {}).get("scan") or [],
                        by=step.actor)
    step.session.flush()
    originals.found(step.session, original, by=step.actor)


def reissue(step: Step) -> None:
    """L6: a version with the same number and term and the remark; the new original goes into the cabinet."""
    session, request = step.session, of_instance(step.session, step.instance.id)
    answers, lost = request.grant or {}, original_of(session, request.details["original"])
    certificate = lost.certificate
    version = changing.reissue(session, certificate, issued_on=dt.date.fromisoformat(answers["issued_on"]),
                               reason=answers["remark"], by=step.actor, request_id=request.id)
    lifecycle.add_scans(session, version, answers.get("scan") or [], by=step.actor)
    made = session.scalar(select(func.count()).select_from(Original).where(
        Original.certificate_id == certificate.id, Original.kind == lost.kind)) or 0
    request.details = {**request.details, "reissued": True}
    originals.enter(session, certificate, lost.kind, place=answers["place"], keeper=lost.keeper_unit,
                    serial=f"{lost.serial[:30]} 补发{made}".strip(), by=step.actor)


STEPS = {"freeze": freeze, "keep_download": keep_download, "reissue": reissue}
