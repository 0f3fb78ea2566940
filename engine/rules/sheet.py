"""A drawing laid out for the rules: scopes, elements, flows, and how findings are written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import islice
from typing import Literal

from engine.drawing import Element, children, declarations, line_of
from engine.findings import Finding
from engine.vocabulary import BPMN

EVENTS = frozenset({"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"})
GATEWAYS = frozenset({"exclusiveGateway", "inclusiveGateway", "parallelGateway", "eventBasedGateway"})
CHOOSING = frozenset({"exclusiveGateway", "inclusiveGateway"})
TASKS = frozenset({
    "task", "manualTask", "userTask", "serviceTask", "sendTask", "receiveTask", "scriptTask", "businessRuleTask"})
SUB_PROCESSES = frozenset({"subProcess", "adHocSubProcess", "transaction"})
CONTAINERS = SUB_PROCESSES | {"callActivity"}
ACTIVITIES = TASKS | CONTAINERS
FLOW_NODES = EVENTS | GATEWAYS | ACTIVITIES


@dataclass(frozen=True)
class Surroundings:
    """What a drawing may refer to: steps by process id, decisions of the deployment, forms, other processes."""

    steps: Mapping[str, frozenset[str]] = field(default_factory=dict)
    decisions: frozenset[str] = frozenset()
    form_known: Callable[[str], bool] | None = None
    role_known: Callable[[str], bool] | None = None
    verdicts_of: Callable[[str], frozenset[str] | None] | None = None
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
        """Where tokens can go from an element: along its flows, links and associations, and through attached events."""
        ahead = [flow.get("targetRef", "") for flow in self.outgoing.get(element_id, [])]
        ahead += [event.get("id", "") for event in self.boundary.get(element_id, [])]
        return ahead + self.links.get(element_id, []) + self.handlers.get(element_id, [])

    @cached_property
    def begins(self) -> list[Element]:
        """The elements that begin by themselves: start events, what starts a process, event sub-processes, loose ends.

        An ad-hoc sub-process begins with everything in it that no flow leads to.
        """
        found = [element for element in self.elements if kind(element) == "startEvent" or by_event(element)]
        found += [element for element in self.elements if element.get("instantiate") == "true"]
        if kind(self.node) == "adHocSubProcess":
            found += [element for element in self.elements if not self.incoming.get(element.get("id", ""))
                      and kind(element) != "boundaryEvent" and element.get("isForCompensation") != "true"]
        return found

    @cached_property
    def links(self) -> dict[str, list[str]]:
        """Where a link throw event leads to: the catch events with its name, or that the two name by reference.

        Two are one too many already: a third is not looked for.
        """
        named: dict[str, dict[str, None]] = {}
        for event in self.of("intermediateCatchEvent"):
            for each in links_of(event):
                for key in (*_name(each), f"id {each.get('id')}", *_meant("from", each)):
                    named.setdefault(key, {})[event.get("id", "")] = None
        found: dict[str, list[str]] = {}
        for event in self.of("intermediateThrowEvent"):
            for each in links_of(event):
                keys = (*_name(each), *_meant("id", each), f"from {each.get('id')}")
                ahead = dict.fromkeys(end for key in keys for end in islice(named.get(key, {}), 2))
                found.setdefault(event.get("id", ""), []).extend(list(ahead)[:2])
        return found

    @cached_property
    def handlers(self) -> dict[str, list[str]]:
        """The compensation handler that an attached event is associated with."""
        found: dict[str, list[str]] = {}
        for drawn in children(self.node, BPMN, "association"):
            target = self.by_id.get(drawn.get("targetRef", ""))
            if target is not None and target.get("isForCompensation") == "true":
                found.setdefault(drawn.get("sourceRef", ""), []).append(target.get("id", ""))
        return found

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
        self._drawn = [(kind(element), space, element) for space in self.spaces for element in space.elements]
        self._by_kind: dict[str, list[tuple[Space, Element]]] = {}
        self._declared: dict[str, dict[str, Element]] = {}
        self.space_of = {space.node: space for space in self.spaces}
        for name, space, element in self._drawn:
            self._by_kind.setdefault(name, []).append((space, element))

    @cached_property
    def user_tasks(self) -> frozenset[str]:
        """The ids of all user tasks."""
        return frozenset(task.get("id", "") for _, task in self.elements("userTask"))

    def elements(self, *kinds: str) -> Iterator[tuple[Space, Element]]:
        """Every element of these kinds (all, if none is named), with its scope."""
        if len(kinds) == 1:
            yield from self._by_kind.get(kinds[0], ())
            return
        for name, space, element in self._drawn:
            if not kinds or name in kinds:
                yield space, element

    def declared(self, name: str) -> dict[str, Element]:
        """The root-level declarations of a kind (message, error) by id."""
        if name not in self._declared:
            self._declared[name] = {node.get("id", ""): node for node in children(self.root, BPMN, name)}
        return self._declared[name]

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
    return _local(node.tag) if isinstance(node.tag, str) else ""


@lru_cache(maxsize=1000)
def _local(tag: str) -> str:
    namespace, _, name = tag.rpartition("}")
    return name if namespace == f"{{{BPMN}" else ""


def processes(root: Element) -> list[Element]:
    """The executable processes of a file."""
    return [node for node in children(root, BPMN, "process") if node.get("isExecutable") == "true"]


def _scopes(node: Element) -> Iterator[Element]:
    yield node
    for child in node.iterchildren():
        if kind(child) in SUB_PROCESSES:
            yield from _scopes(child)


def by_event(node: Element) -> bool:
    """Whether this is an event sub-process."""
    return kind(node) == "subProcess" and node.get("triggeredByEvent") == "true"


def definitions(event: Element) -> list[Element]:
    """The event definitions of an event, those at the root of the file that it refers to included."""
    root, found = event.getroottree().getroot(), []
    for child in event.iterchildren():
        if kind(child).endswith("EventDefinition"):
            found.append(child)
        elif kind(child) == "eventDefinitionRef":
            wanted = (child.text or "").strip().rpartition(":")[2]
            found += [node for node in (declarations(root).get(wanted),) if node is not None]
    return found


def triggers(event: Element) -> list[str]:
    """The kinds of an event's definitions, such as "timer" or "message"."""
    return [kind(each).removesuffix("EventDefinition") for each in definitions(event)]


def links_of(event: Element) -> list[Element]:
    """The link definitions of an event."""
    return [each for each in definitions(event) if kind(each) == "linkEventDefinition"]


def _name(link: Element) -> list[str]:
    return [f"name {link.get('name')}"] if link.get("name") else []


def _meant(how: str, link: Element) -> list[str]:
    """The other ends that a link definition names (source, target), as keys."""
    named = children(link, BPMN, "source", "target")
    return [f"{how} {(node.text or '').strip().rpartition(':')[2]}" for node in named]
