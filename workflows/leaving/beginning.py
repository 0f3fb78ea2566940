"""Beginning other processes from a leaving: as that process itself begins, and counted as this request's child."""

from __future__ import annotations

from sqlalchemy.orm import Session

from ledger.actor import Actor
from ledger.errors import Conflict
from registry.certificates.models import Certificate
from workflows import CATALOG
from workflows.beginning import unfinished
from workflows.requests import Request


class NoSuchProcess(Conflict):
    """没有部署流程“{process}”，不能从离职联动发起。"""


def begin_about(
    session: Session, process_id: str, subtype: str, certificate: Certificate, *, parent: Request, by: Actor
) -> Request:
    """Begin a process about a certificate; one that is open already is taken instead of a second. NoSuchProcess stops
    the step (an incident) where it is not there."""
    process = CATALOG.get(process_id)
    if process is None or process.begin is None:
        raise NoSuchProcess(process=process_id)
    made = unfinished(session, process_id, certificate, subtype) or process.begin(session, by, certificate, subtype)
    if made.parent_id is None:
        made.parent_id = parent.id
    session.flush()
    return made
