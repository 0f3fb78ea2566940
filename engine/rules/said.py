"""Expressions and addresses as the standard writes them: BPMN 2.0.2, 8.4 (expressions), 10.3."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.drawing import Element, children
from engine.findings import Finding
from engine.rules.sheet import Sheet, kind
from engine.rules.whole import error, warning, whole
from engine.vocabulary import BPMN, XSI

FORMAL = {
    "adHocSubProcess": ("completionCondition",),
    "complexGateway": ("activationCondition",),
    "multiInstanceLoopCharacteristics": ("loopCardinality", "completionCondition"),
    "standardLoopCharacteristics": ("loopCondition",),
    "timerEventDefinition": ("timeDate", "timeCycle", "timeDuration"),
    "conditionalEventDefinition": ("condition",),
    "assignment": ("from", "to"),
}
PATHS = ("messagePath", "dataPath", "transformation", "formalExpression")
URI = re.compile(r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|[^\x00-\x7f]|%[0-9A-Fa-f]{2})*")
WORDS = re.compile(r"(?!true$|false$)[^\W\d][\w\s]*")
"""Plain words: no comparison, no call, no sign that somebody wrote a formula."""
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
ADDRESSES = {
    "definitions": ("expressionLanguage", "typeLanguage"),
    "import": ("namespace", "importType"),
    "transaction": ("method",),
    **dict.fromkeys({"formalExpression", "conditionExpression", *sum(FORMAL.values(), ())}, ("language",)),
}


def formal_expressions(sheet: Sheet) -> Iterator[Finding]:
    """In an executable process an expression is formal (xsi:type tFormalExpression), not plain language (8.4)."""
    index = whole(sheet)
    for owner, names in FORMAL.items():
        for node in index.of(owner):
            for child in children(node, BPMN, *names):
                if not _formal(child) and _text(child):
                    yield error(sheet, "formal", child, f"{kind(child)} 是自然语言，不能执行",
                                f"{kind(child)} is plain language, not a formal expression",
                                '写上 xsi:type="tFormalExpression"', 'say xsi:type="tFormalExpression"')
    for flow in index.of("sequenceFlow"):
        for child in children(flow, BPMN, "conditionExpression"):
            if not _formal(child) and WORDS.fullmatch(_text(child)):
                yield error(sheet, "formal", child, "条件是自然语言，不能执行", "the condition is plain language",
                            "写成表达式，并标明 xsi:type", "write an expression and say xsi:type")
            elif not _formal(child):
                yield warning(sheet, "formal", child, "条件没有标明是可执行的表达式，按 FEEL 处理",
                              "the condition is not marked as formal; it is read as FEEL",
                              '写上 xsi:type="tFormalExpression"', 'say xsi:type="tFormalExpression"')


def expression_bodies(sheet: Sheet) -> Iterator[Finding]:
    """A formal expression has a body (FormalExpression, 8.4); times and conditions have rules of their own."""
    index = whole(sheet)
    for node in (*index.of("loopCardinality", "from", "to"), *index.everywhere(*PATHS)):
        if not _text(node):
            yield error(sheet, "empty-expression", node, f"{kind(node)} 是空的", f"{kind(node)} is empty",
                        "写出表达式或删除它", "write the expression or remove it")


def _formal(node: Element) -> bool:
    return node.get(f"{{{XSI}}}type", "").rpartition(":")[2] == "tFormalExpression"


def _text(node: Element) -> str:
    return "".join(str(part) for part in node.itertext()).strip()


def addresses(sheet: Sheet) -> Iterator[Finding]:
    """Attributes of type anyURI hold one (8.2, 8.4, 10.3.5); a transaction's method may be ##Compensate etc."""
    index = whole(sheet)
    for owner, names in ADDRESSES.items():
        for node in index.everywhere(owner):
            for name in names:
                text = node.get(name, "")
                plain = text.startswith("##") and text[2:].isalpha()
                method = owner == "transaction" and text and not plain and not SCHEME.match(text)
                if text and not plain and (method or not URI.fullmatch(text)):
                    yield error(sheet, "uri", node, f"{name} 的“{text}”不是地址 (URI)", f"{name}={text!r} is not a URI",
                                "写合法的 URI", "write a valid URI")


RULES = (formal_expressions, expression_bodies, addresses)
