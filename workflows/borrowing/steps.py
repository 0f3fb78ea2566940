"""The service tasks of borrowing.bpmn, each named by its type in the drawing."""

from __future__ import annotations

import datetime as dt
from typing import Any

from engine.catalog import Step
from ledger import clock
from ledger.actor import SYSTEM
from ledger.facts import record
from ledger.files import path_of
from registry.access.accounts import actor_for
from registry.custody import copies, reservations
from registry.people.persons import person_of
from workflows.borrowing import papers
from workflows.loss.reporting import suspect
from workflows.requests import of_instance

AT = dt.timedelta(hours=9)
"""Reminders go out at nine in the morning."""
BLOCKED, SUSPECTED = dt.timedelta(days=3), dt.timedelta(days=7)
DAY = dt.timedelta(days=1)


def look_up(step: Step) -> dict[str, Any]:
    """B2: which paper is asked for, whose it is, and the days; asked for one's own paper nobody else need agree."""
    request = of_instance(step.session, step.instance.id)
    content, original = request.content, papers.wanted(step.session, request)
    holder = original.holder_person_id if original else None
    carrier = str(content.get("carrier") or "")
    until = papers.day(content, "until")
    return {
        "kind": original.kind if original else "scan", "personal": holder not in (None, request.applicant_id),
        "outside": content.get("outside") == "yes", "holder_id": holder, "approved": False,
        "carrier_id": int(carrier) if carrier.isdigit() else request.applicant_id, "until": until,
        "from_on": papers.day(content, "from_on") if content.get("from_on") else until,
    }


def make_copy(step: Step) -> None:
    """B2: draw the marked copy and tell whoever asked."""
    session, request = step.session, of_instance(step.session, step.instance.id)
    certificate, content = papers.certificate_of(step.session, request), request.content
    scan = papers.scan_of(certificate)
    assert scan is not None
    folder, address = copies.home()
    draft = copies.drafted(certificate, purpose=content["purpose"], purpose_note=content["purpose_note"],
                           until=papers.day(content, "until"))
    drawn = copies.draw(path_of(folder, scan.file), scan.file.media_type, draft, address)
    by = actor_for(session, person_of(session, request.applicant_id or 0))
    made = copies.make(session, folder, scan, draft, drawn, by=by, request_id=request.id)
    request.details = {**request.details, "copy": made.id}


def release(step: Step) -> None:
    """The days go to others."""
    request = of_instance(step.session, step.instance.id)
    if (waiting := papers.reservation_of(step.session, request)) is not None:
        reservations.cancel_reservation(step.session, waiting, by=step.actor)


def set_term(step: Step) -> dict[str, Any]:
    """B4: when to remind, warn, block and suspect, from the day that is due now."""
    due = papers.loan(step.session, of_instance(step.session, step.instance.id)).due_on

    def at(day: dt.date) -> dt.datetime:
        return clock.start_of_day(day) + AT

    return {"remind_at": at(due - DAY), "late_at": at(due + DAY), "block_at": at(due + BLOCKED),
            "suspect_at": at(due + SUSPECTED)}


def remind(step: Step) -> None:
    """T-1: the borrower and the carrier are reminded."""
    _tell(step, "borrowing.reminded")


def warn_late(step: Step) -> None:
    """T+1: they and the head of the department are told."""
    _tell(step, "borrowing.late")


def warn_blocked(step: Step) -> None:
    """T+3: nothing more is lent to the borrower (registry.custody.loans refuses); they and the custodians are told."""
    _tell(step, "borrowing.blocked")


def _tell(step: Step, kind: str) -> None:
    request = of_instance(step.session, step.instance.id)
    loan = papers.loan(step.session, request)
    record(step.session, kind, ("request", request.id), by=SYSTEM, group_id=request.group_id,
           about=[("loan", loan.id)], after={"loan": loan.id, "until": loan.due_on.isoformat()})


def suspect_loss(step: Step) -> None:
    """T+7: P-LOST begins as 疑似遗失, once for each loan."""
    session, request = step.session, of_instance(step.session, step.instance.id)
    loan = papers.loan(session, request)
    begun = suspect(session, loan, parent=request)
    record(session, "borrowing.suspected", ("request", request.id), by=SYSTEM, group_id=request.group_id,
           about=[("loan", loan.id), ("request", begun.id)], after={"loan": loan.id, "number": begun.number})


def tell_next(step: Step) -> None:
    """B5: whoever has reserved it next is told that it is back."""
    request = of_instance(step.session, step.instance.id)
    loan = papers.loan(step.session, request)
    following = next(iter(reservations.queue(step.session, loan.original)), None)
    if following is not None:
        record(step.session, "borrowing.next", ("original", loan.original_id), by=SYSTEM, group_id=request.group_id,
               about=[("person", following.person_id)],
               after={"reservation": following.id, "from": following.from_on.isoformat()})


STEPS = {
    "look_up": look_up, "make_copy": make_copy, "release": release, "set_term": set_term, "remind": remind,
    "warn_late": warn_late, "warn_blocked": warn_blocked, "suspect_loss": suspect_loss, "tell_next": tell_next,
}
