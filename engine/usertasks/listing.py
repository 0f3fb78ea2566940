"""The inbox of an actor: open tasks held or offered, found by index however many there are elsewhere.

In the order of deadlines: working time grows with the clock, so what is due first has the least of it left; what has
no deadline, or a clock that stands still, comes last (`model.rank`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal, or_, select, tuple_, union_all
from sqlalchemy.orm import Session

from engine.model import OPEN, Task, TaskCandidate, TaskExclusion
from engine.usertasks.offers import groups_of
from engine.usertasks.participation import TaskParticipant
from ledger.actor import Absent, Actor
from ledger.db import Instant
from ledger.sought import holds

Scope = Literal["mine", "groups", "all"]
Order = Literal["due", "newest"]
After = tuple[dt.datetime, int]
"""The place of the last row of the page before: (Task.rank_at, Task.id)."""
COUNT_TO = 1000
APART = 40
"""So many groups of one person are asked each from its own index; of more, SQLite would refuse the statement."""
_open, _completed = (literal(state, literal_execute=True) for state in (OPEN, "completed"))
# written out, not bound: the indexes are partial


@dataclass(frozen=True)
class Narrow:
    """What the tasks of a page must be besides; `search` looks into title, name and business key, `also` are
    conditions on Task."""

    process_id: str = ""
    element_id: str = ""
    due_by: dt.datetime | None = None
    search: str = ""
    also: tuple[ColumnElement[bool], ...] = ()

    @property
    def of_row(self) -> list[ColumnElement[bool]]:
        """The conditions that need the task's own row, but for the search."""
        found = [*self.also]
        if self.process_id:
            found.append(Task.process_id == self.process_id)
        if self.element_id:
            found.append(Task.element_id == self.element_id)
        return found

    @property
    def of_task(self) -> list[ColumnElement[bool]]:
        """All that is asked of a task, where its row is read anyway."""
        found = self.of_row
        if words := self.search.strip():
            like = "%" + words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
            columns = (Task.title, Task.name, Task.business_key)
            found.append(or_(*(  # folding case is what costs most: not where there is none, as in 申请 42
                column.like(like, escape="\\") if words == words.swapcase() else column.ilike(like, escape="\\")
                for column in columns)))
        return found


WHOLE = Narrow()


@dataclass(frozen=True)
class _Asked:
    """One page of somebody's tasks."""

    narrow: Narrow
    order: Order
    after: After | None
    limit: int


def inbox(session: Session, actor: Actor, *, scope: Scope = "all", narrow: Narrow = WHOLE, order: Order = "due",
          after: After | None = None, limit: int = 20) -> list[Task]:
    """Open tasks: held by the actor ("mine"), to be taken by them ("groups"), or both.

    To be taken is what is offered to their groups, and what waits for somebody whom they stand in for.
    """
    wanted = select(Task).where(Task.id.in_(chosen(actor, scope, narrow, order=order, after=after, limit=limit)))
    return list(session.scalars(wanted.order_by(*_order(order, Task.rank_at, Task.id)).limit(limit)))


def done(session: Session, actor: Actor, *, narrow: Narrow = WHOLE, after: int | None = None,
         limit: int = 20) -> list[Task]:
    """Tasks that the actor has completed or taken part in, the newest task first; `after` is the last one's id."""
    wanted = select(Task).where(Task.id.in_(chosen_done(actor, narrow, after=after, limit=limit)))
    return list(session.scalars(wanted.order_by(Task.id.desc()).limit(limit)))


def counts(session: Session, actor: Actor) -> dict[str, int]:
    """How many open tasks the actor holds ("mine") and may take ("groups"), each counted up to 1000."""
    scopes: tuple[Scope, Scope] = ("mine", "groups")
    return {scope: count(session, chosen(actor, scope, limit=COUNT_TO)) for scope in scopes}


def count_done(session: Session, actor: Actor) -> int:
    """How many tasks the actor has completed or taken part in, up to 1000."""
    return count(session, chosen_done(actor))


def count(session: Session, ids: Select[Any]) -> int:
    """How many different ids a query gives, up to 1000."""
    found = ids.subquery()
    return min(COUNT_TO, session.scalar(select(func.count(func.distinct(found.c.id)))) or 0)


def chosen(actor: Actor, scope: Scope, narrow: Narrow = WHOLE, *, order: Order = "due", after: After | None = None,
           limit: int = COUNT_TO) -> Select[Any]:
    """Ids of the page's tasks, and perhaps of some behind it: for each group the first few from its own index, so
    that the cost does not grow with the inbox."""
    asked = _Asked(narrow, order, after, limit)
    parts = [*_held(actor, asked)] if scope in ("mine", "all") else []
    if scope in ("groups", "all"):
        parts += _offered(actor, asked)
        for absent in actor.stands_for:
            parts += _left_by(absent, actor, asked)
    return _together(parts)


