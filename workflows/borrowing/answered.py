"""What answering the forms of borrowing.bpmn leaves behind: days spoken for, the two signatures, no's with a reason."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select

from engine.model import Task
from ledger.errors import BadAnswer, Conflict, Problem
from registry.custody import copies, loans, reservations
from registry.custody.originals import original_of, refuse_stopped
from registry.people.persons import person_of
from registry.people.units import unit_of
from registry.rules.lacking import may_lend
from workflows.borrowing import papers
from workflows.handling import reviewing
from workflows.handling.reviewing import note
from workflows.process import Act


def borrowed(act: Act) -> None:
    """B1: a copy must be possible; the days of an original are spoken for at once. BadAnswer otherwise."""
    if act.answers.get("verdict") != "submit":
        return
    if act.answers["wanted"] == papers.COPY:
        _copy_possible(act)
    else:
        _speak_for(act)
    reviewing.asked(act)


def _copy_possible(act: Act) -> None:
    certificate = papers.certificate_of(act.session, act.request)
    try:
        refuse_stopped(act.session, certificate)
    except Conflict as error:
        raise BadAnswer({"wanted": [Problem(error.message, error.params)]}) from error
    copies.drafted(certificate, purpose=act.answers["purpose"], purpose_note=act.answers["purpose_note"],
                   until=papers.day(act.answers, "until"))


def _speak_for(act: Act) -> None:
    original, answers = original_of(act.session, int(act.answers["wanted"])), act.answers
    if (before := papers.reservation_of(act.session, act.request)) is not None:
        reservations.cancel_reservation(act.session, before, by=act.by)
    if original.kind in ("working", "electronic"):
        _copy_possible(act)
        if papers.scan_of(original.certificate) is None:
            raise BadAnswer({"wanted": [Problem("没有可以加水印的扫描件，请证照管理员先上传。")]})
        return
    borrower = person_of(act.session, act.request.applicant_id or 0)
    try:
        loans.refuse_blocked(act.session, borrower)
        reservations.reserve(
            act.session, original, borrower, from_on=papers.day(answers, "from_on"),
            to_on=papers.day(answers, "until"), by=act.by, request_id=act.request.id)
    except Conflict as error:
        raise BadAnswer({"wanted": [Problem(error.message, error.params)]}) from error


def handed(act: Act) -> None:
    """B3: the keeper's signature; the loan begins. A no gives the days back in the drawing's next step."""
    if act.answers["verdict"] != "handed":
        return
    request, content = act.request, act.request.content
    original = papers.wanted(act.session, request)
    assert original is not None
    photo, project = act.answers.get("photo") or [], content.get("project")
    outside, legal_by = content.get("outside") == "yes", _agreed(act)
    if may_lend(own_staff=not outside, legal_agreed=legal_by is not None):
        raise loans.NeedsLegal
    made = loans.hand_over(
        act.session, original, borrower=person_of(act.session, request.applicant_id or 0),
        carrier=person_of(act.session, int(content["carrier"])), purpose=content["purpose"],
        purpose_note=content["purpose_note"], until=papers.day(content, "until"),
        project=unit_of(act.session, int(project)) if project else None, outside=outside,
        legal_by=legal_by, photo_id=photo[0] if photo else None, request_id=request.id,
        reservation=papers.reservation_of(act.session, request), by=act.by)
    request.details = {**request.details, "loan": made.id}


def _agreed(act: Act) -> int | None:
    """Who agreed for legal."""
    return act.session.scalar(select(Task.completed_by).where(
        Task.instance_id == act.request.instance_id, Task.element_id == "B2_legal", Task.state == "completed")
        .order_by(Task.id.desc()).limit(1))


def received(act: Act) -> None:
    """B3: the carrier's signature."""
    loans.receive(act.session, papers.loan(act.session, act.request), by=act.by)


def consented(act: Act) -> None:
    """B2: the holder's or legal's yes or no."""
    note(act, "borrowing.consented", verdict=act.answers["verdict"])


ANSWERED: dict[str, Callable[[Act], None]] = {
    "approve": reviewing.reviewed, "borrow": borrowed, "hand-over": handed, "receive": received, "consent": consented,
}
