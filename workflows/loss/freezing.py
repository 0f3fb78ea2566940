"""L2 停用: while a loss is open, nothing of the certificate is lent, reserved or copied; the number stays taken."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import Instance
from ledger.errors import Conflict
from registry.certificates.models import Certificate
from registry.custody.originals import Original
from workflows.requests import Request

PROCESS = "loss"


class Frozen(Conflict):
    """证件正在办理遗失补办（{number}），编号已停用，办结之前不出借、不复制。"""


def running(session: Session, certificate_id: int) -> list[Request]:
    """The losses of a certificate that have not ended, oldest first."""
    return list(session.scalars(select(Request).join(Instance, Request.instance_id == Instance.id).where(
        Request.process_id == PROCESS, Request.certificate_id == certificate_id, Instance.ended_at.is_(None))
        .order_by(Request.id)))


def loss_of(session: Session, original: Original) -> Request | None:
    """The open loss of this very original; another original of the certificate has one of its own."""
    found = running(session, original.certificate_id)
    return next((one for one in found if one.details.get("original") == original.id), None)


def refuse(session: Session, certificate: Certificate) -> None:
    """Frozen while one of the certificate's originals is lost and neither found nor settled."""
    frozen = next((one for one in running(session, certificate.id) if one.details.get("frozen")), None)
    if frozen is not None:
        raise Frozen(number=frozen.number)
