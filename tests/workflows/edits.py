"""Random edits of drawings, tables and forms, as people make them."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

from lxml import etree

from engine.drawing import Element
from engine.vocabulary import BPMN, ZEEBE

DI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
TASKS = ("userTask", "serviceTask")


def of_xml(body: bytes, edits: Callable[[Element, Random], None], seed: int) -> bytes:
    """The file after an edit."""
    root = etree.fromstring(body)
    edits(root, Random(seed))
    return etree.tostring(root, encoding="utf-8", xml_declaration=True)


def nodes(root: Element, *kinds: str) -> list[Element]:
    """The elements of these kinds that have ids."""
    return [node for kind in kinds for node in root.iter(f"{{{BPMN}}}{kind}") if node.get("id")]


def rename(root: Element, random: Random) -> None:
    random.choice(nodes(root, *TASKS)).set("name", f"改名{random.randrange(10**6)}")


def deadline(root: Element, random: Random) -> None:
    """Another value for a property of some task."""
    found = list(root.iter(f"{{{ZEEBE}}}property"))
    if found:
        random.choice(found).set("value", str(random.randrange(1000)))


def move(root: Element, random: Random) -> None:
    random.choice(list(root.iter(f"{{{DC}}}Bounds"))).set("x", str(random.randrange(2000)))


def add(root: Element, random: Random) -> None:
    """A task after another one, with its flow and shape."""
    before, name = random.choice(nodes(root, *TASKS)), f"New_{random.randrange(10**9)}"
    process = before.getparent()
    task = etree.SubElement(process, f"{{{BPMN}}}userTask", id=name, name="新任务")
    ends = {"sourceRef": str(before.get("id")), "targetRef": name}
    flow = etree.SubElement(process, f"{{{BPMN}}}sequenceFlow", {"id": f"F_{name}", **ends})
    etree.SubElement(task, f"{{{BPMN}}}incoming").text = flow.get("id")
    etree.SubElement(before, f"{{{BPMN}}}outgoing").text = flow.get("id")
    plane = next(root.iter(f"{{{DI}}}BPMNPlane"))
    shape = etree.SubElement(plane, f"{{{DI}}}BPMNShape", id=f"{name}_di", bpmnElement=name)
    etree.SubElement(shape, f"{{{DC}}}Bounds", x="1", y="2", width="100", height="80")


def remove(root: Element, random: Random) -> None:
    """A task with its flows, and everything that names them."""
    gone = random.choice(nodes(root, *TASKS)).get("id")
    flows = nodes(root, "sequenceFlow")
    ids = {gone} | {one.get("id") for one in flows if gone in (one.get("sourceRef"), one.get("targetRef"))}
    for node in list(root.iter(etree.Element)):
        refers = {node.get("id"), node.get("bpmnElement"), node.get("attachedToRef"), (node.text or "").strip()}
        if refers & ids and node.getparent() is not None:
            node.getparent().remove(node)
    for node in root.iter(f"{{{BPMN}}}exclusiveGateway"):
        if node.get("default") in ids:
            del node.attrib["default"]


def shuffle(root: Element, random: Random) -> None:
    """The same elements in another order."""
    process = random.choice(list(root.iter(f"{{{BPMN}}}process")))
    children = list(process)
    random.shuffle(children)
    process[:] = children


DRAWING_EDITS = (rename, deadline, move, add, remove, shuffle)


def form(body: bytes, seed: int, times: int = 3) -> bytes:
    """A form after some edits."""
    schema, random = json.loads(body), Random(seed)
    for _ in range(times):
        random.choice((_label, _new_field, _drop_field, _swap, _need))(schema["components"], random)
    return json.dumps(schema, ensure_ascii=False).encode()


def _label(components: list[Any], random: Random) -> None:
    random.choice(components)["label"] = f"标题{random.randrange(10**6)}"


def _need(components: list[Any], random: Random) -> None:
    random.choice(components).setdefault("validate", {})["required"] = random.random() < 0.5


def _new_field(components: list[Any], random: Random) -> None:
    name = f"Field_{random.randrange(10**9)}"
    made = {"id": name, "key": name, "type": "textfield", "label": "新"}
    components.insert(random.randrange(len(components) + 1), made)


def _drop_field(components: list[Any], random: Random) -> None:
    if len(components) > 1:
        components.pop(random.randrange(len(components)))


def _swap(components: list[Any], random: Random) -> None:
    components.append(components.pop(random.randrange(len(components))))
