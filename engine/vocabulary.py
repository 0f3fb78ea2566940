"""The words we read on an element: Zeebe's extension elements and our own `licet:*` properties (DESIGN D1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.drawing import Element, children

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
ZEEBE = "http://camunda.org/schema/zeebe/1.0"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
PROPERTIES = frozenset({
    "licet:sla", "licet:escalateAfter", "licet:escalateTo", "licet:notBy", "licet:notApplicant", "licet:stage",
    "licet:outcome", "licet:handTo", "licet:signers", "licet:final", "licet:keep", "licet:reads",
    "licet:promise", "licet:clockStops", "licet:clock", "licet:copyTo", "licet:signature",
    "licet:signatureBy",
    "licet:silence", "licet:silenceAfter", "licet:silenceBasis", "licet:vote", "licet:votePercent", "licet:voteWeight",
    "licet:voteVeto", "licet:voteFor", "licet:voteAbstain", "licet:voteEarly", "licet:voteResult",
})
SHOW_NAMES = "licet:showNames"
"""On a process: "false" tells its applicants roles instead of names."""


@dataclass(frozen=True)
class Pairing:
    """One line of an ioMapping: `source` is FEEL when it begins with "=", else the text itself."""

    source: str
    target: str


@dataclass(frozen=True)
class Loop:
    """zeebe:loopCharacteristics of a multi-instance activity, with the standard's own attributes."""

    collection: str
    element: str | None
    output_collection: str | None
    output_element: str | None
    condition: str | None
    sequential: bool
    cardinality: str | None = None
    behavior: str = "All"
    event: str | None = None  # the id of the event definition thrown by behavior One or None


@dataclass(frozen=True)
class Repeat:
    """standardLoopCharacteristics: while the condition holds, at most `most` times."""

    condition: str | None
    test_before: bool
    most: int | None


@dataclass(frozen=True)
class Extensions:
    """Everything an element says beyond BPMN; absent words are None."""

    form_id: str | None = None
    assignee: str | None = None
    groups: str | None = None
    users: str | None = None
    due: str | None = None
    priority: str | None = None
    step: str | None = None
    decision: str | None = None
    result: str | None = None
    script: str | None = None
    called: str | None = None
    pass_all_in: bool = True
    pass_all_out: bool = True
    takes: tuple[Pairing, ...] = ()
    gives: tuple[Pairing, ...] = ()
    loop: Loop | None = None
    repeat: Repeat | None = None
    retries: int = 3
    publish_key: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)

    def words(self, key: str) -> list[str]:
        """A comma-separated licet:* property as a list."""
        return [word.strip() for word in self.properties.get(key, "").split(",") if word.strip()]


def read_extensions(node: Element) -> Extensions:
    """The extensions of a flow node or message."""
    holder = next(children(node, BPMN, "extensionElements"), None)
    if holder is None:
        return Extensions(loop=_loop(node), repeat=_repeat(node))
    form, who = _attributes(holder, "formDefinition"), _attributes(holder, "assignmentDefinition")
    script, decision = _attributes(holder, "script"), _attributes(holder, "calledDecision")
    call = _attributes(holder, "calledElement")
    return Extensions(
        form_id=form.get("formId"),
        assignee=who.get("assignee"), groups=who.get("candidateGroups"), users=who.get("candidateUsers"),
        due=_attributes(holder, "taskSchedule").get("dueDate"),
        priority=_attributes(holder, "priorityDefinition").get("priority"),
        step=_attributes(holder, "taskDefinition").get("type"),
        decision=decision.get("decisionId"),
        result=decision.get("resultVariable") or script.get("resultVariable"),
        script=script.get("expression"),
        called=call.get("processId"),
        pass_all_in=call.get("propagateAllParentVariables", "true") == "true",
        pass_all_out=call.get("propagateAllChildVariables", "true") == "true",
        takes=_pairings(holder, "input"), gives=_pairings(holder, "output"),
        loop=_loop(node), repeat=_repeat(node), properties=_properties(holder),
        retries=_count(_attributes(holder, "taskDefinition").get("retries"), 3),
        publish_key=_attributes(holder, "publishMessage").get("correlationKey"),
    )


def correlation_key(message: Element) -> str | None:
    """zeebe:subscription correlationKey of a message, as written."""
    holder = next(children(message, BPMN, "extensionElements"), None)
    return None if holder is None else _attributes(holder, "subscription").get("correlationKey")


def _attributes(holder: Element, name: str) -> dict[str, str]:
    found = next(children(holder, ZEEBE, name), None)
    return {} if found is None else {str(key): str(value) for key, value in found.attrib.items()}


def _pairings(holder: Element, name: str) -> tuple[Pairing, ...]:
    mapping = next(children(holder, ZEEBE, "ioMapping"), None)
    if mapping is None:
        return ()
    return tuple(Pairing(line.get("source", ""), line.get("target", "")) for line in children(mapping, ZEEBE, name))


def _properties(holder: Element) -> dict[str, str]:
    found = {}
    for group in children(holder, ZEEBE, "properties"):
        for line in children(group, ZEEBE, "property"):
            found[line.get("name", "")] = line.get("value", "")
    return found


def _loop(node: Element) -> Loop | None:
    drawn = next(children(node, BPMN, "multiInstanceLoopCharacteristics"), None)
    if drawn is None:
        return None
    holder = next(children(drawn, BPMN, "extensionElements"), None)
    said = {} if holder is None else _attributes(holder, "loopCharacteristics")
    condition = next(children(drawn, BPMN, "completionCondition"), None)
    times = next(children(drawn, BPMN, "loopCardinality"), None)
    return Loop(
        collection=said.get("inputCollection", ""), element=said.get("inputElement"),
        output_collection=said.get("outputCollection"), output_element=said.get("outputElement"),
        condition=None if condition is None else (condition.text or ""),
        sequential=drawn.get("isSequential") == "true",
        cardinality=None if times is None else times.text,
        behavior=drawn.get("behavior", "All"),
        event=drawn.get("oneBehaviorEventRef") or drawn.get("noneBehaviorEventRef"),
    )


def _repeat(node: Element) -> Repeat | None:
    drawn = next(children(node, BPMN, "standardLoopCharacteristics"), None)
    if drawn is None:
        return None
    condition = next(children(drawn, BPMN, "loopCondition"), None)
    most = drawn.get("loopMaximum")
    return Repeat(
        condition=None if condition is None else condition.text,
        test_before=drawn.get("testBefore") == "true",
        most=int(most) if most is not None and most.isdigit() else None,
    )


def _count(written: str | None, otherwise: int) -> int:
    return int(written) if written is not None and written.isdigit() else otherwise
