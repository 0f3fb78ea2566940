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
from engine.dialect.catching import Awaiting, BoundaryEvent, CatchEvent, EventGateway, StartEvent
from engine.dialect.containers import CallActivity, EventSubProcess, SubProcess
from engine.dialect.definitions import Declared, is_event_subprocess, local
from engine.dialect.gateways import ExclusiveGateway, InclusiveGateway, ParallelGateway
from engine.dialect.nodes import Flow, Node
from engine.dialect.rounds import MultiInstance, Rounds, StandardLoop
from engine.dialect.scopes import ProcessSpec
from engine.dialect.tasks import DecisionTask, PassingTask, ScriptTask, SendTask, ServiceTask, UserTask
from engine.dialect.throwing import EndEvent, ThrowEvent, Throwing
from engine.dialect.triggers import CompensationTrigger, LinkTrigger, Trigger
from engine.drawing import Element, children, split_tag
from engine.vocabulary import BPMN, Extensions, read_extensions


class ElementParser:
    """Makes the spec of one element: `kind(process, kind of spec, node)()`."""

    def __init__(self, process: DrawnProcess, kind: type[Node], node: Element) -> None:
        self.process, self.kind, self.node = process, kind, node
        self.words = read_extensions(node)
        self.declared: Declared = process.parser.declared

    def __call__(self) -> Node:
        """The spec, with the loop around it when one is drawn."""
        if self.words.loop is None and self.words.repeat is None:
            return self._counted(self.make(self.words, None))
        body: Rounds = self._spec(MultiInstance if self.words.loop else StandardLoop, self.words, None)
        body.inner = self.make(self.words, f"{self.node.get('id')} [child]")
        body.inner.body = body
        if isinstance(body, MultiInstance) and body.loop.event:
            body.thrown = self._referred(body.loop.event)
        return self._counted(body)

    def make(self, words: Extensions, spec_name: str | None) -> Node:
        """The element's own spec."""
        made: Node = self._spec(self.kind, words, spec_name)
        reference = self.node.get("messageRef")
        if reference and isinstance(made, CatchEvent):
            made.awaits((self.declared.message(reference, words),), all_of_them=False)
        elif reference and isinstance(made, Throwing):
            made.throws = (self.declared.message(reference, words),)
        return made

    def _spec(self, kind: Any, words: Extensions, spec_name: str | None, **more: Any) -> Any:
        element_id = str(self.node.get("id"))
        return kind(
            self.process.spec, element_id, spec_name=spec_name, name=self.node.get("name"),
            lane=self.process.get_lane_name(element_id) or self.process.lane, extensions=words, **more,
        )

    def _counted(self, made: Node) -> Node:
        made.needs, made.yields = (int(self.node.get(name, "1")) for name in ("startQuantity", "completionQuantity"))
        made.undoes = self.node.get("isForCompensation") == "true" and not is_event_subprocess(self.node)
        return made

    def _referred(self, reference: str) -> Trigger | None:
        root = self.node.getroottree().getroot()
        found = next((node for node in root.iterchildren() if node.get("id") == local(reference)), None)
        return None if found is None else self.declared.trigger(found, self.words)


class ContainerParser(ElementParser):
    """Sub-processes and call activities."""

    def make(self, words: Extensions, spec_name: str | None) -> Node:
        kind: Any = EventSubProcess if is_event_subprocess(self.node) else self.kind
        if kind is CallActivity:
            inner = words.called or str(self.node.get("calledElement"))
        else:
            inner = self.process.open_inner(self.node)
        made: Node = self._spec(kind, words, spec_name, inner=inner)
        if isinstance(made, EventSubProcess):
            made.triggered_by(self._start(words))
        return made

    def _start(self, words: Extensions) -> StartEvent:
        """The trigger of an event sub-process; the same event drawn inside is passed when it has begun."""
        drawn = next(children(self.node, BPMN, "startEvent"))
        made = StartEvent(ProcessSpec("", title="", embedded=True), str(drawn.get("id")))
        made.awaits(self.declared.triggers(drawn, words), all_of_them=drawn.get("parallelMultiple") == "true")
        made.interrupting = drawn.get("isInterrupting", "true") == "true"
        return made


