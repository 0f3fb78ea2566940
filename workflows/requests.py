"""A request: the business side of a running process. Where it stands in its process is the engine's to say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa
from sqlalchemy import ColumnElement, ForeignKey, Index, Select, String, UniqueConstraint, or_, select
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column, relationship

from engine.model import OPEN, Instance, Task, TaskCandidate
from engine.usertasks.offers import groups_of
from engine.usertasks.participation import TaskParticipant
from ledger import clock
from ledger.actor import Actor
from ledger.db import Base, BigId, Id, Instant, Json
from ledger.errors import NotFound
from ledger.sought import folded, holds
from registry.access.rules import allowed
from registry.certificates.catalogue import type_of
from registry.certificates.kinds import CertificateType
from registry.people.scope import Path, Visible

Scope = Literal["mine", "open", "all"]
COUNT_TO = 1000
"""Further than this no list counts."""


class Found(NamedTuple):
    """One page, whether there is more behind it, and how many there are in all, counted up to COUNT_TO."""

    rows: Sequence[Request]
    more: bool
    total: int


class Request(Base):
    """One matter, run by one process: an application, a renewal, a loan, somebody's leaving.

    `holder_kind` is "person", "unit" or "machine"; `item` the trade where a type has one certificate for each (P02).
    `type_code` is empty where no type of certificate is meant, `certificate_id` is the certificate that it is about, or
    that came of it. `applicant_id` is empty where the system began it (a window opened, somebody left). `subtype` tells
    kinds of one process apart (transfer "a".."h"); `details` is what else the process was begun with, ids and codes
    only. `once_key` names what may be begun only once ("renewal:17:2027-05-31"); `parent_id` is the request that
    began this one. What was asked in forms is in `contents`, newest last.
    """

    __tablename__ = "request"
    __table_args__ = (
        UniqueConstraint("group_id", "number"), UniqueConstraint("once_key"),
        Index("ix_request_unit_path", "unit_path", "family", "id"),
        Index("ix_request_applicant", "applicant_id", "id"),
        # searches, and lists of what somebody may read, are answered from this index alone
        Index("ix_request_sought", "id", "search", "unit_path", "family", "type_code", "applicant_id", "instance_id"),
        Index("ix_request_holder", "type_code", "holder_kind", "holder_id"),
    )
    __visible__ = Visible(action="request.read", family="family", type="type_code", owner="applicant_id")

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId)
    number: Mapped[str] = mapped_column(String(20))
    process_id: Mapped[str] = mapped_column(String(120))
    type_code: Mapped[str] = mapped_column(String(8))
    family: Mapped[str] = mapped_column(String(1))
    holder_kind: Mapped[str] = mapped_column(String(8))
    holder_id: Mapped[int] = mapped_column(BigId)
    holder_name: Mapped[str] = mapped_column(String(120))
    item: Mapped[str] = mapped_column(String(80), default="")
    subtype: Mapped[str] = mapped_column(String(24), default="")
    title: Mapped[str] = mapped_column(String(200))
    applicant_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    applicant_name: Mapped[str] = mapped_column(String(60))
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"), index=True)
    unit_path: Mapped[str] = mapped_column(Path)
    instance_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("instance.id"), unique=True)
    opened_at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)
    submitted_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    once_key: Mapped[str | None] = mapped_column(String(120))
    parent_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("request.id"), index=True)
    details: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    problems: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    channel: Mapped[str] = mapped_column(String(60), default="")
    authority_no: Mapped[str] = mapped_column(String(60), default="")
    filed_on: Mapped[dt.date | None]
    accepted_on: Mapped[dt.date | None]
    accepted_how: Mapped[str] = mapped_column(String(12), default="")
    rounds: Mapped[int] = mapped_column(default=0)
    grant: Mapped[dict[str, Any] | None] = mapped_column(Json)
    certificate_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("certificate.id"), index=True)
    revision: Mapped[int] = mapped_column(default=1)
    search: Mapped[str] = mapped_column(sa.Text)

    instance: Mapped[Instance] = relationship()
    contents: Mapped[list[RequestContent]] = relationship(order_by="RequestContent.no", back_populates="request")
    corrections: Mapped[list[Correction]] = relationship(order_by="Correction.id")
    authority_answers: Mapped[list[AuthorityAnswer]] = relationship(order_by="AuthorityAnswer.id")

    __mapper_args__ = {"version_id_col": revision}

    @property
    def kind(self) -> CertificateType | None:
        """The type of certificate that it is about, as in force in general; None where none is meant."""
        return type_of(self.type_code) if self.type_code else None

    @property
    def forms(self) -> dict[str, str]:
        """The forms of its type that it began with: digests by key ("apply", "register")."""
        found: dict[str, str] = self.details.get("forms") or {}
        return found

    @property
    def content(self) -> dict[str, Any]:
        """The application's answers as last submitted; empty before that."""
        return self.contents[-1].answers if self.contents else {}

    @property
    def open_corrections(self) -> list[Correction]:
        """What was returned and has not been resubmitted yet; what is asked beside a task is not among it."""
        return [item for item in self.corrections if item.resolved_at is None and item.task_id is None]


