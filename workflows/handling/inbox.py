"""The inbox as people see it: what waits for them, what they began, took part in or were sent a copy of; narrowed,
counted, and kept under a name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, ForeignKey, Select, String, UniqueConstraint, false, literal, select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.orm import Mapped, Session, aliased, contains_eager, mapped_column

from engine.model import OPEN, Instance, Task, rank
from engine.usertasks import listing, offers
from engine.usertasks.listing import After, Order
from ledger import clock
from ledger.actor import Actor
from ledger.db import Base, BigId, Id, Json
from ledger.errors import BadAnswer, NotFound, Problem
from ledger.sought import holds
from registry.people.persons import Person
from registry.people.scope import subtree
from registry.people.units import Unit
from workflows.requests import Request
from workflows.sharing.copies import RequestCopy

Tab = Literal["all", "groups", "mine", "started", "took_part", "copied"]
WAITING: dict[str, listing.Scope] = {"all": "all", "groups": "groups", "mine": "mine"}
"""The tabs of open tasks, and what listing.py calls them."""
MOST_VIEWS, LONGEST_NAME = 20, 60


class InboxView(Base):
    """One saved view of a person's inbox: its filter as the address carries it, and its place among the others."""

    __tablename__ = "inbox_view"
    __table_args__ = (UniqueConstraint("person_id", "name"),)

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    name: Mapped[str] = mapped_column(String(60))
    filter: Mapped[dict[str, Any]] = mapped_column(Json)
    place: Mapped[int] = mapped_column(default=0)


@dataclass(frozen=True)
class Wanted:
    """One page of one tab. `unit_id` takes in what lies below it; `order` is for open tasks, the others are newest
    first; `after` is the `Row.place` of the last row of the page before."""

    tab: Tab = "all"
    order: Order = "due"
    process: str = ""
    element: str = ""
    type_code: str = ""
    unit_id: int | None = None
    overdue: bool = False
    search: str = ""
    after: After | None = None
    limit: int = 20

    @property
    def narrowed(self) -> bool:
        """Whether a filter is set (the search is not one)."""
        return bool(self.process or self.element or self.type_code or self.unit_id or self.overdue)


@dataclass(frozen=True)
class Row:
    """One line: a task, or (tabs started and copied) a request with the nearest deadline of its open tasks.

    `for_name` is who is away and whose task it is; `unread` a copy that has not been read; `mine`: held by the actor.
    """

    place: After
    task: Task | None = None
    request: Request | None = None
    mine: bool = False
    for_name: str = ""
    unread: bool = False
    due_at: dt.datetime | None = None
    due_confirmed: bool = True


@dataclass(frozen=True)
class Page:
    """The rows, and whether there are more behind the last."""

    rows: list[Row]
    more: bool


@dataclass(frozen=True)
class Choices:
    """What the filters of a tab offer, (value, name) each: what occurs among its first 1000 rows."""

    processes: list[str]
    elements: list[tuple[str, str]]
    types: list[str]
    units: list[tuple[int, str]]


def page(session: Session, actor: Actor, wanted: Wanted) -> Page:
    """One page of a tab, by index: it costs the same however much there is."""
    if wanted.tab in WAITING:
        found = listing.inbox(session, actor, scope=WAITING[wanted.tab], narrow=_narrow(session, actor, wanted),
                              order=wanted.order, after=wanted.after, limit=wanted.limit + 1)
        rows = [_row(task, actor) for task in found]
    elif wanted.tab == "took_part":
        after = wanted.after[1] if wanted.after else None
        rows = _done_rows(session, listing.done(
            session, actor, narrow=_narrow(session, actor, wanted), after=after, limit=wanted.limit + 1))
    else:
        rows = _request_rows(session, actor, wanted)
    return Page(rows[:wanted.limit], len(rows) > wanted.limit)


