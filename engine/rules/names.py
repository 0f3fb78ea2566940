"""Names that nothing provides: FEEL reads them as null, which hides a slip of the pen. Warnings, never refusals.

What a process begins with, and what its steps give, is said where it is provided (`catalog.provide(..., variables=)`);
the rest is what the drawing itself sets. A task's own answers are looked at only by its output mapping, which therefore
is not judged. Processes of which nothing is said are left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

import feel
from engine import expressions
from engine.drawing import Element, line_of, split_tag
from engine.findings import Finding
from engine.rules.sheet import Sheet, Text
from engine.vocabulary import ZEEBE

SETS = {
    ("script", "resultVariable"), ("calledDecision", "resultVariable"), ("input", "target"), ("output", "target"),
    ("loopCharacteristics", "inputElement"), ("loopCharacteristics", "outputCollection"),
}  # fmt: skip
READS = {
    ("script", "expression"), ("input", "source"), ("assignmentDefinition", "assignee"),
    ("assignmentDefinition", "candidateGroups"), ("assignmentDefinition", "candidateUsers"),
    ("taskSchedule", "dueDate"), ("priorityDefinition", "priority"), ("subscription", "correlationKey"),
    ("loopCharacteristics", "inputCollection"), ("formDefinition", "formId"), ("calledElement", "processId"),
}  # fmt: skip
FEEL_PROPERTIES = ("licet:vote", "licet:votePercent", "licet:silence")
ALWAYS_FEEL = {("script", "expression"), ("loopCharacteristics", "inputCollection")}
CONDITIONS = ("conditionExpression", "completionCondition", "loopCondition", "loopCardinality", "condition")
TIMERS = ("timeDate", "timeDuration", "timeCycle")
LOOPS = frozenset({
    "loopCounter", "numberOfInstances", "numberOfActiveInstances", "numberOfCompletedInstances",
    "numberOfTerminatedInstances",
})  # fmt: skip


def unprovided(
    sheet: Sheet, given: Mapping[str, frozenset[str]], decisions: Mapping[str, feel.dmn.Model]
) -> Iterator[Finding]:
    """A warning for every name that an expression or decision of a process reads and nothing provides."""
    for process in {space.process_id for space in sheet.spaces if space.process_id in given}:
        node = next(space.node for space in sheet.spaces if space.node.get("id") == process)
        known = given[process] | set_in(node) | LOOPS
        for place, name in read_in(node, decisions):
            if name not in known:
                yield _warning(sheet, place, name, known)


def set_in(process: Element) -> frozenset[str]:
    """The variables that the drawing sets somewhere."""
    words = (word for word in process.iter(f"{{{ZEEBE}}}*"))
    results = {line.get("value", "") for line in process.iter(f"{{{ZEEBE}}}property")
               if line.get("name") == "licet:voteResult"}
    return frozenset(results) | frozenset(
        str(value).partition(".")[0]
        for word in words
        for attribute, value in word.attrib.items()
        if (split_tag(word)[1], str(attribute)) in SETS
    )


def read_in(process: Element, decisions: Mapping[str, feel.dmn.Model]) -> Iterator[tuple[Element, str]]:
    """Every (element, name) that an expression or a decision of the process reads."""
    for node in process.iter("{*}*"):
        space, word = split_tag(node)
        if space == ZEEBE:
            for attribute, value in node.attrib.items():
                place, text = (word, str(attribute)), str(value)
                if place in READS and (place in ALWAYS_FEEL or text.strip().startswith("=")):
                    yield from ((node, name) for name in _names(text))
            if word == "property" and node.get("name") in FEEL_PROPERTIES and node.get("value", "").strip()[:1] == "=":
                yield from ((node, name) for name in _names(node.get("value", "")))
            model = decisions.get(node.get("decisionId", "")) if word == "calledDecision" else None
            if model is not None:
                yield from ((node, name) for name in sorted(model.wants(node.get("decisionId", ""))))
        elif word in CONDITIONS or (word in TIMERS and (node.text or "").strip().startswith("=")):
            yield from ((node, name) for name in _names(node.text or ""))


def _names(text: str) -> list[str]:
    try:
        return sorted(expressions.names(text))
    except feel.FeelError:
        return []  # said by another rule


def _warning(sheet: Sheet, node: Element, name: str, known: frozenset[str]) -> Finding:
    near = get_close_matches(name, known, 1)
    fix = (f"是不是想写 {near[0]}", f"did you mean {near[0]}") if near else ("", "")
    zh, en = f"没有任何地方提供变量“{name}”，读到的是 null", f"nothing provides the variable {name!r}: it is null"
    return sheet.found("names", node, Text(zh, en, *fix), severity="warning", line=line_of(node))
