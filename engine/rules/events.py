"""Events as the standard joins them: BPMN 2.0.2, 10.5 (events), 10.6.6 (event-based gateway), 10.7 (compensation)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.drawing import Element, children
from engine.findings import Finding
from engine.rules.sheet import Sheet, kind
from engine.rules.whole import EVENTS, GATEWAYS, Whole, error, level_of, process_of, text_of, whole
from engine.vocabulary import BPMN

ALWAYS_INTERRUPT = {"cancel": "取消", "compensate": "补偿", "error": "错误"}
"""An attached error event that does not interrupt has a rule beside the other boundary events."""


def interrupting(sheet: Sheet) -> Iterator[Finding]:
    """Errors, cancellations and compensations interrupt (10.5.2, 10.5.4)."""
    index = whole(sheet)
    for event in index.of("startEvent", "boundaryEvent"):
        if "false" not in (event.get("cancelActivity"), event.get("isInterrupting")):
            continue
        for trigger in index.triggers(event):
            if trigger in ALWAYS_INTERRUPT and (kind(event), trigger) != ("boundaryEvent", "error"):
                yield error(sheet, "interrupting", event, f"{ALWAYS_INTERRUPT[trigger]}事件必须中断",
                            f"the trigger {trigger} interrupts", "设为中断", "make it interrupting")


def called_starts(sheet: Sheet) -> Iterator[Finding]:
    """A process that is called has a start event without a trigger (10.5.2)."""
    index = whole(sheet)
    for process in index.of("process"):
        starts = list(children(process, BPMN, "startEvent"))
        if process.get("id") in sheet.around.called and starts and all(index.triggers(start) for start in starts):
            yield error(sheet, "called-start", process, "被调用的流程没有普通开始事件",
                        "the process is called, but has no start event without a trigger",
                        "加一个没有触发的开始事件", "draw a start event without a trigger")


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


def compensations(sheet: Sheet) -> Iterator[Finding]:
    """A compensation event has one handler, and no flow (10.5.4, 10.7)."""
    index = whole(sheet)
    ties: dict[str, int] = {}
    notes = {note.get("id") for note in index.of("textAnnotation")}
    for line in index.of("association"):
        if line.get("targetRef") in notes:
            continue
        ties[line.get("sourceRef", "")] = ties.get(line.get("sourceRef", ""), 0) + 1
    for event in index.of("boundaryEvent"):
        key = event.get("id", "")
        if "compensate" in index.triggers(event) and (index.out.get(key) or ties.get(key, 0) > 1):
            yield error(sheet, "compensation", event, "补偿边界事件没有出线，只连到一个补偿任务",
                        "a compensation event has no outgoing flow and one association",
                        "只用一条关联线连到补偿任务", "associate it with one compensating activity")


def compensating(sheet: Sheet) -> Iterator[Finding]:
    """Only an activity compensates (10.3, isForCompensation)."""
    for node in whole(sheet).of(*EVENTS, *GATEWAYS):
        if node.get("isForCompensation") == "true":
            yield error(sheet, "compensation", node, "只有任务和子流程可以用于补偿", "only activities compensate",
                        "删除 isForCompensation", "remove isForCompensation")


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


def operations(sheet: Sheet) -> Iterator[Finding]:
    """An event with a typed message names its operation (10.5.5, operationRef).

    The standard asks for an operation in every executable process. Messages without an itemRef are matched by name
    here, as in Zeebe; who types the payload says by which operation it travels.
    """
    index = whole(sheet)
    for event in index.of(*EVENTS):
        for drawn in index.definitions(event):
            if kind(drawn) != "messageEventDefinition":
                continue
            message = index.named(drawn.get("messageRef"))
            if message is not None and message.get("itemRef") and not _operation(drawn):
                yield error(sheet, "message-operation", event, "带数据类型的消息没有写操作 operationRef",
                            "a typed message (itemRef) travels by an operation, and none is named",
                            "写明 operationRef，或去掉消息的 itemRef", "name the operationRef or drop the itemRef")


def _operation(drawn: Element) -> bool:
    return bool(drawn.get("operationRef")) or any(text_of(child) for child in children(drawn, BPMN, "operationRef"))


def links(sheet: Sheet) -> Iterator[Finding]:
    """Where the ends of a link refer to each other, they agree (10.5.5); names have a rule of their own."""
    index = whole(sheet)
    for event in index.of("intermediateThrowEvent", "intermediateCatchEvent"):
        for drawn in index.definitions(event):
            if kind(drawn) == "linkEventDefinition" and not _answered(index, event, drawn):
                yield error(sheet, "link", event, "链接的两端没有互相指向",
                            "the ends of the link do not name each other",
                            "让 target 和 source 互相对应", "let target and source name each other")


def _answered(index: Whole, event: Element, drawn: Element) -> bool:
    """Every end that this one names is a link of its level that names this one."""
    for name, back in (("target", "source"), ("source", "target")):
        for child in children(drawn, BPMN, name):
            other = index.named(text_of(child))
            if other is None or level_of(other) is not level_of(event):
                return False
            if drawn.get("id") not in [text_of(each) for each in children(other, BPMN, back)]:
                return False
    return True


def deferred_choices(sheet: Sheet) -> Iterator[Finding]:
    """After an event-based gateway: receive tasks or message events, and nothing attached to the tasks (10.6.6)."""
    index = whole(sheet)
    attached = {event.get("attachedToRef") for event in index.of("boundaryEvent")}
    for gateway in index.of("eventBasedGateway"):
        flows = index.out.get(gateway.get("id", ""), [])
        ahead = [node for flow in flows if (node := index.named(flow.get("targetRef"))) is not None]
        for node in ahead:
            if node.get("id") in attached:
                yield error(sheet, "event-gateway", node, "事件网关之后的任务不能有边界事件",
                            "a receive task after an event-based gateway has no boundary events",
                            "用另一个中间事件代替边界事件", "draw another event after the gateway instead")
        tasks = [node for node in ahead if kind(node) == "receiveTask"]
        if tasks and any("message" in index.triggers(node) for node in ahead):
            yield error(sheet, "event-gateway", tasks[0], "事件网关之后不能同时有接收任务和消息事件",
                        "receive tasks and message events together after an event-based gateway",
                        "只用其中一种", "use one of the two")


def instantiating(sheet: Sheet) -> Iterator[Finding]:
    """Nothing leads into what starts a process; a parallel event-based gateway always starts one (10.3.3, 10.6.6)."""
    index = whole(sheet)
    for node in index.of("receiveTask", "eventBasedGateway"):
        begins = node.get("instantiate") == "true"
        if begins and index.into.get(node.get("id", "")):
            yield error(sheet, "instantiate", node, "启动流程的元素不能有入线",
                        "a flow leads into what starts the process",
                        "删除入线或 instantiate", "remove the flow or instantiate")
        if node.get("eventGatewayType") == "Parallel" and not begins:
            yield error(sheet, "instantiate", node, "并行事件网关只能用来启动流程",
                        "a parallel event-based gateway starts the process", "改为 Exclusive", "make it Exclusive")


RULES = (
    interrupting, called_starts, shared_definitions, compensations, compensating, compensated_activities, operations,
    links, deferred_choices, instantiating,
)  # fmt: skip
