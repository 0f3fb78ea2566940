"""An act without a database: it moves a process as run.Act does, and asks a script for whatever comes from outside."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Protocol

from engine import expressions, opening, run, state
from engine.catalog import Plan
from engine.dialect.climbing import BpmnError
from engine.dialect.nodes import OVER, Node, Token, context
from engine.dialect.scopes import Process
from engine.findings import Finding
from engine.model import Instance
from engine.operations import halting
from engine.rehearsal.recording import Passed, Record, Result
from engine.rehearsal.sent_back import Back
from engine.time.deadlines import timer
from ledger import clock
from ledger.actor import SYSTEM
from ledger.workdays import Calendar

Later = tuple[dt.datetime, str, int, Any]
"""Something that will happen: when, what (answer, keep, return, voters, timer, message, signal, resume, end), to which
token, with what."""


class Script(Protocol):
    """What comes from outside, and when."""

    @property
    def names(self) -> Mapping[str, str]:
        """What elements are called that this drawing may not have."""

    def task(self, token: Token, row: Mapping[str, Any], silence: list[dict[str, Any]]) -> list[Later]:
        """A user task began to wait; `row` is as its task row would be, `silence` its timers that decide by silence."""

    def timer(self, token: Token, row: Mapping[str, Any]) -> list[Later]:
        """An event with a moment began to wait."""

    def message(self, token: Token, row: Mapping[str, Any]) -> list[Later]:
        """An event with a message or signal began to wait."""

    def result(self, token: Token) -> Result | None:
        """What the step of a service task gives now; None: it fails, and is tried again."""

    def halted(self, token: Token) -> list[Later]:
        """A token cannot go on."""

    def moved(self, process: Process) -> None:
        """An act is over."""

    def reopened(self) -> tuple[dt.datetime, Back] | None:
        """It has come to its end: when it was reopened after that, if it was."""

    def misses(self) -> Finding | None:
        """What people did for which this drawing has no place, when it has come to its end."""


class Acting(run.Act):
    """All acts of one rehearsed instance, one after the other."""

    dry = True

    def __init__(self, record: Record, plan: Plan, process: Process, calendar: Calendar, script: Script) -> None:
        self.instance = Instance(
            id=record.instance_id, process_id=record.process_id, definition_id=record.definition_id, title="",
            business_key="", group_id=record.group_id, places=record.places, state="active",
            started_by=record.started_by)
        self.actor, self.plan, self.process, self.script = SYSTEM, plan, process, script
        self.desk = expressions.Desk(lambda: calendar)
        self.stage: str | None = None
        self.outcome: str | None = None
        self.waits, self.halts, self.sent, self.heard_signals, self.given = [], [], [], [], []
        self.entries, self.departures, self.done, self.why, self.why_of = {}, [], None, "event", {}
        self.passed: dict[int, Passed] = {}
        self.stuck: dict[int, halting.Halt] = {}
        self.tasks: dict[int, dict[str, Any]] = {}
        self.ended_at: dt.datetime | None = None  # somebody ended it
        self.within: dict[int, int] | None = {} if record.back or record.reopened else None  # only needed to go back
        self.undone: set[int] = set()  # tasks that a return took back or away
        self.asked: set[int] = set()  # tasks after which the diagram led back: their clocks go on, too
        self.begin()
        process.act = self

    def begin(self) -> None:
        """Another act: the clock has moved."""
        self.now, self.budget = clock.now(), run.STEPS_AT_ONCE

    # what the dialect tells
    def entered(self, token: Token) -> None:
        self.number(token)
        spec: Node = token.task_spec
        properties = spec.words.properties
        if properties:
            self.stage = properties.get("licet:stage") or self.stage
            self.outcome = properties.get("licet:outcome") or self.outcome
        if spec.told_by_task:
            self.waits.append(opening.Wait(token, spec))
        if self.within is not None:
            self.within[token.thread_id] = token.workflow.host_number
        self.passed[token.thread_id] = Passed(token.thread_id, spec.bpmn_id, self.now, None, None)

    def left(self, token: Token, how: str) -> None:
        here = self.passed.get(token.thread_id)
        if here is not None and here.left is None:
            self.passed[here.token] = Passed(here.token, here.element_id, here.entered, self.now, how)

    def heard(self, token: Token, signal: str) -> None:
        """Its own signals reach the instance at once; nothing is written of it."""

    def send(self, kind: str, name: str, key: Any, payload: Mapping[str, Any]) -> None:
        """Nothing leaves a rehearsal; what came back in reality is in the record."""

    def step(self, token: Token) -> Mapping[str, Any] | None:
        found = self.script.result(token)
        if found is None:
            raise halting.StepFailed(token.task_spec.bpmn_id, RuntimeError())
        if found.error is not None:
            raise BpmnError(found.error)
        return found.values

    def decide(self, token: Token, decision_id: str) -> Any:
        model = self.plan.decisions[decision_id]
        return model.evaluate(decision_id, context(token), functions=expressions.FUNCTIONS).value

    def stopped(self, token: Token, spec: Node) -> tuple[dt.datetime, dt.datetime] | None:
        if not self.undone and not self.asked:
            return None
        place = (spec.bpmn_id, token.internal_data.get("round"))
        before = max((number for number, row in self.tasks.items() if (row["element_id"], row["round"]) == place),
                     default=0)
        if before not in self.undone and before not in self.asked:
            return None
        due, ended = self.tasks[before]["due_at"], self.passed[before].left
        return None if due is None or ended is None else (due, ended)

    def stop(self) -> None:
        """The diagram leads back: of what has been asked so far, the clocks go on when it is asked again."""
        self.asked |= set(self.tasks)

    # the end of an act
    def settle(self) -> list[Later]:
        """Move to the next waits; what will happen to what has begun to wait. Approvals that stand are given at once,
        in the order in which they were (returns/keeping.py)."""
        later: list[Later] = []
        while True:
            begun = self._opened()
            kept = sorted((one for one in begun if one[1] == "keep"), key=lambda one: one[3].kept)
            later += [one for one in begun if one[1] != "keep"]
            for _, _, number, given in kept:
                token = next((token for token in self.process.tokens() if token.thread_id == number), None)
                if token is not None:
                    token.task_spec.finish(token, given.answers)
            if not kept:
                break
        later += self._halted()
        self.script.moved(self.process)
        return later

    def _opened(self) -> list[Later]:
        self.advance()
        state.prune(self.process)
        tokens = {wait.token.thread_id: wait.token for wait in self.waits}
        opened = opening.begun(self, [wait for wait in self.waits if not wait.token._state & OVER])
        self.waits = []
        later: list[Later] = []
        for row in opened.tasks:
            self.tasks[row["token"]] = row
            silence = [one for one in opened.timers if one["kind"] == "silence" and one["token"] == row["token"]]
            later += self.script.task(tokens[row["token"]], row, silence)
        for row in opened.timers:
            if row["kind"] == "event":
                later += self.script.timer(tokens[row["token"]], row)
        for row in opened.subscriptions:
            later += self.script.message(tokens[row["token"]], row)
        return later

    def _halted(self) -> list[Later]:
        later: list[Later] = []
        for each in self.halts:
            if "halt" not in each.token.internal_data:
                continue
            if each.again:
                timer(self, each.token, each.token.task_spec.bpmn_id, "retry", self.now, True)
            self.stuck[each.token.thread_id] = each
            later += self.script.halted(each.token)
        self.halts = []
        return later


__all__ = ["Acting", "Later", "Script"]
