"""Copies of a request: who is to know of it, since when, and when they read it.

A copy lets its receiver read this one request. Whoever has or had a task of the request, or applied for it, may give
copies; a drawing gives them by `licet:copyTo` when a user task is done or the process ends.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ForeignKey, Index, Select, String, UniqueConstraint, or_, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.model import Instance, Task, Visit
from engine.opening import at_places
from engine.usertasks import offers
from engine.usertasks.assigning import Addressee
from ledger import clock
from ledger.actor import SYSTEM, Actor
from ledger.db import Base, BigId, Id, Instant
from ledger.errors import BadAnswer, NotAllowed, NotFound, Problem
from ledger.facts import Fact, record
from ledger.outbox import Handler
from registry.access.grants import holders
from registry.alerts.notices import notify
from registry.people.persons import Person
from workflows import requests
from workflows.handling import eligible
from workflows.requests import INVOLVED, Request
from workflows.sharing import colleagues

MOST_ASKED = 200
"""How many people a request is copied to by hand."""
MOST_DRAWN = 50
"""How many people one word of a drawing may reach: a role at the top of a group may be held by hundreds."""


class RequestCopy(Base):
    """A request copied to somebody: `why` is asked, drawn, mentioned, handover or joint; `read_at` is the receipt."""

    __tablename__ = "request_copy"
    __table_args__ = (
        UniqueConstraint("request_id", "person_id"),
        Index("ix_request_copy_person_id", "person_id", "read_at", "id"),
    )

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId)
    request_id: Mapped[int] = mapped_column(BigId, ForeignKey("request.id"), index=True)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    why: Mapped[str] = mapped_column(String(12))
    by_id: Mapped[int | None] = mapped_column(BigId)
    by_name: Mapped[str] = mapped_column(String(80))
    element_id: Mapped[str] = mapped_column(String(120), default="")
    at: Mapped[dt.datetime] = mapped_column(Instant)
    read_at: Mapped[dt.datetime | None] = mapped_column(Instant)


@dataclass(frozen=True)
class Given:
    """A copy and whose it is."""

    copy: RequestCopy
    name: str


def may_give(session: Session, actor: Actor, request: Request) -> bool:
    """Whether somebody may copy a request to others: its applicant, and whoever has or had a task of it."""
    if actor.id is not None and actor.id == request.applicant_id:
        return True
    mine = or_(Task.state == "open", Task.completed_by == actor.id)
    found = session.scalars(select(Task).where(Task.instance_id == request.instance_id, mine))
    return any(task.completed_by == actor.id or offers.offered(session, task, actor) for task in found)


def give(session: Session, actor: Actor, request_id: int, people: Sequence[int]) -> list[Addressee]:
    """Copy a request to colleagues; those who had no copy yet. Each is told, and may read the request from now on.

    Raises NotFound, NotAllowed, or BadAnswer at "to" with every refusal: then nobody gets one.
    """
    request = requests.get(session, actor, request_id)
    if not may_give(session, actor, request):
        raise NotAllowed("只有申请人和办理人可以抄送。")
    if not people:
        raise BadAnswer({"to": [Problem("请选择抄送给谁。")]})
    reached = colleagues.require_all(session, actor, request, "copy", people)
    _room(session, request, {one.id for one in reached})
    return [one for one in reached if _write(session, request, one.id, actor, "asked")]


def _room(session: Session, request: Request, people: set[int]) -> None:
    """BadAnswer at "to" where it would be too many; of two who copy at once the second counts what the first gave."""
    session.execute(select(Request.id).where(Request.id == request.id).with_for_update())
    known = set(session.scalars(select(RequestCopy.person_id).where(
        RequestCopy.request_id == request.id, RequestCopy.why == "asked")))
    if len(known | people) > MOST_ASKED:
        raise BadAnswer({"to": [Problem("一项申请最多抄送 {most} 人。", {"most": MOST_ASKED})]})


def let_read(session: Session, request: Request, person_id: int, by: Actor, why: str) -> bool:
    """A copy that follows from something else somebody does (they ask for a signature); the caller has asked whether
    `by` may. False where there is one already."""
    return _write(session, request, person_id, by, why)


def _write(session: Session, request: Request, person_id: int, by: Actor, why: str, element_id: str = "") -> bool:
    """One copy and its fact; False where that person has one."""
    insert = insert_sqlite if session.get_bind().dialect.name == "sqlite" else insert_postgresql
    written = session.scalar(insert(RequestCopy).values(
        group_id=request.group_id, request_id=request.id, person_id=person_id, why=why, by_id=by.id, by_name=by.name,
        element_id=element_id, at=clock.now(),
    ).on_conflict_do_nothing(index_elements=["request_id", "person_id"]).returning(RequestCopy.id))
    if written is None:
        return False
    record(session, "request.copied", ("request", request.id), by=by, group_id=request.group_id,
           after={"copy": written, "to": person_id, "why": why})
    return True


def read(session: Session, actor: Actor, request_id: int) -> RequestCopy:
    """The receipt: the actor has read their copy. Only the first time counts; NotFound without a copy."""
    copy = of_actor(session, actor, request_id)
    if copy is None:
        raise NotFound
    first = update(RequestCopy).where(RequestCopy.id == copy.id, RequestCopy.read_at.is_(None)).values(
        read_at=clock.now()).returning(RequestCopy.id)
    if session.scalar(first) is not None:
        record(session, "request.copy_read", ("request", request_id), by=actor, group_id=copy.group_id,
               after={"copy": copy.id})
    session.refresh(copy)
    return copy


def of_actor(session: Session, actor: Actor, request_id: int) -> RequestCopy | None:
    """The actor's own copy of a request."""
    return session.scalar(select(RequestCopy).where(
        RequestCopy.request_id == request_id, RequestCopy.person_id == actor.id))


