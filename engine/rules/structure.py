"""How elements hang together: flows, gateways, beginnings and ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.drawing import Element, children
from engine.findings import Finding
from engine.rules.sheet import ACTIVITIES, CHOOSING, GATEWAYS, Sheet, Space, Text, kind
from engine.vocabulary import BPMN

MOST_ELEMENTS = 2000


def ids(sheet: Sheet) -> Iterator[Finding]:
    """Every element has an id of its own."""
    seen: set[str] = set()
    for space in sheet.spaces:
        own = [space.node] if kind(space.node) == "process" else []
        for node in (*own, *space.elements, *space.flows):
            found = node.get("id", "")
            if not found or found in seen:
                yield sheet.found("id", node, Text(f"id “{found}”缺失或重复", f"id {found!r} is missing or used twice"))
            seen.add(found)
    if len(seen) > MOST_ELEMENTS:
        yield sheet.found(
            "too-many",
            sheet.root,
            Text(
                f"流程图超过 {MOST_ELEMENTS} 个元素",
                f"more than {MOST_ELEMENTS} elements",
                "拆成几个被调用的流程",
                "split it",
            ),
        )


def flow_ends(sheet: Sheet) -> Iterator[Finding]:
    """A flow joins two elements of the same scope."""
    for space in sheet.spaces:
        for flow in space.flows:
            for end in ("sourceRef", "targetRef"):
                if flow.get(end) not in space.by_id:
                    yield sheet.found(
                        "flow",
                        flow,
                        Text(
                            f"连线的 {end}“{flow.get(end)}”不在同一层流程里",
                            f"{end} {flow.get(end)!r} is not in the same scope",
                            "重新连接这条线",
                            "connect the flow again",
                        ),
                    )


def beginnings(sheet: Sheet) -> Iterator[Finding]:
    """A scope has exactly one start event, and nothing leads into it."""
    for space in sheet.spaces:
        starts = space.of("startEvent")
        if len(starts) != 1:
            yield sheet.found(
                "start",
                space.node,
                Text(
                    f"须有且只有一个开始事件，现有 {len(starts)} 个",
                    f"exactly one start event is needed, found {len(starts)}",
                ),
            )
        for event in starts:
            if space.incoming.get(event.get("id", "")):
                yield sheet.found("start", event, Text("连线不能指向开始事件", "a flow leads into the start event"))


def dead_ends(sheet: Sheet) -> Iterator[Finding]:
    """Every path ends at an end event."""
    for space, element in sheet.elements():
        out = space.outgoing.get(element.get("id", ""), [])
        if kind(element) == "endEvent" and out:
            yield sheet.found("end", element, Text("结束事件之后还有连线", "a flow leaves the end event"))
        elif kind(element) != "endEvent" and not out:
            yield sheet.found(
                "dead-end",
                element,
                Text(
                    "没有后续：流程会停在这里",
                    "a dead end: nothing follows",
                    "连到下一步或结束事件",
                    "connect it to an end event",
                ),
            )


def several_ways(sheet: Sheet) -> Iterator[Finding]:
    """Only a gateway splits."""
    for space, element in sheet.elements():
        if kind(element) not in GATEWAYS and len(space.outgoing.get(element.get("id", ""), [])) > 1:
            yield sheet.found(
                "split",
                element,
                Text("有多条出线", "several flows leave it", "用网关画出分支", "draw the split with a gateway"),
            )


def conditions(sheet: Sheet) -> Iterator[Finding]:
    """Conditions and defaults belong to exclusive and inclusive gateways; elsewhere they would be ignored."""
    for space in sheet.spaces:
        for flow in space.flows:
            source = space.by_id.get(flow.get("sourceRef", ""))
            if source is not None and kind(source) not in CHOOSING and _condition(flow) is not None:
                yield sheet.found(
                    "condition",
                    flow,
                    Text(
                        "这条连线的条件不会被判断",
                        "the condition of this flow would be ignored",
                        "在前面加一个排他网关",
                        "put an exclusive gateway before it",
                    ),
                )
        for element in space.of(*ACTIVITIES):
            if element.get("default"):
                yield sheet.found(
                    "condition",
                    element,
                    Text(
                        "默认路径只能用于网关",
                        "a default flow belongs to a gateway",
                        "改用排他网关",
                        "use an exclusive gateway",
                    ),
                )


def defaults(sheet: Sheet) -> Iterator[Finding]:
    """A choice has a default, and every other way a condition."""
    for space, gateway in sheet.elements(*CHOOSING):
        out = space.outgoing.get(gateway.get("id", ""), [])
        default = gateway.get("default")
        if len(out) < 2:
            if any(_condition(flow) is not None for flow in out):
                yield sheet.found(
                    "default",
                    gateway,
                    Text(
                        "唯一的出线不应有条件",
                        "the only flow has a condition",
                        "删除条件或加一条默认路径",
                        "add a default flow",
                    ),
                )
            continue
        if default not in {flow.get("id") for flow in out}:
            yield sheet.found(
                "default",
                gateway,
                Text(
                    "网关没有默认路径：条件都不成立时流程会出错",
                    "no default flow: when no condition holds the process fails",
                    "把一条出线设为默认",
                    "set one outgoing flow as the default",
                ),
            )
        for flow in out:
            if (_condition(flow) is None) != (flow.get("id") == default):
                yield sheet.found(
                    "default",
                    flow,
                    Text(
                        "默认路径不写条件，其他路径都要写条件",
                        "the default flow has no condition, every other flow has one",
                    ),
                )


def _condition(flow: Element) -> Element | None:
    return next(children(flow, BPMN, "conditionExpression"), None)


def event_gateways(sheet: Sheet) -> Iterator[Finding]:
    """An event-based gateway leads to catching events that nothing else leads to."""
    for space, gateway in sheet.elements("eventBasedGateway"):
        out = space.outgoing.get(gateway.get("id", ""), [])
        if len(out) < 2:
            yield sheet.found(
                "event-gateway", gateway, Text("事件网关至少要有两个事件", "at least two events must follow")
            )
        for flow in out:
            target = space.by_id.get(flow.get("targetRef", ""))
            if target is None:
                continue
            alone = len(space.incoming.get(target.get("id", ""), [])) == 1
            if kind(target) != "intermediateCatchEvent" or not alone:
                yield sheet.found(
                    "event-gateway",
                    target,
                    Text(
                        "事件网关之后只能是中间捕获事件，且没有其他入线",
                        "only catching events without other incoming flows may follow an event-based gateway",
                    ),
                )


def reachable(sheet: Sheet) -> Iterator[Finding]:
    """Every element can be reached, and an end can be reached from it."""
    for space in sheet.spaces:
        starts = [event.get("id", "") for event in space.of("startEvent")]
        reached = _walk(starts, space.after)
        before = _backwards(space)
        ends = [event.get("id", "") for event in space.of("endEvent")]
        leaving = _walk(ends, _lookup(before))
        for element_id, element in space.by_id.items():
            if starts and element_id not in reached:
                yield sheet.found(
                    "unreachable", element, Text("从开始事件走不到这里", "it cannot be reached from the start")
                )
            elif ends and element_id not in leaving and space.outgoing.get(element_id):
                yield sheet.found(
                    "no-exit",
                    element,
                    Text("从这里走不到结束事件：没有出口的回路", "no end event can be reached: a loop without an exit"),
                )
        if not ends:
            yield sheet.found("no-end", space.node, Text("没有结束事件", "there is no end event"))


def _backwards(space: Space) -> dict[str, list[str]]:
    before: dict[str, list[str]] = {}
    for element_id in space.by_id:
        for ahead in space.after(element_id):
            before.setdefault(ahead, []).append(element_id)
    return before


def _lookup(found: dict[str, list[str]]) -> Callable[[str], list[str]]:
    return lambda element_id: found.get(element_id, [])


def _walk(begin: list[str], after: Callable[[str], list[str]]) -> set[str]:
    seen, todo = set(begin), list(begin)
    while todo:
        for ahead in after(todo.pop()):
            if ahead not in seen:
                seen.add(ahead)
                todo.append(ahead)
    return seen


def boundary_events(sheet: Sheet) -> Iterator[Finding]:
    """A boundary event is attached to an activity that can wait (or fail)."""
    for space, event in sheet.elements("boundaryEvent"):
        host = space.by_id.get(event.get("attachedToRef", ""))
        trigger = next((kind(child) for child in event.iterchildren() if kind(child).endswith("EventDefinition")), "")
        waits = host is not None and kind(host) in {"userTask", "subProcess", "callActivity"}
        fails = host is not None and kind(host) in {"serviceTask", "subProcess", "callActivity"}
        if host is None or kind(host) not in ACTIVITIES:
            yield sheet.found(
                "boundary", event, Text("没有附着在同一层的任务或子流程上", "it is not attached to an activity")
            )
        elif not (fails if trigger == "errorEventDefinition" else waits):
            yield sheet.found(
                "boundary",
                event,
                Text(
                    "附着的任务不会触发它：自动任务不等待，人工任务不抛错误",
                    "it can never fire: automatic tasks do not wait, user tasks throw no errors",
                ),
            )
        if trigger == "errorEventDefinition" and event.get("cancelActivity") == "false":
            yield sheet.found("boundary", event, Text("错误边界事件必须中断", "an error boundary event interrupts"))
        if space.incoming.get(event.get("id", "")):
            yield sheet.found("boundary", event, Text("连线不能指向边界事件", "a flow leads into the boundary event"))


RULES = (
    ids,
    flow_ends,
    beginnings,
    dead_ends,
    several_ways,
    conditions,
    defaults,
    event_gateways,
    reachable,
    boundary_events,
)
