"""A drawing as it is sent to the browser: in the visitor's language."""

from __future__ import annotations

from flask import Response
from lxml import etree

from web.i18n import language, say

DOCUMENTATION = "{http://www.omg.org/spec/BPMN/20100524/MODEL}documentation"
PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


def drawn(body: bytes) -> Response:
    """The BPMN file, its names and explanations translated where the visitor reads another language than Chinese."""
    return Response(body if language() == "zh" else spoken(body), mimetype="application/xml")


def spoken(body: bytes) -> bytes:
    """The same drawing with every name and documentation passed through gettext."""
    root = etree.fromstring(body, PARSER)
    for element in root.iter(etree.Element):
        if name := element.get("name"):
            element.set("name", say(name))
        if element.tag == DOCUMENTATION and element.text:
            element.text = say(element.text)
    return etree.tostring(root, encoding="utf-8", xml_declaration=True)
