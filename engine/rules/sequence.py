"""Sequence flows and gateways as the standard draws them: BPMN 2.0.2, 8.4.13 (sequence flow), 10.6 (gateways)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.drawing import children
from engine.findings import Finding
from engine.rules.sheet import Sheet
from engine.rules.whole import GATEWAYS, NODES, error, process_of, text_of, whole
from engine.vocabulary import BPMN


def flow_lists(sheet: Sheet) -> Iterator[Finding]:
    """Where elements list their flows, the lists agree with the flows (8.4.13: incoming, outgoing).

    A process whose elements list none at all is not judged: the lists are optional in the schema.
    """
    index = whole(sheet)
    listing = {id(process_of(node)) for node in index.of("incoming", "outgoing")}
    for node in index.of(*NODES):
        if id(process_of(node)) not in listing:
            continue
        key = node.get("id", "")
        for name, flows in (("incoming", index.into.get(key, [])), ("outgoing", index.out.get(key, []))):
            listed = {text_of(child).rpartition(":")[2] for child in children(node, BPMN, name)}
            drawn = {flow.get("id", "") for flow in flows}
            if listed != drawn:
                odd = "、".join(sorted(listed ^ drawn))
                yield error(sheet, "flow-list", node, f"{name} 与连线不一致：{odd}",
                            f"{name} does not agree with the flows: {odd}",
                            "重新连接这条线并保存", "connect the flow again and save")


def gateway_directions(sheet: Sheet) -> Iterator[Finding]:
    """gatewayDirection agrees with the flows (10.6.1)."""
    index = whole(sheet)
    for node in index.of(*GATEWAYS):
        into, out = (len(side.get(node.get("id", ""), [])) for side in (index.into, index.out))
        said = node.get("gatewayDirection")
        wrong = (
            (said == "Converging" and out > 1) or (said == "Diverging" and into > 1)
            or (said == "Mixed" and (into < 2 or out < 2))
        )  # fmt: skip
        if wrong:
            yield error(sheet, "gateway-direction", node, f"gatewayDirection 写着 {said}，实际 {into} 入 {out} 出",
                        f"gatewayDirection is {said}, but {into} flows come in and {out} go out",
                        "改正 gatewayDirection 或连线", "mend gatewayDirection or the flows")


def idle_gateways(sheet: Sheet) -> Iterator[Finding]:
    """A gateway joins or splits (10.6.1); the event-based one has a rule of its own."""
    index = whole(sheet)
    for node in index.of(*(name for name in GATEWAYS if name != "eventBasedGateway")):
        into, out = (len(side.get(node.get("id", ""), [])) for side in (index.into, index.out))
        if into < 2 and out < 2:
            yield error(sheet, "idle-gateway", node, "网关既不分支也不汇合", "the gateway neither joins nor splits",
                        "删除网关，或补上连线", "remove the gateway or draw the missing flow")


def immediate(sheet: Sheet) -> Iterator[Finding]:
    """In an executable process nothing happens between two elements (8.4.13, isImmediate)."""
    for flow in whole(sheet).of("sequenceFlow"):
        if flow.get("isImmediate") == "false":
            yield error(sheet, "immediate", flow, "可执行流程的连线不能有 isImmediate=\"false\"",
                        "isImmediate is false in an executable process", "删除该属性", "remove the attribute")


RULES = (flow_lists, gateway_directions, idle_gateways, immediate)
