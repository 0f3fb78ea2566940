"""What may be drawn at all: elements, attributes, event triggers. The rest would be ignored or run wrongly."""

from __future__ import annotations

from collections.abc import Iterator

from engine.drawing import Element, split_tag
from engine.findings import Finding
from engine.rules.sheet import ACTIVITIES, EVENTS, FLOW_NODES, Sheet, Text, kind
from engine.vocabulary import BPMN, XSI

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
    }
)
ROOT = frozenset(
    {
        "process",
        "collaboration",
        "message",
        "error",
        "signal",
        "escalation",
        "category",
        "dataStore",
        "itemDefinition",
        "documentation",
        "extensionElements",
        "resource",
        "interface",
        "globalTask",
        "correlationProperty",
    }
)
FLOW = frozenset({"incoming", "outgoing", "extensionElements"})
DEFINITIONS = frozenset(
    {
        "timerEventDefinition",
        "messageEventDefinition",
        "errorEventDefinition",
        "terminateEventDefinition",
    }
)
TRIGGERS = {
    "startEvent": frozenset({""}),
    "endEvent": frozenset({"", "errorEventDefinition", "terminateEventDefinition"}),
    "intermediateCatchEvent": frozenset({"timerEventDefinition", "messageEventDefinition"}),
    "intermediateThrowEvent": frozenset({""}),
    "boundaryEvent": frozenset({"timerEventDefinition", "messageEventDefinition", "errorEventDefinition"}),
}
INSTEAD = {
    "task": ("改为用户任务或服务任务", "draw a user task or a service task"),
    "manualTask": ("改为用户任务", "draw a user task"),
    "sendTask": ("改为服务任务", "draw a service task"),
    "receiveTask": ("改为消息中间事件", "draw a message catch event"),
    "complexGateway": ("改为包容网关", "draw an inclusive gateway"),
    "transaction": ("改为普通子流程和错误边界事件", "draw a sub-process with an error boundary event"),
    "adHocSubProcess": ("把任务画成并行分支", "draw the tasks as parallel branches"),
    "linkEventDefinition": ("把连线直接画过去", "draw the flow itself"),
    "signalEventDefinition": ("改为消息事件", "draw a message event"),
    "conditionalEventDefinition": ("改为网关或消息事件", "draw a gateway or a message event"),
    "compensateEventDefinition": ("把撤销步骤画成普通任务", "draw the undoing as ordinary tasks"),
    "escalationEventDefinition": (
        "用 licet:escalateTo 或非中断定时器",
        "use licet:escalateTo or a non-interrupting timer",
    ),
    "cancelEventDefinition": ("改为错误边界事件", "draw an error boundary event"),
    "standardLoopCharacteristics": ("用网关画回路，或用多实例", "draw the loop with a gateway, or a multi-instance"),
    "loopCardinality": (
        "用 zeebe:loopCharacteristics 的 inputCollection",
        "use zeebe:loopCharacteristics inputCollection",
    ),
    "script": ("脚本写成 zeebe:script 的 FEEL 表达式", "write the script as a FEEL expression in zeebe:script"),
}
COMMON = {"id": None, "name": None, "isForCompensation": "false", "startQuantity": "1", "completionQuantity": "1"}
ATTRIBUTES: dict[str, dict[str, str | None]] = {
    "exclusiveGateway": {"default": None, "gatewayDirection": None},
    "inclusiveGateway": {"default": None, "gatewayDirection": None},
    "parallelGateway": {"gatewayDirection": None},
    "eventBasedGateway": {"gatewayDirection": None, "instantiate": "false", "eventGatewayType": "Exclusive"},
    "startEvent": {"isInterrupting": "true", "parallelMultiple": "false"},
    "boundaryEvent": {"attachedToRef": None, "cancelActivity": None, "parallelMultiple": "false"},
    "intermediateCatchEvent": {"parallelMultiple": "false"},
    "subProcess": {"triggeredByEvent": "false"},
    "callActivity": {"calledElement": None},
    "userTask": {"implementation": "##unspecified"},
    "serviceTask": {"implementation": "##WebService"},
    "businessRuleTask": {"implementation": "##unspecified"},
    "sequenceFlow": {"sourceRef": None, "targetRef": None, "isImmediate": None},
    "process": {"isExecutable": None, "isClosed": None, "processType": None, "definitionalCollaborationRef": None},
    "multiInstanceLoopCharacteristics": {"isSequential": None, "behavior": "All"},
}


