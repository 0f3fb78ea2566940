"""Who may do a task, by what right, and why somebody may or may not: asked of the task as it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import CORRECTION, OPEN, Instance, Task
from engine.usertasks.hands import TaskPlan
from engine.usertasks.participation import applicants, doers
from ledger.actor import Absent, Actor
from ledger.facts import Fact, FactAbout

HANDED = ("task.claimed", "task.released", "task.transferred", "task.delegated", "task.delegation_ended",
          "task.reassigned", "task.returned_after_absence")
"""Facts that put a task into somebody's hands or take it out of them; `after["task"]` is the task."""
TOUCHED = (*HANDED, "task.sign_asked", "task.sign_dropped", "correction.asked", "correction.answered",
           "correction.dropped")
"""The same, and what else makes a page of the task stale."""
GIVEN = {"task.claimed": "claimed", "task.transferred": "transferred", "task.delegated": "delegated",
         "task.delegation_ended": "given_back", "task.reassigned": "reassigned",
         "task.returned_after_absence": "returned_after_absence"}


@dataclass(frozen=True)
class Capacity:
    """By what right somebody may do a task; `for_id` is the person they stand in for."""

    for_id: int | None
    how: Literal["holder", "offered", "stands_in", "system"]


@dataclass(frozen=True)
class Ground:
    """One reason why a task is somebody's, or is not. `rule` is a key that web/desk/why.py has the words for."""

    rule: str
    params: Mapping[str, Any] = field(default_factory=dict)


def groups_of(actor: Actor | Absent) -> list[str]:
    """Every candidate text that stands for this actor."""
    own = [f"person@{actor.id}"] if actor.id is not None else []
    return sorted(actor.groups) + own


def capacity(task: Task, actor: Actor) -> Capacity | None:
    """By what right the actor may do the task, were it open; None: by none. Their own right comes first.

    Nobody who is barred may, whether for themselves or for somebody else, nor for somebody who is barred.
    """
    if actor.kind == "system":
        return Capacity(None, "system")
    if actor.id is not None and actor.id in task.barred:
        return None
    if task.assignee_id is None and not set(task.offer).isdisjoint(groups_of(actor)):
        return Capacity(None, "offered")
    if task.assignee_id is not None and task.assignee_id == actor.id and (
            task.for_id is None or task.for_id in _standing_for(task, actor)):
        return Capacity(task.for_id, "holder")
    return next((Capacity(absent.id, "stands_in") for absent in actor.stands_for if _left_to(task, absent)), None)


def _standing_for(task: Task, actor: Actor) -> set[int]:
    """Whom the actor may do this task for now: an appointment that has ended counts no more."""
    return {absent.id for absent in actor.stands_for
            if absent.covered(task.process_id) and absent.id not in task.barred}


def _left_to(task: Task, absent: Absent) -> bool:
    """Whether the task waits for somebody who is away: held by them in their own right, or offered to them."""
    if absent.id in task.barred or not absent.covered(task.process_id):
        return False
    if task.assignee_id is None:
        return not set(task.offer).isdisjoint(groups_of(absent))
    return task.assignee_id == absent.id and task.for_id is None


def offered(session: Session, task: Task, actor: Actor) -> bool:
    """Whether the actor may take this open task (or holds it)."""
    return task.state == OPEN and capacity(task, actor) is not None


def concerned(task: Task, actor: Actor) -> bool:
    """Did it, holds it, delegated it, or was among those it was offered to (and may read who took it); or stands in
    for such."""
    own = (task.completed_by, task.assignee_id, task.owner_id)
    if actor.kind == "system" or (actor.id is not None and actor.id in own):
        return True
    away = [absent for absent in actor.stands_for if absent.covered(task.process_id)]
    known = {name for group in [groups_of(actor), *map(groups_of, away)] for name in group}
    return not known.isdisjoint(task.offer) or any(
        task.assignee_id == absent.id and task.for_id is None for absent in away)  # standing in is never passed on


def handed(session: Session, task: Task) -> Fact | None:
    """The last fact that put the task into somebody's hands, or took it out of them; None: it is as it was opened."""
    return next(reversed(told(session, task, HANDED)), None)