def of_request(session: Session, request: Request) -> list[Given]:
    """Every copy of a request, oldest first."""
    query = select(RequestCopy, Person.name).join(Person, Person.id == RequestCopy.person_id)
    rows = session.execute(query.where(RequestCopy.request_id == request.id).order_by(RequestCopy.id))
    return [Given(copy, name) for copy, name in rows]


def _by_copy(actor: Actor) -> Select[int]:
    """Of what was copied to them."""
    mine = select(Instance.id).join(Request, Request.instance_id == Instance.id).join(
        RequestCopy, RequestCopy.request_id == Request.id)
    return mine.where(RequestCopy.person_id == actor.id)


INVOLVED.append(_by_copy)


def tell(session: Session, fact: Fact) -> None:
    """Whoever got a copy is told."""
    request, to = session.get(Request, fact.subject_id), (fact.after or {}).get("to")
    if request is None or not isinstance(to, int):
        return
    if fact.actor_id is None:
        notify(session, [to], fact, "“{title}”按流程抄送给您。", {"title": request.title})
    else:
        notify(session, [to], fact, "{by} 把“{title}”抄送给您。", {"by": fact.actor_name, "title": request.title})


def copy_as_drawn(session: Session, fact: Fact) -> None:
    """A user task that was done gives the copies that `licet:copyTo` at it asks for: roles at the request's places,
    but not to those who applied for it or did the task."""
    task = session.get(Task, (fact.after or {}).get("task", 0))
    if task is None:
        return
    _copy(session, session.get_one(Instance, task.instance_id), task.element_id, (task.completed_by,))


def _copy(session: Session, instance: Instance, element_id: str, without: Sequence[int | None]) -> None:
    named = list(eligible.words_at(session, instance.definition_id, element_id)("licet:copyTo"))
    if not named:
        return
    request = requests.of_instance(session, instance.id)
    for number in holders(session, at_places(named, instance.places))[:MOST_DRAWN]:
        if number not in (request.applicant_id, *without):
            _write(session, request, number, SYSTEM, "drawn", element_id)


def copy_at_end(session: Session, fact: Fact) -> None:
    """An end event with `licet:copyTo` gives copies once the process has ended there."""
    instance = session.get(Instance, fact.subject_id)
    if instance is None:
        return
    reached = select(Visit.element_id).where(Visit.instance_id == instance.id, Visit.left_how == "completed")
    for element_id in session.scalars(reached.distinct().order_by(Visit.element_id)):
        _copy(session, instance, element_id, ())


HANDLERS: list[tuple[str, Handler]] = [("request.copied", tell), ("task.completed", copy_as_drawn),
                                       ("instance.ended", copy_at_end)]
