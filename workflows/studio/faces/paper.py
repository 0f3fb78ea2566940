"""A drawing being edited in place: found by id, new ids, children put where the standard has them, and written back so
that every line nobody touched keeps its bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any

from lxml import etree

from engine import drawing
from engine.drawing import Element, children
from engine.vocabulary import BPMN, XSI, ZEEBE
from workflows.studio.faces.graph import MADE, kind

ORDER = {"documentation": 0, "extensionElements": 1, "incoming": 2, "outgoing": 3}
WORDS = ("userTask", "formDefinition", "assignmentDefinition", "taskSchedule", "ioMapping", "properties")
"""The order in which new words of an element are written."""


class Paper:
    """One file. `salt` makes new ids that hardly anybody else's edit makes too."""

    def __init__(self, body: bytes, salt: str) -> None:
        drawing.read(body)
        self.body = body
        self.root = parsed(body)
        self.before = _written(self.root)
        self.seed = hashlib.sha256(body + salt.encode()).hexdigest()
        self.ids = {str(node.get("id")): node for node in self.root.iter("*") if node.get("id")}

    def process(self, process_id: str) -> Element | None:
        """The process with this id."""
        found = self.ids.get(process_id)
        return found if found is not None and kind(found) == "process" else None

    def fresh(self, word: str) -> str:
        """An id nobody has."""
        for count in range(10_000):
            made = f"{MADE}{word}_{hashlib.sha256(f'{self.seed}{word}{count}'.encode()).hexdigest()[:7]}"
            if made not in self.ids:
                return made
        raise AssertionError("ten thousand ids are taken")

    def make(self, parent: Element, name: str, said: Mapping[str, str], after: Element | None = None) -> Element:
        """A new element of the standard's namespace in a scope, behind `after`."""
        node = new(parent, BPMN, name, said)
        put(parent, node, after)
        if node.get("id"):
            self.ids[str(node.get("id"))] = node
        return node

    def drop(self, node: Element) -> None:
        """Take an element out, with its ids."""
        for each in node.iter("*"):
            self.ids.pop(str(each.get("id")), None)
        remove(node)

    def body_now(self) -> bytes:
        """The file with what was changed; its own bytes where nothing was."""
        now = _written(self.root)
        if now == self.before:
            return self.body
        return now if self.before == self.body else _patched(self.body, self.before, now)


