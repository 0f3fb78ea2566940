"""The inbox of an actor: open tasks held or offered, found by index however many there are elsewhere."""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import Select, exists, func, or_, select, union_all
from sqlalchemy.orm import Session

from engine.model import OPEN, Task, TaskCandidate, TaskExclusion
from engine.offers import groups_of
from ledger.actor import Actor

Scope = Literal["mine", "groups", "all"]
COUNT_TO = 1000


def inbox(session: Session, actor: Actor, *, scope: Scope = "all", search: str | None = None, after: int | None = None,
          limit: int = 20) -> list[Task]:
    """Open tasks, newest first: held by the actor, offered to the actor's groups, or both.

    `after` is the id of the last task of the page before; `search` looks into title, name and business key.
    """
    wanted = select(Task).where(Task.id.in_(_ids(actor, scope, search, after, limit))).order_by(Task.id.desc())
    return list(session.scalars(wanted.limit(limit)))


def counts(session: Session, actor: Actor) -> dict[str, int]:
    """How many open tasks the actor holds ("mine") and is offered ("groups"), each counted up to 1000."""
    scopes: tuple[Scope, Scope] = ("mine", "groups")
    return {scope: _count(session, _ids(actor, scope, None, None, COUNT_TO)) for scope in scopes}


def _count(session: Session, ids: Select[Any]) -> int:
    found = ids.subquery()
    return min(COUNT_TO, session.scalar(select(func.count(func.distinct(found.c.id)))) or 0)


def _ids(actor: Actor, scope: Scope, search: str | None, after: int | None, limit: int) -> Select[Any]:
    """Task ids of the page: for each group the newest few from its own index, so cost does not grow with the inbox."""
    parts = []
    if scope in ("mine", "all") and actor.id is not None:
        mine = select(Task.id).where(Task.assignee_id == actor.id, Task.state == OPEN)
        parts.append(_page(mine, Task.id, search, after, limit))
    if scope in ("groups", "all"):
        for group in groups_of(actor):
            offers = select(TaskCandidate.task_id.label("id"))
            offers = offers.where(TaskCandidate.candidate == group, TaskCandidate.open)
            if actor.id is not None:
                offers = offers.where(~exists().where(
                    TaskExclusion.task_id == TaskCandidate.task_id, TaskExclusion.person_id == actor.id))
            parts.append(_page(offers, TaskCandidate.task_id, search, after, limit))
    if not parts:
        return select(Task.id).where(Task.id.is_(None))
    together = union_all(*(select(part.subquery().c.id) for part in parts)).subquery()
    return select(together.c.id)


def _page(chosen: Select[Any], task_id: Any, search: str | None, after: int | None, limit: int) -> Select[Any]:
    if after is not None:
        chosen = chosen.where(task_id < after)
    if search and search.strip():
        like = "%" + search.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        texts = [column.ilike(like, escape="\\") for column in (Task.title, Task.name, Task.business_key)]
        chosen = chosen if task_id is Task.id else chosen.join(Task, Task.id == task_id)
        chosen = chosen.where(or_(*texts))
    return chosen.order_by(task_id.desc()).limit(limit)
