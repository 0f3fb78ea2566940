"""A file as a whole: every BPMN element by id and by kind, also what lies outside the executable processes."""

from __future__ import annotations

from collections.abc import Iterator
from weakref import WeakKeyDictionary

from engine.drawing import Element, children
from engine.findings import Finding
from engine.rules.sheet import Sheet, Text, kind
from engine.vocabulary import BPMN, ZEEBE

EVENTS = ("startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent")
GATEWAYS = ("exclusiveGateway", "inclusiveGateway", "parallelGateway", "complexGateway", "eventBasedGateway")
TASKS = (
    "task", "userTask", "manualTask", "serviceTask", "scriptTask", "businessRuleTask", "sendTask", "receiveTask",
)  # fmt: skip
CONTAINERS = ("subProcess", "transaction", "adHocSubProcess")
ACTIVITIES = (*TASKS, *CONTAINERS, "callActivity")
NODES = (*EVENTS, *GATEWAYS, *ACTIVITIES)
LEVELS = ("process", *CONTAINERS)


class Whole:
    """The elements of one file, indexed once for all rules."""

    def __init__(self, sheet: Sheet) -> None:
        self.by_id: dict[str, Element] = {}
        self._inside: dict[str, list[Element]] = {}
        self._all: dict[str, list[Element]] = {}
        running = {process.get("id") for process in sheet.processes}
        self._walk(sheet.root, running, False)
        flows = self._inside.get("sequenceFlow", [])
        self.into: dict[str, list[Element]] = {}
        self.out: dict[str, list[Element]] = {}
        for flow in flows:
            self.into.setdefault(flow.get("targetRef", ""), []).append(flow)
            self.out.setdefault(flow.get("sourceRef", ""), []).append(flow)

    def _walk(self, root: Element, running: set[str | None], within: bool) -> None:
        todo = [(root, within)]
        while todo:
            node, within = todo.pop()
            name = kind(node)
            if name == "process":
                within = node.get("id") in running
            if name:
                self._all.setdefault(name, []).append(node)
                if within:
                    self._inside.setdefault(name, []).append(node)
                self.by_id.setdefault(node.get("id", ""), node)
            todo.extend((child, within) for child in reversed(node))

    def of(self, *kinds: str) -> Iterator[Element]:
        """The elements of these kinds in executable processes, each kind in the order of the file."""
        for name in kinds:
            yield from self._inside.get(name, ())

    def everywhere(self, *kinds: str) -> Iterator[Element]:
        """The elements of these kinds, wherever they are."""
        for name in kinds:
            yield from self._all.get(name, ())

    def named(self, reference: str | None) -> Element | None:
        """The element that a reference (an id, perhaps with a prefix) names."""
        text = (reference or "").strip()
        return self.by_id.get(text, self.by_id.get(text.rpartition(":")[2])) if text else None

    def kind_of(self, reference: str | None) -> str:
        """The kind of the element that a reference names; "" when there is none."""
        found = self.named(reference)
        return "" if found is None else kind(found)

    def definitions(self, event: Element) -> list[Element]:
        """The triggers of an event: those drawn in it and those it refers to."""
        drawn = [child for child in event if kind(child).endswith("EventDefinition")]
        refs = [self.named(text_of(child)) for child in children(event, BPMN, "eventDefinitionRef")]
        named = [found for found in refs if found is not None and kind(found).endswith("EventDefinition")]
        return list(dict.fromkeys(drawn + named))

    def triggers(self, event: Element) -> list[str]:
        """The kinds of an event's triggers, short: message, timer, error …"""
        return [kind(found).removesuffix("EventDefinition") for found in self.definitions(event)]


_known: WeakKeyDictionary[Sheet, Whole] = WeakKeyDictionary()


def whole(sheet: Sheet) -> Whole:
    """The index of a sheet, made at the first question."""
    found = _known.get(sheet)
    if found is None:
        found = _known[sheet] = Whole(sheet)
    return found


def text_of(node: Element) -> str:
    """The text of a reference element."""
    return (node.text or "").strip()


def level_of(node: Element) -> Element | None:
    """The process or sub-process that directly holds a node."""
    above = node.getparent()
    while above is not None and kind(above) not in LEVELS:
        above = above.getparent()
    return above


def process_of(node: Element) -> Element | None:
    """The process that a node lies in; the node itself when it is one."""
    above: Element | None = node
    while above is not None and kind(above) != "process":
        above = above.getparent()
    return above


def says(node: Element, *words: str) -> bool:
    """Whether an element carries one of these Zeebe words."""
    holder = next(children(node, BPMN, "extensionElements"), None)
    return holder is not None and any(True for _ in children(holder, ZEEBE, *words))


def error(sheet: Sheet, rule: str, node: Element, zh: str, en: str, fix_zh: str, fix_en: str) -> Finding:
    """An error at an element; the remedy is never left out."""
    return sheet.found(rule, node, Text(zh, en, fix_zh, fix_en))


def warning(sheet: Sheet, rule: str, node: Element, zh: str, en: str, fix_zh: str, fix_en: str) -> Finding:
    """What the engine does not mind, but the standard or a reader does."""
    return sheet.found(rule, node, Text(zh, en, fix_zh, fix_en), severity="warning")
