"""A drawing laid out for the rules: scopes, elements, flows, and how findings are written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from engine.drawing import Element, children, line_of, split_tag
from engine.findings import Finding
from engine.vocabulary import BPMN

EVENTS = frozenset({"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"})
GATEWAYS = frozenset({"exclusiveGateway", "inclusiveGateway", "parallelGateway", "eventBasedGateway"})
CHOOSING = frozenset({"exclusiveGateway", "inclusiveGateway"})
TASKS = frozenset({"userTask", "serviceTask", "scriptTask", "businessRuleTask"})
CONTAINERS = frozenset({"subProcess", "callActivity"})
ACTIVITIES = TASKS | CONTAINERS
FLOW_NODES = EVENTS | GATEWAYS | ACTIVITIES


@dataclass(frozen=True)
class Surroundings:
    """What a drawing may refer to: steps by process id, decisions of the deployment, forms, other processes."""

    steps: Mapping[str, frozenset[str]] = field(default_factory=dict)
    decisions: frozenset[str] = frozenset()
    form_known: Callable[[str], bool] | None = None
    processes: frozenset[str] = frozenset()
    called: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Text:
    """A sentence of a rule in Chinese and English, and what to draw instead."""

    zh: str
    en: str
    fix_zh: str = ""
    fix_en: str = ""


class Space:
    """One scope - a process or embedded sub-process - with its own elements and flows."""

    def __init__(self, node: Element) -> None:
        self.node = node
        self.elements = [child for child in node.iterchildren() if kind(child) in FLOW_NODES]
        self.flows = list(children(node, BPMN, "sequenceFlow"))
        self.by_id = {child.get("id", ""): child for child in self.elements}
        self.outgoing: dict[str, list[Element]] = {}
        self.incoming: dict[str, list[Element]] = {}
        for flow in self.flows:
            self.outgoing.setdefault(flow.get("sourceRef", ""), []).append(flow)
            self.incoming.setdefault(flow.get("targetRef", ""), []).append(flow)

    def of(self, *kinds: str) -> list[Element]:
        """The elements of these kinds."""
        return [element for element in self.elements if kind(element) in kinds]

    def after(self, element_id: str) -> list[str]:
        """Where tokens can go from an element: along its flows, and through events attached to it."""
        ahead = [flow.get("targetRef", "") for flow in self.outgoing.get(element_id, [])]
        return ahead + [event.get("id", "") for event in self.boundary.get(element_id, [])]

    @cached_property
    def boundary(self) -> dict[str, list[Element]]:
        """Boundary events by the activity they are attached to."""
        found: dict[str, list[Element]] = {}
        for event in self.of("boundaryEvent"):
            found.setdefault(event.get("attachedToRef", ""), []).append(event)
        return found

    @property
    def process_id(self) -> str:
        """The id of the process that the scope lies in."""
        top = self.node
        while kind(top) != "process":
            above = top.getparent()
            if above is None:
                break
            top = above
        return top.get("id", "")


class Sheet:
    """One file and its surroundings."""

    def __init__(self, file: str, root: Element, around: Surroundings) -> None:
        self.file, self.root, self.around = file, root, around
        self.processes = processes(root)
        self.spaces = [Space(node) for process in self.processes for node in _scopes(process)]

    def elements(self, *kinds: str) -> Iterator[tuple[Space, Element]]:
        """Every element of these kinds (all, if none is named), with its scope."""
        for space in self.spaces:
            for element in space.elements:
                if not kinds or kind(element) in kinds:
                    yield space, element

    def declared(self, name: str) -> dict[str, Element]:
        """The root-level declarations of a kind (message, error) by id."""
        return {node.get("id", ""): node for node in children(self.root, BPMN, name)}

    def found(
        self,
        rule: str,
        node: Element,
        text: Text,
        *,
        severity: Literal["error", "warning"] = "error",
        line: int = 0,
        column: int = 0,
    ) -> Finding:
        """A finding at an element (or at the element that a part belongs to)."""
        owner = node
        while (owner.get("id") is None or kind(owner).endswith("EventDefinition")) and owner.getparent() is not None:
            owner = owner.getparent()  # type: ignore[assignment]
        return Finding(
            rule,
            text.zh,
            text.en,
            text.fix_zh,
            text.fix_en,
            element=owner.get("id", ""),
            name=owner.get("name", ""),
            line=line or line_of(node),
            column=column,
            file=self.file,
            severity=severity,
        )


def kind(node: Element) -> str:
    """The local name of a BPMN element; "" for anything else."""
    namespace, name = split_tag(node)
    return name if namespace == BPMN else ""


def processes(root: Element) -> list[Element]:
    """The executable processes of a file."""
    return [node for node in children(root, BPMN, "process") if node.get("isExecutable") == "true"]


def _scopes(node: Element) -> Iterator[Element]:
    yield node
    for child in children(node, BPMN, "subProcess"):
        yield from _scopes(child)