def refused(node: Element) -> Text:
    """The sentence for an element that the engine would not execute."""
    name = split_tag(node)[1]
    fix = INSTEAD.get(name, ("", ""))
    return Text(f"不支持 {name}，引擎不会执行它", f"{name} is not supported: the engine would not execute it", *fix)


def unknown_elements(sheet: Sheet) -> Iterator[Finding]:
    """Only what the engine executes, and what is drawn for readers."""
    for node in sheet.root.iterchildren():
        if split_tag(node)[0] == BPMN and kind(node) not in ROOT:
            yield sheet.found("element", node, refused(node))
    for space in sheet.spaces:
        yield from _children(sheet, space.node, FLOW_NODES | {"sequenceFlow"} | _loop(space.node))
        for element in space.elements:
            if kind(element) != "subProcess":
                yield from _children(sheet, element, _parts(element))
        for flow in space.flows:
            yield from _children(sheet, flow, frozenset({"conditionExpression"}))


def _loop(node: Element) -> frozenset[str]:
    return frozenset({"multiInstanceLoopCharacteristics"}) if kind(node) in ACTIVITIES else frozenset()


def _parts(element: Element) -> frozenset[str]:
    """What may lie inside an element; event triggers are a rule of their own."""
    if kind(element) in EVENTS:
        return frozenset(INSTEAD) | DEFINITIONS
    return _loop(element)


def _children(sheet: Sheet, node: Element, allowed: frozenset[str]) -> Iterator[Finding]:
    for child in node.iterchildren():
        if kind(child) not in allowed | DRAWN_ONLY | FLOW:
            yield sheet.found("element", child, refused(child))
        elif kind(child) == "multiInstanceLoopCharacteristics":
            yield from _children(sheet, child, frozenset({"completionCondition"}))


def unknown_attributes(sheet: Sheet) -> Iterator[Finding]:
    """An attribute that changes the meaning must be one the engine follows."""
    for space in sheet.spaces:
        for node in (space.node, *space.elements, *space.flows):
            yield from _attributes(sheet, node)
            for child in node.iterchildren(f"{{{BPMN}}}multiInstanceLoopCharacteristics"):
                yield from _attributes(sheet, child)


def _attributes(sheet: Sheet, node: Element) -> Iterator[Finding]:
    allowed = {**COMMON, **ATTRIBUTES.get(kind(node), {})}
    for name, value in ((str(written), str(given)) for written, given in node.attrib.items()):
        if name.startswith(f"{{{XSI}}}") or (name in allowed and allowed[name] in (None, value)):
            continue
        if name == "default" and kind(node) in ACTIVITIES:
            continue  # a rule about conditions speaks of it
        shown = name.rpartition("}")[2]
        yield sheet.found(
            "attribute",
            node,
            Text(
                f'属性 {shown}="{value}" 引擎不会执行',
                f'attribute {shown}="{value}" would be ignored',
                "删除该属性" if shown != "triggeredByEvent" else "改为消息或定时边界事件",
                "remove it" if shown != "triggeredByEvent" else "draw a message or timer boundary event",
            ),
        )


def event_triggers(sheet: Sheet) -> Iterator[Finding]:
    """Each event has exactly one trigger that the engine knows in that place."""
    for _, event in sheet.elements(*TRIGGERS):
        drawn = [child for child in event.iterchildren() if kind(child).endswith("EventDefinition")]
        names = [kind(child) for child in drawn] or [""]
        if len(names) > 1:
            yield sheet.found(
                "event",
                event,
                Text("一个事件只能有一种触发", "an event has one trigger only", "分成几个事件", "draw several events"),
            )
        for name, node in zip(names, drawn or [event], strict=True):
            if name not in TRIGGERS[kind(event)]:
                yield sheet.found("event", event, _trigger(kind(event), name, node))


def _trigger(place: str, name: str, node: Element) -> Text:
    if not name:
        return Text(f"{place} 没有触发条件", f"{place} has no trigger", "选择消息或定时", "choose a message or a timer")
    fix = INSTEAD.get(name, ("", ""))
    return Text(f"{place} 不支持 {name}", f"{place} does not support {name}", *fix)


def something_to_run(sheet: Sheet) -> Iterator[Finding]:
    """A file must hold an executable process; others are drawn for readers."""
    if split_tag(sheet.root) != (BPMN, "definitions"):
        yield sheet.found("not-bpmn", sheet.root, Text("这不是 BPMN 2.0 流程图", "this is not a BPMN 2.0 drawing"))
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
            yield sheet.found("no-id", process, Text("流程没有 id", "the process has no id"))


RULES = (something_to_run, unknown_elements, unknown_attributes, event_triggers)
