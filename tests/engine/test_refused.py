"""What would be ignored, run wrongly or run as a program is refused, with the element, the line and the remedy."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from engine import catalog
from engine.findings import Finding
from tests.engine.drawings import (
    NAMESPACES,
    association,
    boundary,
    catch,
    compensate,
    drawing,
    end,
    error,
    extensions,
    flow,
    flows,
    gateway,
    message,
    script,
    service,
    start,
    tag,
    task,
    throw,
    timer,
    zeebe,
)

FINE = [start(), task("A"), end(), flows("S A E")]


def found(*inner: str, files: Mapping[str, bytes] | None = None, **more: object) -> list[Finding]:
    return [one for one in catalog.check(files or {"d.bpmn": drawing(*inner, **more)}) if one.severity == "error"]  # type: ignore[arg-type]


def event(kind: str, id: str, definition: str) -> str:
    return tag(kind, id, f"<bpmn:{definition}EventDefinition id='{id}_d'/>")


STUCK = [
    start(),
    gateway("exclusive", "G", "d"),
    task("A"),
    task("B"),
    gateway("parallel", "J"),
    end(),
    flow("G", "A", "=c"),
    flow("G", "B", id="d"),
    flows("S G", "A J E", "B J"),
]
REFUSED: dict[str, tuple[str, str, list[str]]] = {
    "a link without its other end": (
        "link", "L", [start(), event("intermediateThrowEvent", "L", "link"), end(), flows("S L E")]),
    "a signal end without a signal": ("signal", "E", [start(), event("endEvent", "E", "signal"), flows("S E")]),
    "a compensation that nothing is associated with": (
        "boundary", "B",
        [start(), task("A"), boundary("B", "A", "<bpmn:compensateEventDefinition id='c'/>"), end(), flows("S A E")],
    ),
    "a message start without a message": ("message", "S", [event("startEvent", "S", "message"), end(), flows("S E")]),
    "a complex gateway": ("element", "T", [start(), tag("complexGateway", "T"), end(), flows("S T E")]),
    "a receive task without a message": ("message", "T", [start(), tag("receiveTask", "T"), end(), flows("S T E")]),
    "an ad hoc sub-process with a start event": (
        "start", "T", [start(), tag("adHocSubProcess", "T", start("s")), end(), flows("S T E")]),
    "an event sub-process that nothing starts": (
        "event",
        "s",
        [*FINE, tag("subProcess", "sub", start("s"), end("e"), flows("s e"), triggeredByEvent="true")],
    ),
    "a loop that says neither how long nor how often": (
        "loop",
        "A",
        [start(), task("A", "<bpmn:standardLoopCharacteristics/>"), end(), flows("S A E")],
    ),
    "a condition on a task's flow": (
        "condition",
        "x",
        [start(), task("A"), end(), flows("S A"), flow("A", "E", "=c", id="x")],
    ),
    "a dead end": ("dead-end", "B", [start(), gateway("parallel", "F"), task("B"), end(), flows("S F B", "F E")]),
    "an island": ("unreachable", "B", [*FINE, task("B"), flows("B E")]),
    "a loop without an exit": (
        "no-exit",
        "B",
        [
            start(),
            gateway("exclusive", "G", "d"),
            task("B"),
            gateway("exclusive", "H"),
            end(),
            flows("S G", "B H B"),
            flow("G", "E", id="d"),
            flow("G", "B", "=c"),
        ],
    ),
    "Python in a condition": (
        "feel",
        "x",
        [
            start(),
            gateway("exclusive", "G", "d"),
            end(),
            end("E2"),
            flows("S G"),
            flow("G", "E", "c == 1", id="x"),
            flow("G", "E2", id="d"),
        ],
    ),
    "Python in a script": (
        "feel",
        "X",
        [start(), script("X", "r", "=__import__('os').popen('id')"), end(), flows("S X E")],
    ),
    "a script element": (
        "element",
        "X",
        [
            start(),
            tag(
                "scriptTask",
                "X",
                extensions(zeebe("script", expression="=1", resultVariable="r")),
                "<bpmn:script>import os</bpmn:script>",
            ),
            end(),
            flows("S X E"),
        ],
    ),
    "Python in a timer": (
        "timer",
        "T",
        [start(), catch("T", timer("timeDuration", "open('/x').write('y')")), end(), flows("S T E")],
    ),
    "a cycle that could come only once": (
        "timer", "T", [start(), catch("T", timer("timeCycle", "R3/PT1H")), end(), flows("S T E")]),
    "an unknown step": ("step", "X", [start(), service("X", "unheard-of"), end(), flows("S X E")]),
    "a foreign extension": (
        "extension",
        "A",
        [
            start(),
            tag(
                "userTask",
                "A",
                extensions(
                    '<spiff:x xmlns:spiff="http://spiffworkflow.org/bpmn/schema/1.0/core"/>',
                    zeebe("assignmentDefinition", candidateGroups="hr"),
                ),
            ),
            end(),
            flows("S A E"),
        ],
    ),
    "an unknown zeebe word": (
        "extension",
        "A",
        [
            start(),
            tag(
                "userTask",
                "A",
                extensions(zeebe("executionListeners"), zeebe("assignmentDefinition", candidateGroups="hr")),
            ),
            end(),
            flows("S A E"),
        ],
    ),
    "a misspelt property": ("property", "A", [start(), task("A", slaa="2"), end(), flows("S A E")]),
    "four eyes on a stranger": ("property", "A", [start(), task("A", notBy="Z"), end(), flows("S A E")]),
    "a task for nobody": ("assignment", "A", [start(), task("A", groups=""), end(), flows("S A E")]),
    "a task behind an event gateway": (
        "event-gateway",
        "A",
        [
            start(),
            gateway("eventBased", "G"),
            task("A"),
            catch("C", timer("timeDuration", "P1D")),
            end(),
            flows("S G A E", "G C E"),
        ],
    ),
    "an error that is not declared": ("error", "E", [start(), end("E", error("Z")), flows("S E")]),
    "a message without a name": ("message", "M", [start(), catch("M", message("nothing")), end(), flows("S M E")]),
    "a call to nowhere": (
        "call",
        "C",
        [start(), tag("callActivity", "C", extensions(zeebe("calledElement", processId="Q"))), end(), flows("S C E")],
    ),
    "an id used twice": ("id", "A", [start(), task("A"), task("A"), end(), flows("S A E")]),
    "a flow to nowhere": ("flow", "x", [*FINE, flow("A", "Z", id="x")]),
    "a parallel join of exclusive branches": ("stuck", "J", STUCK),
    "no end": ("no-end", "P", [start(), task("A"), flows("S A")]),
}


WARNED: dict[str, tuple[str, str, list[str]]] = {
    "two flows from a task": ("split", "A", [start(), task("A"), end(), end("E2"), flows("S A E", "A E2")]),
    "a choice without default": (
        "default",
        "G",
        [start(), gateway("exclusive", "G"), end(), end("E2"), flows("S G"), flow("G", "E", "=c"),
         flow("G", "E2", "=d")],
    ),
    "a plain task": ("plain", "T", [start(), tag("task", "T"), end(), flows("S T E")]),
    "an uncaught error": ("error", "E", [start(), end("E", error("R")), flows("S E")]),
    "a timer on a script": (
        "boundary",
        "B",
        [start(), script("X", "r", "=1"), boundary("B", "X", timer("timeDuration", "P1D")), end(),
         flows("S X E", "B E")],
    ),
}


@pytest.mark.parametrize("name", WARNED)
def test_a_drawing_is_deployed_with_a_warning_that_has(name: str) -> None:
    rule, element, inner = WARNED[name]
    findings = catalog.check({"d.bpmn": drawing(*inner, errors={"R": "returned"})})
    assert (rule, element) in {(one.rule, one.element) for one in findings}, findings
    assert not [one for one in findings if one.severity == "error"]


@pytest.mark.parametrize("name", REFUSED)
def test_a_drawing_with(name: str) -> None:
    rule, element, inner = REFUSED[name]
    findings = found(*inner, errors={"R": "returned"})
    assert (rule, element) in {(one.rule, one.element) for one in findings}, findings
    assert all(one.line and one.zh and one.en for one in findings)


def test_a_drawing_without_faults_has_no_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "_form_known", [lambda key: key == "f"])
    assert catalog.check({"d.bpmn": drawing(start(), task("A", form="f", sla="2"), end(), flows("S A E"))}) == []


def test_the_line_and_column_of_an_expression_are_told() -> None:
    body = drawing(
        start(),
        gateway("exclusive", "G", "d"),
        end(),
        end("E2"),
        flows("S G"),
        flow("G", "E", "=c = 1 and", id="x"),
        flow("G", "E2", id="d"),
    )
    lines = body.replace(b"<bpmn:", b"\n<bpmn:")
    finding = next(one for one in found(files={"d.bpmn": lines}) if one.rule == "feel")
    assert lines.splitlines()[finding.line - 1].startswith(b"<bpmn:conditionExpression")
    assert finding.column > 1


HOSTILE = {
    "doctype": b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    "laughs": b'<?xml version="1.0"?>\n<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><l>&b;</l>',
    "utf-16": '<?xml version="1.0" encoding="utf-16"?><x/>'.encode("utf-16"),
    "utf-7": b'<?xml version="1.0" encoding="utf-7"?><x/>',
    "large": b"<x>" + b" " * 2_100_000 + b"</x>",
    "many": b"<x>" + b"<y/>" * 100_000 + b"</x>",
    "deep": b"<x>" * 5_000 + b"</x>" * 5_000,
    "noise": bytes(range(1, 256)),
    "empty": b"",
    "not bpmn": b"<html/>",
    "entity": f"<bpmn:definitions {NAMESPACES}>&boom;</bpmn:definitions>".encode(),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file(name: str) -> None:
    findings = catalog.check({"d.bpmn": HOSTILE[name]})
    assert findings and all(one.severity == "error" for one in findings)


def test_a_doctype_is_told_with_its_line() -> None:
    finding = catalog.check({"d.bpmn": HOSTILE["laughs"]})[0]
    assert (finding.rule, finding.line) == ("doctype", 2)


def test_a_role_that_nobody_can_have_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "_role_known", [lambda key: key in {"hr", "legal"}])
    drawn = (start(), task("A", groups="hr@3, boss", escalateTo="legal", sla="2"), end(), flows("S A E"))
    assert [(one.rule, one.element, "boss" in one.zh) for one in found(*drawn)] == [("role", "A", True)]


def test_a_signature_is_asked_for_a_verdict_that_the_form_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "_form_known", [lambda _key: True])
    monkeypatch.setattr(catalog, "_verdicts_of", [lambda key: frozenset({"pass"}) if key == "review" else None])
    drawn = (start(), task("A", form="review", signature="pass, aprove", sla="2"), end(), flows("S A E"))
    assert [(one.rule, one.element, "aprove" in one.zh) for one in found(*drawn)] == [("signature", "A", True)]


def test_a_task_without_a_deadline_and_an_empty_lane_are_advised_against() -> None:
    lanes = '<bpmn:laneSet id="LS"><bpmn:lane id="L1"><bpmn:flowNodeRef>A</bpmn:flowNodeRef></bpmn:lane>' \
            '<bpmn:lane id="L2"/></bpmn:laneSet>'
    advised = catalog.check({"d.bpmn": drawing(lanes, start(), task("A"), end(), flows("S A E"))})
    assert {("deadline", "A"), ("lane", "L2")} <= {(one.rule, one.element) for one in advised}
    assert not [one for one in advised if one.severity == "error"]


@pytest.mark.parametrize("digits", ["²", "٣", "1001", "-1"])
def test_a_number_of_working_days_is_written_in_plain_digits(digits: str) -> None:
    assert [one.rule for one in found(start(), task("A", sla=digits), end(), flows("S A E"))] == ["property"]


def undoable(*inner: str) -> list[str]:
    handler = task("U").replace("<bpmn:userTask", '<bpmn:userTask isForCompensation="true"')
    return [start(), task("A"), boundary("b", "A", compensate()), handler, association("b", "U"), *inner]


def test_a_note_at_a_compensation_event_is_for_readers() -> None:
    note = tag("textAnnotation", "n", "<bpmn:text>x</bpmn:text>")
    assert found(*undoable(note, association("b", "n"), throw("T", compensate("A")), end(), flows("S A T E"))) == []


def test_undoing_an_activity_that_nothing_undoes_is_advised_against() -> None:
    drawn = undoable(task("B"), throw("T", compensate("B")), throw("V", compensate("A")), end(), flows("S A B T V E"))
    advised = [one for one in catalog.check({"d.bpmn": drawing(*drawn)}) if one.rule == "compensation"]
    assert [(one.element, one.severity) for one in advised] == [("T", "warning")]
