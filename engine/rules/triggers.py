"""Which trigger an event may have, by its place: BPMN 2.0.2, 10.5.2 to 10.5.5."""

from __future__ import annotations

from collections.abc import Iterator

from engine.drawing import Element, children
from engine.findings import Finding
from engine.rules.sheet import Sheet, kind
from engine.rules.whole import ACTIVITIES, EVENTS, LEVELS, Whole, error, level_of, process_of, whole
from engine.vocabulary import BPMN

TOP_START = frozenset({"message", "timer", "conditional", "signal"})
EVENT_START = TOP_START | {"error", "escalation", "compensate"}
EVENT_START_BESIDE = EVENT_START - {"error", "compensate"}
END = frozenset({"message", "escalation", "error", "cancel", "compensate", "signal", "terminate"})
BOUNDARY = EVENT_START | {"cancel"}
BOUNDARY_BESIDE = frozenset({"message", "timer", "escalation", "conditional", "signal"})
CATCH = TOP_START | {"link"}
THROW = frozenset({"message", "escalation", "link", "compensate", "signal"})
NAMES = {
    "message": "消息", "timer": "定时", "conditional": "条件", "signal": "信号", "error": "错误", "escalation": "升级",
    "compensate": "补偿", "cancel": "取消", "link": "链接", "terminate": "终止",
}  # fmt: skip


def triggers_by_place(sheet: Sheet) -> Iterator[Finding]:
    """A trigger is one that the place allows (10.5.2 to 10.5.4)."""
    index = whole(sheet)
    for event in index.of(*EVENTS):
        allowed, needed = _allowed(event)
        found = index.triggers(event)
        for trigger in found:
            if trigger not in allowed:
                known = "、".join(NAMES[each] for each in NAMES if each in allowed) or "无"
                english = ", ".join(each for each in NAMES if each in allowed) or "none"
                yield error(sheet, "trigger", event, f"这里的事件不能由“{NAMES.get(trigger, trigger)}”触发",
                            f"a {trigger} trigger is not allowed here", f"可用：{known}", f"allowed: {english}")
        if needed and not found:
            yield error(sheet, "trigger", event, "事件没有触发条件", "the event has no trigger",
                        "选择一种触发", "choose a trigger")


def _allowed(event: Element) -> tuple[frozenset[str], bool]:
    """The triggers an event may have, and whether it must have one."""
    if kind(event) == "startEvent":
        return _start(event)
    if kind(event) == "boundaryEvent":
        return (BOUNDARY_BESIDE if event.get("cancelActivity") == "false" else BOUNDARY), True
    if kind(event) == "intermediateCatchEvent":
        return CATCH, True
    return (END if kind(event) == "endEvent" else THROW), False


def _start(event: Element) -> tuple[frozenset[str], bool]:
    level = level_of(event)
    if level is None or kind(level) == "process":
        return TOP_START, False
    if level.get("triggeredByEvent") != "true":
        return frozenset(), False
    return (EVENT_START_BESIDE if event.get("isInterrupting") == "false" else EVENT_START), True


def called_starts(sheet: Sheet) -> Iterator[Finding]:
    """A process that is called has a start event without a trigger (10.5.2)."""
    index = whole(sheet)
    for process in index.of("process"):
        starts = list(children(process, BPMN, "startEvent"))
        if process.get("id") in sheet.around.called and starts and all(index.triggers(start) for start in starts):
            yield error(sheet, "called-start", process, "被调用的流程没有普通开始事件",
                        "the process is called, but has no start event without a trigger",
                        "加一个没有触发的开始事件", "draw a start event without a trigger")


def event_subprocesses(sheet: Sheet) -> Iterator[Finding]:
    """An event sub-process has no flows, and exactly one start event (10.3.5, 10.5.2)."""
    index = whole(sheet)
    for node in index.of(*LEVELS):
        if node.get("triggeredByEvent") != "true":
            continue
        key = node.get("id", "")
        if index.into.get(key) or index.out.get(key) or any(kind(child) in ("incoming", "outgoing") for child in node):
            yield error(sheet, "event-subprocess", node, "事件子流程不能有入线或出线",
                        "an event sub-process has no incoming or outgoing flow", "删除连线", "remove the flows")
        starts = len(list(children(node, BPMN, "startEvent")))
        if starts != 1:
            yield error(sheet, "event-subprocess", node, f"事件子流程须有且只有一个开始事件，现有 {starts} 个",
                        f"an event sub-process has exactly one start event, not {starts}",
                        "只留一个开始事件", "keep one start event")


