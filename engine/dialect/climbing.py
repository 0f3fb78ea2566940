"""Who catches what is thrown.

Errors and escalations climb: the activity itself, the event sub-processes of its scope, the activity around the scope,
and so on (BPMN 13.5.5). Signals reach every token of the instance that waits for them; what they do to other instances
leaves the instance (`Act.send`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.dialect.catching import Awaiting, BoundaryEvent
from engine.dialect.nodes import WAITING, Node, Token
from engine.dialect.triggers import CancelTrigger, ErrorTrigger, EscalationTrigger, SignalTrigger, Trigger

Climbing = ErrorTrigger | EscalationTrigger | CancelTrigger


class BpmnError(Exception):
    """Raised by a step to leave its activity through the error boundary event with this code."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def climb(token: Token, thrown: Climbing, payload: Mapping[str, Any] | None = None) -> bool:
    """Give an error, escalation or cancellation to the nearest who catches it; False when nobody does."""
    host, given = token, payload or {}
    while True:
        event = _best(((event, event.waits) for event in host.task_spec.boundary), thrown)
        if isinstance(event, BoundaryEvent):
            event.catch(host, given)
            return True
        if host.task_spec.body is not None:
            host = host.parent
            continue
        scope: Any = host.workflow
        begun = host.task_spec in scope.spec.event_subprocesses  # its own events do not catch what it throws
        inside = () if begun else ((node, node.start.waits) for node in scope.spec.event_subprocesses)
        found: Any = _best(inside, thrown)
        if found is not None:
            found.catch(scope, given)
            return True
        if scope is scope.top_workflow:
            return False
        host = scope.top_workflow.get_task_from_id(scope.parent_task_id)


def _best(catchers: Any, thrown: Climbing) -> Node | None:
    """The one that names this code, else one that catches every code."""
    found: dict[bool, Node] = {}
    for node, waits in catchers:
        for each in waits:
            if type(each) is type(thrown):
                exact = getattr(each, "code", None) == getattr(thrown, "code", None)
                if exact or getattr(each, "code", None) is None:
                    found.setdefault(exact, node)
    return found.get(True) or found.get(False)


def fail(token: Token, code: str) -> bool:
    """An error: True when somebody caught it."""
    return climb(token, ErrorTrigger(code))


def listening(process: Any, name: str) -> Iterator[tuple[Token, Awaiting, Trigger]]:
    """Every token of the process that waits for this signal, with the event and the trigger."""
    for token in process.tokens():
        if token._state == WAITING and hasattr(token.task_spec, "awaited"):
            for event, trigger in token.task_spec.awaited(token):
                if isinstance(trigger, SignalTrigger) and trigger.name == name:
                    yield token, event, trigger


def broadcast(token: Token, name: str, payload: Mapping[str, Any]) -> None:
    """A signal: first whoever waits in this instance, in the order in which they came; the others hear it later."""
    process = token.workflow.top_workflow
    for hearer, event, trigger in list(listening(process, name)):
        if hearer._state == WAITING:
            process.act.heard(hearer, name)
            hearer.task_spec.trigger(hearer, event.bpmn_id, payload, trigger)
    process.act.send("signal", name, None, payload)
