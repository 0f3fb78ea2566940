"""A drawing while it is translated: our words are added beside the foreign ones, which stay as they were written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from engine.drawing import Element, children, split_tag
from engine.rules.foreign import ENGINES, IMPORTED
from engine.rules.sheet import kind
from engine.vocabulary import BPMN, XSI, ZEEBE
from workflows.studio.foreign.juel import NoFeel, feel_of, is_juel

XSI_TYPE = f"{{{XSI}}}type"
MOST_TRIED = 2000


@dataclass
class Translation:
    """One file: its tree, the forms made from it, and why a foreign word could not be said in ours."""

    root: Element
    file: str = ""
    forms: dict[str, bytes] = field(default_factory=dict)
    reasons: dict[tuple[Element, str], tuple[str, str]] = field(default_factory=dict)
    advice: list[tuple[Element, str, str, str]] = field(default_factory=list)  # element, word, zh, en
    written: int = 0
    tried: int = 0

    def say(self, node: Element, word: str, **attributes: str) -> None:
        """Put a Zeebe word on an element; what somebody already said there in Zeebe's words stays."""
        holder = self.holder(node)
        found = next(children(holder, ZEEBE, word), None)
        if found is None:
            found = etree.SubElement(holder, f"{{{ZEEBE}}}{word}")
            self.written += 1
        for name, value in attributes.items():
            if found.get(name) is None:
                found.set(name, clean(value))
                self.written += 1

    def pair(self, node: Element, way: str, source: str, target: str) -> None:
        """Add a line to an element's ioMapping; `way` is input or output."""
        self.say(node, "ioMapping")
        mapping = next(children(self.holder(node), ZEEBE, "ioMapping"))
        if all(line.get("target") != target for line in children(mapping, ZEEBE, way)):
            etree.SubElement(mapping, f"{{{ZEEBE}}}{way}", source=clean(source), target=clean(target))
            self.written += 1

    def holder(self, node: Element) -> Element:
        """The extension elements of an element, made after its documentation when there are none."""
        found = next(children(node, BPMN, "extensionElements"), None)
        if found is None:
            found = etree.Element(f"{{{BPMN}}}extensionElements")
            node.insert(sum(1 for child in node if kind(child) == "documentation"), found)
            self.written += 1
        return found

    def rewrite(self, node: Element, text: str) -> None:
        """Give an expression another text; what it said is kept in attributes of our own."""
        node.set(f"{{{IMPORTED}}}text", node.text or "")
        if node.get("language") is not None:
            node.set(f"{{{IMPORTED}}}language", node.attrib.pop("language"))
        if node.get(XSI_TYPE) is None:
            node.set(XSI_TYPE, f"{node.prefix}:tFormalExpression" if node.prefix else "tFormalExpression")
        node.text = clean(text)
        self.written += 1

    def feel(self, text: str) -> str:
        """The FEEL of an expression; only the first MOST_TRIED of a file are compiled. Raises NoFeel."""
        self.tried += 1
        return feel_of(text, tried=self.tried <= MOST_TRIED)

    def value(self, node: Element, word: str, text: str) -> str | None:
        """A foreign value as ours: FEEL after "=", or the text; None (and the reason) when it cannot be said."""
        try:
            return f"={self.feel(text)}" if is_juel(text) else text.strip()
        except NoFeel as why:
            self.because(node, word, why.zh, why.en)
            return None

    def because(self, node: Element, word: str, zh: str, en: str) -> None:
        """Why a foreign word of an element could not be said in ours."""
        self.reasons.setdefault((node, word), (zh, en))


def foreign(node: Element, name: str) -> str | None:
    """A foreign engine's attribute of an element, of whichever engine wrote it."""
    return next((str(value) for space in ENGINES if (value := node.get(f"{{{space}}}{name}")) is not None), None)


def foreign_words(node: Element, *names: str) -> Iterator[Element]:
    """The foreign engines' extension elements with one of these names on an element."""
    for holder in children(node, BPMN, "extensionElements"):
        yield from (word for word in holder.iterchildren()
                    if isinstance(word.tag, str) and split_tag(word)[0] in ENGINES and split_tag(word)[1] in names)


def inside(word: Element, *names: str) -> Iterator[Element]:
    """The parts of a foreign extension element with one of these names, in its own namespace."""
    yield from children(word, split_tag(word)[0], *names)


def clean(text: str) -> str:
    """Text as XML may hold it."""
    return "".join(c for c in text if c in "\t\n\r" or ord(c) >= 32)


def rooted(root: Element) -> Element:
    """The same tree under a root that declares our prefixes; comments beside the root stay."""
    wanted = {"zeebe": ZEEBE, "imported": IMPORTED, "xsi": XSI}
    missing = {prefix: uri for prefix, uri in wanted.items() if uri not in root.nsmap.values()}
    if not missing:
        return root
    spaces: dict[Any, str] = dict(root.nsmap)
    for prefix, uri in missing.items():
        spaces[next(name for name in (prefix, f"{prefix}8", f"{prefix}88") if name not in spaces)] = uri
    made = etree.Element(root.tag, {str(name): str(value) for name, value in root.attrib.items()}, nsmap=spaces)
    made.text = root.text
    before = list(root.itersiblings(preceding=True))
    after = list(root.itersiblings())
    made.extend(list(root))
    for one in reversed(before):
        made.addprevious(one)
    for one in reversed(after):
        made.addnext(one)
    return made
