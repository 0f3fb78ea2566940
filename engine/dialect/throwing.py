"""Events that are thrown: by intermediate throw events, end events and send tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.dialect import compensation
from engine.dialect.climbing import broadcast, climb
from engine.dialect.nodes import OVER, Flow, Node, Token, context, fitting
from engine.dialect.triggers import (
    CancelTrigger,
    CompensationTrigger,
    ErrorTrigger,
    EscalationTrigger,
    MessageTrigger,
    SignalTrigger,
    TerminateTrigger,
    Trigger,
)

LONGEST_KEY = 200  # what a delivery and a subscription hold


class Throwing(Node):
    """An element that throws; several triggers are thrown in drawing order."""

    throws: tuple[Trigger, ...] = ()
    ends = False

    def throw(self, token: Token) -> bool:
        """Throw everything; False when the element waits for what it began (compensation)."""
        done = True
        for thrown in self.throws:
            if token._state & OVER and not self.ends:
                break
            done = throw(token, thrown) and done
        return done


def key_of(token: Token, thrown: MessageTrigger) -> Any:
    """The correlation key that a message is thrown with. Raises Fault, FeelError."""
    key = None if thrown.key is None else thrown.key(context(token))
    return fitting(token.task_spec, key, LONGEST_KEY) if isinstance(key, str) else key


def throw(token: Token, thrown: Trigger) -> bool:
    """Throw one trigger from a token; False when the token has to wait until the others are done."""
    process, payload = token.workflow.top_workflow, dict(token.data)
    if isinstance(thrown, SignalTrigger):
        broadcast(token, thrown.name, payload)
    elif isinstance(thrown, MessageTrigger):
        process.act.send("message", thrown.name, key_of(token, thrown), payload)
    elif isinstance(thrown, EscalationTrigger):
        climb(token, thrown, payload)
    elif isinstance(thrown, ErrorTrigger) and not climb(token, thrown, payload):
        process.fail(thrown.code or "")
    elif isinstance(thrown, CancelTrigger):
        compensation.cancel_from(token)
    elif isinstance(thrown, CompensationTrigger):
        return not compensation.undo(token, thrown.activity) or not thrown.waits
    elif isinstance(thrown, TerminateTrigger):
        token.workflow.terminate()
    return True


class ThrowEvent(Throwing):
    """bpmn:intermediateThrowEvent; without a trigger a milestone."""

    def work(self, token: Token) -> bool | None:
        done = self.throw(token)
        return True if done and not token._state & OVER else None


class EndEvent(Throwing):
    """bpmn:endEvent: none, or with whatever it throws at the end."""

    ends = True

    def work(self, token: Token) -> bool | None:
        """What cannot be thrown is found before the token leaves."""
        for thrown in self.throws:
            if isinstance(thrown, MessageTrigger):
                key_of(token, thrown)
        return True

    def onward(self, token: Token, flows: Sequence[Flow]) -> None:
        scope = token.workflow
        if self.throw(token) and not scope.completed:
            scope.end_if_empty()