def parsed(body: bytes) -> Element:
    """The root with its comments. The bytes were looked at by engine.drawing before."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    return etree.fromstring(body, parser)


def _written(root: Element) -> bytes:
    tree = root.getroottree()
    made = bytes(etree.tostring(tree, xml_declaration=True, encoding=tree.docinfo.encoding or "UTF-8"))  # type: ignore[arg-type]
    return made if made.endswith(b"\n") else made + b"\n"


def _patched(body: bytes, before: bytes, now: bytes) -> bytes:
    """The lines of `body` where the edit left them alone, else those of `now`; `now` where lines do not correspond."""
    own, old, new_lines = body.splitlines(keepends=True), before.splitlines(), now.splitlines()
    if len(own) != len(old):
        return now
    line_end = b"\r\n" if own[0].endswith(b"\r\n") else b"\n"
    made: list[bytes] = []
    for tag, i, j, k, m in SequenceMatcher(None, old, new_lines, autojunk=False).get_opcodes():
        made += own[i:j] if tag == "equal" else [line + line_end for line in new_lines[k:m]]
    return b"".join(made)


def new(parent: Element, namespace: str, name: str, said: Mapping[str, str]) -> Element:
    """An element that is not yet anywhere; the prefixes are those of the file."""
    known: dict[Any, str] = {prefix: uri for prefix, uri in parent.nsmap.items() if uri == namespace}
    wanted = known or {"zeebe" if namespace == ZEEBE else "bpmn": namespace}
    return etree.Element(f"{{{namespace}}}{name}", dict(said), nsmap=wanted)


def put(parent: Element, node: Element, after: Element | None = None) -> None:
    """Put an element behind a sibling, or last; set in like its neighbours."""
    depth = sum(1 for _ in parent.iterancestors()) + 1
    etree.indent(node, space="  ", level=depth)
    inner, outer = "\n" + "  " * depth, "\n" + "  " * (depth - 1)
    if len(parent) == 0:
        parent.text, node.tail = inner, outer
        parent.append(node)
        return
    place = parent.index(after) if after is not None else len(parent) - 1
    before = parent[place]
    node.tail = before.tail
    if place == len(parent) - 1:
        before.tail = inner if not (before.tail or "").strip() else before.tail
        node.tail = outer
    parent.insert(place + 1, node)


def first(parent: Element, node: Element) -> None:
    """Put an element before all others of its parent."""
    if len(parent) == 0:
        put(parent, node)
        return
    depth = sum(1 for _ in parent.iterancestors()) + 1
    etree.indent(node, space="  ", level=depth)
    node.tail = parent.text
    parent.insert(0, node)


def exchange(one: Element, other: Element) -> None:
    """Let two children of one parent change places; the lines around them stay as they are. ValueError for others."""
    parent = one.getparent()
    if parent is None or other.getparent() is not parent:
        raise ValueError(one.get("id"))
    first, second = sorted((one, other), key=parent.index)
    low, high, tails = parent.index(first), parent.index(second), (first.tail, second.tail)
    parent.remove(second)
    parent.remove(first)
    parent.insert(low, second)
    parent.insert(high, first)
    second.tail, first.tail = tails


def remove(node: Element) -> None:
    """Take an element out and leave the lines around it as they were."""
    parent = node.getparent()
    if parent is None:
        return
    before = node.getprevious()
    last = node.getnext() is None
    if last and before is not None:
        before.tail = node.tail
    elif last:
        parent.text = None
    parent.remove(node)


def child_of(node: Element, namespace: str, name: str) -> Element | None:
    """The first child of this name."""
    return next(children(node, namespace, name), None)


def standard_child(node: Element, name: str) -> Element:
    """The child of an element of the standard, made in its place where it is missing."""
    found = child_of(node, BPMN, name)
    if found is not None:
        return found
    made = new(node, BPMN, name, {})
    add_standard(node, made)
    return made


def add_standard(node: Element, made: Element) -> None:
    """Put documentation, extension elements, incoming and outgoing in the order of the standard."""
    rank = ORDER.get(kind(made), 9)
    before = [child for child in node.iterchildren("*") if ORDER.get(kind(child), 9) <= rank]
    if before:
        put(node, made, before[-1])
    else:
        first(node, made)


def extension(node: Element, name: str) -> Element | None:
    """A word of an element, where it is said."""
    holder = child_of(node, BPMN, "extensionElements")
    return None if holder is None else child_of(holder, ZEEBE, name)


def say(node: Element, name: str, said: Mapping[str, str | None]) -> None:
    """Set attributes of a word of an element; None takes one away, and with the last one the word."""
    found = extension(node, name)
    if found is None:
        given = {key: value for key, value in said.items() if value}
        if given:
            _add_word(node, new(node, ZEEBE, name, given))
        return
    for key, value in said.items():
        if value:
            found.set(key, value)
        elif key in found.attrib:
            del found.attrib[key]
    if not found.attrib and len(found) == 0:
        unsay(found)


def mark(node: Element, name: str) -> None:
    """Say a word that has no attributes."""
    if extension(node, name) is None:
        _add_word(node, new(node, ZEEBE, name, {}))


def _add_word(node: Element, word: Element) -> Element:
    holder = standard_child(node, "extensionElements")
    rank = WORDS.index(kind(word)) if kind(word) in WORDS else 9
    before = [child for child in holder.iterchildren("*") if kind(child) in WORDS[: rank + 1]]
    if before:
        put(holder, word, before[-1])
    else:
        first(holder, word)
    return word


def unsay(word: Element) -> None:
    """Take a word away, with the holder that it leaves empty."""
    holder = word.getparent()
    remove(word)
    if holder is not None and len(holder) == 0:
        remove(holder)


def say_property(node: Element, name: str, value: str | None) -> None:
    """Set a licet: property of an element, or take it away."""
    found = next((line for line in properties(node) if line.get("name") == name), None)
    if found is not None:
        if value:
            if found.get("value") != value:
                found.set("value", value)
            return
        group = found.getparent()
        remove(found)
        if group is not None and len(group) == 0:
            unsay(group)
    elif value:
        put_inside(node, "properties", new(node, ZEEBE, "property", {"name": name, "value": value}))


def put_inside(node: Element, word: str, line: Element) -> None:
    """Add a line to a word that has lines (properties, ioMapping), made where it is missing."""
    group = extension(node, word)
    if group is None:
        group = _add_word(node, new(node, ZEEBE, word, {}))
    put(group, line)


def properties(node: Element) -> Iterator[Element]:
    """The property lines of an element."""
    group = extension(node, "properties")
    return iter(()) if group is None else children(group, ZEEBE, "property")


def formal(node: Element, name: str, text: str) -> Element:
    """A formal expression of the standard, not yet anywhere."""
    made = new(node, BPMN, name, {})
    prefix = next((known for known, uri in node.nsmap.items() if uri == BPMN), None)
    made.set(f"{{{XSI}}}type", f"{prefix}:tFormalExpression" if prefix else "tFormalExpression")
    made.text = text
    return made
