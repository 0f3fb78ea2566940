"""Starting, finding and ending instances."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from engine import catalog, run, state
from engine.model import (
    Definition,
    Delivery,
    Incident,
    Instance,
    StartTrigger,
    Subscription,
    Task,
    TaskCandidate,
    TaskExclusion,
    Timer,
    Visit,
)
from engine.rehearsal import given
from engine.releases import choosing
from engine.usertasks.hands import TaskDelegation
from ledger import clock
from ledger.actor import SYSTEM, Actor
from ledger.db import ring_after_commit
from ledger.errors import Conflict, NotFound
from ledger.facts import record
from ledger.failpoints import fp


class NotSuspended(Conflict):
    """该流程没有挂起，无需恢复。"""


def start(
    session: Session, process_id: str, *, by: Actor, group_id: int, places: Iterable[int], business_key: str,
    title: str, variables: Mapping[str, Any] | None = None,
) -> Instance:
    """Start the version of a process that is in force at `places`, and run it to its first waits.

    `places` are unit ids from the most specific up to the root: tasks are offered to roles at each of them.
    Raises NotFound for an unknown process, NotInForce where no version is in force there, Conflict for one that only
    a message, signal or clock starts.
    """
    places = tuple(places)
    definition = choosing.require(session, process_id, places, group_id=group_id)
    if not catalog.plan(session, definition.id).blueprint.spec.start.flows:
        raise Conflict("该流程由消息、信号或定时器启动，不能直接启动。")
    where = Where(by, group_id, places, business_key, title)
    return _start(session, definition, where, dict(variables or {}))


@dataclass(frozen=True)
class Where:
    """Who starts an instance, where in the organisation, and what it is called."""

    by: Actor
    group_id: int
    places: tuple[int, ...]
    business_key: str
    title: str


def start_by(session: Session, trigger: StartTrigger, *, payload: Mapping[str, Any] | None = None,
             key: str | None = None, group_id: int | None = None, places: Iterable[int] = ()) -> Instance:
    """Start a process by its message, signal or timer start event; what came with it goes through the event's mapping.

    The instance belongs where the sender does (`places`, else the root `group_id`); a clock's where the clock runs.
    """
    definition = session.get_one(Definition, trigger.definition_id)
    home = group_id or trigger.group_id
    named = key or f"{trigger.process_id}-{clock.now():%Y%m%d%H%M%S}"
    here = tuple(places) or tuple(trigger.places) or (home,)
    where = Where(SYSTEM, home, here, named[:120], f"{definition.name} {clock.today().isoformat()}")
    return _start(session, definition, where, {}, trigger.element_id, payload)


def _start(session: Session, definition: Definition, where: Where, variables: dict[str, Any], at: str | None = None,
           payload: Mapping[str, Any] | None = None) -> Instance:
    instance = Instance(
        process_id=definition.process_id, definition_id=definition.id, business_key=where.business_key,
        title=where.title[:200], group_id=where.group_id, places=list(where.places), state="active",
        started_at=clock.now(), started_by=where.by.id, version=1, blob=b"",
    )
    session.add(instance)
    session.flush()
    record(session, "instance.started", ("instance", instance.id), by=where.by, group_id=where.group_id,
           after={"process": definition.process_id, "version": definition.version, "business_key": where.business_key})
    plan = catalog.plan(session, definition.id)
    with run.act(session, instance, where.by, fresh=state.begin(plan.blueprint, variables, at, payload)) as act:
        given.begun(act, at, variables, payload)
    fp("engine.start.before_commit")
    return instance


def get(session: Session, instance_id: int) -> Instance:
    """The instance's row. Raises NotFound."""
    found = session.get(Instance, instance_id)
    if found is None:
        raise NotFound()
    return found


def variables(session: Session, instance_id: int) -> dict[str, Any]:
    """The variables of the process, as they stand (a copy)."""
    return dict(run.read_only(session, get(session, instance_id)).data)


def suspend(session: Session, instance_id: int, *, by: Actor, reason: str) -> Instance:
    """Hold an instance: until it is resumed nobody claims or completes, no message is taken, no timer fires.

    Raises NotRunning when it is over or suspended already.
    """
    return _turn(session, instance_id, "active", "suspended", by, reason)


