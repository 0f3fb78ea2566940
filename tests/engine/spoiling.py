"""Ways to spoil a drawing: cut and change its text, corrupt its bytes, or join its elements otherwise."""

from __future__ import annotations

import re
from copy import deepcopy
from itertools import count
from random import Random

from lxml import etree

from engine.drawing import Element
from engine.rules.sheet import kind
from engine.rules.whole import LEVELS
from engine.vocabulary import BPMN, XSI

MADE = re.compile(rb'id="([a-z])(\d+)"')


def steady(body: bytes) -> bytes:
    """The drawing with the ids that were made on the way numbered anew: the same whatever was drawn before."""
    numbers = count(1)
    return MADE.sub(lambda hit: b'id="%s_%d"' % (hit[1], next(numbers)), body)


def spoilt(random: Random, body: bytes, most: int = 3) -> bytes:
    """The drawing with a few things cut, doubled or changed."""
    parts = body.replace(b"<", b"\n<").split(b"\n")
    for _ in range(random.randint(1, most)):
        at = random.randrange(len(parts))
        how = random.random()
        if how < 0.3:
            del parts[at]
        elif how < 0.5:
            parts.insert(random.randrange(len(parts)), parts[at])
        elif how < 0.8:
            words = parts[at].split(b'"')
            words[random.randrange(len(words))] = random.choice(
                [b"", b"A", b"G", b"=c", b"1", b"E", b"true", "证".encode()]
            )
            parts[at] = b'"'.join(words)
        else:
            parts[at] = bytes(random.choice(b"<>\"'= abc/&;") if random.random() < 0.1 else byte for byte in parts[at])
    return b"".join(parts)


def corrupted(random: Random, body: bytes) -> bytes:
    """The bytes with some flipped, cut out or doubled; it need not be XML any more."""
    found = bytearray(body)
    for _ in range(random.randint(1, 5)):
        at = random.randrange(len(found) or 1)
        if random.random() < 0.6:
            found[at:at + 1] = random.randbytes(random.randint(0, 3))
        else:
            found[at:at + random.randint(1, 200)] = found[: random.randint(0, 50)]
    return bytes(found)


ATTRIBUTES = (
    ("cancelActivity", "false"), ("isInterrupting", "false"), ("startQuantity", "2"), ("completionQuantity", "2"),
    ("isForCompensation", "true"), ("parallelMultiple", "true"), ("triggeredByEvent", "true"),
)  # fmt: skip
LOOPS = (
    '<standardLoopCharacteristics loopMaximum="2"/>',
    '<multiInstanceLoopCharacteristics><loopCardinality xsi:type="tFormalExpression">2</loopCardinality>'
    "</multiInstanceLoopCharacteristics>",
)


def reshaped(random: Random, body: bytes) -> bytes:
    """Well-formed BPMN, with one to three flows, triggers, attributes or kinds changed."""
    root = etree.fromstring(body)
    for _ in range(random.randint(1, 3)):
        change = random.choice((_redirect, _redirect, _connect, _remove, _trigger, _attribute, _gateway, _repeat))
        change(random, root, _nodes(root))
    return etree.tostring(root)


def _nodes(root: Element) -> list[Element]:
    """The flow nodes of every level."""
    inside = [child for level in root.iter() if kind(level) in LEVELS for child in level]
    return [node for node in inside if node.get("id") and kind(node) not in ("", "sequenceFlow", "association")]


def _flows(root: Element) -> list[Element]:
    return list(root.iter(f"{{{BPMN}}}sequenceFlow"))


def _redirect(random: Random, root: Element, nodes: list[Element]) -> None:
    flow = random.choice(_flows(root))
    near = [node.get("id", "") for node in nodes if node.getparent() is flow.getparent()]
    flow.set(random.choice(("sourceRef", "targetRef")), random.choice(near or [""]))


def _connect(random: Random, root: Element, nodes: list[Element]) -> None:
    source = random.choice(nodes)
    near = [node for node in nodes if node.getparent() is source.getparent()]
    ends = {"sourceRef": source.get("id", ""), "targetRef": random.choice(near).get("id", "")}
    etree.SubElement(source.getparent(), f"{{{BPMN}}}sequenceFlow", id=_fresh(random), **ends)


def _remove(random: Random, root: Element, nodes: list[Element]) -> None:
    node = random.choice(nodes)
    gone = [flow for flow in _flows(root) if node.get("id") in (flow.get("sourceRef"), flow.get("targetRef"))]
    for each in (node, *gone):
        if each.getparent() is not None:
            each.getparent().remove(each)


def _trigger(random: Random, root: Element, nodes: list[Element]) -> None:
    known = [node for node in root.iter() if kind(node).endswith("EventDefinition")]
    if known:
        other = deepcopy(random.choice(known))
        other.set("id", _fresh(random))
        old = random.choice(known)
        old.getparent().replace(old, other)


def _attribute(random: Random, root: Element, nodes: list[Element]) -> None:
    random.choice(nodes).set(*random.choice(ATTRIBUTES))


def _gateway(random: Random, root: Element, nodes: list[Element]) -> None:
    for node in nodes:
        if kind(node).endswith("Gateway") and random.random() < 0.5:
            node.tag = f"{{{BPMN}}}{random.choice(('exclusive', 'parallel', 'inclusive', 'eventBased'))}Gateway"


def _repeat(random: Random, root: Element, nodes: list[Element]) -> None:
    whole = f'<x xmlns="{BPMN}" xmlns:xsi="{XSI}">{random.choice(LOOPS)}</x>'
    random.choice(nodes).append(etree.fromstring(whole)[0])


def _fresh(random: Random) -> str:
    return f"n{random.randrange(10**9)}"
