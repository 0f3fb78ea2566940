"""What follows from a ledger that came in, or went out again: gaps that it fills, requests that rested on it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engine import instances
from engine.model import Instance
from ledger.actor import SYSTEM
from ledger.facts import Fact
from ledger.outbox import Handler
from registry.certificates.codes import WITHDRAWN
from registry.certificates.models import Certificate
from registry.intake.batch.models import Batch, Row
from registry.intake.withdrawal import upon
from registry.rules.effects import Effect, look_again
from workflows.requests import Request

UNDONE = "导入批次已撤销"


def requests(session: Session, _batch: Batch, mine: upon.Ours) -> Iterator[upon.Upon]:
    """Requests that somebody has made about what the batch brought. What the system began by itself, because a window
    was open, and nobody has touched, hinders nothing: it ends with its certificate."""
    about = or_(
        Request.certificate_id.in_(mine.touched),
        (Request.holder_kind == "person") & Request.holder_id.in_(mine.people),
        (Request.holder_kind == "machine") & Request.holder_id.in_(mine.machines),
        (Request.holder_kind == "unit") & Request.holder_id.in_(mine.units), Request.applicant_id.in_(mine.people))
    touched = or_(Request.applicant_id.is_not(None), Request.submitted_at.is_not(None))
    for number, code in session.execute(select(Request.id, Request.number).where(about, touched).limit(upon.MOST)):
        yield upon.Upon("request", ("request", number), upon.KINDS["request"], code or "")


def look_at_gaps(session: Session, fact: Fact) -> None:
    """Many certificates came in at once: what projects and companies of the group lacked may be there now."""
    open_ = select(Effect.unit_id).where(
        Effect.group_id == fact.group_id, Effect.lifted_at.is_(None), Effect.unit_id.is_not(None))
    if units := {number for number in session.scalars(open_) if number is not None}:
        look_again(session, units)


def end_requests(session: Session, fact: Fact) -> None:
    """Requests that the system had begun about certificates which are withdrawn now."""
    withdrawn = select(Row.certificate_id).join(Certificate, Certificate.id == Row.certificate_id).where(
        Row.batch_id == fact.subject_id, Certificate.state == WITHDRAWN)
    running = session.scalars(
        select(Instance.id).join(Request, Request.instance_id == Instance.id)
        .where(Request.certificate_id.in_(withdrawn), Instance.ended_at.is_(None)).order_by(Instance.id)).all()
    for number in running:
        instances.terminate(session, number, by=SYSTEM, reason=UNDONE)


upon.MORE.append(requests)
HANDLERS: list[tuple[str, Handler]] = [
    ("intake.committed", look_at_gaps), ("intake.undone", look_at_gaps), ("intake.undone", end_requests),
]
