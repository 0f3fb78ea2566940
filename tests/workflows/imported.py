"""Whether what is saved back still holds everything that a file held: elements, attributes, texts, comments."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from engine.rules.foreign import IMPORTED
from workflows.studio.foreign.opening import opened, parsed

Node = etree._Element
OWN = f"{{{IMPORTED}}}"


def lost(original: bytes, exported: bytes) -> list[str]:
    """What the original held and the exported file does not; empty when nothing is missing."""
    before, after = opened(original).root.getroottree(), parsed(exported).getroottree()
    missing = [f"{type(node).__name__} beside the root" for node, other in _beside(before, after) if node != other]
    return [*missing, *_missing(before.getroot(), after.getroot())]


def _beside(one: etree._ElementTree, other: etree._ElementTree) -> Iterator[tuple[str, str]]:
    def around(tree: etree._ElementTree) -> list[str]:
        root = tree.getroot()
        return [str(node.text) for node in (*root.itersiblings(preceding=True), *root.itersiblings())]

    theirs = around(other)
    yield from ((text, text if text in theirs else "") for text in around(one))


def _missing(one: Node, other: Node) -> Iterator[str]:
    todo = [(one, other)]
    while todo:
        node, kept = todo.pop()
        place = f"{node.tag} {node.get('id') if isinstance(node.tag, str) else ''}"
        for name, value in node.attrib.items():
            if value not in (kept.get(name), kept.get(f"{OWN}{name}")):
                yield f"{place}: attribute {name}={value!r}"
        was = kept.get(f"{OWN}text") if isinstance(kept.tag, str) else ""
        if _said(node.text) not in (_said(kept.text), _said(was)):
            yield f"{place}: text {node.text!r}"
        rest = iter(kept)
        for child in node:
            match = next((each for each in rest if _same(child, each)), None)
            if match is None:
                yield f"{place}: lost {child.tag} {_said(child.text)[:40]}"
                break
            if _said(child.tail) != _said(match.tail):
                yield f"{place}: text after {child.tag}"
            todo.append((child, match))


def _same(one: Node, other: Node) -> bool:
    if one.tag != other.tag:
        return False
    return one.get("id") == other.get("id") if isinstance(one.tag, str) else one.text == other.text


def _said(text: str | None) -> str:
    return (text or "").strip()
