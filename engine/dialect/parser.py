"""Teaches SpiffWorkflow's parser our vocabulary: its class tables are overridden, every expression becomes FEEL.

The stock node parser follows the flows recursively (1,000 nodes in a row end it) and knows no Zeebe words; ours makes
each element once and then connects the flows. What may be drawn at all has been decided by the lint before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
from SpiffWorkflow.bpmn.parser.ProcessParser import ProcessParser
from SpiffWorkflow.bpmn.parser.util import full_tag

from engine import expressions
from engine.dialect.catching import (
    BoundaryEvent,
    CatchEvent,
    EndEvent,
    ErrorWait,
    EventGateway,
    MessageWait,
    PassingEvent,
    StartEvent,
    TimerWait,
)
from engine.dialect.gateways import ExclusiveGateway, InclusiveGateway, ParallelGateway
from engine.dialect.nodes import Flow, Node
from engine.dialect.scopes import CallActivity, MultiInstance, ProcessSpec, SubProcess
from engine.dialect.tasks import DecisionTask, ScriptTask, ServiceTask, UserTask
from engine.drawing import Element, children, line_of, split_tag
from engine.findings import Finding
from engine.vocabulary import BPMN, Extensions, correlation_key, read_extensions
from ledger.errors import BadDiagram

TIMERS = ("timeDate", "timeDuration", "timeCycle")


class ElementParser:
    """Makes the spec of one element: `kind(process, kind of spec, node)()`."""

    def __init__(self, process: DrawnProcess, kind: type[Node], node: Element) -> None:
        self.process, self.kind, self.node = process, kind, node
        self.words = read_extensions(node)

    def __call__(self) -> Node:
        """The spec, with its multi-instance body around it when one is drawn."""
        if self.words.loop is None:
            return self.make(self.words, None)
        body: MultiInstance = self._spec(MultiInstance, self.words, None)
        body.inner = self.make(self.words, f"{self.node.get('id')} [child]")
        body.inner.body = body
        return body

    def make(self, words: Extensions, spec_name: str | None) -> Node:
        """The element's own spec."""
        made: Node = self._spec(self.kind, words, spec_name)
        return made

    def _spec(self, kind: Any, words: Extensions, spec_name: str | None, **more: Any) -> Any:
        element_id = str(self.node.get("id"))
        return kind(
            self.process.spec, element_id, spec_name=spec_name, name=self.node.get("name"),
            lane=self.process.get_lane_name(element_id) or self.process.lane, extensions=words, **more,
        )


class ContainerParser(ElementParser):
    """Sub-processes and call activities."""

    def make(self, words: Extensions, spec_name: str | None) -> Node:
        if self.kind is CallActivity:
            inner = words.called or str(self.node.get("calledElement"))
        else:
            inner = self.process.open_inner(self.node)
        made: Node = self._spec(self.kind, words, spec_name, inner=inner)
        return made


class EventParser(ElementParser):
    """Events: what they wait for, or how they end."""

    def make(self, words: Extensions, spec_name: str | None) -> Node:
        made = super().make(words, spec_name)
        if isinstance(made, EndEvent):
            self._ending(made)
        elif isinstance(made, CatchEvent):
            made.waits = self._waits()
        if isinstance(made, BoundaryEvent):
            made.interrupting = self.node.get("cancelActivity", "true") == "true"
        return made

    def _ending(self, end: EndEvent) -> None:
        for drawn in children(self.node, BPMN, "errorEventDefinition"):
            end.error = self.process.parser.errors[drawn.get("errorRef")]["error_code"]
        end.terminates = any(True for _ in children(self.node, BPMN, "terminateEventDefinition"))

    def _waits(self) -> TimerWait | MessageWait | ErrorWait:
        for drawn in children(self.node, BPMN, "timerEventDefinition"):
            for when in children(drawn, BPMN, *TIMERS):
                kind, text = split_tag(when)[1], when.text or ""
                return TimerWait(kind, text, expressions.moment(kind, text))
        for drawn in children(self.node, BPMN, "messageEventDefinition"):
            awaited: MessageWait = self.process.parser.message(drawn.get("messageRef"))
            return awaited
        for drawn in children(self.node, BPMN, "errorEventDefinition"):
            reference = drawn.get("errorRef")
            return ErrorWait(self.process.parser.errors[reference]["error_code"] if reference else None)
        raise BadDiagram([Finding("event", "不支持这种事件", "this event is not supported",
                                  element=self.node.get("id", ""), line=line_of(self.node))])


