"""Putting tokens elsewhere by hand: cancel one, start before an element, go back to a task that was done.

Decided on a copy first (`preview`), then on the instance itself (`apply`), by the same rules. Variables stay as they
are. What makes no sense - a start where nothing runs, a join that nobody can satisfy any more - is refused, and what
jumps over a task that other eyes must see (four_eyes.py).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import run
from engine.dialect.nodes import COMPLETED, WAITING, Token, spawn, withdraw
from engine.dialect.rounds import MultiInstance, Rounds
from engine.dialect.scopes import ProcessSpec
from engine.findings import Finding
from engine.model import OPEN, Instance, Subscription, Task, Timer
from engine.operations import four_eyes, moves
from engine.operations.moves import BackTo, Beginning, Cancel, CannotModify, Draft, Move, StartBefore
from engine.returns.backwards import Backwards
from ledger.actor import Actor
from ledger.errors import Conflict, NotFound
from ledger.facts import record
from ledger.failpoints import fp


@dataclass(frozen=True)
class Stand:
    """A token that can be cancelled: its serial number, where it is, and the scope it is in (0: the process)."""

    number: int
    element_id: str
    name: str | None
    kind: str
    within: int


@dataclass(frozen=True)
class Work:
    """A user task, as a preview tells it."""

    task_id: int
    element_id: str
    name: str
    by: str | None
    at: dt.datetime | None


@dataclass(frozen=True)
class Preview:
    """What the moves would do. `refused` says why not, in Chinese and English; then everything else is empty.

    withdrawn: open tasks that go; staying: open tasks that stay; again: completed tasks to be done once more (where
    the way leads there again); timers: (element id, due) that are cancelled; messages: names no longer awaited.
    """

    version: int
    withdrawn: tuple[Work, ...] = ()
    staying: tuple[Work, ...] = ()
    again: tuple[Work, ...] = ()
    timers: tuple[tuple[str, dt.datetime], ...] = ()
    messages: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    remarks: tuple[Finding, ...] = ()
    refused: Finding | None = None


def standing(session: Session, instance_id: int) -> list[Stand]:
    """Where the tokens of an instance are, in order of arrival. Raises NotFound."""
    instance = session.get(Instance, instance_id)
    if instance is None:
        raise NotFound()
    tokens = [token for token in run.read_only(session, instance).tokens() if token.thread_id]
    found = [Stand(token.thread_id, token.task_spec.bpmn_id, token.task_spec.bpmn_name, type(token.task_spec).__name__,
                   token.workflow.host_number) for token in tokens]
    return sorted(found, key=lambda one: one.number)


def elsewhere(session: Session, instance_id: int, place: str, start: str) -> list[Move]:
    """The moves that take whatever stands at one element away and begin before another; none where nothing does."""
    gone: list[Move] = [Cancel(one.number) for one in standing(session, instance_id) if one.element_id == place]
    return [*gone, StartBefore(start)] if gone else []


def preview(session: Session, instance_id: int, wanted: Sequence[Move]) -> Preview:
    """What the moves together would do to an instance; nothing is written. Raises NotFound, NotRunning."""
    instance = session.get(Instance, instance_id, populate_existing=True)
    if instance is None:
        raise NotFound()
    run.active(instance)
    copy = run.read_only(session, instance)
    try:
        back = Backwards.of(session, instance_id)
        draft = moves.decide(copy, wanted, back)
        four_eyes.see(draft, back)
    except CannotModify as refused:
        return Preview(instance.version, refused=refused.finding)
    return tell(session, instance, draft)


def apply(session: Session, instance_id: int, wanted: Sequence[Move], *, by: Actor, reason: str,
          version: int | None = None) -> Preview:
    """Do it, and tell what was done. `version` is the preview's: Conflict when the instance has moved since.

    Raises CannotModify (with its finding), Conflict, NotFound, NotRunning.
    """
    instance = run.active(run.lock(session, instance_id))
    if version is not None and instance.version != version:
        raise Conflict()
    with run.act(session, instance, by) as act:
        act.why = "modified"
        back = Backwards.of(session, instance_id)
        told = carry_out(act, wanted, back, lambda draft, _told: four_eyes.see(draft, back))
    record(session, "instance.modified", ("instance", instance.id), by=by, group_id=instance.group_id, after={
        "reason": reason[:500], "moves": [{type(move).__name__: asdict(move)} for move in wanted],
        "withdrawn": [work.task_id for work in told.withdrawn], "again": [work.task_id for work in told.again]})
    fp("engine.modify.before_commit")
    return told


def carry_out(act: run.Act, wanted: Sequence[Move], back: Backwards,
              look: Callable[[Draft, Preview], None] | None = None) -> Preview:
    """Decide and do the moves inside an act, and tell what they did; `look` sees the decision first and may refuse."""
    draft = moves.decide(act.process, wanted, back)
    told = tell(act.session, act.instance, draft)
    if look is not None:
        look(draft, told)
    perform(draft)
    return told


# telling
def tell(session: Session, instance: Instance, draft: Draft) -> Preview:
    """What a decision means for tasks, timers and messages."""
    gone = {token.thread_id for token in draft.process.tokens() if draft.goes(token)}
    rows = list(session.scalars(select(Task).where(Task.instance_id == instance.id).order_by(Task.id)))
    open_ = [task for task in rows if task.state == OPEN]
    timers = session.scalars(select(Timer).where(
        Timer.instance_id == instance.id, Timer.state == "waiting", Timer.token.in_(gone)).order_by(Timer.due_at))
    messages = session.scalars(select(Subscription.name).where(
        Subscription.instance_id == instance.id, Subscription.token.in_(gone)).order_by(Subscription.id))
    return Preview(
        instance.version,
        withdrawn=tuple(work_of(task) for task in open_ if task.token in gone),
        staying=tuple(work_of(task) for task in open_ if task.token not in gone),
        again=tuple(work_of(task) for task in rows if task.id in draft.again),
        timers=tuple((timer.element_id, timer.due_at) for timer in timers), messages=tuple(messages),
        starts=tuple(each.bpmn_id for one in draft.begin for each in (one.node, *one.also)),
        remarks=tuple(draft.remarks))


def work_of(task: Task) -> Work:
    """A task as a preview tells it: who did it and when, or who has it since when."""
    done = task.state == "completed"
    return Work(task.id, task.element_id, task.name, task.completed_by_name if done else task.assignee_name,
                task.completed_at if done else task.created_at)


# doing
def perform(draft: Draft) -> None:
    """Do what was decided, inside an act: first what goes, then what joins are told, then what begins."""
    for token in draft.gone:
        withdraw(token)
    for join, flow in draft.uncollect:
        _uncollect(join, flow)
    for token in draft.dropped:
        _drop(token)
    for body, index in draft.reopen:
        _reopen(body, index)
    for scope, join, flow in draft.collect:
        if not isinstance(scope, ProcessSpec):
            _collect(scope, join, flow)
    for one in draft.begin:
        _begin(draft, one)


def _uncollect(join: Token, flow: str) -> None:
    arrived = join.internal_data["arrived"]
    arrived[flow] -= 1
    if not arrived[flow]:
        del arrived[flow]
    if not arrived:
        withdraw(join)


def _collect(scope: Any, join: Any, flow: str) -> None:
    """Tell a join that a flow has brought its token."""
    waiting = next((token for token in scope.tasks.values()
                    if token.task_spec is join and token._state == WAITING), None)
    if waiting is None:
        waiting = spawn(scope.task_tree, join, WAITING)
        join.enter(waiting)
        waiting.internal_data["arrived"] = {}
    arrived = waiting.internal_data["arrived"]
    arrived[flow] = arrived.get(flow, 0) + 1


def _drop(token: Token) -> None:
    """A round ends without a result; of a loop with a condition, the loop itself."""
    body: Rounds = token.task_spec.body
    if isinstance(body, MultiInstance):
        body.drop(token)
        return
    holder = token.parent
    withdraw(token)
    holder.internal_data.clear()
    body.finish(holder)


def _reopen(holder: Token, index: int) -> None:
    """A finished round begins again; in a sequence, with those after it."""
    body, counts = holder.task_spec, holder.internal_data
    if not isinstance(body, MultiInstance):
        counts["ended"] = index
        body.inner._update(body.begin_round(holder, index))
    elif body.loop.sequential:
        counts.update(begun=index, ended=index)
        counts["out"][index:] = [None] * (len(counts["items"]) - index)
        for vote in counts.get("votes", [])[index:]:
            vote[2] = None
        body.begin(holder)
    else:
        counts["out"][index] = None
        counts["ended"] -= 1
        body.again(holder, index)


def _begin(draft: Draft, one: Beginning) -> None:
    """Put a token before an element, through sub-processes that begin there instead of at their start."""
    scope = one.scope
    for container in one.path:
        host = spawn(scope.task_tree, container)
        container._update(host)
        if "halt" in host.internal_data:
            return  # its inputs could not be had: an incident says so
        scope = draft.process.subprocesses[host.id]
        scope.task_tree._set_state(COMPLETED)
        scope.arm()
        for spec, join, flow in draft.collect:
            if spec is scope.spec:
                _collect(scope, join, flow)
    token = spawn(scope.task_tree, one.node)
    if one.flow is not None and len(one.node.arrivals) > 1:
        token.internal_data["flow"] = one.flow
    one.node._update(token)
    for each in one.also:
        each._update(spawn(scope.task_tree, each))


__all__ = [
    "BackTo", "Cancel", "CannotModify", "Preview", "Stand", "StartBefore", "Work", "apply", "carry_out", "perform",
    "preview", "standing", "tell", "work_of",
]
