"""The process that the engine's figures are taken with, drawn for our dialect and for SpiffWorkflow as it comes.

Fifteen nodes: submit, a decision table, accept (with a reminder after five days), back for correction or on to the
expert's sub-process, review, sign, issue. A submission carries 1 kB, as a form does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="urn:x" '
    'xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
)
PAPERS = {f"paper{number}": {"name": f"材料{number}", "value": "x" * 60, "files": [number]} for number in range(8)}
Step = tuple[str, dict[str, Any]]
SUBMIT: Step = ("submit", {"amount": 500, "papers": PAPERS})
STEPS: list[Step] = [
    SUBMIT, ("accept", {"correction": False}), ("expert", {"opinion": "ok"}), ("review", {"passed": True}),
    ("sign", {"signed": True}),
]  # fmt: skip
LOOP: list[Step] = [SUBMIT, ("accept", {"correction": True})]
PASSED = {"submit": ["classify"], "accept": ["complete", "call", "begin", "prepare"], "expert": ["end", "call"],
          "review": ["good"], "sign": ["issue", "E"]}  # fmt: skip
"""What the engine tells of as passed, beside the user tasks."""

DECISION = (
    '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="x" name="x" namespace="urn:x">'
    '<decision id="Level" name="Level"><decisionTable id="t" hitPolicy="UNIQUE"><input id="i" label="amount">'
    '<inputExpression id="ie" typeRef="number"><text>amount</text></inputExpression></input>'
    '<output id="o" label="level" name="level" typeRef="string"/>'
    + "".join(
        f'<rule id="r{number}"><inputEntry id="a{number}"><text>{escape(test)}</text></inputEntry>'
        f'<outputEntry id="b{number}"><text>"{level}"</text></outputEntry></rule>'
        for number, (test, level) in enumerate([("> 1000", "A"), ("<= 1000", "B")])
    )
    + "</decisionTable></decision></definitions>"
).encode()


@dataclass(frozen=True)
class Dialect:
    """How an engine wants its things written."""

    task: Callable[[str], str]
    decision: str
    call: str
    script: Callable[[str, str], str]
    correction: str
    passed: str
    days: str


def node(kind: str, id: str, inner: str = "", **attributes: str) -> str:
    said = "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
    return f'<bpmn:{kind} id="{id}" name="{id}"{said}>{inner}</bpmn:{kind}>'


def extended(inner: str) -> str:
    return f"<bpmn:extensionElements>{inner}</bpmn:extensionElements>"


def flows(*chain: str, condition: str = "") -> str:
    formal = '<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">'
    said = f"{formal}{escape(condition)}</bpmn:conditionExpression>" if condition else ""
    pairs = zip(chain, chain[1:], strict=False)
    return "".join(
        f'<bpmn:sequenceFlow id="{a}_{b}" sourceRef="{a}" targetRef="{b}">{said}</bpmn:sequenceFlow>' for a, b in pairs
    )


def process(id: str, *inner: str) -> str:
    return HEAD + node("process", id, "".join(inner), isExecutable="true") + "</bpmn:definitions>"


def drawings(dialect: Dialect) -> dict[str, bytes]:
    """The files of the process: review.bpmn, expert.bpmn, level.dmn."""
    due = (
        '<bpmn:timerEventDefinition id="due"><bpmn:timeDuration xsi:type="bpmn:tFormalExpression">'
        f"{escape(dialect.days)}</bpmn:timeDuration></bpmn:timerEventDefinition>"
    )
    review = process(
        "Review",
        *(node("startEvent", "S"), dialect.task("submit"), node("businessRuleTask", "classify", dialect.decision)),
        *(dialect.task("accept"), node("boundaryEvent", "remind", due, attachedToRef="accept", cancelActivity="false")),
        *(dialect.script("note", "reminded"), node("endEvent", "noted")),
        *(node("exclusiveGateway", "complete", default="complete_call"), dialect.call, dialect.task("review")),
        *(node("exclusiveGateway", "good", default="good_refused"), node("endEvent", "refused"), dialect.task("sign")),
        *(dialect.script("issue", "issued"), node("endEvent", "E")),
        flows("S", "submit", "classify", "accept", "complete", "call", "review", "good", "refused"),
        flows("complete", "submit", condition=dialect.correction),
        flows("good", "sign", condition=dialect.passed),
        flows("sign", "issue", "E"),
        flows("remind", "note", "noted"),
    )
    expert = process(
        "Expert", node("startEvent", "begin"), dialect.script("prepare", "prepared"), dialect.task("expert"),
        node("endEvent", "end"), flows("begin", "prepare", "expert", "end"),
    )  # fmt: skip
    return {"review.bpmn": review.encode(), "expert.bpmn": expert.encode(), "level.dmn": DECISION}


def zeebe_task(id: str) -> str:
    """Offered to one role; of the answers only what routes becomes a variable."""
    given = {"submit": "amount", "accept": "correction", "expert": "opinion", "review": "passed", "sign": "signed"}[id]
    mapped = f'<zeebe:ioMapping><zeebe:output source="={given}" target="{given}"/></zeebe:ioMapping>'
    return node("userTask", id, extended('<zeebe:assignmentDefinition candidateGroups="hr"/>' + mapped))


OURS = drawings(Dialect(
    task=zeebe_task,
    decision=extended('<zeebe:calledDecision decisionId="Level" resultVariable="level"/>'),
    call=node("callActivity", "call", extended('<zeebe:calledElement processId="Expert"/>')),
    script=lambda id, name: node(
        "scriptTask", id, extended(f'<zeebe:script expression="=true" resultVariable="{name}"/>')),
    correction="=correction = true", passed="=passed = true", days="P5D",
))  # fmt: skip
STOCK = drawings(Dialect(
    task=lambda id: node("userTask", id),
    decision=extended("<spiffworkflow:calledDecisionId>Level</spiffworkflow:calledDecisionId>"),
    call=node("callActivity", "call", calledElement="Expert"),
    script=lambda id, name: node("scriptTask", id, f"<bpmn:script>{name} = True</bpmn:script>"),
    correction="correction == True", passed="passed == True", days='"P5D"',
))  # fmt: skip