def chosen_done(actor: Actor, narrow: Narrow = WHOLE, *, after: int | None = None,
                limit: int = COUNT_TO) -> Select[Any]:
    """Ids of tasks that the actor has completed or taken part in, the newest first few and perhaps some more."""
    conditions = narrow.of_task
    own = select(Task.id).where(Task.completed_by == actor.id, Task.state == _completed, Task.kept_from.is_(None),
                                *conditions)
    others = select(TaskParticipant.task_id.label("id")).where(TaskParticipant.person_id == actor.id).distinct()
    if conditions:
        others = others.join(Task, Task.id == TaskParticipant.task_id).where(*conditions)
    if after is not None:
        own, others = own.where(Task.id < after), others.where(TaskParticipant.task_id < after)
    return _together([own.order_by(Task.id.desc()).limit(limit),
                      others.order_by(TaskParticipant.task_id.desc()).limit(limit)])


def _held(actor: Actor, asked: _Asked) -> Iterator[Select[Any]]:
    if actor.id is not None:
        yield _of_tasks(select(Task.id).where(Task.assignee_id == actor.id, Task.state == _open), asked)


def _offered(whose: Actor | Absent, asked: _Asked, by: Actor | None = None) -> Iterator[Select[Any]]:
    """What is offered to somebody's groups and open to them (and to whoever acts for them)."""
    groups = groups_of(whose)
    for several in [[group] for group in groups] if len(groups) <= APART else [groups]:
        offers = select(TaskCandidate.task_id.label("id")).where(TaskCandidate.open)
        if len(several) == 1:
            offers = offers.where(TaskCandidate.candidate == several[0])
        else:
            offers = offers.where(TaskCandidate.candidate.in_(several)).distinct().add_columns(TaskCandidate.rank_at)
        barred = {one.id for one in (whose, by) if one is not None and one.id is not None}
        if barred:
            offers = offers.where(~exists().where(
                TaskExclusion.task_id == TaskCandidate.task_id, TaskExclusion.person_id.in_(sorted(barred))))
        yield _of_offers(offers, asked, processes=whose.processes if isinstance(whose, Absent) else None)


def _left_by(absent: Absent, actor: Actor, asked: _Asked) -> Iterator[Select[Any]]:
    """What waits for somebody who is away: offered to them, or held by them in their own right (offers.capacity)."""
    yield from _offered(absent, asked, by=actor)
    barred = exists().where(TaskExclusion.task_id == Task.id, TaskExclusion.person_id.in_((absent.id, actor.id)))
    held = select(Task.id).where(Task.assignee_id == absent.id, Task.state == _open, Task.for_id.is_(None), ~barred)
    if absent.processes is not None:
        held = held.where(Task.process_id.in_(sorted(absent.processes)))
    yield _of_tasks(held, asked)


def _of_tasks(tasks: Select[Any], asked: _Asked) -> Select[Any]:
    return _page(tasks.where(*asked.narrow.of_task), Task.rank_at, Task.id, asked)


def _of_offers(offers: Select[Any], asked: _Asked, processes: frozenset[str] | None) -> Select[Any]:
    conditions = asked.narrow.of_row
    if processes is not None:
        conditions.append(Task.process_id.in_(sorted(processes)))
    if asked.narrow.search.strip():
        offers = offers.where(holds(TaskCandidate.search, asked.narrow.search))
    if conditions:  # asked of one offer after the other: a planner that may choose begins with all tasks there are
        fits = select(and_(*conditions)).select_from(Task).where(Task.id == TaskCandidate.task_id)
        offers = offers.where(fits.correlate(TaskCandidate).scalar_subquery())
    return _page(offers, TaskCandidate.rank_at, TaskCandidate.task_id, asked)


def _page(part: Select[Any], rank: Any, number: Any, asked: _Asked) -> Select[Any]:
    if asked.narrow.due_by is not None:
        part = part.where(rank <= asked.narrow.due_by)
    if asked.after is not None and asked.order == "due":
        part = part.where(tuple_(rank, number) > tuple_(literal(asked.after[0], Instant()), literal(asked.after[1])))
    elif asked.after is not None:
        part = part.where(number < asked.after[1])
    return part.order_by(*_order(asked.order, rank, number)).limit(asked.limit)


def _order(order: Order, rank: Any, number: Any) -> tuple[Any, ...]:
    return (rank, number) if order == "due" else (number.desc(),)


def _together(parts: list[Select[Any]]) -> Select[Any]:
    if not parts:
        return select(Task.id).where(Task.id.is_(None))
    return select(union_all(*(select(part.subquery().c.id) for part in parts)).subquery().c.id)
