"""Records as an XML file again."""

from __future__ import annotations

import json
import re

from lxml import etree

from engine.drawing import MAX_BYTES, Element
from workflows.studio.outline.records import ROOT, Outline, Record
from workflows.studio.outline.xml import COMMENT, INSTRUCTION, TYPE, WAYPOINT

CLARK = re.compile(r"\{([^{}]*)\}(.*)", re.DOTALL)
UNWRITTEN = frozenset({"tag", "parent", "lane", "text", "xml", "points"})


def write(outline: Outline) -> bytes:
    """The file in UTF-8, indented; every namespace is declared at its root."""
    prefixes = _distinct(outline.prefixes)
    spaces = {prefix or None: address for address, prefix in prefixes.items()}
    root = etree.Element(outline.records[ROOT].fields["tag"], nsmap=spaces)  # type: ignore[arg-type]
    _fill(root, outline.records[ROOT], outline, prefixes, 0)
    body = outline.before.encode() + etree.tostring(root, encoding="utf-8")
    if len(body) > MAX_BYTES - 100:  # what came without line breaks goes without them where they are too many
        body = re.sub(rb">\n\s*<", b"><", body)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + body + b"\n"


def _distinct(prefixes: dict[str, str]) -> dict[str, str]:
    """One prefix for each address: where two files use the same for different ones, the later gets a number."""
    found: dict[str, str] = {}
    for address, prefix in prefixes.items():
        wanted, number = prefix, 2
        while wanted in found.values():
            wanted, number = f"{prefix or 'ns'}{number}", number + 1
        found[address] = wanted
    return found


def _fill(node: Element, record: Record, outline: Outline, prefixes: dict[str, str], depth: int) -> None:
    for name, value in record.fields.items():
        if name == TYPE:
            node.set(name[1:], _prefixed(value, prefixes))
        elif name not in UNWRITTEN:
            node.set(name[1:], value)
    node.text = record.fields.get("text")
    for key in record.children:
        _add(node, outline.records[key], outline, prefixes, depth + 1)
    first = 1 if len(node) and str(node[0].tag).endswith("}extension") else 0
    for at, said in enumerate(json.loads(record.fields.get("points", "[]")), first):
        point = etree.SubElement(node, WAYPOINT)
        for name, value in said.items():
            point.set(name, _prefixed(value, prefixes) if f"@{name}" == TYPE else value)
        node.insert(at, point)
    if len(node):
        node.text = "\n" + "  " * (depth + 1)
        for child in node:
            child.tail = "\n" + "  " * (depth + 1)
        node[-1].tail = "\n" + "  " * depth


def _add(node: Element, record: Record, outline: Outline, prefixes: dict[str, str], depth: int) -> None:
    if "xml" in record.fields:
        node.append(_piece(record))
        return
    _fill(etree.SubElement(node, record.fields["tag"]), record, outline, prefixes, depth)


def _piece(record: Record) -> Element:
    """What is kept as one piece: a comment, an instruction, words mixed with elements."""
    if record.fields["tag"] in (COMMENT, INSTRUCTION):
        return etree.fromstring(f"<_>{record.fields['xml']}</_>")[0]
    return etree.fromstring(record.fields["xml"])


def _prefixed(value: str, prefixes: dict[str, str]) -> str:
    found = CLARK.fullmatch(value)
    if not found:
        return value
    prefix = prefixes.get(found[1], "")
    return f"{prefix}:{found[2]}" if prefix else found[2]
