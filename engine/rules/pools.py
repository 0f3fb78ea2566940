"""Pools and what passes between them: BPMN 2.0.2, 9.3 (participants), 9.4 (message flow)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.drawing import Element
from engine.findings import Finding
from engine.rules.sheet import Sheet, kind
from engine.rules.whole import ACTIVITIES, EVENTS, Whole, error, process_of, whole

SENDERS = ("endEvent", "intermediateThrowEvent")
RECEIVERS = ("startEvent", "intermediateCatchEvent", "boundaryEvent")
INTERACTING = (*ACTIVITIES, *EVENTS, "participant", "conversation", "subConversation")


def message_flow_ends(sheet: Sheet) -> Iterator[Finding]:
    """A message flow joins pools, activities and events (9.4, 7.6.2)."""
    index = whole(sheet)
    for flow in index.everywhere("messageFlow"):
        if kind(flow.getparent()) != "collaboration":  # type: ignore[arg-type]
            continue
        for name in ("sourceRef", "targetRef"):
            found = index.kind_of(flow.get(name))
            if found not in INTERACTING:
                what = found or "—"
                yield error(sheet, "message-flow", flow, f"消息流的 {name} 不能是 {what}",
                            f"{name} of a message flow cannot be a {found or 'missing element'}",
                            "把消息流连到泳池、任务或事件", "connect it to a pool, task or event")


def message_flow_pools(sheet: Sheet) -> Iterator[Finding]:
    """A message flow passes from one pool to another (9.4)."""
    index = whole(sheet)
    for flow in index.everywhere("messageFlow"):
        sides = [_pool(index, index.named(flow.get(name))) for name in ("sourceRef", "targetRef")]
        if sides[0] is not None and sides[0] == sides[1]:
            yield error(sheet, "message-flow", flow, "消息流的两端在同一个泳池里",
                        "both ends of the message flow are in one pool",
                        "同一泳池内用连线", "use a sequence flow within a pool")


def _pool(index: Whole, node: Element | None) -> str | None:
    """What stands for the pool of a node: the id of its process, or of a pool without one."""
    if node is None:
        return None
    if kind(node) == "participant":
        return node.get("processRef", "").rpartition(":")[2] or node.get("id")
    process = process_of(node)
    return None if process is None else process.get("id")


def message_flow_events(sheet: Sheet) -> Iterator[Finding]:
    """Only an event that sends a message is a source, only one that waits for it a target (10.5.2 to 10.5.4)."""
    index = whole(sheet)
    for flow in index.everywhere("messageFlow"):
        for name, right, wrong in (("sourceRef", SENDERS, RECEIVERS), ("targetRef", RECEIVERS, SENDERS)):
            end = index.named(flow.get(name))
            if end is None or kind(end) not in EVENTS:
                continue
            if kind(end) in wrong:
                yield error(sheet, "message-flow", flow, f"{kind(end)} 不能是消息流的 {name}",
                            f"a {kind(end)} cannot be the {name} of a message flow",
                            "反转消息流，或换一个事件", "turn the message flow round or choose another event")
            elif kind(end) in right and "message" not in index.triggers(end):
                yield error(sheet, "message-flow", end, "消息流连着它，它却不是消息事件",
                            "a message flow meets this event, which is no message event",
                            "改为消息事件", "make it a message event")


def multiplicities(sheet: Sheet) -> Iterator[Finding]:
    """0 <= minimum <= maximum, and maximum >= 1 (9.3, ParticipantMultiplicity)."""
    for node in whole(sheet).everywhere("participantMultiplicity"):
        try:
            least, most = int(node.get("minimum", "0")), int(node.get("maximum", "1"))
        except ValueError:
            least, most = -1, -1
        if least < 0 or most < 1 or most < least:
            yield error(sheet, "multiplicity", node, "参与者的数量上下限不成立",
                        "minimum and maximum of the participant cannot both hold",
                        "改为 0 ≤ 最小 ≤ 最大，最大 ≥ 1", "let 0 <= minimum <= maximum and maximum >= 1")


def public_processes(sheet: Sheet) -> Iterator[Finding]:
    """A public process shows only what partners see; it is not executable (10.2, processType)."""
    for process in sheet.processes:
        if process.get("processType") == "Public":
            yield error(sheet, "public", process, "公开流程 (Public) 不能执行", "a public process is not executable",
                        "把 processType 改为 Private 或 None", "set processType to Private or None")


RULES = (message_flow_ends, message_flow_pools, message_flow_events, multiplicities, public_processes)
