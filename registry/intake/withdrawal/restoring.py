"""Certificates that a batch changed get a version that says again what stood before it."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger.actor import Actor
from registry.certificates import codes
from registry.certificates.chain import follow, held, require_free, term_of
from registry.certificates.drafting import Number, Paper
from registry.certificates.models import NUMBER, Certificate, Version
from registry.intake.batch.models import Batch
from registry.intake.withdrawal.upon import Ours
from registry.people import sealing
from registry.people.identity import mask_id

NOTE = "撤销导入，恢复原登记"


def restore(session: Session, batch: Batch, mine: Ours, *, by: Actor) -> int:
    """Put the earlier statement behind ours, one by one; how many."""
    firsts = session.execute(
        select(Version.certificate_id, func.min(Version.no)).where(
            Version.id.in_(mine.versions), Version.certificate_id.not_in(mine.made))
        .group_by(Version.certificate_id).order_by(Version.certificate_id)).all()
    for number, first in firsts:
        _restore(session, batch, session.get_one(Certificate, number), first, by)
    return len(firsts)


def _restore(session: Session, batch: Batch, certificate: Certificate, first: int, by: Actor) -> None:
    before = held(session, certificate).versions[first - 2]
    ours = certificate.versions[first - 1:]
    if certificate.state not in codes.LIVE and before.state in codes.LIVE:
        require_free(session, certificate)
    number = _number_before(certificate, ours)
    paper = Paper(before.issuer, before.full_fields, before.licence_mark, before.qr, NOTE)
    follow(session, certificate, operation=codes.OTHER_ACT, state=before.state, fact="certificate.changed", by=by,
           term=term_of(before), paper=paper, holds_from=min(version.holds_from for version in ours), number=number,
           suspended_until=before.suspended_until, duty_on=before.duty_on, told={"batch": batch.id, "undone": True})


def _number_before(certificate: Certificate, ours: list[Version]) -> Number | None:
    """The number that ours has replaced; one that names the holder is made of the holder's own again."""
    shown = next((version.previous_number for version in ours if version.previous_number), "")
    if not shown or shown == certificate.number:
        return None
    person = certificate.holder_person
    identity = (person.id_number or "") if person is not None else ""
    for value in (identity, f"T{identity}") if identity else ():
        if mask_id(value) == shown:
            return Number(shown, sealing.index(value, NUMBER), sealing.seal(value, NUMBER))
    return Number(shown, shown, raw=shown)