class EventParser(ElementParser):
    """Events: what they wait for, or what they throw."""

    def make(self, words: Extensions, spec_name: str | None) -> Node:
        made = super().make(words, spec_name)
        triggers = self.declared.triggers(self.node, words)
        if isinstance(made, Throwing):
            made.throws = triggers
        elif isinstance(made, Awaiting):
            made.awaits(triggers, all_of_them=self.node.get("parallelMultiple") == "true")
        if isinstance(made, BoundaryEvent):
            made.interrupting = self.node.get("cancelActivity", "true") == "true"
        return made


class DrawnProcess(ProcessParser):  # type: ignore[misc]
    """One process or embedded sub-process."""

    spec: ProcessSpec

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.embedded = split_tag(self.node)[1] != "process"

    def create_spec(self) -> ProcessSpec:
        spec, kind = ProcessSpec(self.bpmn_id, title=self.get_name(), embedded=self.embedded), split_tag(self.node)[1]
        spec.by_event, spec.transaction = is_event_subprocess(self.node), kind == "transaction"
        if kind == "adHocSubProcess":
            spec.one_by_one = self.node.get("ordering") == "Sequential"
            spec.stop_others = self.node.get("cancelRemainingInstances", "true") == "true"
            for condition in children(self.node, BPMN, "completionCondition"):
                spec.enough = expressions.formula(condition.text or "false")
        return spec

    def _parse(self) -> None:
        self.spec = self.create_spec()
        self.add_tasks()

    def add_tasks(self) -> None:
        """Make every element, attach the boundary events, connect the flows, find where it begins."""
        made = {str(node.get("id")): self.parse_node(node) for node in self._flow_nodes()}
        self._attach(made)
        defaults = {node.get("default") for node in self._flow_nodes() if node.get("default")}
        for drawn in children(self.node, BPMN, "sequenceFlow"):
            self._connect(drawn, made, defaults)
        self._link(made)
        events = [node for node in made.values() if isinstance(node, EventSubProcess)]
        self.spec.event_subprocesses = events
        undoing = (node for node in events if any(isinstance(each, CompensationTrigger) for each in node.start.waits))
        self.spec.undoing = next(undoing, None)
        self.spec.watches = any(node.looks for node in made.values())
        self._begin(made)

    def _flow_nodes(self) -> Iterator[Element]:
        return (node for node in self.node.iterchildren() if node.tag in Dialect.OVERRIDE_PARSER_CLASSES)

    def parse_node(self, node: Element) -> Node:
        parser, kind = self.parser._get_parser_class(node.tag)
        made: Node = parser(self, kind, node)()
        return made

    def _attach(self, made: Mapping[str, Node]) -> None:
        handlers = {drawn.get("sourceRef"): made[str(drawn.get("targetRef"))]
                    for drawn in children(self.node, BPMN, "association") if drawn.get("targetRef") in made}
        for node in children(self.node, BPMN, "boundaryEvent"):
            event, host = made[str(node.get("id"))], made[str(node.get("attachedToRef"))]
            assert isinstance(event, BoundaryEvent)
            event.host = host
            host.boundary.append(event)
            if any(isinstance(each, CompensationTrigger) for each in event.waits):
                host.undone_by = handlers.get(event.bpmn_id)

    def _connect(self, drawn: Element, made: Mapping[str, Node], defaults: set[Any]) -> None:
        source, target = made[str(drawn.get("sourceRef"))], made[str(drawn.get("targetRef"))]
        text = None if drawn.get("id") in defaults else self.parse_condition(drawn)
        flow = Flow(str(drawn.get("id")), target, expressions.formula(text) if text and text.strip() else None)
        join(source, flow)
        if drawn.get("id") in defaults:
            source.default = flow.id

    @staticmethod
    def _link(made: Mapping[str, Node]) -> None:
        """A pair of link events is a flow."""
        ends = [(each, node) for node in made.values() if isinstance(node, CatchEvent)
                for each in node.waits if isinstance(each, LinkTrigger)]
        for node in made.values():
            for each in node.throws if isinstance(node, ThrowEvent) else ():
                end = next((end for other, end in ends if isinstance(each, LinkTrigger) and each.pairs(other)), None)
                if end is not None:
                    join(node, Flow(f"{node.bpmn_id} > {end.bpmn_id}", end, None))

    def _begin(self, made: Mapping[str, Node]) -> None:
        """Where the first tokens go, and where a process may be started by what comes from outside."""
        origin, starts = self.spec.start, [node for node in made.values() if isinstance(node, StartEvent)]
        first: list[Node] = [node for node in starts if not node.waits or self.spec.by_event]
        outside = self._instantiating(made)
        if not starts:
            first = [node for node in made.values() if _begins_by_itself(node) and node not in outside]
        for node in first:
            join(origin, Flow(f"{self.bpmn_id}.start.{node.bpmn_id}", node, None))
        for node in (*starts, *outside):
            flow = Flow(f"{self.bpmn_id}.start.{node.bpmn_id}", node, None)
            origin.entries[node.bpmn_id] = flow
            origin.connect(node)

    def _instantiating(self, made: Mapping[str, Node]) -> list[Awaiting]:
        """Receive tasks, and the events behind event-based gateways, that start a process (instantiate)."""
        found: list[Any] = []
        for node in self._flow_nodes():
            if node.get("instantiate") == "true":
                own = made[str(node.get("id"))]
                found += [flow.target for flow in own.flows] if isinstance(own, EventGateway) else [own]
        return found

    def open_inner(self, node: Element) -> str:
        """Parse an embedded sub-process; its spec is found by the element's id."""
        element_id = str(node.get("id"))
        if element_id not in self.parser.process_parsers:
            self.parser.create_parser(node, filename=self.filename, lane=self.get_lane_name(element_id) or self.lane)
        return element_id