@sa.event.listens_for(Request, "before_insert")
@sa.event.listens_for(Request, "before_update")
def _spell(_mapper: object, _connection: object, request: Request) -> None:
    """What a search looks through follows what it is made of."""
    request.search = folded(request.number, request.holder_name, request.title, request.authority_no or "")


class RequestContent(Base):
    """What was asked for in one round, as answered in the form `form_key` ("apply-J03"); never changed."""

    __tablename__ = "request_content"
    __table_args__ = (UniqueConstraint("request_id", "no"),)

    id: Mapped[Id]
    request_id: Mapped[int] = mapped_column(BigId, ForeignKey("request.id"))
    no: Mapped[int]
    form_key: Mapped[str] = mapped_column(String(60))
    answers: Mapped[dict[str, Any]] = mapped_column(Json)
    at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)
    by_name: Mapped[str] = mapped_column(String(80))
    request: Mapped[Request] = relationship(back_populates="contents")


class RequestFile(Base):
    """A file that belongs to a request, and the field or act it came with."""

    __tablename__ = "request_file"

    request_id: Mapped[int] = mapped_column(BigId, ForeignKey("request.id"), primary_key=True)
    file_id: Mapped[int] = mapped_column(BigId, ForeignKey("file.id"), primary_key=True, index=True)
    what: Mapped[str] = mapped_column(String(80))


