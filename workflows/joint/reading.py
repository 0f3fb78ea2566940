"""What those who sign may read of what they sign: a copy of the request it is about, the papers of a certificate.

Nobody opens a request to others who may not open it themselves: whoever names the signers must be able to give copies
of it then, not only when the countersign was begun. The copies are read only, and stay with whoever has signed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.actor import Actor
from ledger.errors import Conflict, Problem
from registry.access.rules import can
from registry.certificates.models import Certificate
from registry.people.persons import Person
from workflows import requests
from workflows.handling import eligible
from workflows.requests import Request
from workflows.sharing import copies

PROCESS, WHY, PAPERS = "joint", "joint", "about"
COPIES = "copy_signers"
"""The field by which whoever asks agrees to the copies."""


class NotYours(Conflict):
    """您现在不能查看或抄送申请 {number}，不能请别人会签它。"""


class CannotRead(Conflict):
    """{name} 无权查看要会签的申请 {number}，您也不能抄送给他。请另选一位，或请发起人来加。"""


def about(request: Request) -> int | None:
    """The id of the request that a countersign is about; None where it is about something else."""
    found: int | None = request.details.get("about") if request.process_id == PROCESS else None
    return found


def subject(session: Session, request: Request) -> Request | None:
    """The request itself."""
    number = about(request)
    return session.get(Request, number) if number else None


def may_share(session: Session, actor: Actor, signed: Request) -> bool:
    """Whether somebody may have others sign a request: they read it, and may copy it or reassign its tasks."""
    return requests.readable(session, actor, signed.id) and (
        copies.may_give(session, actor, signed) or can(actor, "task.reassign", signed))


def _unread(session: Session, signed: Request, people: Collection[int]) -> list[Person]:
    """Those who may not read it, by id."""
    found = session.scalars(select(Person).where(Person.id.in_(people)).order_by(Person.id)).all()
    return [person for person in found if not eligible.reads(session, person, signed)]


def refusals(session: Session, by: Actor, request: Request, people: Sequence[int], agreed: bool) -> dict[int, Problem]:
    """By place in the list, who could not read what they are to sign, unless copies were agreed to.

    Raises NotYours where whoever asks may not open it to others any more.
    """
    signed = subject(session, request)
    if signed is None:
        return {}
    if not may_share(session, by, signed):
        raise NotYours(number=signed.number)
    closed = {} if agreed else {one.id: one.name for one in _unread(session, signed, people)}
    return {place: Problem("{name} 无权查看要会签的申请。请勾选“抄送给会签人”，或另选一位。", {"name": closed[one]})
            for place, one in enumerate(people) if one in closed}


def share(session: Session, by: Actor, request: Request, people: Collection[int]) -> None:
    """Let the signers read what they sign: copies for those who could not, and the current papers of a certificate."""
    signed = subject(session, request)
    if signed is not None:
        for person in _unread(session, signed, people):
            copies.let_read(session, signed, person.id, by, WHY)
    held = session.get(Certificate, request.certificate_id) if request.certificate_id else None
    if held is not None and can(by, "request.start", held):
        requests.attach(session, request, {PAPERS: [scan.file_id for scan in held.latest.scans]})


def admit(session: Session, by: Actor, request: Request, person_id: int) -> None:
    """Somebody more is to sign: where they cannot read it they get a copy, if whoever names them may give it.

    Raises CannotRead.
    """
    signed = subject(session, request)
    for person in _unread(session, signed, [person_id]) if signed is not None else ():
        assert signed is not None
        if not may_share(session, by, signed):
            raise CannotRead(name=person.name, number=signed.number)
        copies.let_read(session, signed, person.id, by, WHY)


__all__ = ["COPIES", "PAPERS", "PROCESS", "CannotRead", "NotYours", "about", "admit", "may_share", "refusals", "share",
           "subject"]
