"""The rows of an instance under another version of its drawing: called by the new ids, filled in and barred as drawn
now. Who has a task, and until when, stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine import opening
from engine.dialect.nodes import Token, context
from engine.dialect.tasks import UserTask
from engine.model import CORRECTION, OPEN, Incident, Subscription, Task, TaskCandidate, Timer, Visit, sought
from engine.operations.moved import Renaming
from engine.returns import surviving
from engine.time.clocks import WHOLE, Clock
from engine.usertasks import completing
from engine.usertasks.hands import AFTER, BEFORE

if TYPE_CHECKING:
    from engine.run import Act


def rename(session: Session, instance_id: int, mapping: Mapping[str, str]) -> None:
    """What goes on is called by the new ids; what is over keeps its name and is found through `renaming`."""
    going_on = ((Task, Task.state == OPEN), (Timer, Timer.state.in_(("waiting", "suspended", "failed"))),
                (Subscription, Subscription.id.is_not(None)), (Visit, Visit.left_at.is_(None)),
                (Incident, Incident.resolved_at.is_(None)))
    changed = {was: now for was, now in mapping.items() if was != now}
    if not changed:
        return
    for table, still in going_on:
        rows: Any = session.scalars(select(table).where(
            table.instance_id == instance_id, table.element_id.in_(changed), still))
        for row in rows:
            row.element_id = changed[row.element_id]
    known = session.scalars(select(Renaming).where(Renaming.instance_id == instance_id)).all()
    for row in known:
        row.now = changed.get(row.now, row.now)
    for was, now in changed.items():
        session.merge(Renaming(instance_id=instance_id, was=was, now=now))
    session.flush()
    _clocks(session, instance_id, changed)
    surviving.rename(session, instance_id, changed)


def _clocks(session: Session, instance_id: int, changed: Mapping[str, str]) -> None:
    """Clocks go by the new ids too, those of tasks that are over as well: the next task there goes on with them. Where
    the new id has a clock already, that one is the place's, and this one is known by its task alone."""
    found = select(Clock).where(Clock.instance_id == instance_id, Clock.element_id != WHOLE)
    clocks = sorted(session.scalars(found), key=lambda one: (one.element_id in changed, one.id))
    moving = [one for one in clocks if one.element_id in changed]
    names = {one.id: changed[one.element_id] for one in moving}
    for one in moving:
        one.element_id = f" {one.id}"  # no element is called so: names may change places
    session.flush()
    taken = {(one.element_id, one.round) for one in clocks if one not in moving}
    for one in moving:
        if (names[one.id], one.round) in taken:
            one.round = -1_000_000 - one.id
        one.element_id = names[one.id]
        taken.add((one.element_id, one.round))
    session.flush()


def clocks_as_tasks(session: Session, instance_id: int) -> None:
    """The clock of an open task is called as the task is: one that was made since the renaming that is undone."""
    held = select(Clock, Task).join(Task, Task.id == Clock.task_id).where(
        Clock.instance_id == instance_id, Task.state == OPEN, Clock.element_id != Task.element_id)
    for clock, task in session.execute(held).all():
        clock.element_id = task.element_id
    session.flush()


def redraw(act: Act, token: Token, target: UserTask) -> bool:
    """The open task of a token, and the signatures asked for, as drawn now; whether somebody lost it who may not have
    it any more (four eyes)."""
    session, here = act.session, act.instance.id
    form, not_by = target.words.form_id, target.words.words("licet:notBy")
    name = target.bpmn_name or target.bpmn_id
    open_ = select(Task).where(Task.instance_id == here, Task.token == token.thread_id, Task.state == OPEN)
    found = session.scalars(open_.order_by(Task.id).execution_options(populate_existing=True)).all()
    barred = opening.barred(act, not_by, target.words.properties.get("licet:notApplicant") == "true", context(token))
    for task in found:
        if task.role == CORRECTION:  # who answers does none of it
            task.name = f"{name} · 补正"[:200]
            continue
        task.not_by = not_by
        if task.parent_id is None:
            task.name, task.lane = name, target.lane
            session.execute(update(TaskCandidate).where(TaskCandidate.task_id == task.id).values(
                search=sought(task.title, name, task.business_key)))
            task.form_key = task.form_key if form and form.startswith("=") else form
        elif task.role in (BEFORE, AFTER):
            task.name = f"{name} · 加签"[:200]
    session.flush()
    if not (target.due or target.words.properties.get("licet:sla")):
        session.execute(update(Timer).where(Timer.instance_id == here, Timer.token == token.thread_id,
                                            Timer.state.in_(("waiting", "suspended"))).values(state="cancelled"))
    return sum(completing.bar(act, task, barred) for task in found if task.role != CORRECTION) > 0


__all__ = ["clocks_as_tasks", "redraw", "rename"]