def touched(session: Session, task: Task) -> Fact | None:
    """The last fact that changed an open task under its reader's eyes."""
    return next(reversed(told(session, task, TOUCHED)), None)


def told(session: Session, task: Task, kinds: tuple[str, ...]) -> list[Fact]:
    """The facts of these kinds about a task, oldest first."""
    query = select(Fact).join(FactAbout, FactAbout.fact_id == Fact.id).where(
        FactAbout.kind == "instance", FactAbout.subject_id == task.instance_id, Fact.kind.in_(kinds)).order_by(Fact.id)
    return [fact for fact in session.scalars(query)
            if task.id in ((after := fact.after or {}).get("task"), *after.get("others", ()))]


def why(session: Session, task: Task, actor: Actor) -> tuple[list[Ground], list[Ground]]:
    """Why an open task is the actor's to do, and why it is not; what is true of both sides stands on both.

    For: assigned, claimed, transferred, delegated, given_back, reassigned, role, named, escalated, signing, stands_in.
    Against: did, applicant, filled_in, held, not_offered, waits.
    """
    if task.state != OPEN:
        return [], []
    last = handed(session, task)
    against = [*_against(session, task, actor, last)]
    barring = any(ground.rule in ("did", "applicant", "filled_in") for ground in against)
    mine = capacity(task, actor) is not None and not barring
    return [*_for(session, task, actor, last)] if mine else [], against


def _for(session: Session, task: Task, actor: Actor, last: Fact | None) -> Iterator[Ground]:
    right = capacity(task, actor)
    if right is not None and right.for_id is not None:
        absent = next(one for one in actor.stands_for if one.id == right.for_id)
        yield Ground("stands_in", {"name": absent.name})
        yield from _offers(session, task, absent)
    if task.assignee_id == actor.id:
        plan = session.scalar(select(TaskPlan).where(TaskPlan.made_id == task.id))
        if plan is not None:
            yield Ground("signing", {"by": plan.by_name, "at": plan.at})
        elif last is None or last.kind not in GIVEN:
            yield Ground("correcting" if task.role == CORRECTION else "assigned")
        elif (last.after or {}).get("how") == "recalled":
            yield Ground("recalled", {"at": last.at})
        else:
            yield Ground(GIVEN[last.kind], {"by": last.actor_name, "at": last.at})
    if actor.kind == "person":
        yield from _offers(session, task, actor)


def _offers(session: Session, task: Task, whose: Actor | Absent) -> Iterator[Ground]:
    widened = {name: fact for fact in told(session, task, ("task.escalated",))
               for name in (fact.after or {}).get("added", ())}
    for name in task.offer:
        if name not in groups_of(whose):
            continue
        role, _, place = name.partition("@")
        if role == "person":
            yield Ground("named")
        elif name in widened:
            yield Ground("escalated", {"role": role, "unit": int(place), "at": widened[name].at})
        else:
            yield Ground("role", {"role": role, "unit": int(place)})


def _against(session: Session, task: Task, actor: Actor, last: Fact | None) -> Iterator[Ground]:
    did = session.execute(doers(task.instance_id, task.not_by)).all() if task.not_by else []
    own = [row for row in did if row.person_id == actor.id]
    yield from (Ground("did", {"step": row.name, "at": row.at}) for row in own)
    if actor.id in task.barred and not own:
        instance = session.get_one(Instance, task.instance_id)
        yield Ground("filled_in" if actor.id in applicants(session, instance) - {instance.started_by} else "applicant")
    for absent in actor.stands_for:
        if absent.id in {*task.barred, *(row.person_id for row in did)} and absent.covered(task.process_id):
            yield Ground("absent_barred", {"name": absent.name})
    if task.assignee_id is not None and capacity(task, actor) is None and task.assignee_id != actor.id:
        given = last if last is not None and last.kind in GIVEN else None
        yield Ground("held", {"by": task.assignee_name or "", "at": given.at if given else task.created_at})
    elif set(task.offer).isdisjoint(groups_of(actor)) and capacity(task, actor) is None:
        yield Ground("not_offered", {"offer": [name for name in task.offer if not name.startswith("person@")]})
    if task.hold is not None:
        yield Ground("waits", {"role": task.hold})


__all__ = ["Capacity", "Ground", "capacity", "concerned", "groups_of", "handed", "offered", "told", "why"]
