"""What may be drawn at all: elements, attributes, event triggers. The rest would be ignored or run wrongly."""

from __future__ import annotations

from collections.abc import Iterator

from engine.drawing import Element, children, split_tag
from engine.findings import Finding
from engine.rules import foreign
from engine.rules.sheet import (
    ACTIVITIES,
    EVENTS,
    FLOW_NODES,
    SUB_PROCESSES,
    Sheet,
    Space,
    Text,
    by_event,
    definitions,
    kind,
    triggers,
)
from engine.vocabulary import BPMN

MOST = 1000
DRAWN_ONLY = frozenset(
    {
        "documentation",
        "textAnnotation",
        "association",
        "group",
        "dataObject",
        "dataObjectReference",
        "dataStoreReference",
        "dataInputAssociation",
        "dataOutputAssociation",
        "property",
        "ioSpecification",
        "laneSet",
        "auditing",
        "monitoring",
        "dataInput",
        "dataOutput",
        "inputSet",
        "outputSet",
        "artifact",
        "correlationSubscription",
        "supports",
    }
)
EVENT_DEFINITIONS = frozenset(
    f"{name}EventDefinition"
    for name in ("timer", "message", "signal", "error", "escalation", "conditional", "compensate", "cancel", "link",
                 "terminate"))
ROOT = EVENT_DEFINITIONS | {
    "process", "collaboration", "message", "error", "signal", "escalation", "category", "dataStore", "itemDefinition",
    "documentation", "extensionElements", "resource", "interface", "globalTask", "globalManualTask", "globalUserTask",
    "globalScriptTask", "globalBusinessRuleTask", "correlationProperty", "partnerEntity", "partnerRole", "endPoint",
}
FLOW = frozenset({"incoming", "outgoing", "extensionElements"})
LOOPS = frozenset({"multiInstanceLoopCharacteristics", "standardLoopCharacteristics"})
INSIDE_LOOPS = {
    "multiInstanceLoopCharacteristics": frozenset({"completionCondition", "loopCardinality"}),
    "standardLoopCharacteristics": frozenset({"loopCondition"}),
}
TRIGGERS = {
    "start": frozenset({"", "timer", "message", "signal"}),
    "event start": frozenset({"timer", "message", "signal", "error", "escalation", "conditional", "compensate"}),
    "inner start": frozenset({""}),
    "endEvent": frozenset({"", "message", "signal", "error", "escalation", "compensate", "cancel", "terminate"}),
    "intermediateCatchEvent": frozenset({"timer", "message", "signal", "conditional", "link"}),
    "intermediateThrowEvent": frozenset({"", "message", "signal", "escalation", "compensate", "link"}),
    "boundaryEvent": frozenset(
        {"timer", "message", "signal", "error", "escalation", "conditional", "compensate", "cancel"}),
}
WHERE = {
    "start": ("流程的开始事件", "the start event of a process"),
    "event start": ("事件子流程的开始事件", "the start event of an event sub-process"),
    "inner start": ("子流程的开始事件", "the start event of a sub-process"),
    "endEvent": ("结束事件", "an end event"),
    "intermediateCatchEvent": ("中间捕获事件", "an intermediate catch event"),
    "intermediateThrowEvent": ("中间抛出事件", "an intermediate throw event"),
    "boundaryEvent": ("边界事件", "a boundary event"),
}
INSTEAD = {
    "complexGateway": ("改为包容网关，或多实例加完成条件",
                       "draw an inclusive gateway, or a multi-instance with a completion condition"),
    "script": ("脚本写成 zeebe:script 的 FEEL 表达式", "write the script as a FEEL expression in zeebe:script"),
    "loopDataInputRef": ("用 zeebe:loopCharacteristics 的 inputCollection",
                         "use zeebe:loopCharacteristics inputCollection"),
    "complexBehaviorDefinition": ("behavior 用 All、One 或 None", "use behavior All, One or None"),
    "import": ("把被调用的流程放进同一次发布", "deploy the called process together with this one"),
}
REMOVE = ("删除它；这里不支持，画成任务、网关或事件", "remove it: draw tasks, gateways or events instead")
COMMON = {"id": None, "name": None, "isForCompensation": None, "startQuantity": None, "completionQuantity": None}
ATTRIBUTES: dict[str, dict[str, str | None]] = {
    "exclusiveGateway": {"default": None, "gatewayDirection": None},
    "inclusiveGateway": {"default": None, "gatewayDirection": None},
    "parallelGateway": {"gatewayDirection": None},
    "eventBasedGateway": {"gatewayDirection": None, "instantiate": None, "eventGatewayType": "Exclusive"},
    "startEvent": {"isInterrupting": None, "parallelMultiple": None},
    "boundaryEvent": {"attachedToRef": None, "cancelActivity": None, "parallelMultiple": None},
    "intermediateCatchEvent": {"parallelMultiple": None},
    "subProcess": {"triggeredByEvent": None},
    "adHocSubProcess": {"triggeredByEvent": "false", "ordering": None, "cancelRemainingInstances": None},
    "transaction": {"triggeredByEvent": "false", "method": None},
    "callActivity": {"calledElement": None},
    "userTask": {"implementation": "##unspecified"},
    "serviceTask": {"implementation": "##WebService", "operationRef": None},
    "sendTask": {"implementation": "##WebService", "messageRef": None, "operationRef": None},
    "receiveTask": {"implementation": "##WebService", "messageRef": None, "operationRef": None, "instantiate": None},
    "businessRuleTask": {"implementation": "##unspecified"},
    "sequenceFlow": {"sourceRef": None, "targetRef": None, "isImmediate": None},
    "process": {"isExecutable": None, "isClosed": None, "processType": None, "definitionalCollaborationRef": None},
    "multiInstanceLoopCharacteristics": {
        "isSequential": None, "behavior": None, "oneBehaviorEventRef": None, "noneBehaviorEventRef": None},
    "standardLoopCharacteristics": {"testBefore": None, "loopMaximum": None},
}


