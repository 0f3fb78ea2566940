"""Operations, messages and calls with typed data: BPMN 2.0.2, 8.5 (services), 10.3 (tasks, calls)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.drawing import Element, children
from engine.findings import Finding
from engine.rules.data import agree, structure_of
from engine.rules.sheet import Sheet
from engine.rules.whole import Whole, error, says, text_of, whole
from engine.vocabulary import BPMN

PARTS = ("dataInput", "dataOutput", "inputSet", "outputSet")
MESSAGE_SIDES = (("sendTask", "dataInput", "inputSet"), ("receiveTask", "dataOutput", "outputSet"))


def service_operations(sheet: Sheet) -> Iterator[Finding]:
    """A service task with an operation has one input set, at most one output set, of the messages' types (10.3.3)."""
    index = whole(sheet)
    for task in index.of("serviceTask"):
        if not task.get("operationRef"):
            continue
        operation, held = index.named(task.get("operationRef")), _held(task)
        if len(held["inputSet"]) != 1 or len(held["outputSet"]) > 1:
            yield error(sheet, "operation-data", task, "调用操作的服务任务须有一个输入集、至多一个输出集",
                        "a service task with an operation has one inputSet and at most one outputSet",
                        "写 ioSpecification，或去掉 operationRef", "write the ioSpecification or drop operationRef")
        sides = (("dataInput", "inMessageRef"), ("dataOutput", "outMessageRef"))
        for name, reference in sides:
            message = _message(index, operation, reference)
            needed = name == "dataOutput" and message is not None and not held[name]
            if needed or (message is not None and held[name] and not any(_fits(index, d, message) for d in held[name])):
                yield error(sheet, "operation-data", task, f"{name} 与操作的消息类型不同",
                            f"no {name} has the structure of the operation's message",
                            "使用消息的类型定义", "use the item definition of the message")


def message_tasks(sheet: Sheet) -> Iterator[Finding]:
    """A send or receive task with a message holds one data element, of the message's type (10.3.3)."""
    index = whole(sheet)
    for name, data, one_set in MESSAGE_SIDES:
        for task in index.of(name):
            held, message = _held(task), index.named(task.get("messageRef"))
            if not task.get("messageRef"):
                continue
            if len(held[data]) > 1 or len(held[one_set]) > 1:
                yield error(sheet, "message-data", task, f"只能有一个 {data} 和一个 {one_set}",
                            f"at most one {data} and one {one_set}", "只留一个", "keep one")
            elif held[data] and message is not None and not _fits(index, held[data][0], message):
                yield error(sheet, "message-data", task, f"{data} 与消息的类型不同",
                            f"the {data} has not the structure of the message",
                            "使用消息的类型定义", "use the item definition of the message")


def _fits(index: Whole, data: Element, message: Element) -> bool:
    """Typed data for a typed message; a message without a type asks for none."""
    if not message.get("itemRef"):
        return True
    return bool(data.get("itemSubjectRef")) and agree(index, data, message) and _told(index, data, message)


def _told(index: Whole, data: Element, message: Element) -> bool:
    if data.get("itemSubjectRef") == message.get("itemRef"):
        return True
    return structure_of(index, data) is not None and structure_of(index, data) == structure_of(index, message)


def _message(index: Whole, operation: Element | None, reference: str) -> Element | None:
    if operation is None:
        return None
    named = [index.named(text_of(child)) for child in children(operation, BPMN, reference)]
    return named[0] if named else None


def _held(owner: Element) -> dict[str, list[Element]]:
    found: dict[str, list[Element]] = {part: [] for part in PARTS}
    for io in children(owner, BPMN, "ioSpecification"):
        for part in PARTS:
            found[part] += children(io, BPMN, part)
    return found


def called_data(sheet: Sheet) -> Iterator[Finding]:
    """A call activity has the data inputs and outputs of what it calls (10.3.6); an ioMapping says it in our words."""
    index = whole(sheet)
    for call in index.of("callActivity"):
        target = index.named(call.get("calledElement"))
        if target is None or says(call, "ioMapping"):
            continue
        own, other = _held(call), _held(target)
        for part in PARTS:
            structures = [sorted(structure_of(index, node) or "" for node in held[part]) for held in (own, other)]
            filled = [sum(len(node) > 0 for node in held[part]) for held in (own, other)]
            if structures[0] != structures[1] if part.startswith("data") else filled[0] != filled[1]:
                yield error(sheet, "call-data", call, f"{part} 与被调用流程的不一致",
                            f"{part} does not match that of the called process",
                            "让两边的输入输出一致，或用 zeebe:ioMapping", "make both agree, or use zeebe:ioMapping")


RULES = (service_operations, message_tasks, called_data)
