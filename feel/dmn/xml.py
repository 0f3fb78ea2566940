"""Reading DMN files as data: no DOCTYPE, no entities, no network, no giant trees."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lxml import etree

from feel.errors import FeelError

Element = Any
"""An lxml element (lxml carries no types of its own)."""

VERSIONS = {
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd": "1.1",
    "http://www.omg.org/spec/DMN/20151101/dmn11.xsd": "1.1",
    "http://www.omg.org/spec/DMN/20180521/MODEL/": "1.2",
    "https://www.omg.org/spec/DMN/20191111/MODEL/": "1.3",
    "http://www.omg.org/spec/DMN/20191111/MODEL/": "1.3",
    "https://www.omg.org/spec/DMN/20211108/MODEL/": "1.4",
    "http://www.omg.org/spec/DMN/20211108/MODEL/": "1.4",
    "https://www.omg.org/spec/DMN/20230324/MODEL/": "1.5",
    "http://www.omg.org/spec/DMN/20230324/MODEL/": "1.5",
}
LARGEST_FILE = 4_000_000


def read(xml: bytes) -> Element:
    """The `definitions` element; raises FeelError for anything that is no safe DMN file."""
    if len(xml) > LARGEST_FILE:
        raise FeelError("DMN 文件超过 4 MB", "the DMN file is larger than 4 MB")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False, dtd_validation=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(xml, parser)
    except (etree.XMLSyntaxError, ValueError) as problem:
        line = getattr(problem, "lineno", 0) or 0
        raise FeelError(f"不是有效的 XML：{problem}", f"not well-formed XML: {problem}", line=line) from None
    about: Element = root.getroottree().docinfo
    if about.doctype or about.internalDTD is not None:
        raise FeelError("DMN 文件不允许包含 DOCTYPE", "a DMN file must not have a DOCTYPE")
    if local(root) != "definitions" or etree.QName(root).namespace not in VERSIONS:
        raise FeelError("不是 DMN 1.1–1.5 文件", "not a DMN 1.1 to 1.5 file")
    return root


def local(element: Element) -> str:
    return str(etree.QName(element).localname)


def children(element: Element, *names: str) -> Iterator[Element]:
    """The element's children of DMN's own namespace with one of these names, or all of them."""
    space = etree.QName(element).namespace
    for child in element:
        name = etree.QName(child)
        if name.namespace == space and (not names or name.localname in names):
            yield child


def child(element: Element, *names: str) -> Element | None:
    return next(children(element, *names), None)


def text_of(element: Element | None) -> str:
    """The text of the `text` element inside, without the space around it."""
    if element is None:
        return ""
    inner = child(element, "text")
    found = inner if inner is not None else element
    return "".join(found.itertext()).strip()


def line_of(element: Element) -> int:
    """The line of the file on which the text inside begins."""
    inner = child(element, "text")
    found = element if inner is None else inner
    before = found.text or ""
    return int(found.sourceline or 0) + before[: len(before) - len(before.lstrip())].count("\n")


def reference(element: Element | None) -> str:
    """Where an `href` points: an id, or `namespace#id` for another model."""
    href = "" if element is None else str(element.get("href") or "")
    return href.removeprefix("#")


def label(element: Element) -> str:
    """What an error calls the element: its kind and name or id."""
    return f"{local(element)} “{element.get('name') or element.get('label') or element.get('id') or ''}”"
