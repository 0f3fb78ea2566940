"""A simple place for everything in a drawing that places nothing, so that an editor can show it.

Columns by the longest way from the start, rows by what comes before; flows that go back run below. Sub-processes are
drawn open around what they hold, pools around their process. Pixels; modest on purpose: people move things afterwards.
"""

from __future__ import annotations

from dataclasses import replace

from lxml import etree

from engine.drawing import Element, children
from engine.rules.sheet import ACTIVITIES, EVENTS, FLOW_NODES, GATEWAYS, SUB_PROCESSES, kind
from engine.vocabulary import BPMN
from workflows.studio.foreign.placing import Box, Place, between, placed

DI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
DD = "http://www.omg.org/spec/DD/20100524/DI"
NSMAP = {"bpmndi": DI, "dc": DC, "di": DD}
BESIDE = frozenset({"dataObjectReference", "dataStoreReference", "textAnnotation"})
LEFT, TOP, HEADER, PADDING, APART = 160, 80, 30, 40, 60


def lay_out(root: Element) -> tuple[int, int]:
    """(elements that were placed, elements that the file's own drawing leaves out); adds a BPMNDiagram in the first
    case, changes nothing in the second."""
    shown = {_local(shape.get("bpmnElement", "")) for shape in root.iter(f"{{{DI}}}BPMNShape")}
    nodes = [node for node in root.iter(f"{{{BPMN}}}*") if kind(node) in FLOW_NODES and node.get("id")]
    if any(node.get("id") in shown for node in nodes):
        return 0, sum(1 for node in nodes if node.get("id") not in shown and _visible(node, shown))
    return (_diagrams(root), 0) if nodes else (0, 0)


def _local(reference: str) -> str:
    return reference.rpartition(":")[2]


def _visible(node: Element, shown: set[str]) -> bool:
    """Whether the file shows anything of the scope that the element lies in; a closed sub-process shows nothing."""
    above = node.getparent()
    return above is not None and any(child.get("id") in shown for child in above if isinstance(child.tag, str))


def _diagrams(root: Element) -> int:
    processes = [one for one in children(root, BPMN, "process") if one.get("id")]
    pools = {_local(pool.get("processRef", "")): pool for pool in root.iter(f"{{{BPMN}}}participant") if pool.get("id")}
    together = next((one for one in children(root, BPMN, "collaboration") if one.get("id")), None)
    boxes: dict[str, Box] = {}
    if together is not None and pools:
        _stack(processes, pools, boxes)
        _write(root, together, boxes, root)
    else:
        for process in processes:
            own = _scope(process, LEFT, TOP)[0]
            _write(root, process, own, process)
            boxes |= own
    return len(boxes)


def _stack(processes: list[Element], pools: dict[str, Element], boxes: dict[str, Box]) -> None:
    """One pool below the other, empty ones included."""
    y = TOP
    known = {process.get("id"): process for process in processes}
    for reference, pool in pools.items():
        inner: dict[str, Box] = {}
        wide, high = 600, 60
        if reference in known:
            inner, wide, high = _scope(known[reference], LEFT + HEADER + PADDING, y + PADDING)
            wide, high = max(wide, 300) + HEADER + 2 * PADDING, max(high, 60) + 2 * PADDING
        boxes[pool.get("id", "")] = Box(LEFT, y, wide, high, "isHorizontal")
        boxes.update(inner)
        y += high + APART


def _scope(node: Element, left: int, top: int, depth: int = 0) -> tuple[dict[str, Box], int, int]:
    """Boxes of everything in a scope with its corner at (left, top), its width and height."""
    inner: dict[str, dict[str, Box]] = {}
    places: list[Place] = []
    for child in node:
        name, number = kind(child), child.get("id", "")
        if name in FLOW_NODES and name != "boundaryEvent" and number:
            wide, high = _size(name)
            if name in SUB_PROCESSES and depth < 40 and any(kind(one) in FLOW_NODES for one in child):
                inner[number], wide, high = _scope(child, 0, 0, depth + 1)
                wide, high = wide + 2 * PADDING, high + 2 * PADDING
            places.append(Place(number, wide, high))
    attached = [child for child in node if kind(child) == "boundaryEvent" and child.get("id")]
    hosts = {event.get("id", ""): event.get("attachedToRef", "") for event in attached}
    flows = [(hosts.get(flow.get("sourceRef", ""), flow.get("sourceRef", "")), flow.get("targetRef", ""))
             for flow in children(node, BPMN, "sequenceFlow")]
    boxes, wide, high = placed(places, flows, left, top)
    for number, held in inner.items():
        host = boxes[number] = replace(boxes[number], sort="isExpanded")
        boxes |= {key: box.moved(host.x + PADDING, host.y + PADDING) for key, box in held.items()}
    count: dict[str, int] = {}
    for number, name in hosts.items():
        if name in boxes:
            host, count[name] = boxes[name], count.get(name, -1) + 1
            boxes[number] = Box(host.x + 12 + 44 * count[name], host.y + host.height - 18, 36, 36)
    beside = [child for child in node if kind(child) in BESIDE and child.get("id")]
    for place, child in enumerate(beside):
        boxes[child.get("id", "")] = Box(left + 140 * (place % 8), top + high + 60 + 100 * (place // 8),
                                         *((120, 50) if kind(child) == "textAnnotation" else (50, 50)))
    below = 60 + 100 * ((len(beside) - 1) // 8 + 1) if beside else 0
    return boxes, max(wide, 140 * min(len(beside), 8)), high + below + (20 if hosts else 0)


def _size(name: str) -> tuple[int, int]:
    return (36, 36) if name in EVENTS else (50, 50) if name in GATEWAYS or name not in ACTIVITIES else (100, 80)


def _write(root: Element, plane_of: Element, boxes: dict[str, Box], within: Element) -> None:
    """One BPMNDiagram: shapes of the boxes, lines between them."""
    number = sum(1 for _ in children(root, DI, "BPMNDiagram")) + 1
    diagram = etree.Element(f"{{{DI}}}BPMNDiagram", id=f"Laid_{number}", nsmap=NSMAP)
    first = next(children(root, DI, "BPMNDiagram"), None)
    root.append(diagram) if first is None else first.addprevious(diagram)
    plane = etree.SubElement(diagram, f"{{{DI}}}BPMNPlane", id=f"Laid_{number}_plane",
                             bpmnElement=plane_of.get("id", ""))
    for key, box in boxes.items():
        shape = etree.SubElement(plane, f"{{{DI}}}BPMNShape", id=f"Laid_{key}", bpmnElement=key)
        if box.sort:
            shape.set(box.sort, "true")
        etree.SubElement(shape, f"{{{DC}}}Bounds", x=str(box.x), y=str(box.y), width=str(box.width),
                         height=str(box.height))
    for line in within.iter(f"{{{BPMN}}}sequenceFlow", f"{{{BPMN}}}messageFlow", f"{{{BPMN}}}association"):
        ends = [boxes.get(_local(line.get(end, ""))) for end in ("sourceRef", "targetRef")]
        if ends[0] is not None and ends[1] is not None and line.get("id"):
            edge = etree.SubElement(plane, f"{{{DI}}}BPMNEdge", id=f"Laid_{line.get('id')}",
                                    bpmnElement=line.get("id", ""))
            low = between(ends[0], ends[1], boxes.values()) if kind(line) == "sequenceFlow" else 0
            for x, y in ends[0].way_to(ends[1], kind(line) == "sequenceFlow", low):
                etree.SubElement(edge, f"{{{DD}}}waypoint", x=str(x), y=str(y))