class DrawnProcess(ProcessParser):  # type: ignore[misc]
    """One process or embedded sub-process."""

    spec: ProcessSpec

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.embedded = split_tag(self.node)[1] != "process"

    def create_spec(self) -> ProcessSpec:
        return ProcessSpec(self.bpmn_id, title=self.get_name(), embedded=self.embedded)

    def _parse(self) -> None:
        self.spec = self.create_spec()
        self.add_tasks()

    def add_tasks(self) -> None:
        """Make every element, attach the boundary events, connect the flows."""
        made = {str(node.get("id")): self.parse_node(node) for node in self._flow_nodes()}
        for node in children(self.node, BPMN, "boundaryEvent"):
            event, host = made[str(node.get("id"))], made[str(node.get("attachedToRef"))]
            assert isinstance(event, BoundaryEvent)
            event.host = host
            host.boundary.append(event)
        defaults = {node.get("default") for node in self._flow_nodes() if node.get("default")}
        for drawn in children(self.node, BPMN, "sequenceFlow"):
            self._connect(drawn, made, defaults)
        start = next(node for node in made.values() if isinstance(node, StartEvent))
        join(self.spec.start, Flow(f"{self.bpmn_id}.start", start, None))

    def _flow_nodes(self) -> Iterator[Element]:
        return (node for node in self.node.iterchildren() if node.tag in Dialect.OVERRIDE_PARSER_CLASSES)

    def parse_node(self, node: Element) -> Node:
        parser, kind = self.parser._get_parser_class(node.tag)
        made: Node = parser(self, kind, node)()
        return made

    def _connect(self, drawn: Element, made: Mapping[str, Node], defaults: set[Any]) -> None:
        source, target = made[str(drawn.get("sourceRef"))], made[str(drawn.get("targetRef"))]
        text = None if drawn.get("id") in defaults else self.parse_condition(drawn)
        flow = Flow(str(drawn.get("id")), target, expressions.formula(text) if text and text.strip() else None)
        join(source, flow)
        if drawn.get("id") in defaults:
            source.default = flow.id

    def open_inner(self, node: Element) -> str:
        """Parse an embedded sub-process; its spec is found by the element's id."""
        element_id = str(node.get("id"))
        if element_id not in self.parser.process_parsers:
            self.parser.create_parser(node, filename=self.filename, lane=self.get_lane_name(element_id) or self.lane)
        return element_id


def join(source: Node, flow: Flow) -> None:
    """Connect two specs, in our terms and in SpiffWorkflow's."""
    source.flows.append(flow)
    flow.target.arrivals.append(flow.id)
    source.connect(flow.target)


class Dialect(BpmnParser):  # type: ignore[misc]
    """BPMN 2.0 with Zeebe's extension vocabulary, executed with FEEL."""

    PROCESS_PARSER_CLASS = DrawnProcess
    OVERRIDE_PARSER_CLASSES = {  # noqa: RUF012
        full_tag("startEvent"): (EventParser, StartEvent),
        full_tag("endEvent"): (EventParser, EndEvent),
        full_tag("intermediateCatchEvent"): (EventParser, CatchEvent),
        full_tag("intermediateThrowEvent"): (EventParser, PassingEvent),
        full_tag("boundaryEvent"): (EventParser, BoundaryEvent),
        full_tag("eventBasedGateway"): (ElementParser, EventGateway),
        full_tag("userTask"): (ElementParser, UserTask),
        full_tag("serviceTask"): (ElementParser, ServiceTask),
        full_tag("scriptTask"): (ElementParser, ScriptTask),
        full_tag("businessRuleTask"): (ElementParser, DecisionTask),
        full_tag("exclusiveGateway"): (ElementParser, ExclusiveGateway),
        full_tag("parallelGateway"): (ElementParser, ParallelGateway),
        full_tag("inclusiveGateway"): (ElementParser, InclusiveGateway),
        full_tag("subProcess"): (ContainerParser, SubProcess),
        full_tag("callActivity"): (ContainerParser, CallActivity),
    }

    def __init__(self) -> None:
        super().__init__()
        self.keys: dict[str, str | None] = {}

    def _add_messages(self, bpmn: Element) -> None:
        super()._add_messages(bpmn)
        for node in bpmn.iter(f"{{{BPMN}}}message"):
            self.keys[str(node.get("id"))] = correlation_key(node)

    def _add_data_stores(self, bpmn: Element) -> None:
        """Data stores are drawn for readers only."""

    def message(self, reference: str) -> MessageWait:
        """What a message event with this messageRef waits for."""
        key = self.keys.get(reference)
        return MessageWait(self.messages[reference], expressions.value(key) if key else None)
