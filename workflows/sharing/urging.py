"""Urging a task: once a day for each person, with the place in the queue that it had.

Urging moves nothing: it tells whoever has the task (else all whom it is offered to), and tells who urges how many are
due before it. Who waits may urge: the applicant, and whoever did an earlier task of the request.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ForeignKey, String, UniqueConstraint, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.model import OPEN, Instance, Task, TaskCandidate
from engine.time.clocks import Clock
from engine.usertasks import offers, tasks
from ledger import clock
from ledger.actor import Actor
from ledger.db import Base, BigId, Id, Instant
from ledger.errors import Conflict, NotAllowed, NotFound, Refused
from ledger.facts import Fact, record
from ledger.outbox import Handler
from ledger.workdays import calendar
from registry.access.grants import holders
from registry.access.substitutions import expand
from registry.alerts.notices import notify
from workflows import requests
from workflows.handling import naming
from workflows.requests import Request

YOUNGEST = dt.timedelta(hours=4)
MOST = 3
MOST_COUNTED = 1000


class TooYoung(Refused):
    """“{name}”刚到 {at}，请等到 {until} 之后再催。"""

    status = 409


class UrgedToday(Refused):
    """您今天 {at} 已经催过“{name}”，{next} 起可以再催。"""

    status = 409


class UrgedOften(Refused):
    """“{name}”已被催办 {most} 次，不能再催。请直接联系办理人，或请其上级改派。"""

    status = 409


class ClockStopped(Refused):
    """“{name}”正在暂停计时，等对方补齐后会继续办理，现在不能催办。"""

    status = 409


class Waits(Refused):
    """“{name}”正在等别人签意见或补正，现在不能催办。"""

    status = 409


class YoursToDo(Refused):
    """“{name}”正等您办理，不需要催办。"""

    status = 409


class Urging(Base):
    """Somebody urged a task; `position` is how many tasks of its group were due before it."""

    __tablename__ = "urging"
    __table_args__ = (UniqueConstraint("task_id", "by_id", "day"),)

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId)
    request_id: Mapped[int] = mapped_column(BigId, ForeignKey("request.id"), index=True)
    task_id: Mapped[int] = mapped_column(BigId, ForeignKey("task.id"))
    by_id: Mapped[int] = mapped_column(BigId)
    by_name: Mapped[str] = mapped_column(String(80))
    at: Mapped[dt.datetime] = mapped_column(Instant)
    day: Mapped[dt.date]
    position: Mapped[int]


@dataclass(frozen=True)
class Queue:
    """An open task that somebody waits for: how many are due before it (at most MOST_COUNTED), how often it was urged,
    and why it cannot be urged now."""

    task: Task
    before: int
    urged: int
    why_not: Refused | None


def waited_for(session: Session, actor: Actor, request: Request) -> list[Queue]:
    """The open tasks of a request that the actor waits for, oldest first; empty for whoever only may read it."""
    if not _waits(session, actor, request):
        return []
    query = select(Task).where(Task.instance_id == request.instance_id, Task.state == OPEN).order_by(Task.id)
    found = [task for task in session.scalars(query) if not offers.offered(session, task, actor)]
    return [_queue(session, actor, task) for task in found]


def _queue(session: Session, actor: Actor, task: Task) -> Queue:
    sent = _sent(session, task)
    return Queue(task, position(session, task), len(sent), _why_not(session, actor, task, sent))


def urge(session: Session, actor: Actor, request_id: int, task_id: int) -> Urging:
    """Ask that an open task be done; what was written down, with its place in the queue.

    Raises NotFound, NotAllowed, what tasks.over says of one that is done (who and when), or the reason why not now.
    """
    request = requests.get(session, actor, request_id)
    session.get_one(Instance, request.instance_id, with_for_update=True)  # two urgings come one after the other
    task = session.get(Task, task_id, populate_existing=True)
    if task is None or task.instance_id != request.instance_id or actor.id is None:
        raise NotFound
    if not _waits(session, actor, request):
        raise NotAllowed("只有申请人和前面步骤的办理人可以催办。")
    if task.state != OPEN:
        raise Conflict() if naming.hidden_from(session, request, actor) else tasks.over(session, task)
    if (refused := _why_not(session, actor, task, _sent(session, task))) is not None:
        raise refused
    row = Urging(group_id=task.group_id, request_id=request.id, task_id=task.id, by_id=actor.id, by_name=actor.name,
                 at=clock.now(), day=clock.today(), position=position(session, task))
    session.add(row)
    session.flush()
    record(session, "request.urged", ("request", request.id), by=actor, group_id=request.group_id,
           after={"urging": row.id, "task": task.id, "element": task.element_id, "name": task.name,
                  "position": row.position})
    return row


def _waits(session: Session, actor: Actor, request: Request) -> bool:
    if actor.id is None:
        return False
    if actor.id == request.applicant_id:
        return True
    done = select(Task.id).where(Task.instance_id == request.instance_id, Task.completed_by == actor.id)
    return session.scalar(done.limit(1)) is not None


def _sent(session: Session, task: Task) -> list[Urging]:
    return list(session.scalars(select(Urging).where(Urging.task_id == task.id).order_by(Urging.id)))


def _why_not(session: Session, actor: Actor, task: Task, sent: Iterable[Urging]) -> Refused | None:
    """Why a task cannot be urged by the actor now, None where it can."""
    now, sent = clock.now(), list(sent)
    if offers.offered(session, task, actor):
        return YoursToDo(name=task.name)
    if _stopped(session, task):
        return ClockStopped(name=task.name)
    if task.hold is not None:
        return Waits(name=task.name)
    today = next((one for one in sent if one.by_id == actor.id and one.day == clock.today()), None)
    if today is not None:
        return UrgedToday(name=task.name, at=today.at, next=calendar(session).after(clock.today(), 1).isoformat())
    if len(sent) >= MOST:
        return UrgedOften(name=task.name, most=MOST)
    if now - task.created_at < YOUNGEST:
        return TooYoung(name=task.name, at=task.created_at, until=task.created_at + YOUNGEST)
    return None


def _stopped(session: Session, task: Task) -> bool:
    paused = select(Clock.id).where(Clock.instance_id == task.instance_id, Clock.task_id == task.id,
                                    Clock.state == "paused")
    return session.scalar(paused.limit(1)) is not None


def position(session: Session, task: Task) -> int:
    """How many open tasks stand before this one with whoever has to do it, by deadline: of its holder, or of the groups
    it is offered to. Counted to MOST_COUNTED: beyond that the number says nothing more."""
    held, shown = Task, TaskCandidate
    if task.assignee_id is not None:
        earlier = or_(held.rank_at < task.rank_at, held.id < task.id)
        before = select(held.id).where(held.assignee_id == task.assignee_id, held.state == OPEN,
                                       held.rank_at <= task.rank_at, earlier)
    else:
        earlier = or_(shown.rank_at < task.rank_at, shown.task_id < task.id)
        before = select(shown.task_id).where(shown.candidate.in_(task.offer), shown.open,
                                             shown.rank_at <= task.rank_at, earlier).distinct()
    return session.scalar(select(func.count()).select_from(before.limit(MOST_COUNTED).subquery())) or 0


def tell(session: Session, fact: Fact) -> None:
    """Whoever holds the task is told, else everybody it is offered to, and whoever stands in for one of them; nobody
    where it has been done meanwhile."""
    task = session.get(Task, (fact.after or {}).get("task", 0))
    if task is None or task.state != OPEN:
        return
    named = [int(name.partition("@")[2]) for name in task.offer if name.startswith("person@")]
    people = [task.assignee_id] if task.assignee_id else [*holders(session, task.offer), *named]
    people = expand(session, people, task.process_id)
    notify(session, set(people) - {*task.barred, fact.actor_id}, fact, "{by} 催办“{task}”：{title}",
           {"by": fact.actor_name, "task": task.name, "title": task.title}, subject=("task", task.id))


HANDLERS: list[tuple[str, Handler]] = [("request.urged", tell)]
