"""Drawings and decision tables as records, and back. What nobody understands is kept as it was written."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping

from lxml import etree

from engine import drawing
from engine.drawing import Element
from engine.vocabulary import XSI
from workflows.studio.outline import cells
from workflows.studio.outline.records import ROOT, Outline, Record

DRAWN_FOR = ("bpmnElement", "dmnElementRef")
LISTED = frozenset({"incoming", "outgoing", "flowNodeRef", "dataInputRefs", "dataOutputRefs", "categoryValueRef"})
NAMED = ("name", "key", "target")
"""What tells nested parts without ids apart: a property's name, a header's key, a mapping's target."""
LAYOUTS = frozenset({
    "http://www.omg.org/spec/BPMN/20100524/DI", "http://www.omg.org/spec/DD/20100524/DC",
    "http://www.omg.org/spec/DD/20100524/DI", "http://www.omg.org/spec/DMN/20180521/DI/",
    "http://www.omg.org/spec/DMN/20180521/DC/", "https://www.omg.org/spec/DMN/20191111/DMNDI/",
    "https://www.omg.org/spec/DMN/20230324/DMNDI/", "http://bpmn.io/schema/dmn/biodi/2.0",
    "http://bpmn.io/schema/dmn/biodi/1.0",
})  # fmt: skip
TYPE = f"@{{{XSI}}}type"
COMMENT, INSTRUCTION = "!--", "?"


def read(body: bytes, name: str) -> Outline:
    """The parts of an XML file. Raises BadDiagram for what is not plain XML."""
    root = drawing.read(body, name, whole=True)
    reader = _Reader(root)
    reader.take(root, "", ROOT)
    _lanes(reader.records)
    prefixes = {address: prefix or ""
                for _, (prefix, address) in reversed(list(etree.iterwalk(root, ("start-ns",))))}
    above = "".join(etree.tostring(one, encoding="utf-8", with_tail=False).decode() + "\n"
                    for one in reversed(list(root.itersiblings(preceding=True))))
    return Outline(reader.records, prefixes, above)


def _lanes(records: dict[str, Record]) -> None:
    """In which lanes an element lies is said of the element too: it can be in one place only."""
    for record in records.values():
        if record.kind != "flowNodeRef":
            continue
        held = records.get(f"#{record.fields.get('text', '').strip()}")
        if held is not None:
            lane = next((one.id for one in Outline(records).above(record.parent) if one.id), "")
            held.fields["lane"] = " ".join(filter(None, (held.fields.get("lane", ""), lane)))


class _Reader:
    """One walk over a tree, parents before what they hold."""

    def __init__(self, root: Element) -> None:
        ids = Counter(node.get("id") for node in root.iter(etree.Element))
        drawn = Counter(_drawn_for(node) for node in root.iter(etree.Element))
        self.once = {each for each, times in (ids | drawn).items() if each and times == 1}
        self.records: dict[str, Record] = {}

    def take(self, node: Element, parent: str, key: str) -> None:
        """Keep one element and go on with its children."""
        record = self.records[key] = Record(key, _fields(node, parent), layout=_layout(node))
        if parent:
            self.records[parent].children.append(key)
        record.of = self._belongs(node, parent, key)
        if "xml" in record.fields:
            return
        count: Counter[str] = Counter()
        columns = cells.columns(node)
        for child in node:
            if _tag(child) != WAYPOINT:
                self.take(child, key, self._key(child, key, count, columns))

    def _belongs(self, node: Element, parent: str, key: str) -> str:
        if drawn := _drawn_for(node):
            return f"#{drawn.partition(' ')[2]}"
        if column := cells.column_of(key):
            return f"#{column}"
        return self.records[parent].of if parent and self.records[parent].layout else ""

    def _key(self, child: Element, parent: str, count: Counter[str], columns: Mapping[str, list[str]]) -> str:
        tag = _tag(child)
        if tag in columns and count[tag] < len(columns[tag]):
            count[tag] += 1
            return f"{parent}/{cells.CELL}{columns[tag][count[tag] - 1]}"
        if (drawn := _drawn_for(child)) and drawn in self.once:
            return f"di:{drawn}"
        if (name := child.get("id")) and name in self.once and not isinstance(child, etree._Comment):
            return f"#{name}"
        mark = _mark(child, tag)
        count[mark] += 1
        return f"{parent}/{mark}" + (f":{count[mark]}" if count[mark] > 1 else "")


WAYPOINT = "{http://www.omg.org/spec/DD/20100524/DI}waypoint"


def _tag(node: Element) -> str:
    if isinstance(node, etree._Comment):
        return COMMENT
    if isinstance(node, etree._ProcessingInstruction):
        return INSTRUCTION
    return str(node.tag)


def _mark(node: Element, tag: str) -> str:
    """What tells a part without an id from its neighbours."""
    local = tag.rpartition("}")[2]
    if tag in (COMMENT, INSTRUCTION) or local in LISTED:
        return f"{tag}={(node.text or '').strip()}"
    named = next((f"[{name}={node.get(name)}]" for name in NAMED if node.get(name)), "")
    return f"{tag}{named}"


def _drawn_for(node: Element) -> str:
    """"BPMNShape A1" for the shape of A1; empty for everything that is not drawn for an element."""
    for name in DRAWN_FOR:
        if found := node.get(name):
            return f"{str(node.tag).rpartition('}')[2]} {found}"
    return ""


def _layout(node: Element) -> bool:
    return isinstance(node.tag, str) and etree.QName(node).namespace in LAYOUTS


def _fields(node: Element, parent: str) -> dict[str, str]:
    tag = _tag(node)
    found = {"tag": tag} | ({"parent": parent} if parent else {})
    if tag in (COMMENT, INSTRUCTION):
        return found | {"xml": etree.tostring(node, encoding="utf-8", with_tail=False).decode()}
    for name, value in node.attrib.items():
        found[f"@{str(name)}"] = _resolved(node, str(value)) if f"@{str(name)}" == TYPE else str(value)
    if _mixed(node):
        return found | {"xml": _piece(node)}
    if len(node) == 0 and node.text and node.text.strip():
        found["text"] = node.text
    if points := node.findall(WAYPOINT):
        found["points"] = json.dumps([_point(one) for one in points])
    return found


def _piece(node: Element) -> str:
    """An element as it is written, without the prefixes of others; with them where its namespaces are no addresses."""
    try:
        return etree.tostring(node, method="c14n", exclusive=True, with_tail=False).decode()
    except etree.C14NError:
        return etree.tostring(node, encoding="utf-8", with_tail=False).decode()


def _point(node: Element) -> dict[str, str]:
    said = {str(name): str(value) for name, value in node.attrib.items()}
    return {name: _resolved(node, value) if f"@{name}" == TYPE else value for name, value in said.items()}


def _mixed(node: Element) -> bool:
    """Words between elements, as XHTML in a documentation: kept as one piece."""
    return len(node) > 0 and any(words and words.strip() for words in (node.text, *(child.tail for child in node)))


def _resolved(node: Element, value: str) -> str:
    """"bpmn:tFormalExpression" with the prefix's address, so that two files with other prefixes say the same."""
    prefix, colon, local = value.rpartition(":")
    address = node.nsmap.get(prefix or None)
    return f"{{{address}}}{local}" if address and (colon or address) else value
