"""Files of drafts for the studio's tests: small ones, hostile ones, a large one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

HOSTILE = '<img src="planted" onerror="document.title=1">'
"""What no page of anybody may take for markup."""
SPACES = (
    'xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" '
    'xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"'
)
DMN = 'xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"'


def drawing(process: str = "trial", task: str = "Check", words: str = "", documentation: str = "") -> bytes:
    """Start, one user task (offered to the legal reviewers, within three days), end; `words` are more extensions."""
    name, said = quoteattr(task), escape(documentation)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions {SPACES} id="D" targetNamespace="urn:trial">
<bpmn:process id="{process}" name={name} isExecutable="true">
<bpmn:startEvent id="Start" name={name}><bpmn:outgoing>F1</bpmn:outgoing></bpmn:startEvent>
<bpmn:userTask id="Check" name={name}><bpmn:documentation>{said}</bpmn:documentation>
<bpmn:extensionElements><zeebe:userTask/>
<zeebe:formDefinition formId="review"/><zeebe:assignmentDefinition candidateGroups="legal"/>
<zeebe:properties><zeebe:property name="licet:sla" value="3"/></zeebe:properties>{words}</bpmn:extensionElements>
<bpmn:incoming>F1</bpmn:incoming><bpmn:outgoing>F2</bpmn:outgoing></bpmn:userTask>
<bpmn:endEvent id="End" name={name}><bpmn:incoming>F2</bpmn:incoming></bpmn:endEvent>
<bpmn:sequenceFlow id="F1" sourceRef="Start" targetRef="Check"/>
<bpmn:sequenceFlow id="F2" name={name} sourceRef="Check" targetRef="End"/>
</bpmn:process><bpmndi:BPMNDiagram id="Di"><bpmndi:BPMNPlane id="Pl" bpmnElement="{process}">
{_shape("Start", 160, 142, 36, 36)}{_shape("Check", 260, 120, 100, 80)}{_shape("End", 430, 142, 36, 36)}
{_edge("F1", 196, 260, 160)}{_edge("F2", 360, 430, 160)}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram></bpmn:definitions>
""".encode()


def _shape(element: str, x: int, y: int, width: int, height: int) -> str:
    bounds = f'<dc:Bounds x="{x}" y="{y}" width="{width}" height="{height}"/>'
    return f'<bpmndi:BPMNShape id="{element}_di" bpmnElement="{element}">{bounds}</bpmndi:BPMNShape>'


def _edge(element: str, begin: int, end: int, y: int) -> str:
    points = f'<di:waypoint x="{begin}" y="{y}"/><di:waypoint x="{end}" y="{y}"/>'
    return f'<bpmndi:BPMNEdge id="{element}_di" bpmnElement="{element}">{points}</bpmndi:BPMNEdge>'


def large(size: int, tasks: int) -> bytes:
    """A drawing of about `size` bytes with `tasks` tasks in rows of fifty, long explanations in each."""
    said = "说明文字" * max(1, (size // tasks - 520) // 12)
    names = ["Start", *(f"T{n}" for n in range(tasks)), "End"]
    steps = ['<bpmn:startEvent id="Start"/><bpmn:endEvent id="End"/>']
    steps += [f'<bpmn:task id="T{n}" name="Step {n}"><bpmn:documentation>{said}</bpmn:documentation></bpmn:task>'
              for n in range(tasks)]
    flows, shapes = [], []
    for at, (one, two) in enumerate(zip(names, names[1:], strict=False)):
        flows.append(f'<bpmn:sequenceFlow id="F{at}" sourceRef="{one}" targetRef="{two}"/>')
        shapes.append(_edge(f"F{at}", at % 50 * 160 + 100, at % 50 * 160 + 160, at // 50 * 140 + 40))
    for at, one in enumerate(names):
        small = one in ("Start", "End")
        shapes.append(_shape(one, at % 50 * 160, at // 50 * 140, 36 if small else 100, 36 if small else 80))
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions {SPACES} id="D" targetNamespace="urn:large"><bpmn:process id="large" name="Large" isExecutable="true">
{"".join(steps)}{"".join(flows)}</bpmn:process>
<bpmndi:BPMNDiagram id="Di"><bpmndi:BPMNPlane id="Pl" bpmnElement="large">
{"".join(shapes)}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram></bpmn:definitions>""".encode()


def table(name: str = "Term", rules: tuple[tuple[str, str], ...] = (("< 10", "1"), (">= 10", "2")), label: str = "Age",
          note: str = "") -> bytes:
    """A table of one number and one result, whole and without overlaps unless other rules are given."""
    rows = "".join(
        f'<rule id="r{n}"><description>{escape(note)}</description>'
        f'<inputEntry id="r{n}i"><text>{escape(one)}</text></inputEntry>'
        f'<outputEntry id="r{n}o"><text>{escape(two)}</text></outputEntry></rule>'
        for n, (one, two) in enumerate(rules, 1))
    column = f'<input id="i" label={quoteattr(label)}><inputExpression id="e" typeRef="number"><text>age</text>'
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<definitions {DMN} id="Defs" name={quoteattr(name)} namespace="urn:trial"><decision id="term" name={quoteattr(name)}>
<variable id="v" name="term" typeRef="number"/>
<decisionTable id="t" hitPolicy="UNIQUE">{column}</inputExpression></input>
<output id="o" label={quoteattr(label)} name="term" typeRef="number"/>{rows}</decisionTable></decision>
</definitions>""".encode()


def form(label: str = "Remark", *more: Mapping[str, Any], title: str = "Trial") -> bytes:
    """A form of one line of text and one button."""
    fields = [{"id": "remark", "key": "remark", "type": "textfield", "label": label, "description": label}, *more]
    return json.dumps({
        "id": "trial", "type": "default", "schemaVersion": 19, "licet:title": title, "components": fields,
        "licet:verdicts": [{"value": "pass", "label": label, "style": "success"}],
    }, ensure_ascii=False).encode()
