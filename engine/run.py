"""One act on one instance: lock, load, move to the next waits, write state and rows, in the caller's transaction.

Written together: the state (BLOB) and, beside it, what people and clocks look for - task, timer, subscription and visit
rows. Only tokens that changed touch rows: which rows exist is known from the state itself (`Process.known`).
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from engine import catalog, causes, expressions, rows, state, watched
from engine.dialect.climbing import BpmnError
from engine.dialect.nodes import OVER, STARTED, STUCK, WORKING, Fault, Node, Token, context
from engine.dialect.scopes import Process
from engine.dialect.triggers import MessageTrigger, SignalTrigger, TimerTrigger
from engine.messaging import sending
from engine.model import Instance
from engine.opening import Wait
from engine.operations import halting
from engine.packing import freeze, plain
from engine.rehearsal import given
from engine.returns import keeping
from engine.time import promising
from feel import FeelError
from ledger import clock
from ledger.actor import Actor
from ledger.errors import Conflict, NotFound, Refused
from ledger.facts import record
from ledger.workdays import calendar

log = logging.getLogger("licet.engine")
STEPS_AT_ONCE = 2000
TRIGGERS: dict[str, type] = {"timer": TimerTrigger, "message": MessageTrigger, "signal": SignalTrigger}
INSTANCE = cast(Table, Instance.__table__)
KEPT = ("version", "stage", "outcome", "state", "ended_at", "blob")
SAVE = (
    update(INSTANCE).where(INSTANCE.c.id == bindparam("of_id"), INSTANCE.c.version == bindparam("of_version"))
    .values({name: bindparam(name) for name in KEPT})
)
READ = select(INSTANCE.c.blob).where(INSTANCE.c.id == bindparam("of_id"))
LOCK = select(Instance).where(Instance.id == bindparam("of_id")).with_for_update()


class NotRunning(Conflict):
    """该流程已结束或已挂起，不能再操作。"""


class Act:
    """What one actor does to one instance, and everything that follows from it until the next wait."""

    dry = False  # a rehearsal: nothing of a database is read or written

    def __init__(
        self, session: Session, instance: Instance, actor: Actor, plan: catalog.Plan, process: Process,
    ) -> None:
        self.session, self.instance, self.actor = session, instance, actor
        self.connection = session.connection()
        self.plan, self.process, self.now = plan, process, clock.now()
        self.desk = expressions.Desk(lambda: calendar(session))
        self.stage, self.outcome = instance.stage, instance.outcome
        self.waits: list[Wait] = []
        self.halts: list[halting.Halt] = []
        self.sent: list[sending.Sent] = []
        self.heard_signals: list[tuple[int, str]] = []
        self.given: list[dict[str, Any]] = []
        self.entries: dict[int, dict[str, Any]] = {}
        self.departures: list[tuple[int, str]] = []
        self.budget = STEPS_AT_ONCE
        self.done: int | None = None  # the token whose task row was completed by this act itself
        self.why = "event"  # how the tasks that this act cancels ended (model.ENDED)
        self.why_of: dict[int, str] = {}  # the same for single tokens, where it is another

    # what the dialect tells
    def entered(self, token: Token) -> None:
        """A token has arrived at an element: it gets its serial number, the element's stage becomes the instance's."""
        self.number(token)
        spec: Node = token.task_spec
        properties = spec.words.properties
        if properties:
            self.stage = properties.get("licet:stage") or self.stage
            self.outcome = properties.get("licet:outcome") or self.outcome
        if spec.told_by_task:
            self.waits.append(Wait(token, spec))
        else:
            self.entries[token.thread_id] = rows.visit(self, token.thread_id, spec, token.workflow.host_number)

    def written(self) -> list[int]:
        """What was told so far has its rows; the tokens of the user tasks that began to wait."""
        begun = [wait.token.thread_id for wait in self.waits if wait.spec.told_by_task]
        self.waits, self.entries, self.departures, self.heard_signals = [], {}, [], []
        return begun

    def number(self, token: Token) -> None:
        """Give a token the next serial number; rows refer to it by that."""
        self.process.serial += 1
        token.thread_id = self.process.serial

    def left(self, token: Token, how: str) -> None:
        """A token has left its element (completed or cancelled)."""
        if token.task_spec.told_by_task or not token.thread_id:
            return
        entry = self.entries.get(token.thread_id)
        if entry is None and not token.task_spec.is_boundary:
            self.departures.append((token.thread_id, how))
        elif entry is not None:
            entry["left_at"], entry["left_how"] = self.now, how

    def wait(self, token: Token, spec: Node) -> None:
        """A token waits for an event."""
        self.waits.append(Wait(token, spec))

    def heard(self, token: Token, signal: str) -> None:
        """A waiting token has heard a signal of its own instance."""
        self.heard_signals.append((token.thread_id, signal))

    def send(self, kind: str, name: str, key: Any, payload: Mapping[str, Any]) -> None:
        """A message or signal leaves the instance; it is written with the act and delivered after it."""
        self.sent.append(sending.Sent(kind, name, None if key is None else str(plain(key)), dict(payload)))

    def halt(self, token: Token, phase: str, error: Exception) -> None:
        """A token cannot go on."""
        if not token.thread_id:
            self.number(token)
        self.halts.append(halting.halt(token, phase, error))

    def step(self, token: Token) -> Mapping[str, Any] | None:
        """Call the registered step of a service task, in a savepoint of its own.

        What the step refuses (Refused) is for whoever acts to read; a BpmnError is an outcome, so its writes stay.
        Raises StepFailed for everything else.
        """
        spec: Node = token.task_spec
        do = self.plan.step(spec.words.step or "")
        if do is None:
            raise Fault(spec.bpmn_id, f"没有注册的步骤 {spec.words.step}", f"no registered step {spec.words.step}")
        handed = catalog.Step(self.session, self.actor, self.instance.id, spec.bpmn_id, dict(context(token)))
        outcome: BpmnError | None = None
        result: Mapping[str, Any] | None = None
        try:
            with self.session.begin_nested():
                try:
                    result = do(handed)
                    freeze(result)
                except BpmnError as error:
                    outcome = error
        except (Refused, OperationalError):
            raise
        except Exception as error:
            log.warning("step %s of instance %s failed: %s", spec.words.step, self.instance.id, causes.trail(error))
            raise halting.StepFailed(spec.bpmn_id, error) from error
        if outcome is not None:
            given.note(self, token, "error", outcome.code, None)
            raise outcome
        if result:
            given.note(self, token, "step", spec.words.step, result)
        return result

    def decide(self, token: Token, decision_id: str) -> Any:
        """Evaluate a decision of the deployment."""
        model = self.plan.decisions[decision_id]
        result = model.evaluate(decision_id, context(token), functions=expressions.FUNCTIONS)
        rows.rule(self, token, decision_id, result.trace)
        return result.value

    def stopped(self, token: Token, spec: Node) -> tuple[dt.datetime, dt.datetime] | None:
        """In a rehearsal: when the task that a return took from here was due, and when it ended."""
        return None

    # moving
    def spend(self, token: Token, phase: str) -> bool:
        """One step of this act; False when it has had too many, and the token is halted."""
        self.budget -= 1
        if self.budget < 0:
            zh, en = f"一次操作超过 {STEPS_AT_ONCE} 步，可能是没有出口的循环", (
                f"more than {STEPS_AT_ONCE} steps in one act: a loop without an exit?")
            self.halt(token, phase, Fault(token.task_spec.bpmn_id, zh, en))
        return self.budget >= 0

    def token(self, number: int) -> Token:
        """The waiting token with this serial number. Raises Conflict when it is gone."""
        for token in self.process.tokens():
            if token.thread_id == number:
                return token
        raise Conflict()

    def advance(self) -> None:
        """Do everything that needs no person, moment or message; what cannot go on is halted."""
        while True:
            happened = self.process.watch()
            ready = self.process.ready()
            if not happened and not ready and not self.process.look():
                break
            for token in ready:
                self._work(token)
            if len(self.process.tasks) > 200:
                state.prune(self.process)
        if not self.process.completed and not state.waiting_at(self.process):
            self._stuck()

    def _stuck(self) -> None:
        for token in list(self.process.tokens()):
            if token._state != STARTED and "halt" not in token.internal_data:
                zh, en = "流程停在这里：没有什么可等的了", "the process is stuck here: nothing is left to wait for"
                self.halt(token, STUCK, Fault(token.task_spec.bpmn_id, zh, en))

    def _work(self, token: Token) -> None:
        if token._state & OVER or "halt" in token.internal_data or not self.spend(token, WORKING):
            return
        try:
            done = token.task_spec.work(token)
        except (Fault, FeelError, halting.StepFailed) as error:
            self.halt(token, WORKING, error)
            return
        if done:
            token.complete()
        elif not token._state & OVER:
            token._set_state(STARTED)


def trigger(act: Act, number: int, element_id: str, kind: str, name: str | None, payload: Mapping[str, Any]) -> None:
    """Something a token waits for has come: a timer (no name), message or signal at this event.

    Raises Conflict when the token is gone or waits for something else.
    """
    token = act.token(number)
    for event, awaited in token.task_spec.awaited(token):
        wanted = TRIGGERS[kind]
        if event.bpmn_id == element_id and isinstance(awaited, wanted) and name == getattr(awaited, "name", None):
            if kind != "timer":
                given.note(act, token, kind, name, payload, element_id)
            token.task_spec.trigger(token, element_id, payload, awaited)
            return
    raise Conflict()


def lock(session: Session, instance_id: int) -> Instance:
    """The instance's row, locked for this transaction (on SQLite the transaction itself is the lock)."""
    found = session.scalar(LOCK, {"of_id": instance_id}, execution_options={"populate_existing": True})
    if found is None:
        raise NotFound()
    return found