def _begins_by_itself(node: Node) -> bool:
    """An element that no flow leads to begins with its scope, unless something else calls it."""
    linked = isinstance(node, CatchEvent) and any(isinstance(each, LinkTrigger) for each in node.waits)
    return not (node.arrivals or node.undoes or linked or isinstance(node, (BoundaryEvent, EventSubProcess)))


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
        full_tag("intermediateThrowEvent"): (EventParser, ThrowEvent),
        full_tag("boundaryEvent"): (EventParser, BoundaryEvent),
        full_tag("eventBasedGateway"): (ElementParser, EventGateway),
        full_tag("task"): (ElementParser, PassingTask),
        full_tag("manualTask"): (ElementParser, PassingTask),
        full_tag("userTask"): (ElementParser, UserTask),
        full_tag("serviceTask"): (ElementParser, ServiceTask),
        full_tag("sendTask"): (ElementParser, SendTask),
        full_tag("receiveTask"): (ElementParser, CatchEvent),
        full_tag("scriptTask"): (ElementParser, ScriptTask),
        full_tag("businessRuleTask"): (ElementParser, DecisionTask),
        full_tag("exclusiveGateway"): (ElementParser, ExclusiveGateway),
        full_tag("parallelGateway"): (ElementParser, ParallelGateway),
        full_tag("inclusiveGateway"): (ElementParser, InclusiveGateway),
        full_tag("subProcess"): (ContainerParser, SubProcess),
        full_tag("adHocSubProcess"): (ContainerParser, SubProcess),
        full_tag("transaction"): (ContainerParser, SubProcess),
        full_tag("callActivity"): (ContainerParser, CallActivity),
    }

    def __init__(self) -> None:
        super().__init__()
        self.declared = Declared()

    def add_bpmn_xml(self, bpmn: Element, filename: str | None = None) -> None:
        self.declared.add(bpmn)
        super().add_bpmn_xml(bpmn, filename)

    def _add_nothing(self, _bpmn: Element) -> None:
        """Drawn for readers only, or read by `Declared`; SpiffWorkflow's own reading would refuse what is legal."""

    _add_data_stores = _add_correlations = _add_messages = _add_signals = _add_nothing
    _add_errors = _add_escalations = _add_collaborations = _add_nothing


__all__ = ["Dialect"]