class Correction(Base):
    """A reason to correct, at a field or document of the form (or "" for the whole).

    `task_id` is the question to the applicant where whoever asks keeps the task
    (engine/usertasks/correcting.py); `answer` what was said at the field.
    """

    __tablename__ = "correction"

    id: Mapped[Id]
    request_id: Mapped[int] = mapped_column(BigId, ForeignKey("request.id"), index=True)
    element_id: Mapped[str] = mapped_column(String(120))
    field: Mapped[str] = mapped_column(String(80), default="")
    reason: Mapped[str] = mapped_column(String(2000))
    by_name: Mapped[str] = mapped_column(String(80))
    at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)
    resolved_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    task_id: Mapped[int | None] = mapped_column(BigId)
    answer: Mapped[str] = mapped_column(String(2000), default="")
    answered_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class AuthorityAnswer(Base):
    """What an outside authority answered, as the custodian recorded it."""

    __tablename__ = "authority_answer"

    id: Mapped[Id]
    request_id: Mapped[int] = mapped_column(BigId, ForeignKey("request.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    answers: Mapped[dict[str, Any]] = mapped_column(Json)
    on: Mapped[dt.date]
    by_id: Mapped[int | None] = mapped_column(BigId)
    by_name: Mapped[str] = mapped_column(String(80))
    at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)


_open, _completed = (sa.literal(state, literal_execute=True) for state in (OPEN, "completed"))
# written out, not bound: the indexes are partial


def _by_holding(actor: Actor) -> Select[int]:
    """Of what they have in hand."""
    return select(Task.instance_id).where(Task.assignee_id == actor.id, Task.state == _open)


def _by_doing(actor: Actor) -> Select[int]:
    """Of what they have done."""
    return select(Task.instance_id).where(Task.completed_by == actor.id, Task.state == _completed)


def _by_offer(actor: Actor) -> Select[int]:
    """Of what is offered to them now."""
    offered = select(Task.instance_id).join(TaskCandidate, TaskCandidate.task_id == Task.id)
    return offered.where(TaskCandidate.candidate.in_(groups_of(actor)), TaskCandidate.open)


def _by_taking_part(actor: Actor) -> Select[int]:
    """Of what they signed a task, did one for its owner, or were stood in for."""
    took_part = select(Task.instance_id).join(TaskParticipant, TaskParticipant.task_id == Task.id)
    return took_part.where(TaskParticipant.person_id == actor.id)


def _by_knowing(actor: Actor) -> Select[int]:
    """Of all that, and of what they had in hand when it was cancelled, or a colleague has taken. Asked of one request
    only: no index leads to these."""
    offered = sa.exists().where(TaskCandidate.task_id == Task.id, TaskCandidate.candidate.in_(groups_of(actor)))
    took_part = sa.exists().where(TaskParticipant.task_id == Task.id, TaskParticipant.person_id == actor.id)
    theirs = or_(Task.assignee_id == actor.id, Task.completed_by == actor.id)
    return select(Task.instance_id).where(or_(theirs, offered, took_part))


INVOLVED: list[Callable[[Actor], Select[int]]] = [_by_holding, _by_doing, _by_offer, _by_taking_part]
"""Why somebody may read a request besides their role: instance ids each, from an index that leads with the person or
the group; rooms add theirs (copies, substitutes)."""


def seen_by(actor: Actor) -> ColumnElement[bool]:
    """Which requests an actor may read: by role and scope, or because they are or were involved. For lists."""
    return or_(allowed(Request, actor), Request.instance_id.in_(sa.union_all(*(why(actor) for why in INVOLVED))))


def sees(actor: Actor) -> ColumnElement[bool]:
    """The same asked of few requests: of each by its own tasks, whatever else the actor has done in their life."""
    further = (why for why in INVOLVED if why not in (_by_holding, _by_doing, _by_offer, _by_taking_part))
    return or_(allowed(Request, actor), *(_here(why(actor)) for why in (_by_knowing, *further)))


def _here(instances: Select[int]) -> ColumnElement[bool]:
    found = instances.correlate(None).subquery()  # a query of its own: it may select from Request itself
    return select(found).where(found.c[0] == Request.instance_id).correlate(Request).exists()


def _query(actor: Actor) -> Select[Request]:
    query = _joined()
    return query if actor.kind == "system" else query.where(seen_by(actor))


def _joined() -> Select[Request]:
    return select(Request).join(Instance, Request.instance_id == Instance.id)


def readable(session: Session, actor: Actor, request_id: int) -> bool:
    """Whether the actor may read a request."""
    return session.scalar(select(Request.id).where(Request.id == request_id, sees(actor))) is not None


def get(session: Session, actor: Actor, request_id: int) -> Request:
    """The request, or NotFound where it does not exist or the actor may not see it."""
    query = _joined().where(Request.id == request_id, *(() if actor.kind == "system" else (sees(actor),)))
    found = session.scalar(query.options(contains_eager(Request.instance)))
    if found is None:
        raise NotFound
    return found


def of_instance(session: Session, instance_id: int) -> Request:
    """The request that a running process belongs to; known by its number while the first steps still run."""
    found = session.scalar(select(Request).where(Request.instance_id == instance_id))
    if found is not None:
        return found
    begun = session.get_one(Instance, instance_id)
    return session.scalars(
        select(Request).where(Request.group_id == begun.group_id, Request.number == begun.business_key)).one()


def find(
    session: Session, actor: Actor, *, scope: Scope = "mine", search: str | None = None, after: int | None = None,
    size: int = 20,
) -> Found:
    """One page of requests, newest first: those behind the one numbered `after`. "open" are all that have not ended."""
    first = _ids(session, actor, scope, search, None, COUNT_TO)  # looked through once for both: the page, the count
    ids: Sequence[int] = [number for number in first if after is None or number < after][:size + 1]
    if len(ids) <= size and len(first) == COUNT_TO:
        ids = _ids(session, actor, scope, search, after, size + 1)
    return Found(_rows(session, ids[:size]), len(ids) > size, len(first))


def newest(
    session: Session, actor: Actor, *, scope: Scope = "mine", search: str | None = None, size: int = 20
) -> Sequence[Request]:
    """The first page alone; nothing is counted."""
    return _rows(session, _ids(session, actor, scope, search, None, size))


def _ids(session: Session, actor: Actor, scope: Scope, search: str | None, after: int | None, most: int
         ) -> Sequence[int]:
    query = _sought(actor, scope, search, walks=session.get_bind().dialect.name == "sqlite" and scope != "mine")
    if after is not None:
        query = query.where(Request.id < after)
    return session.scalars(query.order_by(Request.id.desc()).limit(most)).all()


def _rows(session: Session, ids: Sequence[int]) -> Sequence[Request]:
    rows = _joined().where(Request.id.in_(ids)).order_by(Request.id.desc())
    return session.scalars(rows.options(contains_eager(Request.instance))).all() if ids else []


def _sought(actor: Actor, scope: Scope, search: str | None, *, walks: bool) -> Select[int]:
    """`walks`: the newest first, each asked whether it may be read. Left to itself SQLite would gather all that may be
    by each reason's index, and sort them, to show twenty."""
    query = select(Request.id).where(Request.instance_id.is_not(None))
    if actor.kind != "system":
        seen: Any = seen_by(actor)
        each = ((one, 1) for one in getattr(seen, "clauses", (seen,)))  # a case stops at the first that holds
        query = query.where(sa.case(*each, else_=0) == 1 if walks else seen)
    if scope == "mine":
        query = query.where(Request.applicant_id == actor.id)
    if scope == "open":
        query = query.join(Instance, Request.instance_id == Instance.id).where(Instance.ended_at.is_(None))
    if search and search.strip():
        query = query.where(holds(Request.search, search))
    return query


def begun_by(session: Session, actor: Actor, request: Request) -> Sequence[Request]:
    """The requests that this one has begun and the actor may read, oldest first."""
    query = _query(actor).where(Request.parent_id == request.id).order_by(Request.id)
    return session.scalars(query.options(contains_eager(Request.instance))).all()


def attach(session: Session, request: Request, files: dict[str, Sequence[int]]) -> None:
    """Note that these files (by field) belong to the request; a file already noted stays as it was."""
    known = set(session.scalars(select(RequestFile.file_id).where(RequestFile.request_id == request.id)))
    for what, numbers in files.items():
        for number in numbers:
            if number not in known:
                known.add(number)
                session.add(RequestFile(request_id=request.id, file_id=number, what=what))
