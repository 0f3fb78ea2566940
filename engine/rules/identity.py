"""Names that stand for something: ids are unique in the file, references lead to elements of the right kind.

BPMN 2.0.2: ids are unique within a file (BaseElement, 8.3); what a reference may name, the attribute tables of 8 to 10.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.drawing import Element
from engine.findings import Finding
from engine.rules.sheet import Sheet, kind
from engine.rules.whole import ACTIVITIES, EVENTS, GATEWAYS, error, text_of, warning, whole
from engine.vocabulary import BPMN, read_extensions

MOST_ID, MOST_NAME, MOST_WORD = 120, 200, 60
ITEM = {"itemDefinition"}
HARMLESS: dict[tuple[str, str], set[str]] = {
    ("participant", "processRef"): {"process"},
    ("messageFlow", "messageRef"): {"message"},
    ("message", "itemRef"): ITEM,
    ("error", "structureRef"): ITEM,
    ("signal", "structureRef"): ITEM,
    ("escalation", "structureRef"): ITEM,
    ("operation", "inMessageRef"): {"message"},
    ("operation", "outMessageRef"): {"message"},
    ("operation", "errorRef"): {"error"},
    ("sendTask", "operationRef"): {"operation"},
    ("receiveTask", "operationRef"): {"operation"},
    ("serviceTask", "operationRef"): {"operation"},
    ("messageEventDefinition", "operationRef"): {"operation"},
    ("correlationKey", "correlationPropertyRef"): {"correlationProperty"},
    ("correlationPropertyRetrievalExpression", "messageRef"): {"message"},
    ("dataObjectReference", "dataObjectRef"): {"dataObject"},
    ("dataStoreReference", "dataStoreRef"): {"dataStore"},
    ("dataObject", "itemSubjectRef"): ITEM,
    ("dataInput", "itemSubjectRef"): ITEM,
    ("dataOutput", "itemSubjectRef"): ITEM,
    ("property", "itemSubjectRef"): ITEM,
    ("group", "categoryValueRef"): {"categoryValue"},
    ("lane", "flowNodeRef"): {*ACTIVITIES, *EVENTS, *GATEWAYS},
}
"""(element, attribute or child) -> what it may name; the engine does not act on these."""
ACTED_ON: dict[tuple[str, str], set[str]] = {
    ("compensateEventDefinition", "activityRef"): set(ACTIVITIES),
    **{(event, "eventDefinitionRef"): {"*EventDefinition"} for event in EVENTS},
}
"""The same for references that decide what happens."""


def unique_ids(sheet: Sheet) -> Iterator[Finding]:
    """No id is used twice in a file, also outside the processes (BaseElement, 8.3)."""
    drawn = {id(node) for space in sheet.spaces for node in (space.node, *space.elements, *space.flows)}
    seen: dict[str, Element] = {}
    for node in sheet.root.iter(f"{{{BPMN}}}*"):
        name = node.get("id")
        if not name:
            continue
        if name in seen and not (id(node) in drawn and id(seen[name]) in drawn):
            yield error(sheet, "id", node, f"id “{name}”在文件里用了两次", f"id {name!r} is used twice in the file",
                        "给每个元素一个自己的 id", "give every element an id of its own")
        seen.setdefault(name, node)


def references(sheet: Sheet) -> Iterator[Finding]:
    """A reference names an element of the kind that belongs there (the attribute tables of 8 to 10)."""
    index = whole(sheet)
    for table, tell in ((ACTED_ON, error), (HARMLESS, warning)):
        for (owner, name), allowed in table.items():
            for node in index.of(owner) if table is ACTED_ON else index.everywhere(owner):
                for reference in _said(node, name):
                    found = index.kind_of(reference)
                    if not _fits(found, allowed) and (found or ":" not in reference):
                        yield tell(sheet, "reference", node, *_wrong(name, reference, found))


def _said(node: Element, name: str) -> list[str]:
    texts = [text_of(child) for child in node if kind(child) == name]
    return [text for text in (node.get(name, ""), *texts) if text]


def _fits(found: str, allowed: set[str]) -> bool:
    return found in allowed or ("*EventDefinition" in allowed and found.endswith("EventDefinition"))


def _wrong(name: str, reference: str, found: str) -> tuple[str, str, str, str]:
    zh = f"{name} 指向“{reference}”，" + (f"它是 {found}" if found else "文件里没有它")
    en = f"{name} names {reference!r}, which is " + (f"a {found}" if found else "not in the file")
    return zh, en, "重新选择被引用的元素", "choose the element that is meant"


def too_long(sheet: Sheet) -> Iterator[Finding]:
    """What is kept in columns of the database fits into them."""
    for node, most, text in _kept(sheet):
        if len(text) > most:
            yield error(sheet, "too-long", node, f"“{text[:20]}……”超过 {most} 字",
                        f"{text[:20]!r}... has more than {most} characters",
                        f"缩短到 {most} 字以内", f"shorten it to {most} characters")


def _kept(sheet: Sheet) -> Iterator[tuple[Element, int, str]]:
    """(element, width, text) for every text of a drawing that an instance's rows keep."""
    for node in [node for space in sheet.spaces for node in (space.node, *space.elements)]:
        yield node, MOST_ID, node.get("id", "")
        yield node, MOST_NAME, node.get("name", "")
        words = read_extensions(node)
        for name in ("licet:stage", "licet:outcome", "licet:escalateTo"):
            yield node, MOST_WORD, words.properties.get(name, "")
    for declared in ("message", "signal"):
        yield from ((node, MOST_ID, node.get("name", "")) for node in sheet.declared(declared).values())
    yield from ((node, MOST_WORD, node.get("errorCode", "")) for node in sheet.declared("error").values())
    for lane in whole(sheet).of("lane"):
        yield lane, MOST_ID, lane.get("name", "")


RULES = (unique_ids, references, too_long)