def refused(node: Element) -> Text:
    """The sentence for an element that the engine would not execute."""
    name = split_tag(node)[1]
    fix = INSTEAD.get(name, REMOVE)
    return Text(f"不支持 {name}，引擎不会执行它", f"{name} is not supported: the engine would not execute it", *fix)


def unknown_elements(sheet: Sheet) -> Iterator[Finding]:
    """Only what the engine executes, and what is drawn for readers."""
    for node in sheet.root.iterchildren():
        if split_tag(node)[0] == BPMN and kind(node) not in ROOT:
            yield sheet.found("element", node, refused(node))
    for space in sheet.spaces:
        inside = {"completionCondition"} if kind(space.node) == "adHocSubProcess" else set()
        yield from _children(sheet, space.node, FLOW_NODES | LOOPS | {"sequenceFlow"} | inside)
        for element in space.elements:
            if kind(element) not in SUB_PROCESSES:
                yield from _children(sheet, element, _parts(element))
        for flow in space.flows:
            yield from _children(sheet, flow, frozenset({"conditionExpression"}))


def _parts(element: Element) -> frozenset[str]:
    """What may lie inside an element; event triggers are a rule of their own."""
    if kind(element) in EVENTS:
        return EVENT_DEFINITIONS | {"eventDefinitionRef"}
    return LOOPS if kind(element) in ACTIVITIES else frozenset()


def _children(sheet: Sheet, node: Element, allowed: frozenset[str]) -> Iterator[Finding]:
    for child in node.iterchildren():
        if kind(child) not in allowed | DRAWN_ONLY | FLOW:
            yield _unknown(sheet, node, child)
        elif kind(child) in LOOPS:
            yield from _children(sheet, child, INSIDE_LOOPS[kind(child)])


def _unknown(sheet: Sheet, node: Element, child: Element) -> Finding:
    """What the engine would not execute: refused, unless a word of ours beside it says the same."""
    namespace, name = split_tag(child)
    why = foreign.standing(node, namespace, name) if namespace == BPMN else None
    if why is None:
        return sheet.found("element", child, refused(child))
    return sheet.found("foreign", child, foreign.accepted(why, name), severity="warning")


def unknown_attributes(sheet: Sheet) -> Iterator[Finding]:
    """An attribute that changes the meaning must be one the engine follows."""
    for space in sheet.spaces:
        for node in (space.node, *space.elements, *space.flows):
            yield from _attributes(sheet, node)
            for child in children(node, BPMN, *LOOPS):
                yield from _attributes(sheet, child)


