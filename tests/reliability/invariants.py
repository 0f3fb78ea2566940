"""What must hold in the database at every moment (I1-I14 of the reliability catalogue), read from its rows alone.

`violations(session)` is the judge of the races, of the state machine and of `make chaos`. A rule is a function that
yields one sentence for each thing that is wrong; its first word is the invariant's number.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from engine import run, state
from engine.model import (
    NEVER,
    Definition,
    Incident,
    Instance,
    Subscription,
    Task,
    TaskAnswer,
    TaskCandidate,
    Timer,
    Visit,
    rank,
)
from engine.time.clocks import Clock
from engine.usertasks.tasks import ENDED
from ledger import clock
from ledger.facts import Fact

OVER = ("completed", "terminated")
TIMER_STATES = {"waiting", "suspended", "fired", "cancelled", "failed"}
TASK_STATES = {"open", "completed", "cancelled"}
LIVES = {
    "instance.started": "active", "instance.ended": "completed", "instance.terminated": "terminated",
    "instance.suspended": "suspended", "instance.resumed": "active", "instance.reopened": "active",
}
GIVEN = ("task.transferred", "task.delegated", "task.delegation_ended", "task.reassigned",
         "task.returned_after_absence")
"""Facts that put a task into the hands of after["to"]."""


@dataclass(frozen=True)
class Look:
    """What is looked at: everything, or `only` some instances. `quiet`: the worker has had time to do all that is due.

    `grace` is how late a timer or a delivery may be.
    """

    session: Session
    only: frozenset[int] | None = None
    quiet: bool = False
    grace: dt.timedelta = dt.timedelta()
    now: dt.datetime = field(default_factory=clock.now)

    def of(self, kind: type[Any], *where: Any) -> list[Any]:
        """The rows of a table that has a column `instance_id` (or is Instance), those looked at."""
        column = kind.id if kind is Instance else kind.instance_id
        query: Select[Any] = select(kind).where(*where)
        if self.only is not None:
            query = query.where(column.in_(self.only))
        return list(self.session.scalars(query.order_by(kind.id)))

    def facts(self, *kinds: str) -> list[Fact]:
        """Facts about instances, in order."""
        query = select(Fact).where(Fact.subject_kind == "instance", Fact.kind.in_(kinds)).order_by(Fact.id)
        if self.only is not None:
            query = query.where(Fact.subject_id.in_(self.only))
        return list(self.session.scalars(query))


def timers_end(look: Look) -> Iterator[str]:
    """I3: a timer ends fired or cancelled, or failed with an incident that says so; none waits past its time."""
    told = set(look.session.scalars(select(Incident.timer_id)))
    running = {it.id for it in look.of(Instance, Instance.state == "active")}
    for timer in look.of(Timer):
        if timer.state not in TIMER_STATES:
            yield f"I3 timer {timer.id} is in the state {timer.state}"
        if timer.state == "failed" and timer.id not in told:
            yield f"I3 timer {timer.id} failed and no incident tells of it"
        late = timer.state == "waiting" and timer.next_try_at <= look.now - look.grace
        if look.quiet and late and timer.instance_id in running:
            yield f"I3 timer {timer.id} still waits at {look.now}, due {timer.due_at}"


def timers_fire_in_time(look: Look) -> Iterator[str]:
    """I4: never before it is due."""
    for timer in look.of(Timer):
        if (timer.fired_at is not None) != (timer.state == "fired"):
            yield f"I4 timer {timer.id} is {timer.state} and fired at {timer.fired_at}"
        if timer.fired_at is not None and timer.fired_at < timer.due_at:
            yield f"I4 timer {timer.id} fired at {timer.fired_at}, due {timer.due_at}"


def timers_act_once(look: Look) -> Iterator[str]:
    """I5, I6: what fired left one fact, what did not left none."""
    keys = select(Fact.key).where(Fact.key.like("timer:%"))
    effects = Counter(int(key.partition(":")[2]) for key in look.session.scalars(keys) if key)
    for timer in look.of(Timer):
        if effects[timer.id] != (timer.state == "fired"):
            yield f"I5 timer {timer.id} ({timer.kind}, {timer.state}) has {effects[timer.id]} facts"


def what_is_over_waits_for_nothing(look: Look) -> Iterator[str]:
    """I6: an ended instance has no open task, timer, subscription or unfinished visit; a closed task no offer."""
    over = {it.id for it in look.of(Instance, Instance.state.in_(OVER))}
    waits = ((Task, Task.state == "open"), (Timer, Timer.state == "waiting"), (Subscription, Subscription.id > 0),
             (Visit, Visit.left_at.is_(None)))
    for kind, waiting in waits:
        for row in look.of(kind, waiting):
            if row.instance_id in over:
                yield f"I6 instance {row.instance_id} is over but has {kind.__name__} {row.id} ({row.element_id})"
    offered = select(Task.id, Task.state).join(TaskCandidate, TaskCandidate.task_id == Task.id)
    for number, said in look.session.execute(offered.where(Task.state != "open").distinct()):
        yield f"I6 task {number} is {said} and still offered"


def rows_are_what_the_engine_waits_for(look: Look) -> Iterator[str]:
    """I7, I13: open tasks, waiting timers and subscriptions are exactly the waits of the stored state."""
    rows = {name: _tokens(look.of(kind, *where)) for name, kind, where in (
        ("task", Task, [Task.state == "open"]), ("message", Subscription, []),
        ("timer", Timer, [Timer.state.in_(("waiting", "failed")), Timer.kind == "event"]),
        ("watch", Timer, [Timer.state == "waiting", Timer.kind != "event"]))}
    for it in look.of(Instance, Instance.state.not_in(OVER)):
        waits = state.waiting_at(run.read_only(look.session, it))
        for kind in ("task", "timer", "message"):
            found = rows[kind][it.id]
            may = {token for token, kinds in waits.items() if kind in kinds.split()}
            must = {token for token in may if waits[token] == kind or kind == "task"}
            for token in sorted((must - found) | (found - may)):
                yield f"I7 instance {it.id}, token {token}: engine {waits.get(token)}, rows {kind}={token in found}"
        for token in sorted(rows["watch"][it.id] - rows["task"][it.id]):
            yield f"I7 instance {it.id}: a deadline waits for token {token}, which is no open task"


def _tokens(rows: Iterable[Any]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    for row in rows:
        found[row.instance_id].add(row.token)
    return found


def tasks_are_done_once(look: Look) -> Iterator[str]:
    """I13: a completed task has one answer, one fact (completed, or kept) and somebody who did it, unless silence
    decided; no other task has any of them. A token has one task that is drawn; its others are children of that."""
    answered = set(look.session.scalars(select(TaskAnswer.task_id)))
    facts = Counter(_task_of(fact) for fact in look.facts("task.completed", "task.kept"))
    silent = {_task_of(fact) for fact in look.facts("task.silent")}
    rows = {task.id: task for task in look.of(Task)}
    tokens = Counter((task.instance_id, task.token) for task in rows.values() if task.parent_id is None)
    for task in rows.values():
        done = task.state == "completed"
        if task.state not in TASK_STATES or tokens[task.instance_id, task.token] > 1:
            yield f"I13 task {task.id} is {task.state}, {tokens[task.instance_id, task.token]} rows for its token"
        by = task.completed_by is not None or task.id in silent
        if (task.id in answered) != done or facts[task.id] != done or by != done:
            yield (f"I13 task {task.id} ({task.element_id}) is {task.state}: answered {task.id in answered}, "
                   f"{facts[task.id]} facts, by {task.completed_by}")
        if (task.state == "cancelled") != (task.ended_how in ENDED) or bool(task.ended_how) != bool(task.ended_by_name):
            yield f"I13 task {task.id} is {task.state}: ended {task.ended_how} by {task.ended_by_name}"
        yield from _child(task, rows.get(task.parent_id))


def _child(task: Task, host: Task | None) -> Iterator[str]:
    if (task.parent_id is None) != (task.role == "drawn"):
        yield f"I13 task {task.id} is {task.role} and has the parent {task.parent_id}"
    if host is not None and (host.instance_id, host.token, host.element_id) != (
            task.instance_id, task.token, task.element_id):
        yield f"I13 task {task.id} is no child of {host.id}: another place"
    if host is not None and task.state == "open" and host.state != "open":
        yield f"I13 task {task.id} is open, its host {host.id} is {host.state}"


def _task_of(fact: Fact) -> int:
    return int((fact.after or {})["task"])


def the_inbox_is_in_order(look: Look) -> Iterator[str]:
    """I13: an open task stands where its deadline says (without one, or with its clock paused: at the end), in every
    group it is offered to; nobody is offered what somebody holds."""
    stopped = set(look.session.scalars(select(Clock.task_id).where(Clock.state == "paused")))
    tasks = {task.id: task for task in look.of(Task, Task.state == "open")}
    still = {(task.instance_id, task.token) for task in tasks.values() if task.id in stopped}
    paused = {task.id for task in tasks.values()
              if (task.instance_id, task.token) in still and task.role != "correction"}
    for task in tasks.values():
        if task.rank_at != (NEVER if task.id in paused else rank(task.due_at)):
            yield f"I13 task {task.id} is due {task.due_at}, ranked {task.rank_at}"
    for offer in look.session.scalars(select(TaskCandidate)):
        found = tasks.get(offer.task_id)
        if found is not None and (offer.rank_at, offer.open) != (found.rank_at, found.assignee_id is None):
            yield f"I13 task {found.id} stands at {offer.rank_at} (open: {offer.open}) for {offer.candidate}"


def facts_tell_the_present(look: Look) -> Iterator[str]:
    """I10, I14: what the facts tell, from the first to the last, is how instances and tasks stand now."""
    lives: dict[int, list[str]] = defaultdict(list)
    holders: dict[int, tuple[str, int | None]] = {}
    for fact in look.facts(*LIVES):
        told = lives[fact.subject_id]
        if fact.kind == "instance.reopened" and told and told[-1] in OVER:
            del told[1:]  # what came before counts no more
        told.append(LIVES[fact.kind])
    for fact in look.facts("task.claimed", "task.released", "task.completed", *GIVEN):
        holders[_task_of(fact)] = (fact.kind, (fact.after or {})["to"] if fact.kind in GIVEN else fact.actor_id)
    for it in look.of(Instance):
        told = lives[it.id]
        if not told or told[-1] != it.state or told[0] != "active" or sum(one in OVER for one in told) > 1:
            yield f"I14 instance {it.id} is {it.state}, its facts say {told}"
        if (it.ended_at is not None) != (it.state in OVER):
            yield f"I14 instance {it.id} is {it.state} and ended at {it.ended_at}"
    for task in look.of(Task):
        kind, who = holders.get(task.id, ("", None))
        held = kind == "task.claimed" or kind in GIVEN
        if held and task.state == "open" and task.assignee_id != who:
            yield f"I14 {kind}: task {task.id} went to {who}, is held by {task.assignee_id}"
        if task.state == "open" and task.assignee_name and not held and task.role == "drawn":  # no word of the drawing
            yield f"I14 task {task.id} is held by {task.assignee_id}, and no fact tells of a claim"
        if kind == "task.released" and task.state == "open" and task.assignee_id is not None:
            yield f"I14 task {task.id} was released, is held by {task.assignee_id}"
        if task.state == "completed" and task.kept_from is None and task.completed_by != who:
            yield f"I14 task {task.id} was completed by {who}, its row says {task.completed_by}"


def versions_follow_each_other(look: Look) -> Iterator[str]:
    """I10: the versions of a process are 1, 2, 3 ...; each deployed by one fact."""
    numbers: dict[str, list[int]] = defaultdict(list)
    facts = Counter(look.session.scalars(select(Fact.subject_id).where(Fact.kind == "definition.deployed")))
    for made in look.session.scalars(select(Definition).order_by(Definition.process_id, Definition.version)):
        numbers[made.process_id].append(made.version)
        if facts[made.id] != 1:
            yield f"I10 definition {made.id} has {facts[made.id]} facts"
    for process_id, found in numbers.items():
        if found != list(range(1, len(found) + 1)):
            yield f"I10 process {process_id} has the versions {found}"


def facts_are_delivered(look: Look) -> Iterator[str]:
    """I8: with the worker at rest every fact has been handed on."""
    if look.quiet:
        waiting = select(func.count()).where(Fact.delivered_at.is_(None), Fact.at <= look.now - look.grace)
        if left := look.session.scalar(waiting):
            yield f"I8 {left} facts were never delivered"


Rule = Callable[[Look], Iterator[str]]
ENGINE: tuple[Rule, ...] = (
    timers_end, timers_fire_in_time, timers_act_once, what_is_over_waits_for_nothing,
    rows_are_what_the_engine_waits_for, tasks_are_done_once, the_inbox_is_in_order, facts_tell_the_present,
    versions_follow_each_other, facts_are_delivered,
)


def violations(session: Session, *more: Rule, only: Iterable[int] | None = None, quiet: bool = False,
               grace: dt.timedelta = dt.timedelta()) -> list[str]:
    """Everything that is wrong; the engine's rules and `more` (see business.py)."""
    look = Look(session, None if only is None else frozenset(only), quiet, grace)
    return [wrong for rule in (*ENGINE, *more) for wrong in rule(look)]
