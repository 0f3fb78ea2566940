"""Taking foreign words out of a draft, once somebody has decided that nothing here need do what they did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lxml import etree

from engine.drawing import Element, split_tag
from engine.rules.foreign import IMPORTED, named, word_shown
from engine.rules.sheet import kind
from engine.vocabulary import BPMN, XSI
from ledger.errors import BadDiagram
from workflows.studio.foreign.leftovers import owner_of
from workflows.studio.foreign.opening import HEAD, parsed

Word = tuple[str, str]
"""(id of the element, the word as the file writes it)."""


def foreign_words(body: bytes) -> frozenset[Word]:
    """The foreign words that a drawing holds now; none of what cannot be read."""
    try:
        root = parsed(body)
    except BadDiagram:
        return frozenset()
    return frozenset((owner, word) for owner, word, _, _ in _words(root))


def without(body: bytes, chosen: Iterable[Word]) -> tuple[bytes, int]:
    """The drawing without these words, and how many places they stood in. Raises BadDiagram."""
    root, wanted, gone = parsed(body), frozenset(chosen), 0
    for owner, word, node, attribute in list(_words(root)):
        if (owner, word) not in wanted:
            continue
        gone += 1
        if attribute:
            del node.attrib[attribute]
        else:
            _take_out(node)
    if not gone:
        return body, 0
    return HEAD.encode() + etree.tostring(root.getroottree(), encoding="unicode").encode(), gone


def _words(root: Element) -> Iterator[tuple[str, str, Element, str]]:
    """(element id, word, the node that holds or is it, the attribute if it is one)."""
    for node in root.iter(f"{{{BPMN}}}*"):
        owner = str(owner_of(node).get("id", ""))
        for attribute in map(str, node.attrib):
            namespace, _, shown = named(node, attribute)
            if namespace and namespace not in (XSI, IMPORTED):
                yield owner, shown, node, attribute
        if kind(node) == "extensionElements":
            for word in node:
                if isinstance(word.tag, str) and split_tag(word)[0] != BPMN:
                    yield owner, word_shown(word), word, ""


def _take_out(node: Element) -> None:
    """Remove an element, keeping what is written after it."""
    above, before = node.getparent(), node.getprevious()
    if above is None:
        return
    if before is not None:
        before.tail = (before.tail or "") + (node.tail or "")
    else:
        above.text = (above.text or "") + (node.tail or "")
    above.remove(node)
