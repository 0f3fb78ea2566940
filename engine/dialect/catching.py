"""Events that wait: timers and messages, alone, at an event-based gateway, or attached to an activity; and errors.

The clock and the messages are ours: an event only says what it waits for, and is triggered from outside (`trigger`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine import expressions
from engine.dialect.nodes import COMPLETED, WAITING, Fault, Node, Token, spawn, withdraw


class BpmnError(Exception):
    """Raised by a step to leave its activity through the error boundary event with this code."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True)
class TimerWait:
    """Waits for a moment; `kind` is timeDate, timeDuration or timeCycle."""

    kind: str
    text: str
    moment: expressions.Evaluate


@dataclass(frozen=True)
class MessageWait:
    """Waits for a message by name (and correlation key, when the drawing has one)."""

    name: str
    key: expressions.Evaluate | None


@dataclass(frozen=True)
class ErrorWait:
    """Catches an error by code; None catches every error."""

    code: str | None


class CatchEvent(Node):
    """bpmn:intermediateCatchEvent."""

    waits: TimerWait | MessageWait | ErrorWait

    def arrive(self, token: Token) -> bool:
        self.enter(token)
        token._set_state(WAITING)
        token.workflow.top_workflow.act.wait(token, self)
        return False

    def trigger(self, token: Token, element_id: str, payload: Mapping[str, Any]) -> None:
        """The moment has come, or the message."""
        self.take(token, payload, only_named=True)
        token.complete()


class EventGateway(Node):
    """bpmn:eventBasedGateway: waits for all its events; the first one decides."""

    def arrive(self, token: Token) -> bool:
        self.enter(token)
        token._set_state(WAITING)
        for flow in self.flows:
            token.workflow.top_workflow.act.wait(token, flow.target)
        return False

    def trigger(self, token: Token, element_id: str, payload: Mapping[str, Any]) -> None:
        """One of the events happened: leave through it."""
        chosen = next((flow.target for flow in self.flows if flow.target.bpmn_id == element_id), None)
        if chosen is None:
            raise Fault(self.bpmn_id, f"没有事件 {element_id}", f"no event {element_id}")
        token._set_state(COMPLETED)
        self.leave(token)
        child = spawn(token, chosen)
        chosen.enter(child)
        chosen.trigger(child, element_id, payload)


class BoundaryEvent(CatchEvent):
    """bpmn:boundaryEvent: its token hangs below the activity's token until it fires."""

    is_boundary = True
    interrupting = True
    host: Node | None = None

    def arm(self, host: Token) -> None:
        """The activity begins: wait beside it (errors need no waiting)."""
        if not isinstance(self.waits, ErrorWait):
            self._update(spawn(host, self))

    def arrive(self, token: Token) -> bool:
        act = token.workflow.top_workflow.act
        act.number(token)
        token._set_state(WAITING)
        act.wait(token, self)
        return False

    def trigger(self, token: Token, element_id: str, payload: Mapping[str, Any]) -> None:
        host = token.parent
        self.enter(token)
        self._step_out(token, host)
        if self.interrupting:
            withdraw(host)
        elif isinstance(self.waits, MessageWait):
            self.arm(host)
        super().trigger(token, element_id, payload)

    def catch_error(self, host: Token) -> None:
        """The activity ended with an error that this event catches."""
        token = spawn(host, self)
        self.enter(token)
        self._step_out(token, host)
        withdraw(host)
        token.complete()

    @staticmethod
    def _step_out(token: Token, host: Token) -> None:
        host._children.remove(token.id)
        token.parent = host.parent
        host.parent._children.append(token.id)


def throw(token: Token, code: str) -> None:
    """Find who catches the error: the token's own boundary events, else those of what contains it."""
    host: Token | None = token
    while host is not None:
        event = _catcher(host.task_spec, code)
        if event is not None:
            event.catch_error(host)
            return
        host = _container(host)
    raise Fault(token.task_spec.bpmn_id, f"错误 {code} 没有被捕获", f"error {code} is not caught")


def _container(token: Token) -> Token | None:
    workflow, around = token.workflow, None
    if token.task_spec.body is not None:
        around = token.parent
    elif workflow.parent_task_id is not None:
        around = workflow.top_workflow.get_task_from_id(workflow.parent_task_id)
    return around


def _catcher(spec: Node, code: str) -> BoundaryEvent | None:
    caught = [event for event in spec.boundary if isinstance(event.waits, ErrorWait)]
    exact = [event for event in caught if event.waits.code == code]  # type: ignore[union-attr]
    return next(iter(exact or [event for event in caught if event.waits.code is None]), None)  # type: ignore[union-attr]


class StartEvent(Node):
    """bpmn:startEvent without a trigger."""


class PassingEvent(Node):
    """bpmn:intermediateThrowEvent without a trigger: a milestone."""


class EndEvent(Node):
    """bpmn:endEvent: none, error or terminate."""

    error: str | None = None
    terminates = False

    def onward(self, token: Token) -> None:
        if self.error is not None:
            throw(token, self.error)
        elif self.terminates:
            token.workflow.terminate()
        else:
            token.workflow.end_if_empty()

