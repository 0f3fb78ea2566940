"""What a single element says: its kind as a card, its words, what is asked of people."""

from __future__ import annotations

import re

from engine.drawing import Element, children
from engine.vocabulary import BPMN, Extensions, read_extensions
from workflows.studio.faces.graph import kind
from workflows.studio.faces.listing import Work

KINDS = {
    "startEvent": "start", "endEvent": "end", "serviceTask": "step", "sendTask": "step", "scriptTask": "script",
    "businessRuleTask": "decision", "callActivity": "call", "subProcess": "sub", "receiveTask": "wait",
    "intermediateCatchEvent": "wait", "intermediateThrowEvent": "step", "task": "pass", "manualTask": "pass",
    "exclusiveGateway": "merge",
}
"""Elements with one way out, as cards; user tasks are told apart by who does them, what is not here is locked."""
ROLE_LIST = re.compile(r'=\s*\[\s*"[\w.-]+"(?:\s*,\s*"[\w.-]+")*\s*\]')
WORD = re.compile(r"[\w.@-]+")
EACH = "asked_role"
"""What a countersign of the list calls the role that it asks in a round."""
TEXT = 400


def kind_of(element: Element) -> str:
    """The card's kind of an element with one way out."""
    if kind(element) != "userTask":
        return KINDS.get(kind(element), "locked")
    words = read_extensions(element)
    return "fill" if words.assignee and not words.groups and words.loop is None else "approve"


def name_of(element: Element) -> str:
    """What an element is called; "" where it has no name. Line breaks of the drawing are spaces."""
    return " ".join((element.get("name") or "").split())[:TEXT]


def note_of(element: Element) -> str:
    """The element's documentation."""
    return next((" ".join("".join(str(part) for part in node.itertext()).split())[:TEXT]
                 for node in children(element, BPMN, "documentation")), "")


def said_of(element: Element) -> str:
    """The table, step, expression or moment that an automatic element names."""
    words = read_extensions(element)
    return (words.decision or words.step or words.called or element.get("calledElement") or words.script
            or trigger_of(element))[:TEXT]


def trigger_of(element: Element) -> str:
    """What an event waits for: `timer PT5D`, `message`, `error`; "" for nothing."""
    for child in element.iterchildren(f"{{{BPMN}}}*"):
        if kind(child).endswith("EventDefinition"):
            told = next((str(part.text or "").strip() for part in child.iterchildren("*") if part.text), "")
            return f"{kind(child).removesuffix('EventDefinition')} {told}".strip()[:TEXT]
    return ""


def work_of(element: Element) -> Work:
    """What a user task asks of whom."""
    words = read_extensions(element)
    said, loop = words.properties, words.loop
    groups = words.groups or ""
    roles: tuple[str, ...] | None
    if loop is not None and groups.replace(" ", "") == f"={loop.element}" and ROLE_LIST.fullmatch(loop.collection):
        roles = tuple(re.findall(r'"([^"]+)"', loop.collection))
    elif groups.startswith("=") or loop is not None:
        roles = None
    else:
        roles = _listed(groups)
    return Work(
        groups=roles, groups_text=groups if roles is None else "", assignee=words.assignee or "",
        users=words.users or "", form=words.form_id or "", due=words.due or "", sla=said.get("licet:sla", ""),
        escalate_after=said.get("licet:escalateAfter", ""), escalate_to=said.get("licet:escalateTo", ""),
        not_by=tuple(words.words("licet:notBy")), not_applicant=said.get("licet:notApplicant") == "true",
        copy_to=tuple(words.words("licet:copyTo")), signature=tuple(words.words("licet:signature")),
        hand_to=tuple(words.words("licet:handTo")), signers=tuple(words.words("licet:signers")),
        stage=said.get("licet:stage", ""), each=None if loop is None else loop.collection,
        in_turn=loop is not None and loop.sequential, gives={line.target: line.source for line in words.gives},
        **_votes(words),
    )


def _votes(words: Extensions) -> dict[str, str]:
    said = words.properties
    return {"vote": said.get("licet:vote", ""), "vote_percent": said.get("licet:votePercent", ""),
            "vote_result": said.get("licet:voteResult", "")}


def _listed(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())