def numbers(session: Session, actor: Actor) -> dict[str, int]:
    """How much each tab holds, up to 1000: of what they began what has not ended, of copies what is unread."""
    waiting = listing.counts(session, actor)
    began = select(Request.id).join(Instance, Request.instance_id == Instance.id).where(
        Request.applicant_id == actor.id, Instance.ended_at.is_(None))
    unread = select(RequestCopy.id).where(RequestCopy.person_id == actor.id, RequestCopy.read_at.is_(None))
    return {
        **waiting, "all": sum(waiting.values()), "took_part": listing.count_done(session, actor),
        "started": listing.count(session, began.limit(listing.COUNT_TO)),
        "copied": listing.count(session, unread.limit(listing.COUNT_TO)),
    }


def choices(session: Session, actor: Actor, tab: Tab) -> Choices:
    """What the filters offer."""
    of_task = (Task.process_id, Task.element_id, Task.name)
    of_request = (Request.type_code, Unit.id, Unit.name)
    if tab in WAITING or tab == "took_part":
        ids = listing.chosen(actor, WAITING[tab]) if tab in WAITING else listing.chosen_done(actor)
        told = select(*of_task, *of_request).join(Request, Request.instance_id == Task.instance_id).where(
            Task.id.in_(ids))
    else:
        first = _requests(actor, tab).with_only_columns(Request.id).order_by(Request.id.desc())
        told = select(Request.process_id, literal(""), literal(""), *of_request).where(
            Request.id.in_(first.limit(listing.COUNT_TO)))
    return _choices(session.execute(told.join(Unit, Unit.id == Request.unit_id).distinct()).all())


def _choices(rows: Iterable[Any]) -> Choices:
    told = [tuple(row) for row in rows]
    return Choices(
        processes=sorted({row[0] for row in told}),
        elements=sorted({row[1]: row[2] for row in told if row[1]}.items(), key=lambda one: (one[1], one[0])),
        types=sorted({row[3] for row in told if row[3]}),
        units=sorted({row[4]: row[5] for row in told}.items(), key=lambda one: one[1]),
    )


# rows
def _row(task: Task, actor: Actor) -> Row:
    right = offers.capacity(task, actor)
    away = {absent.id: absent.name for absent in actor.stands_for}
    return Row((task.rank_at, task.id), task=task, mine=task.assignee_id == actor.id, due_at=task.due_at,
               for_name=away.get(right.for_id, "") if right is not None and right.for_id is not None else "",
               due_confirmed=task.due_confirmed)


def _done_rows(session: Session, tasks: Sequence[Task]) -> list[Row]:
    held = select(Request).join(Instance, Request.instance_id == Instance.id).options(contains_eager(Request.instance))
    known = {one.instance_id: one for one in session.scalars(
        held.where(Request.instance_id.in_({task.instance_id for task in tasks})))}
    return [Row((task.rank_at, task.id), task=task, request=known.get(task.instance_id)) for task in tasks]


def _request_rows(session: Session, actor: Actor, wanted: Wanted) -> list[Row]:
    query = _requests(actor, wanted.tab).where(*_of_request(session, actor, wanted), *_of_tasks(wanted))
    if wanted.after is not None:
        query = query.where(Request.id < wanted.after[1])
    found = session.scalars(
        query.options(contains_eager(Request.instance)).order_by(Request.id.desc()).limit(wanted.limit + 1)).all()
    unread = set(session.scalars(select(RequestCopy.request_id).where(
        RequestCopy.person_id == actor.id, RequestCopy.read_at.is_(None),
        RequestCopy.request_id.in_([one.id for one in found])))) if wanted.tab == "copied" else set()
    nearest = _nearest(session, [one.instance_id for one in found if one.instance_id])
    return [_request_row(one, nearest.get(one.instance_id or 0), one.id in unread) for one in found]


def _request_row(request: Request, nearest: Task | None, unread: bool) -> Row:
    due_at = nearest.due_at if nearest is not None else None
    return Row((rank(due_at), request.id), request=request, unread=unread, due_at=due_at,
               due_confirmed=nearest.due_confirmed if nearest is not None else True)


def _nearest(session: Session, instance_ids: Sequence[int]) -> dict[int, Task]:
    """The open task of each instance that is due first."""
    waiting = select(Task).where(Task.instance_id.in_(instance_ids), Task.state == OPEN)
    found: dict[int, Task] = {}
    for task in session.scalars(waiting.order_by(Task.rank_at, Task.id)):
        found.setdefault(task.instance_id, task)
    return found


