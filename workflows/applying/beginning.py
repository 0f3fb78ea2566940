"""Beginning a request of any process: its number, its places in the organisation, what an instance starts with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine import instances
from engine.model import Instance
from ledger import clock
from ledger.actor import Actor
from ledger.db import Base, BigId
from ledger.facts import Subject, record
from registry.certificates.catalogue import in_force_of
from registry.certificates.kinds import CertificateType
from registry.certificates.models import Certificate, Holder
from registry.people.persons import Person
from registry.people.units import Unit, places
from workflows.applying import typed
from workflows.requests import Request

MOST_TITLE = 200  # characters
SUPPLEMENT_DAYS = 10  # working days, where the notice sets no other term (unverified practice)
VARIABLES = frozenset({
    "request_id", "applicant_id", "certificate_id", "subtype", "type_code", "family", "reviewers", "second_by_type",
    "decision_days", "supplement_days",
})
"""The names that every instance begins with."""


class RequestCount(Base):
    """The last number given in a group and year; its row is the lock that keeps numbers unique."""

    __tablename__ = "request_count"

    group_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(default=0)


def begin(
    session: Session, process_id: str, holder: Holder, *, by: Actor, title: str, kind: CertificateType | None = None,
    certificate: Certificate | None = None, subtype: str = "", details: Mapping[str, Any] | None = None,
    once_key: str | None = None, parent: Request | None = None, variables: Mapping[str, Any] | None = None,
    key: str | None = None, applicant: Person | None = None,
) -> Request:
    """Start a process for a holder: the request, its instance and the fact request.opened, in this transaction.

    What somebody begins is theirs (`applicant_id`), or `applicant`'s; what the system begins for nobody belongs to
    nobody, and its first tasks are offered to roles. The forms of the type are kept with it as they are now. With
    `once_key` ("renewal:17:2027-05-31") a second call gives the first request back, also after it has ended and whoever
    calls. `key` is that of the fact. `variables` are added to VARIABLES.
    """
    unit = holder if isinstance(holder, Unit) else holder.unit
    count = counter(session, unit.group_id)
    if once_key and (before := session.scalar(select(Request).where(Request.once_key == once_key))):
        return before
    request = Request(
        group_id=unit.group_id, number=_number(count), process_id=process_id, type_code=kind.code if kind else "",
        family=kind.family if kind else family_of(holder), holder_kind=kind_of(holder), holder_id=holder.id,
        holder_name=holder.name, item=certificate.item if certificate else "", subtype=subtype,
        title=title[:MOST_TITLE], applicant_id=applicant.id if applicant else by.id,
        applicant_name=applicant.name if applicant else by.name, unit_id=unit.id, unit_path=unit.path,
        once_key=once_key, parent_id=parent.id if parent else None,
        certificate_id=certificate.id if certificate else None,
        details={**(details or {}), **({"forms": typed.keep(session, kind)} if kind else {})},
    )
    session.add(request)
    session.flush()
    about: list[Subject] = [("certificate", certificate.id)] if certificate else []
    record(session, "request.opened", ("request", request.id), by=by, group_id=unit.group_id, about=about, key=key,
           after={"number": request.number, "type": request.type_code, "process": process_id})
    request.instance = instances.start(
        session, process_id, by=by, group_id=unit.group_id, places=places(unit), business_key=request.number,
        title=request.title, variables={**_variables(request, kind), **(variables or {})},
    )
    session.flush()
    return request


def about(
    session: Session, process_id: str, certificate: Certificate, *, by: Actor, subtype: str = "",
    details: Mapping[str, Any] | None = None, once_key: str | None = None, parent: Request | None = None,
    variables: Mapping[str, Any] | None = None, title: str = "",
) -> Request:
    """Start a process about a certificate; one that is open for the same process is given back instead of a second."""
    counter(session, certificate.group_id)
    if before := unfinished(session, process_id, certificate, subtype):
        return before
    kind = in_force_of(certificate.type_code, clock.today(), certificate.unit.province)
    return begin(
        session, process_id, certificate.holder, by=by, kind=kind, certificate=certificate, subtype=subtype,
        details=details, once_key=once_key, parent=parent, variables=variables,
        title=title or f"{kind.name} · {certificate.holder_name}")


def unfinished(
    session: Session, process_id: str, certificate: Certificate, subtype: str | None = None
) -> Request | None:
    """The open request of a process about this certificate, the oldest if several; of one subtype, if given."""
    query = select(Request).join(Instance, Request.instance_id == Instance.id).where(
        Request.certificate_id == certificate.id, Request.process_id == process_id, Instance.ended_at.is_(None))
    if subtype:
        query = query.where(Request.subtype == subtype)
    return session.scalar(query.order_by(Request.id).limit(1))


def all_unfinished(session: Session, process_id: str, certificate_ids: Iterable[int]) -> dict[int, Request]:
    """The same for many certificates at once, by their ids."""
    rows = session.scalars(select(Request).join(Instance, Request.instance_id == Instance.id).where(
        Request.certificate_id.in_(list(certificate_ids)), Request.process_id == process_id,
        Instance.ended_at.is_(None)).order_by(Request.id.desc()))
    return {row.certificate_id: row for row in rows if row.certificate_id is not None}  # the oldest is last and stays


def counter(session: Session, group_id: int) -> RequestCount:
    """The counter of this year, locked: from here on one request is opened at a time in a group."""
    key = {"group_id": group_id, "year": clock.today().year}
    insert = insert_sqlite if session.get_bind().dialect.name == "sqlite" else insert_postgresql
    session.execute(insert(RequestCount).values(**key, last=0).on_conflict_do_nothing())
    return session.get_one(RequestCount, tuple(key.values()), with_for_update=True, populate_existing=True)


def kind_of(holder: Holder) -> str:
    """ "person", "unit" or "machine"."""
    return "person" if isinstance(holder, Person) else "unit" if isinstance(holder, Unit) else "machine"


def family_of(holder: Holder) -> str:
    """The family of certificates that such a holder holds."""
    if isinstance(holder, Unit):
        return "J" if holder.kind == "project" else "E"
    return "P" if isinstance(holder, Person) else "Q"


def _number(count: RequestCount) -> str:
    count.last += 1
    return f"SQ-{count.year}-{count.last:06d}"


def _variables(request: Request, kind: CertificateType | None) -> dict[str, Any]:
    return {
        "request_id": request.id, "applicant_id": request.applicant_id, "certificate_id": request.certificate_id,
        "subtype": request.subtype, "type_code": request.type_code, "family": request.family,
        "reviewers": list(kind.reviewers) if kind else [], "second_by_type": bool(kind and kind.second_approval),
        "decision_days": kind.decision.workdays if kind else 20, "supplement_days": SUPPLEMENT_DAYS,
    }
