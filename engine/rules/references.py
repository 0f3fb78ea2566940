"""What a drawing refers to must be there: messages, errors, steps, decisions, forms, called processes."""

from __future__ import annotations

from collections.abc import Iterator

from engine.drawing import Element, children
from engine.findings import Finding
from engine.rules.sheet import Sheet, Space, Text, kind
from engine.vocabulary import BPMN, read_extensions


def messages(sheet: Sheet) -> Iterator[Finding]:
    """A message event names a declared message that has a name."""
    declared = sheet.declared("message")
    for _, event in sheet.elements("intermediateCatchEvent", "boundaryEvent"):
        for drawn in children(event, BPMN, "messageEventDefinition"):
            message = declared.get(drawn.get("messageRef", ""))
            if message is None or not message.get("name", "").strip() or message.get("name", "").startswith("="):
                yield sheet.found(
                    "message",
                    event,
                    Text(
                        "没有选择消息，或消息没有名称",
                        "no message is chosen, or the message has no plain name",
                        "选择或新建一个消息",
                        "choose or create a message",
                    ),
                )


def errors(sheet: Sheet) -> Iterator[Finding]:
    """An error event names a declared error with a code; an error that is thrown is caught."""
    declared = sheet.declared("error")
    for space, event in sheet.elements("endEvent", "boundaryEvent"):
        for drawn in children(event, BPMN, "errorEventDefinition"):
            reference = drawn.get("errorRef")
            code = declared[reference].get("errorCode") if reference in declared else None
            if not code and (reference is not None or kind(event) == "endEvent"):
                yield sheet.found(
                    "error", event, Text("没有选择错误，或错误没有代码", "no error is chosen, or it has no code")
                )
            elif kind(event) == "endEvent" and not _caught(sheet, space, str(code), declared):
                yield sheet.found(
                    "error",
                    event,
                    Text(
                        f"错误 {code} 没有被捕获",
                        f"error {code} is not caught",
                        "在子流程上加错误边界事件",
                        "attach an error boundary event to the sub-process",
                    ),
                )


def _caught(sheet: Sheet, space: Space, code: str, declared: dict[str, Element]) -> bool:
    node = space.node
    while kind(node) == "subProcess":
        around = next(other for other in sheet.spaces if node in other.elements)
        for event in around.boundary.get(node.get("id", ""), []):
            for drawn in children(event, BPMN, "errorEventDefinition"):
                reference = drawn.get("errorRef")
                if reference is None or (reference in declared and declared[reference].get("errorCode") == code):
                    return True
        node = around.node
    return node.get("id") in sheet.around.called


def steps(sheet: Sheet) -> Iterator[Finding]:
    """A service task names a registered step."""
    for space, task in sheet.elements("serviceTask"):
        step = read_extensions(task).step
        known = sheet.around.steps.get(space.process_id, frozenset())
        if step and not step.startswith("=") and step not in known:
            listed = "、".join(sorted(known)) or "无"
            yield sheet.found(
                "step",
                task,
                Text(
                    f"没有注册的步骤“{step}”",
                    f"no registered step {step!r}",
                    f"已注册：{listed}",
                    f"registered: {listed}",
                ),
            )


def decisions(sheet: Sheet) -> Iterator[Finding]:
    """A business rule task names a decision that is deployed with it."""
    for _, task in sheet.elements("businessRuleTask"):
        decision = read_extensions(task).decision
        if decision and not decision.startswith("=") and decision not in sheet.around.decisions:
            yield sheet.found(
                "decision",
                task,
                Text(
                    f"没有决策“{decision}”",
                    f"there is no decision {decision!r}",
                    "把决策表一起发布",
                    "deploy the decision table with it",
                ),
            )


def forms(sheet: Sheet) -> Iterator[Finding]:
    """A form that is named exists."""
    known = sheet.around.form_known
    for _, task in sheet.elements("userTask"):
        form = read_extensions(task).form_id
        if known is not None and form and not form.startswith("=") and not known(form):
            yield sheet.found("form", task, Text(f"没有表单“{form}”", f"there is no form {form!r}"))


def calls(sheet: Sheet) -> Iterator[Finding]:
    """A called process is deployed with its caller, and does not call itself."""
    for space, call in sheet.elements("callActivity"):
        target = read_extensions(call).called or call.get("calledElement", "")
        if not target or target.startswith("=") or target not in sheet.around.processes:
            yield sheet.found(
                "call",
                call,
                Text(
                    f"没有流程“{target}”",
                    f"there is no process {target!r}",
                    "把被调用的流程一起发布",
                    "deploy the called process with it",
                ),
            )
        elif target == space.process_id:
            yield sheet.found("call", call, Text("流程调用了自己", "the process calls itself"))


RULES = (messages, errors, steps, decisions, forms, calls)