def resume(session: Session, instance_id: int, *, by: Actor, reason: str) -> Instance:
    """Let a suspended instance go on; what fell due meanwhile fires with the next sweep. Raises NotSuspended."""
    return _turn(session, instance_id, "suspended", "active", by, reason)


def _turn(session: Session, instance_id: int, was: str, now: str, by: Actor, reason: str) -> Instance:
    instance = run.lock(session, instance_id)
    if instance.state != was:
        raise run.NotRunning() if was == "active" else NotSuspended()
    instance.state, instance.version = now, instance.version + 1
    record(session, "instance.suspended" if now == "suspended" else "instance.resumed", ("instance", instance.id),
           by=by, group_id=instance.group_id, after={"reason": reason[:500]})
    session.flush()
    if now == "active":
        _wake(session, instance.id)
    ring_after_commit(session, "timers")
    fp("engine.suspend.before_commit")
    return instance


def _wake(session: Session, instance_id: int) -> None:
    """What was sent meanwhile is handed over with the next sweep."""
    named = select(Subscription.name).where(Subscription.instance_id == instance_id)
    mine = or_(Delivery.instance_id == instance_id, Delivery.name.in_(named))
    session.execute(update(Delivery).where(Delivery.state == "waiting", mine).values(next_try_at=clock.now()),
                    execution_options={"synchronize_session": False})


def terminate(session: Session, instance_id: int, *, by: Actor, reason: str, outcome: str | None = None,
              how: str = "terminated") -> Instance:
    """End a running or suspended instance for a reason; its tasks, timers, subscriptions and incidents go with it.

    `outcome` is how it ended, where that has a name; `how` its open tasks ended (tasks.ENDED).

    Raises NotRunning when it is over.
    """
    instance = run.lock(session, instance_id)
    if instance.state not in ("active", "suspended"):
        raise run.NotRunning()
    now = clock.now()
    _close_rows(session, instance.id, now, by, how)
    _close_incidents(session, instance.id, now, by, reason)
    instance.state, instance.ended_at, instance.version = "terminated", now, instance.version + 1
    instance.outcome = outcome or instance.outcome
    state.in_hand(session).pop(instance.id, None)
    record(session, "instance.terminated", ("instance", instance.id), by=by, group_id=instance.group_id,
           after={"reason": reason[:200]})
    session.flush()
    fp("engine.terminate.before_commit")
    return instance


def _close_incidents(session: Session, instance_id: int, now: dt.datetime, by: Actor, reason: str) -> None:
    session.execute(update(Incident).where(Incident.instance_id == instance_id, Incident.resolved_at.is_(None))
                    .values(resolved_at=now, resolved_by=by.name, resolution=reason[:500]))


def _close_rows(session: Session, instance_id: int, now: dt.datetime, by: Actor, how: str) -> None:
    tasks = select(Task.id).where(Task.instance_id == instance_id, Task.state == "open")
    for held in (TaskCandidate, TaskExclusion):
        session.execute(delete(held).where(held.task_id.in_(tasks)), execution_options={"synchronize_session": False})
    session.execute(update(TaskDelegation).where(TaskDelegation.task_id.in_(tasks), TaskDelegation.ended_at.is_(None))
                    .values(ended_at=now, how="moved_on"), execution_options={"synchronize_session": False})
    session.execute(update(Task).where(Task.instance_id == instance_id, Task.state == "open")
                    .values(state="cancelled", completed_at=now, ended_how=how, ended_by_name=by.name,
                            version=Task.version + 1))
    session.execute(update(Timer).where(Timer.instance_id == instance_id,
                                        Timer.state.in_(("waiting", "suspended", "failed")))
                    .values(state="cancelled"))
    session.execute(delete(Subscription).where(Subscription.instance_id == instance_id))
    session.execute(update(Visit).where(Visit.instance_id == instance_id, Visit.left_at.is_(None))
                    .values(left_at=now, left_how="cancelled"))
