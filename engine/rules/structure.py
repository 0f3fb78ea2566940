"""How elements hang together: flows, gateways, beginnings and ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.drawing import Element, children
from engine.findings import Finding
from engine.rules.sheet import (
    ACTIVITIES,
    CHOOSING,
    GATEWAYS,
    Sheet,
    Space,
    Text,
    by_event,
    kind,
    triggers,
)
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
                yield sheet.found("id", node, Text(
                    f"id “{found}”缺失或重复", f"id {found!r} is missing or used twice",
                    "改一个 id", "give it another id"))
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
    """A scope knows where it begins, and nothing leads into a start event."""
    for space in sheet.spaces:
        starts = space.of("startEvent")
        plain = [event for event in starts if not triggers(event)]
        yield from _how_many(sheet, space, starts, plain)
        for event in starts:
            if space.incoming.get(event.get("id", "")):
                yield sheet.found("start", event, Text(
                    "连线不能指向开始事件", "a flow leads into the start event", "删除这条连线", "remove that flow"))


def _how_many(sheet: Sheet, space: Space, starts: list[Element], plain: list[Element]) -> Iterator[Finding]:
    where, adhoc = space.node, kind(space.node) == "adHocSubProcess"
    if adhoc and (starts or space.of("endEvent")):
        yield sheet.found("start", where, Text(
            "即席子流程里没有开始和结束事件", "an ad-hoc sub-process has no start or end events",
            "删除它们：没有入线的活动会一起开始", "remove them: activities without incoming flows begin together"))
    elif adhoc and not list(children(where, BPMN, "completionCondition")):
        yield sheet.found("ad-hoc", where, Text(
            "即席子流程没有写完成条件", "the ad-hoc sub-process has no completion condition (BPMN 2.0, table 10.21)",
            "写一个完成条件，例如 =true", "write one, for instance =true"))
    elif by_event(where) and len(starts) != 1:
        yield sheet.found("start", where, Text(
            f"事件子流程须有且只有一个开始事件，现有 {len(starts)} 个",
            f"an event sub-process needs exactly one start event, found {len(starts)}",
            "画一个带触发条件的开始事件", "draw one start event with a trigger"))
    elif len(plain) > 1 or (kind(where) != "process" and not adhoc and not by_event(where) and len(starts) != 1):
        yield sheet.found("start", where, Text(
            f"须有且只有一个无触发的开始事件，现有 {len(plain)} 个",
            f"exactly one start event without a trigger is needed, found {len(plain)}",
            "只留一个开始事件", "keep one start event"))
    elif not adhoc and not space.begins:
        yield sheet.found("start", where, Text(
            "没有开始事件", "there is no start event", "画一个开始事件", "draw a start event"))


def dead_ends(sheet: Sheet) -> Iterator[Finding]:
    """Every path ends at an end event."""
    for space, element in sheet.elements():
        out = space.outgoing.get(element.get("id", ""), [])
        if kind(element) == "endEvent" and out:
            yield sheet.found("end", element, Text(
                "结束事件之后还有连线", "a flow leaves the end event", "删除这条连线", "remove that flow"))
        elif kind(element) != "endEvent" and not out and not _may_end_here(space, element):
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


def _may_end_here(space: Space, element: Element) -> bool:
    """Event sub-processes, compensation, link throws and what lies in an ad-hoc sub-process lead nowhere."""
    if by_event(element) or element.get("isForCompensation") == "true" or triggers(element) == ["compensate"]:
        return kind(element) != "intermediateThrowEvent"
    linked = kind(element) == "intermediateThrowEvent" and "link" in triggers(element)
    return linked or (kind(space.node) == "adHocSubProcess" and kind(element) in ACTIVITIES)


def several_ways(sheet: Sheet) -> Iterator[Finding]:
    """Several flows that leave something other than a gateway are all taken: right, but easily overlooked."""
    for space, element in sheet.elements():
        out = space.outgoing.get(element.get("id", ""), [])
        if kind(element) not in GATEWAYS and len(out) > 1:
            yield sheet.found(
                "split",
                element,
                Text("有多条出线：会同时走", "several flows leave it: all of them are taken", "用网关画出分支更清楚",
                     "a gateway says it more clearly"),
                severity="warning",
            )


def conditions(sheet: Sheet) -> Iterator[Finding]:
    """Conditions belong to flows that leave a choosing gateway or an activity; elsewhere they would be ignored."""
    for space in sheet.spaces:
        for flow in space.flows:
            source = space.by_id.get(flow.get("sourceRef", ""))
            if source is None or _condition(flow) is None or kind(source) in CHOOSING:
                continue
            if kind(source) not in ACTIVITIES:
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
            elif len(space.outgoing[source.get("id", "")]) < 2:
                yield sheet.found("condition", flow, Text(
                    "唯一的出线不应有条件", "the only flow that leaves it has a condition",
                    "删除条件，或加一条默认路径", "remove the condition or add a default flow"))
        for element in space.of(*ACTIVITIES):
            yield from _default(sheet, space, element)


def _default(sheet: Sheet, space: Space, element: Element) -> Iterator[Finding]:
    """The default flow of an activity leaves it, has no condition, and stands beside flows that have one."""
    default, out = element.get("default"), space.outgoing.get(element.get("id", ""), [])
    if default is None:
        return
    chosen = next((flow for flow in out if flow.get("id") == default), None)
    others = [flow for flow in out if flow is not chosen and _condition(flow) is not None]
    if chosen is None or _condition(chosen) is not None or not others:
        yield sheet.found("condition", element, Text(
            "默认路径须是它的一条出线，自己没有条件，并且别的出线有条件",
            "the default flow must leave it without a condition, beside flows that have one",
            "改用排他网关", "use an exclusive gateway"))


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
        if default is None:
            yield sheet.found(
                "default",
                gateway,
                Text(
                    "网关没有默认路径：条件都不成立时流程会停下，等人处理",
                    "no default flow: when no condition holds the process stops as an incident",
                    "把一条出线设为默认",
                    "set one outgoing flow as the default",
                ),
                severity="warning",
            )
        elif default not in {flow.get("id") for flow in out}:
            yield sheet.found("default", gateway, Text(
                f"默认路径 {default} 不是它的出线", f"the default flow {default} does not leave it",
                "重新选择默认路径", "choose the default flow again"))
        for flow in out:
            if (_condition(flow) is None) != (flow.get("id") == default):
                yield sheet.found(
                    "default",
                    flow,
                    Text(
                        "默认路径不写条件，其他路径都要写条件",
                        "the default flow has no condition, every other flow has one",
                        "给它写条件，或设为默认路径",
                        "give it a condition or make it the default",
                    ),
                )


def _condition(flow: Element) -> Element | None:
    return next(children(flow, BPMN, "conditionExpression"), None)


def event_gateways(sheet: Sheet) -> Iterator[Finding]:
    """An event-based gateway leads to catching events that nothing else leads to."""
    for space, gateway in sheet.elements("eventBasedGateway"):
        out = space.outgoing.get(gateway.get("id", ""), [])
        if len(out) < 2:
            yield sheet.found("event-gateway", gateway, Text(
                "事件网关至少要有两个事件", "at least two events must follow", "再加一个事件", "add an event"))
        for flow in out:
            target = space.by_id.get(flow.get("targetRef", ""))
            if target is None:
                continue
            alone = len(space.incoming.get(target.get("id", ""), [])) == 1
            if kind(target) not in ("intermediateCatchEvent", "receiveTask") or not alone or _linked(target):
                yield sheet.found(
                    "event-gateway",
                    target,
                    Text(
                        "事件网关之后只能是中间捕获事件或接收任务，且没有其他入线",
                        "only catching events and receive tasks without other incoming flows may follow",
                        "改为中间捕获事件",
                        "draw a catching event",
                    ),
                )


def _linked(event: Element) -> bool:
    return "link" in triggers(event)


def reachable(sheet: Sheet) -> Iterator[Finding]:
    """Every element can be reached, and an end can be reached from it."""
    for space in sheet.spaces:
        starts = [element.get("id", "") for element in space.begins]
        reached = _walk(starts, space.after)
        before = _backwards(space)
        ends = [element.get("id", "") for element in space.elements
                if kind(element) == "endEvent" or (not space.after(element.get("id", "")) and not by_event(element)
                                                   and _may_end_here(space, element))]
        leaving = _walk(ends, _lookup(before))
        for element_id, element in space.by_id.items():
            if starts and element_id not in reached:
                yield sheet.found("unreachable", element, Text(
                    "从开始事件走不到这里", "it cannot be reached from the start", "连上它，或删除它",
                    "connect it or remove it"))
            elif ends and element_id not in leaving and space.outgoing.get(element_id):
                yield sheet.found("no-exit", element, Text(
                    "从这里走不到结束事件：没有出口的回路", "no end event can be reached: a loop without an exit",
                    "给回路加一个出口", "give the loop a way out"))
        if not ends:
            yield sheet.found("no-end", space.node, Text(
                "没有结束事件", "there is no end event", "画一个结束事件", "draw an end event"))


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
)
