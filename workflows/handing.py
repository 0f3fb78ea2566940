"""Passing a matter on: a request begins another process about the same certificate, which is recorded below it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from ledger.actor import Actor
from ledger.errors import Conflict
from registry.certificates.models import Certificate
from workflows import CATALOG
from workflows.applying import beginning
from workflows.requests import Request

NAMES: dict[str, str] = {
    "cancellation": "证件注销", "leaving": "离职联动", "transfer": "证件变更",
}


class NotThere(Conflict):
    """“{name}”流程还没有发布，不能转办。"""


def require(process_id: str) -> None:
    """NotThere, with its name, unless this process is one of those that are shipped."""
    if process_id not in CATALOG:
        raise NotThere(name=NAMES.get(process_id, process_id))


def hand_over(
    session: Session, request: Request, process_id: str, *, by: Actor, subtype: str = ""
) -> Request:
    """Begin another process about the certificate of a request, below it; what is open already is given back.

    NotThere when there is no such process yet; whatever that process refuses is refused here too.
    """
    require(process_id)
    certificate = session.get_one(Certificate, request.certificate_id)
    process = CATALOG[process_id]
    if process.begin is None:
        return beginning.about(session, process_id, certificate, by=by, subtype=subtype, parent=request)
    begun = process.begin(session, by, certificate, subtype)
    if begun.parent_id is None and begun.id != request.id:
        begun.parent_id = request.id
        session.flush()
    return begun