def _requests(actor: Actor, tab: Tab) -> Select[Request]:
    query = select(Request).join(Instance, Request.instance_id == Instance.id)
    if tab == "copied":
        return query.where(Request.id.in_(
            select(RequestCopy.request_id).where(RequestCopy.person_id == actor.id)))
    return query.where(Request.applicant_id == actor.id)


# filters
def _narrow(session: Session, actor: Actor, wanted: Wanted) -> listing.Narrow:
    asked = _of_request(session, actor, Wanted(type_code=wanted.type_code, unit_id=wanted.unit_id))
    also = [select(Request.id).where(Request.instance_id == Task.instance_id, *asked).correlate(Task).exists()]
    also = also if asked else []
    if wanted.overdue and wanted.tab == "took_part":  # what they did is over: late is what has come of it
        late = aliased(Task)
        also.append(select(late.id).where(late.instance_id == Task.instance_id, late.state == OPEN,
                                          late.rank_at <= clock.now()).correlate(Task).exists())
    return listing.Narrow(process_id=wanted.process, element_id=wanted.element, search=wanted.search,
                          due_by=clock.now() if wanted.overdue else None, also=tuple(also))


def _of_request(session: Session, actor: Actor, wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.process:
        found.append(Request.process_id == wanted.process)
    if wanted.type_code:
        found.append(Request.type_code == wanted.type_code)
    if wanted.unit_id is not None:
        unit = session.get(Unit, wanted.unit_id)
        known = unit is not None and unit.group_id == actor.group_id
        low, high = subtree(unit.path) if unit is not None and known else ("", "")
        found.append((Request.unit_path >= low) & (Request.unit_path < high) if known else false())
    if wanted.search.strip():
        found.append(holds(Request.search, wanted.search))
    return found


def _of_tasks(wanted: Wanted) -> list[ColumnElement[bool]]:
    """For requests: that an open task of theirs is at the step, or late."""
    asked: list[ColumnElement[bool]] = []
    if wanted.element:
        asked.append(Task.element_id == wanted.element)
    if wanted.overdue:
        asked.append(Task.rank_at <= clock.now())
    if not asked:
        return []
    here = (Task.instance_id == Request.instance_id, Task.state == OPEN)
    return [select(Task.id).where(*here, *asked).correlate(Request).exists()]


# saved views
def views(session: Session, actor: Actor) -> Sequence[InboxView]:
    """The views that the actor has saved, in their order."""
    own = select(InboxView).where(InboxView.person_id == actor.id).order_by(InboxView.place, InboxView.id)
    return session.scalars(own.limit(MOST_VIEWS)).all()


def save_view(session: Session, actor: Actor, name: str, kept: Mapping[str, str]) -> InboxView:
    """Keep a filter under a name; one of that name is replaced. BadAnswer at "name" when there is none, it is too
    long, or there are 20 views already."""
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise BadAnswer({"name": [Problem("名称要有 1 到 {most} 个字。", {"most": LONGEST_NAME})]})
    if actor.id is None or actor.group_id is None:
        raise NotFound
    session.execute(select(Person.id).where(Person.id == actor.id).with_for_update())  # two windows save at once
    known = views(session, actor)
    if len(known) >= MOST_VIEWS and name not in {one.name for one in known}:
        raise BadAnswer({"name": [Problem("最多保存 {most} 个视图，请先删掉不用的。", {"most": MOST_VIEWS})]})
    insert = insert_sqlite if session.get_bind().dialect.name == "sqlite" else insert_postgresql
    place, kept = 1 + max((one.place for one in known), default=0), dict(kept)
    written = insert(InboxView).values(
        group_id=actor.group_id, person_id=actor.id, name=name, place=place, filter=kept
    ).on_conflict_do_update(index_elements=["person_id", "name"], set_={"filter": kept})  # two windows at once
    return session.scalars(written.returning(InboxView), execution_options={"populate_existing": True}).one()


def drop_view(session: Session, actor: Actor, view_id: int) -> None:
    """Forget a saved view; NotFound where it is not the actor's own."""
    view = session.get(InboxView, view_id)
    if view is None or view.person_id != actor.id:
        raise NotFound
    session.delete(view)
