"""A drawing of another tool in our words: scripts become steps, Java expressions FEEL; what it tests is left alone.

Only what BPMN leaves to each engine is said anew. The scripts of the test set are tokens such as SCRIPT_task1; each
becomes the type of a service task. A script that lasts ten seconds becomes a user task, which the runner completes
when the time has passed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from engine.drawing import Element, children, read, split_tag
from engine.vocabulary import BPMN, ZEEBE
from tests.conformance import foreign

LASTING = ("WAIT_TEN_SECONDS", "CREATE_TIMESTAMP_LOG_1", "CREATE_TIMESTAMP_LOG_2")
NOTHING = "NOTHING"
FORMAT = "scriptFormat"
ESCALATION = "escalationEventDefinition"
TOKEN = re.compile(r"[A-Z]+(_\w+)+")
EXPRESSIONS = (
    "conditionExpression", "condition", "loopCondition", "completionCondition", "loopCardinality",
    "activationCondition",
)  # fmt: skip
NEUTRAL = {"http://www.omg.org/spec/BPMN/20100524/MODEL", "http://www.w3.org/2001/XMLSchema-instance", "", ZEEBE}
FOREIGN = re.compile(r"java|juel|mvel|python|groovy|xpath|script", re.IGNORECASE)
WORDS: dict[str, tuple[str, dict[str, str]]] = {
    "userTask": ("assignmentDefinition", {"candidateGroups": "hr"}),
    "serviceTask": ("taskDefinition", {"type": NOTHING}),
    "sendTask": ("taskDefinition", {"type": NOTHING}),
    "businessRuleTask": ("calledDecision", {"decisionId": NOTHING, "resultVariable": "nothing"}),
}
"""What our engine asks for on a task that another tool has drawn."""
DECISION = b"""<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="urn:d">
<decision id="NOTHING" name="NOTHING"><variable name="NOTHING"/>
<literalExpression><text>null</text></literalExpression></decision></definitions>"""


@dataclass
class Drawing:
    """What the runner needs to know of a translated file."""

    body: bytes
    processes: list[str]
    lasting: dict[str, str] = field(default_factory=dict)  # element id -> token of a task that takes ten seconds
    tokens: set[str] = field(default_factory=set)
    data: dict[str, str] = field(default_factory=dict)  # element id of a script -> the variable it writes or reads
    errors: list[str] = field(default_factory=list)
    ends: dict[str, str] = field(default_factory=dict)  # id of an event -> the local name of what it throws
    loose: set[str] = field(default_factory=set)  # events that throw an escalation out of their process


def translate(data: bytes, *, whole: bool = False) -> Drawing:
    """The drawing in our words. `whole`: also give tasks, messages and signals what only our engine asks for.

    Raises BadDiagram when the bytes are not plain XML.
    """
    root = read(data)
    drawn = Drawing(b"", [])
    drawn.processes = [
        str(node.get("id")) for node in children(root, BPMN, "process") if node.get("isExecutable") == "true"
    ]
    drawn.errors = [str(node.get("errorCode")) for node in children(root, BPMN, "error") if node.get("errorCode")]
    drawn.data = _data(root)
    for node in list(_every(root, "scriptTask")):
        _script(drawn, node)
    for name in EXPRESSIONS:
        for node in _every(root, name):
            _expression(node)
    if whole:
        _complete(root, drawn)
    drawn.ends = _thrown(root)
    drawn.loose = _loose(root, drawn.ends)
    drawn.body = etree.tostring(root, encoding="utf-8", xml_declaration=True)
    return drawn


def _every(root: Element, *names: str) -> Iterator[Element]:
    for name in names:
        yield from root.iter(f"{{{BPMN}}}{name}")


def _local(node: Element) -> str:
    return split_tag(node)[1]


def _script(drawn: Drawing, node: Element) -> None:
    """A script task by its token; a script in a language that it names does nothing here, one without stays."""
    scripts = list(children(node, BPMN, "script"))
    said = " ".join("".join(str(text) for text in script.itertext()) for script in scripts).strip()
    if node.find(f".//{{{ZEEBE}}}script") is not None or (said and not TOKEN.fullmatch(said) and not node.get(FORMAT)):
        return
    token = said if TOKEN.fullmatch(said) else NOTHING
    for script in scripts:
        node.remove(script)
    node.attrib.pop(FORMAT, None)
    if token in LASTING:
        node.tag = f"{{{BPMN}}}userTask"
        say(node, "assignmentDefinition", candidateGroups="hr")
        drawn.lasting[str(node.get("id"))] = token
    else:
        node.tag = f"{{{BPMN}}}serviceTask"
        say(node, "taskDefinition", type=token)
        drawn.tokens.add(token)


def say(node: Element, word: str, **attributes: str) -> None:
    """Add a Zeebe word to an element."""
    holder = next(children(node, BPMN, "extensionElements"), None)
    if holder is None:
        holder = etree.Element(f"{{{BPMN}}}extensionElements")
        first = next((at for at, child in enumerate(node) if _local(child) != "documentation"), len(node))
        node.insert(first, holder)
    etree.SubElement(holder, f"{{{ZEEBE}}}{word}", attributes, nsmap={"zeebe": ZEEBE})


def _expression(node: Element) -> None:
    if len(node) == 0 and (node.text or "").strip():
        node.text = foreign.feel(node.text or "")
        if FOREIGN.search(node.get("language", "")):
            del node.attrib["language"]


def _data(root: Element) -> dict[str, str]:
    """Which variable stands for the data object or property that a script writes or reads."""
    objects = {str(node.get("id")): node for node in _every(root, "dataObject", "property")}
    for node in _every(root, "dataObjectReference"):
        objects[str(node.get("id"))] = objects.get(str(node.get("dataObjectRef")), node)
    every = {key: variable_name(node) for key, node in objects.items()}
    found = {}
    for task in _every(root, "scriptTask"):
        ends = [
            text for link in children(task, BPMN, "dataInputAssociation", "dataOutputAssociation")
            for end in children(link, BPMN, "sourceRef", "targetRef") if (text := (end.text or "").strip()) in every
        ]  # fmt: skip
        names = [every[end] for end in ends] or list(every.values())
        if names:
            found[str(task.get("id"))] = names[0]
    return found


def variable_name(node: Element) -> str:
    """A variable named like the data object."""
    text = str(node.get("name") or node.get("id") or "data")
    return text if text.isidentifier() else "data"


def _thrown(root: Element) -> dict[str, str]:
    declared = {str(node.get("id")): _local(node) for node in root.iter() if _local(node).endswith("EventDefinition")}
    found = {}
    for event in _every(root, "endEvent", "intermediateThrowEvent"):
        named = [declared.get((ref.text or "").strip(), "") for ref in children(event, BPMN, "eventDefinitionRef")]
        named += [_local(child) for child in event if _local(child).endswith("EventDefinition")]
        found[str(event.get("id"))] = named[0] if named else ""
    return found


def _loose(root: Element, ends: dict[str, str]) -> set[str]:
    """The escalations that nobody in the file can catch: thrown by a process itself, which nobody calls."""
    called = {str(call.get("calledElement")) for call in _every(root, "callActivity")}
    found = set()
    for process in children(root, BPMN, "process"):
        inside = [sub for sub in children(process, BPMN, "subProcess") if sub.get("triggeredByEvent") == "true"]
        if process.get("id") not in called and not any(True for sub in inside for _ in _every(sub, ESCALATION)):
            found |= {str(event.get("id")) for event in process if ends.get(str(event.get("id"))) == ESCALATION}
    return found


def _complete(root: Element, drawn: Drawing) -> None:
    """Give what only our engine asks for, and take away what other engines alone understand."""
    _strip(root)
    for node in _every(root, "process"):
        if node.get("isExecutable") is None and node.find(f"{{{BPMN}}}startEvent") is not None:
            node.set("isExecutable", "true")
            drawn.processes.append(str(node.get("id")))
    for name, (word, attributes) in WORDS.items():
        for node in _every(root, name):
            if node.find(f".//{{{ZEEBE}}}{word}") is None and not (name == "sendTask" and node.get("messageRef")):
                say(node, word, **attributes)
                drawn.tokens.add(NOTHING)
            if not FOREIGN.search(node.get("implementation", "")):
                continue
            del node.attrib["implementation"]
    for node in _every(root, "message", "signal"):
        if not node.get("name"):
            node.set("name", str(node.get("id")))


def _strip(root: Element) -> None:
    """Remove attributes and extensions of other tools."""
    for node in list(root.iter()):
        space, name = split_tag(node)
        if space not in NEUTRAL:
            continue
        for key in [key for key in node.attrib if etree.QName(key).namespace not in (None, *NEUTRAL)]:
            del node.attrib[key]
        if name == "extensionElements":
            for child in [child for child in node if split_tag(child)[0] != ZEEBE]:
                node.remove(child)
