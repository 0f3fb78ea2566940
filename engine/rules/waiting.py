"""What an event says: codes, messages, links, times; and the event-based gateway. BPMN 2.0.2, 10.5.5, 10.6.6."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.drawing import Element, children
from engine.findings import Finding
from engine.rules.sheet import Sheet, kind
from engine.rules.whole import Whole, error, level_of, text_of, whole
from engine.vocabulary import BPMN

THROWS = ("endEvent", "intermediateThrowEvent")
EVENTS = (*THROWS, "startEvent", "intermediateCatchEvent", "boundaryEvent")
TIMES = ("timeDate", "timeCycle", "timeDuration")
DEFERRED = {"message", "signal", "timer", "conditional"}
REPEATED = re.compile(r"R\d*/(\S+/)?(P\S+|\S+/\S+)")


def codes(sheet: Sheet) -> Iterator[Finding]:
    """A thrown error or escalation has a code, by which it is caught (10.5.5)."""
    index = whole(sheet)
    for event in index.of(*THROWS):
        for drawn in index.definitions(event):
            for word, zh in (("error", "错误"), ("escalation", "升级")):
                if kind(drawn) != f"{word}EventDefinition":
                    continue
                named = index.named(drawn.get(f"{word}Ref"))
                if named is None or not named.get(f"{word}Code"):
                    yield error(sheet, "code", event, f"没有选择{zh}，或{zh}没有代码",
                                f"no {word} is chosen, or it has no {word}Code",
                                f"选择{zh}并填写代码", f"choose the {word} and fill in its code")


def messages(sheet: Sheet) -> Iterator[Finding]:
    """A message event names its message; one with a typed message also its operation (10.5.5, operationRef).

    The standard asks for an operation in every executable process. Messages without an itemRef are matched by name
    here, as in Zeebe; who types the payload says by which operation it travels.
    """
    index = whole(sheet)
    for event in index.of(*EVENTS):
        for drawn in index.definitions(event):
            if kind(drawn) != "messageEventDefinition":
                continue
            message = index.named(drawn.get("messageRef"))
            if not drawn.get("messageRef"):
                yield error(sheet, "message-ref", event, "消息事件没有选择消息", "the message event names no message",
                            "选择或新建一个消息", "choose or create a message")
            elif message is not None and message.get("itemRef") and not _operation(drawn):
                yield error(sheet, "message-operation", event, "带数据类型的消息没有写操作 operationRef",
                            "a typed message (itemRef) travels by an operation, and none is named",
                            "写明 operationRef，或去掉消息的 itemRef", "name the operationRef or drop the itemRef")


def _operation(drawn: Element) -> bool:
    return bool(drawn.get("operationRef")) or any(text_of(child) for child in children(drawn, BPMN, "operationRef"))


def signals(sheet: Sheet) -> Iterator[Finding]:
    """A signal event names its signal (10.5.5)."""
    index = whole(sheet)
    for event in index.of(*EVENTS):
        for drawn in index.definitions(event):
            if kind(drawn) == "signalEventDefinition" and index.kind_of(drawn.get("signalRef")) != "signal":
                yield error(sheet, "signal-ref", event, "信号事件没有选择信号", "the signal event names no signal",
                            "选择或新建一个信号", "choose or create a signal")


def links(sheet: Sheet) -> Iterator[Finding]:
    """A link leads to exactly one catch of its level, which nothing else leads to (10.5.5)."""
    index = whole(sheet)
    throws = list(_links(index, "intermediateThrowEvent"))
    catches = list(_links(index, "intermediateCatchEvent"))
    for event, drawn in throws:
        ahead = [pair for pair in catches if level_of(pair[0]) is level_of(event) and _joined(drawn, pair[1])]
        if len(ahead) != 1:
            yield error(sheet, "link", event, "链接没有对应的目标，或目标不止一个（须在同一层）",
                        "the link leads to no catch of its level, or to several",
                        "给一对链接同样的名称", "give the two ends of the link the same name")
        if index.out.get(event.get("id", "")):
            yield error(sheet, "link", event, "链接抛出事件不能有出线", "a flow leaves the throwing link",
                        "把后续接到链接的另一端", "draw what follows at the other end of the link")
    for event, drawn in catches:
        behind = [pair for pair in throws if level_of(pair[0]) is level_of(event) and _joined(pair[1], drawn)]
        if not behind:
            yield error(sheet, "link", event, "没有链接通到这里", "no link leads here",
                        "画出同名的链接抛出事件", "draw the throwing link of that name")
        if index.into.get(event.get("id", "")):
            yield error(sheet, "link", event, "链接捕获事件不能有入线", "a flow leads into the catching link",
                        "把连线接到链接抛出事件", "connect the flow to the throwing link")


def _links(index: Whole, name: str) -> Iterator[tuple[Element, Element]]:
    for event in index.of(name):
        for drawn in index.definitions(event):
            if kind(drawn) == "linkEventDefinition":
                yield event, drawn


def _joined(throw: Element, catch: Element) -> bool:
    """Two ends that say which other end they mean must mean each other; otherwise the name decides."""
    targets = [text_of(child) for child in children(throw, BPMN, "target")]
    sources = [text_of(child) for child in children(catch, BPMN, "source")]
    if targets or sources:
        return targets == [catch.get("id")] and throw.get("id") in sources
    one, other = _link_name(throw), _link_name(catch)
    return bool(one) and one == other


def _link_name(drawn: Element) -> str:
    event = drawn.getparent()
    return drawn.get("name", "") or ("" if event is None else event.get("name", ""))


def timers(sheet: Sheet) -> Iterator[Finding]:
    """A timer says one of date, duration and cycle (10.5.5; ISO 8601 for a cycle)."""
    index = whole(sheet)
    for drawn in (*index.of("timerEventDefinition"), *_at_root(sheet, "timerEventDefinition")):
        said = [child for child in drawn if kind(child) in TIMES]
        if len(said) != 1:
            yield error(sheet, "timer-kind", drawn, "定时器须在日期、时长、周期中写一种",
                        "a timer says exactly one of date, duration and cycle",
                        "只留一种", "keep one of them")
        for child in said:
            text = text_of(child)
            if kind(child) == "timeCycle" and text and text[0] not in "=$#" and not REPEATED.fullmatch(text):
                yield error(sheet, "timer-cycle", drawn, f"“{text}”不是周期", f"{text!r} is not a cycle",
                            "例如 R3/PT1H", "e.g. R3/PT1H")


def _at_root(sheet: Sheet, name: str) -> Iterator[Element]:
    yield from children(sheet.root, BPMN, name)


def event_gateways(sheet: Sheet) -> Iterator[Finding]:
    """What may follow an event-based gateway (10.6.6)."""
    index = whole(sheet)
    for gateway in index.of("eventBasedGateway"):
        out = index.out.get(gateway.get("id", ""), [])
        ahead = [node for flow in out if (node := index.named(flow.get("targetRef"))) is not None]
        if len(out) < 2:
            yield error(sheet, "event-gateway-flow", gateway, "事件网关至少要有两条出线",
                        "an event-based gateway has two or more outgoing flows",
                        "画出另一个事件", "draw the other event")
        for flow in out:
            if next(children(flow, BPMN, "conditionExpression"), None) is not None:
                yield error(sheet, "event-gateway-flow", flow, "事件网关的出线不能有条件",
                            "a flow out of an event-based gateway has no condition", "删除条件", "remove the condition")
        yield from _targets(sheet, index, ahead)
        yield from _beginning(sheet, index, gateway)


def _targets(sheet: Sheet, index: Whole, ahead: list[Element]) -> Iterator[Finding]:
    attached = {event.get("attachedToRef") for event in index.of("boundaryEvent")}
    fix = (
        "用消息、信号、定时或条件事件，或接收任务",
        "use a message, signal, timer or conditional event, or a receive task",
    )
    for node in ahead:
        triggers = index.triggers(node)
        waits = kind(node) == "intermediateCatchEvent" and triggers and set(triggers) <= DEFERRED
        if not waits and kind(node) != "receiveTask":
            yield error(sheet, "event-gateway-target", node, "事件网关之后不能是它",
                        "it cannot follow an event-based gateway", *fix)
        if len(index.into.get(node.get("id", ""), [])) > 1:
            yield error(sheet, "event-gateway-target", node, "事件网关之后的事件不能有其他入线",
                        "other flows lead into an event after an event-based gateway",
                        "另画一个事件", "draw a second event for the other flow")
        if node.get("id") in attached:
            yield error(sheet, "event-gateway-target", node, "事件网关之后的任务不能有边界事件",
                        "a receive task after an event-based gateway has no boundary events",
                        "用另一个中间事件代替边界事件", "draw another event after the gateway instead")
    both = any(kind(node) == "receiveTask" for node in ahead) and any("message" in index.triggers(n) for n in ahead)
    if both:
        yield error(sheet, "event-gateway-target", ahead[0], "事件网关之后不能同时有接收任务和消息事件",
                    "receive tasks and message events together after an event-based gateway",
                    "只用其中一种", "use one of the two")


def _beginning(sheet: Sheet, index: Whole, gateway: Element) -> Iterator[Finding]:
    begins = gateway.get("instantiate") == "true"
    if begins and index.into.get(gateway.get("id", "")):
        yield error(sheet, "instantiate", gateway, "启动流程的事件网关不能有入线",
                    "a flow leads into an instantiating gateway", "删除入线或 instantiate", "remove it or instantiate")
    if gateway.get("eventGatewayType") == "Parallel" and not begins:
        yield error(sheet, "instantiate", gateway, "并行事件网关只能用来启动流程",
                    "a parallel event-based gateway instantiates the process",
                    "改为 Exclusive", "make it Exclusive")


def instantiating_tasks(sheet: Sheet) -> Iterator[Finding]:
    """A receive task that starts a process has no incoming flow (10.3.3, instantiate)."""
    index = whole(sheet)
    for task in index.of("receiveTask"):
        if task.get("instantiate") == "true" and index.into.get(task.get("id", "")):
            yield error(sheet, "instantiate", task, "启动流程的接收任务不能有入线",
                        "a flow leads into an instantiating receive task",
                        "删除入线或 instantiate", "remove the flow or instantiate")


RULES = (codes, messages, signals, links, timers, event_gateways, instantiating_tasks)