def cancellations(sheet: Sheet) -> Iterator[Finding]:
    """A cancel end event lies in a transaction, a cancel boundary event on one (10.3.5, 10.5.3, 10.5.4)."""
    index = whole(sheet)
    for event in index.of("endEvent", "boundaryEvent"):
        if "cancel" not in index.triggers(event):
            continue
        level = level_of(event)
        inside = level is not None and _in_transaction(level)
        on_one = index.kind_of(event.get("attachedToRef")) == "transaction"
        if not (inside if kind(event) == "endEvent" else on_one):
            yield error(sheet, "cancel", event, "取消事件只能用于事务子流程",
                        "a cancel event belongs to a transaction",
                        "把子流程改为事务，或改用错误事件", "make it a transaction, or use an error event")


def _in_transaction(level: Element) -> bool:
    above: Element | None = level
    while above is not None and kind(above) != "process":
        if kind(above) == "transaction":
            return True
        above = above.getparent()
    return False


def shared_definitions(sheet: Sheet) -> Iterator[Finding]:
    """What a throwing event defines is its own: no other event refers to it (10.5.1, eventDefinitionRefs)."""
    index = whole(sheet)
    for event in index.of(*EVENTS):
        for child in children(event, BPMN, "eventDefinitionRef"):
            found = index.named(child.text)
            owner = None if found is None else found.getparent()
            if owner is not None and owner is not event and kind(owner) in EVENTS:
                yield error(sheet, "shared-definition", event, f"引用了事件 {owner.get('id')} 内部的定义",
                            f"it refers to a definition inside event {owner.get('id')}",
                            "把定义画在本事件里", "give the event a definition of its own")


def boundary_events(sheet: Sheet) -> Iterator[Finding]:
    """Nothing leads into a boundary event; flows lead out unless it starts a compensation (10.5.4)."""
    index = whole(sheet)
    for event in index.of("boundaryEvent"):
        key, compensates = event.get("id", ""), "compensate" in index.triggers(event)
        if index.into.get(key):
            yield error(sheet, "boundary-flow", event, "连线不能指向边界事件", "a flow leads into the boundary event",
                        "把线连到任务", "connect the flow to a task")
        if compensates and index.out.get(key):
            yield error(sheet, "boundary-flow", event, "补偿边界事件不能有出线",
                        "a compensation boundary event has no outgoing flow",
                        "用关联线连到补偿任务", "associate it with the compensating task")
        if not compensates and not index.out.get(key):
            yield error(sheet, "boundary-flow", event, "边界事件没有出线", "no flow leaves the boundary event",
                        "画出它触发后要走的路", "draw what follows when it fires")


def compensations(sheet: Sheet) -> Iterator[Finding]:
    """A compensation event on an activity is associated with one handler, which has no flows (10.7)."""
    index = whole(sheet)
    handlers = _handlers(index)
    for event in index.of("boundaryEvent"):
        if "compensate" not in index.triggers(event):
            continue
        reached = handlers.get(event.get("id", ""), [])
        if len(reached) != 1 or reached[0].get("isForCompensation") != "true":
            yield error(sheet, "compensation", event, "补偿边界事件须用关联线连到一个补偿任务",
                        "a compensation event is associated with exactly one activity for compensation",
                        "画一条关联线到标为补偿的任务", "associate it with an activity marked for compensation")
    for node in index.of(*ACTIVITIES):
        if node.get("isForCompensation") != "true":
            continue
        key = node.get("id", "")
        if index.into.get(key) or index.out.get(key):
            yield error(sheet, "compensation", node, "补偿任务不能有连线",
                        "an activity for compensation has no sequence flow",
                        "删除连线，用关联线连到补偿事件", "remove the flows; associate it with the compensation event")


def _handlers(index: Whole) -> dict[str, list[Element]]:
    found: dict[str, list[Element]] = {}
    for line in index.of("association"):
        target = index.named(line.get("targetRef"))
        if target is not None:
            found.setdefault(line.get("sourceRef", ""), []).append(target)
    return found


def compensated_activities(sheet: Sheet) -> Iterator[Finding]:
    """A throw names an activity of its own level or the one around (10.7.2, activityRef)."""
    index = whole(sheet)
    for event in index.of("endEvent", "intermediateThrowEvent"):
        for drawn in index.definitions(event):
            target = index.named(drawn.get("activityRef"))
            if kind(drawn) != "compensateEventDefinition" or target is None:
                continue
            level, around = level_of(event), level_of(target)
            outside = None if level is None else level_of(level)
            handles = level is not None and level.get("triggeredByEvent") == "true" and outside is around
            if process_of(event) is not process_of(target) or not (level is around or handles):
                yield error(sheet, "compensation", event, f"不能从这里补偿 {target.get('id')}",
                            f"{target.get('id')} cannot be compensated from here",
                            "选同一层里的任务", "choose an activity of the same level")


RULES = (
    triggers_by_place, called_starts, event_subprocesses, cancellations, shared_definitions, boundary_events,
    compensations, compensated_activities,
)  # fmt: skip