def _attributes(sheet: Sheet, node: Element) -> Iterator[Finding]:
    allowed = {**COMMON, **ATTRIBUTES.get(kind(node), {})}
    for name, value in ((str(written), str(given)) for written, given in node.attrib.items()):
        if name[:1] == "{" or (name in allowed and allowed[name] in (None, value)):
            continue  # those with a prefix are a rule of their own (foreign)
        if name == "default" and kind(node) in ACTIVITIES:
            continue
        yield sheet.found("attribute", node, Text(
            f'属性 {name}="{value}" 引擎不会执行', f'attribute {name}="{value}" would be ignored',
            "删除该属性", "remove it"))


def numbers(sheet: Sheet) -> Iterator[Finding]:
    """Token quantities and the loop maximum are positive whole numbers (BPMN 2.0, 10.3 and 10.3.8)."""
    for _, element in sheet.elements(*ACTIVITIES):
        loops = list(children(element, BPMN, "standardLoopCharacteristics"))
        for node, name in ((element, "startQuantity"), (element, "completionQuantity"),
                           *((loop, "loopMaximum") for loop in loops)):
            value = node.get(name, "1")
            if not (value.isascii() and value.isdigit() and 1 <= int(value) <= MOST):
                yield sheet.found("number", node, Text(
                    f'{name}="{value}" 须是 1 到 {MOST} 的整数', f'{name}="{value}" must be a number from 1 to {MOST}',
                    "改为正整数，或删除该属性", "write a positive number or remove it"))


def event_triggers(sheet: Sheet) -> Iterator[Finding]:
    """Each event has triggers that the engine knows in that place (BPMN 2.0, table 10.93)."""
    for space, event in sheet.elements(*EVENTS):
        drawn, place = definitions(event), _place(space, event)
        names = triggers(event) or [""]
        for name, node in zip(names, drawn or [event], strict=True):
            if name not in TRIGGERS[place]:
                yield sheet.found("event", event if node.getparent() is sheet.root else node, _trigger(place, name))
        if len(names) != len(_referred(event)):
            yield sheet.found("event", event, Text(
                "引用的事件定义不存在", "the event definition it refers to is not there",
                "把触发条件写在事件里", "write the trigger inside the event"))


def _referred(event: Element) -> list[Element]:
    found = [child for child in event.iterchildren()
             if kind(child).endswith("EventDefinition") or kind(child) == "eventDefinitionRef"]
    return found or [event]


def _place(space: Space, event: Element) -> str:
    if kind(event) != "startEvent":
        return kind(event)
    if kind(space.node) == "process":
        return "start"
    return "event start" if by_event(space.node) else "inner start"


def _trigger(place: str, name: str) -> Text:
    zh, en = WHERE[place]
    known = "、".join(sorted(each or "none" for each in TRIGGERS[place]))
    if not name:
        return Text(f"{zh}没有触发条件", f"{en} needs a trigger", f"可选：{known}", f"choose one of: {known}")
    return Text(f"{zh}不能用 {name} 触发", f"{en} cannot have the trigger {name}", f"可选：{known}",
                f"choose one of: {known}")


def plain_tasks(sheet: Sheet) -> Iterator[Finding]:
    """A task without a type is passed at once: right for a note, wrong for work that somebody should do."""
    for _, task in sheet.elements("task", "manualTask"):
        yield sheet.found("plain", task, Text(
            "没有类型的任务会直接经过，没有人办理", "a task without a type is passed at once: nobody does it",
            "改为用户任务或服务任务", "draw a user task or a service task"), severity="warning")


def something_to_run(sheet: Sheet) -> Iterator[Finding]:
    """A file must hold an executable process; others are drawn for readers."""
    if split_tag(sheet.root) != (BPMN, "definitions"):
        yield sheet.found("not-bpmn", sheet.root, Text(
            "这不是 BPMN 2.0 流程图", "this is not a BPMN 2.0 drawing",
            "用 BPMN 编辑器另存为 .bpmn", "save it as .bpmn in a BPMN editor"))
    elif not sheet.processes:
        yield sheet.found(
            "not-executable",
            sheet.root,
            Text(
                "没有可执行的流程",
                "no executable process",
                "把流程设为可执行 (isExecutable)",
                "set isExecutable on the process",
            ),
        )
    for process in sheet.processes:
        if not process.get("id"):
            yield sheet.found("no-id", process, Text(
                "流程没有 id", "the process has no id", "给流程一个 id", "give the process an id"))


RULES = (something_to_run, plain_tasks, unknown_elements, unknown_attributes, numbers, event_triggers)
