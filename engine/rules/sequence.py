"""Sequence flows and what they join: BPMN 2.0.2, 7.6 (connection rules), 8.4.13 (sequence flow), 10.5, 10.6."""

from __future__ import annotations

from collections.abc import Iterator

from engine.drawing import Element, children
from engine.findings import Finding
from engine.rules.sheet import Sheet, kind
from engine.rules.whole import (
    ACTIVITIES,
    ARTIFACTS,
    EVENTS,
    GATEWAYS,
    LEVELS,
    NODES,
    error,
    level_of,
    process_of,
    text_of,
    whole,
)
from engine.vocabulary import BPMN


def flow_ends(sheet: Sheet) -> Iterator[Finding]:
    """A flow joins activities, gateways and events, no artifact and no event sub-process (7.6.1, 10.3.5)."""
    index = whole(sheet)
    for flow in index.of("sequenceFlow"):
        for name in ("sourceRef", "targetRef"):
            end = index.named(flow.get(name))
            if end is None:
                continue
            if kind(end) in ARTIFACTS:
                yield error(sheet, "flow-end", flow, f"连线的 {name} 是注释性元素 {kind(end)}",
                            f"{name} of the flow is an artifact ({kind(end)})",
                            "把线连到任务、网关或事件", "connect it to a task, gateway or event")
            elif end.get("triggeredByEvent") == "true":
                yield error(sheet, "flow-end", flow, "事件子流程不能有连线", "a flow meets an event sub-process",
                            "删除连线：它由自己的开始事件触发", "remove it: the sub-process starts by its own event")


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


def lone_conditions(sheet: Sheet) -> Iterator[Finding]:
    """A conditional flow out of an activity needs a way for the other case (8.4.13, conditionExpression)."""
    index = whole(sheet)
    for node in index.of(*ACTIVITIES):
        out = index.out.get(node.get("id", ""), [])
        if len(out) == 1 and _condition(out[0]) is not None:
            yield error(sheet, "lone-condition", out[0], "唯一的出线带有条件：条件不成立时流程无路可走",
                        "the only flow out of the activity is conditional",
                        "再画一条出线，或删除条件", "draw a second flow or remove the condition")


def condition_sources(sheet: Sheet) -> Iterator[Finding]:
    """An event takes its flow without a question (8.4.13: no conditional flow leaves an event)."""
    index = whole(sheet)
    for flow in index.of("sequenceFlow"):
        if index.kind_of(flow.get("sourceRef")) in EVENTS and _condition(flow) is not None:
            yield error(sheet, "condition-source", flow, "事件的出线不能有条件", "a conditional flow leaves an event",
                        "在前面加一个排他网关", "put an exclusive gateway before it")


def _condition(flow: Element) -> Element | None:
    return next(children(flow, BPMN, "conditionExpression"), None)


def default_flows(sheet: Sheet) -> Iterator[Finding]:
    """A default flow leaves the element that names it (default: 10.3, 10.6)."""
    index = whole(sheet)
    for node in index.of(*ACTIVITIES, *GATEWAYS):
        default = node.get("default")
        if default and default not in {flow.get("id") for flow in index.out.get(node.get("id", ""), [])}:
            yield error(sheet, "default-flow", node, f"默认路径“{default}”不是它的出线",
                        f"the default flow {default!r} does not leave it",
                        "在它的出线里选默认路径", "choose one of its outgoing flows as the default")


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


def starts_and_ends(sheet: Sheet) -> Iterator[Finding]:
    """A level with an end event has a start event, and the other way round (10.5.2, 10.5.3).

    What begins by itself - an instantiating task or gateway - needs no start event.
    """
    index = whole(sheet)
    for level in index.of(*LEVELS):
        starts = list(children(level, BPMN, "startEvent"))
        ends = list(children(level, BPMN, "endEvent"))
        begun = any(child.get("instantiate") == "true" for child in level)
        if ends and not starts and not begun and kind(level) != "adHocSubProcess":
            yield error(sheet, "start-end", ends[0], "有结束事件，却没有开始事件", "an end event without a start event",
                        "加一个开始事件", "draw a start event")
        if starts and not ends:
            yield error(sheet, "start-end", starts[0], "有开始事件，却没有结束事件",
                        "a start event without an end event", "加一个结束事件", "draw an end event")


def ways(sheet: Sheet) -> Iterator[Finding]:
    """Beside a start event every node has a way in, beside an end event every node a way out (10.5.2, 10.5.3).

    Intermediate events have both in any case (10.5.4).
    """
    index = whole(sheet)
    for node in index.of(*NODES):
        level, key, triggers = level_of(node), node.get("id", ""), index.triggers(node)
        if level is None or kind(level) == "adHocSubProcess" or _stands_alone(node):
            continue
        if not index.into.get(key) and _needs_way_in(level, triggers, node):
            yield error(sheet, "no-way-in", node, "没有入线：流程走不到这里", "no flow leads here",
                        "从上一步连过来", "connect it to the step before")
        if not index.out.get(key) and _needs_way_out(level, triggers, node):
            yield error(sheet, "no-way-out", node, "没有出线：流程会停在这里", "no flow leads on",
                        "连到下一步或结束事件", "connect it to the next step or an end event")


def _has(level: Element, name: str) -> bool:
    return next(children(level, BPMN, name), None) is not None


def _stands_alone(node: Element) -> bool:
    return node.get("isForCompensation") == "true" or node.get("triggeredByEvent") == "true"


def _needs_way_in(level: Element, triggers: list[str], node: Element) -> bool:
    if kind(node) in ("startEvent", "boundaryEvent") or node.get("instantiate") == "true":
        return False
    if kind(node).startswith("intermediate"):
        return kind(node) == "intermediateThrowEvent" or "link" not in triggers
    return _has(level, "startEvent")


def _needs_way_out(level: Element, triggers: list[str], node: Element) -> bool:
    if kind(node).startswith("intermediate"):
        return kind(node) == "intermediateCatchEvent" or "link" not in triggers
    return kind(node) == "startEvent" or (
        kind(node) not in ("endEvent", "boundaryEvent") and _has(level, "endEvent"))


def immediate(sheet: Sheet) -> Iterator[Finding]:
    """In an executable process nothing happens between two elements (8.4.13, isImmediate)."""
    for flow in whole(sheet).of("sequenceFlow"):
        if flow.get("isImmediate") == "false":
            yield error(sheet, "immediate", flow, "可执行流程的连线不能有 isImmediate=\"false\"",
                        "isImmediate is false in an executable process", "删除该属性", "remove the attribute")


RULES = (
    flow_ends, flow_lists, lone_conditions, condition_sources, default_flows, gateway_directions, idle_gateways,
    starts_and_ends, ways, immediate,
)  # fmt: skip
