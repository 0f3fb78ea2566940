"""Reads event definitions: drawn inside an event, or at the root of the file and referred to (eventDefinitionRef)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from engine import expressions
from engine.dialect.triggers import (
    CancelTrigger,
    CompensationTrigger,
    ConditionTrigger,
    ErrorTrigger,
    EscalationTrigger,
    LinkTrigger,
    MessageTrigger,
    SignalTrigger,
    TerminateTrigger,
    TimerTrigger,
    Trigger,
)
from engine.drawing import Element, children, declarations, line_of, split_tag
from engine.findings import Finding
from engine.vocabulary import BPMN, Extensions, correlation_key
from ledger.errors import BadDiagram

TIMERS = ("timeDate", "timeDuration", "timeCycle")


def drawn_in(event: Element) -> list[Element]:
    """The event definitions of an event, those referred to included, in drawing order."""
    return list(_definitions(event))


def _definitions(event: Element) -> Iterator[Element]:
    root = event.getroottree().getroot()
    for child in event.iterchildren():
        namespace, name = split_tag(child)
        if namespace != BPMN:
            continue
        if name.endswith("EventDefinition"):
            yield child
        elif name == "eventDefinitionRef":
            found = declarations(root).get(local(child.text))
            yield from () if found is None else (found,)


def local(reference: str | None) -> str:
    """A reference without its namespace prefix."""
    return (reference or "").strip().rpartition(":")[2]


class Declared:
    """The messages, signals, errors and escalations of a deployment's files, by id."""

    def __init__(self) -> None:
        self.messages: dict[str, MessageTrigger] = {}
        self.signals: dict[str, SignalTrigger] = {}
        self.errors: dict[str, ErrorTrigger] = {}
        self.escalations: dict[str, EscalationTrigger] = {}

    def add(self, root: Element) -> None:
        """Note what a file declares."""
        for node in children(root, BPMN, "message"):
            key = correlation_key(node)
            self.messages[_id(node)] = MessageTrigger(_name(node), expressions.value(key) if key else None)
        self.signals |= {_id(node): SignalTrigger(_name(node)) for node in children(root, BPMN, "signal")}
        self.errors |= {_id(node): ErrorTrigger(node.get("errorCode") or _name(node))
                        for node in children(root, BPMN, "error")}
        self.escalations |= {_id(node): EscalationTrigger(node.get("escalationCode") or _name(node))
                             for node in children(root, BPMN, "escalation")}

    def triggers(self, event: Element, words: Extensions) -> tuple[Trigger, ...]:
        """What an event waits for or throws."""
        return tuple(self.trigger(drawn, words) for drawn in drawn_in(event))

    def trigger(self, drawn: Element, words: Extensions) -> Trigger:
        """One event definition. Raises BadDiagram for one that the lint should have refused."""
        read = self.READERS.get(split_tag(drawn)[1])
        if read is None:
            raise BadDiagram([Finding("event", "不支持这种事件", "this event is not supported",
                                      element=drawn.get("id", ""), line=line_of(drawn))])
        return read(self, drawn, words)

    def message(self, reference: str, words: Extensions) -> MessageTrigger:
        """The message with this id; a thrower may give a correlation key of its own."""
        found = self.messages[local(reference)]
        return MessageTrigger(found.name, expressions.value(words.publish_key)) if words.publish_key else found

    def _message(self, drawn: Element, words: Extensions) -> Trigger:
        return self.message(drawn.get("messageRef", ""), words)

    def _signal(self, drawn: Element, _words: Extensions) -> Trigger:
        return self.signals[local(drawn.get("signalRef"))]

    def _error(self, drawn: Element, _words: Extensions) -> Trigger:
        reference = local(drawn.get("errorRef"))
        return self.errors[reference] if reference else ErrorTrigger(None)

    def _escalation(self, drawn: Element, _words: Extensions) -> Trigger:
        reference = local(drawn.get("escalationRef"))
        return self.escalations[reference] if reference else EscalationTrigger(None)

    def _timer(self, drawn: Element, _words: Extensions) -> Trigger:
        when = next(children(drawn, BPMN, *TIMERS))
        kind, text = split_tag(when)[1], when.text or ""
        return TimerTrigger(kind, text, expressions.moment(kind, text))

    def _conditional(self, drawn: Element, _words: Extensions) -> Trigger:
        text = next(children(drawn, BPMN, "condition")).text or ""
        return ConditionTrigger(text, expressions.formula(text))

    def _compensate(self, drawn: Element, _words: Extensions) -> Trigger:
        return CompensationTrigger(local(drawn.get("activityRef")) or None, drawn.get("waitForCompletion") != "false")

    def _link(self, drawn: Element, _words: Extensions) -> Trigger:
        others = tuple(local(node.text) for node in children(drawn, BPMN, "source", "target"))
        return LinkTrigger(drawn.get("name", ""), drawn.get("id", ""), others)

    def _cancel(self, _drawn: Element, _words: Extensions) -> Trigger:
        return CancelTrigger()

    def _terminate(self, _drawn: Element, _words: Extensions) -> Trigger:
        return TerminateTrigger()

    READERS: ClassVar[dict[str, Callable[[Declared, Element, Extensions], Trigger]]] = {
        "messageEventDefinition": _message,
        "signalEventDefinition": _signal,
        "errorEventDefinition": _error,
        "escalationEventDefinition": _escalation,
        "timerEventDefinition": _timer,
        "conditionalEventDefinition": _conditional,
        "compensateEventDefinition": _compensate,
        "linkEventDefinition": _link,
        "cancelEventDefinition": _cancel,
        "terminateEventDefinition": _terminate,
    }


def _id(node: Element) -> str:
    return str(node.get("id"))


def _name(node: Element) -> str:
    return node.get("name") or _id(node)


def is_event_subprocess(node: Any) -> bool:
    """Whether a sub-process is started by an event in the scope around it."""
    return bool(node.get("triggeredByEvent") == "true")