def active(instance: Instance) -> Instance:
    """The instance, if it still runs. Raises NotRunning otherwise."""
    if instance.state != "active":
        raise NotRunning()
    return instance


@contextmanager
def act(session: Session, instance: Instance, actor: Actor, fresh: Process | None = None) -> Iterator[Act]:
    """Work on a locked instance; leaving the block advances it and writes everything, an exception forgets it."""
    plan = catalog.plan(session, instance.definition_id)
    hand = state.in_hand(session)
    live = hand.pop(instance.id, None)
    process = fresh or (live.process if live else None) or _read(session, instance, plan)
    doing = Act(session, instance, actor, plan, process)
    process.act = doing
    was = watched.told(process.data) if fresh is None else {}
    with expressions.at(doing.desk):
        yield doing
        doing.advance()
        state.prune(process)
        rows.write(doing)
        while keeping.survive(doing, doing.written()):
            doing.advance()
            state.prune(process)
            rows.write(doing)
        promising.keep(doing)
        halting.write(doing)
        sending.post(doing)
        given.write(doing)
        watched.keep(doing, was)
        size = _save(doing)
    del process.act
    hand[instance.id] = state.Live(instance.version, process, size)


def _read(session: Session, instance: Instance, plan: catalog.Plan) -> Process:
    kept = state.shelf(session).take(instance.id, instance.version)
    if kept is not None:
        return kept
    blob = session.connection().execute(READ, {"of_id": instance.id}).scalar_one()
    return state.load(plan.blueprint, blob)


def _save(doing: Act) -> int:
    """Write the state; how many bytes it has."""
    instance, process = doing.instance, doing.process
    outcome = doing.outcome if process.failed is None else process.failed
    ended = "completed" if process.failed is None else "terminated"
    changed = {
        "version": instance.version + 1, "stage": doing.stage, "outcome": outcome,
        "state": ended if process.completed else instance.state,
        "ended_at": doing.now if process.completed else None,
    }
    blob = state.dump(process)
    key = {"of_id": instance.id, "of_version": instance.version}
    if doing.connection.execute(SAVE, {**key, **changed, "blob": blob}).rowcount != 1:
        raise Conflict()
    for name, value in changed.items():
        set_committed_value(instance, name, value)
    if process.completed:
        record(doing.session, "instance.ended", ("instance", instance.id), by=doing.actor, group_id=instance.group_id,
               after={"outcome": outcome} if process.failed is None else {"outcome": outcome, "error": process.failed})
    return len(blob)


def read_only(session: Session, instance: Instance) -> Process:
    """The process of an instance for looking at; not kept, not to be changed."""
    blob = session.connection().execute(READ, {"of_id": instance.id}).scalar_one()
    return state.load(catalog.plan(session, instance.definition_id).blueprint, blob)

