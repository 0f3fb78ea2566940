"""What a drawing refers to must be there: messages, errors, steps, decisions, forms, called processes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from engine.drawing import Element, children
from engine.findings import Finding
from engine.rules.sheet import CONTAINERS, EVENTS, Sheet, Space, Text, by_event, definitions, kind, triggers
from engine.vocabulary import BPMN, read_extensions


def messages(sheet: Sheet) -> Iterator[Finding]:
    """A message or signal event, send or receive task names a declared message or signal that has a name."""
    for _, element in sheet.elements(*EVENTS, "sendTask", "receiveTask"):
        for drawn in (*definitions(element), element):
            for word, declared in (("message", sheet.declared("message")), ("signal", sheet.declared("signal"))):
                reference = drawn.get(f"{word}Ref")
                wanted = kind(drawn) in (f"{word}EventDefinition", "receiveTask") and (
                    kind(drawn) != "receiveTask" or word == "message")
                if not wanted and reference is None:
                    continue
                found = declared.get(_local(reference))
                name = "" if found is None else found.get("name", "").strip()
                if not name or name.startswith("="):
                    zh = "消息" if word == "message" else "信号"
                    yield sheet.found(word, element, Text(
                        f"没有选择{zh}，或{zh}没有名称", f"no {word} is chosen, or it has no plain name",
                        f"选择或新建一个{zh}", f"choose or create a {word}"))


def _local(reference: str | None) -> str:
    return (reference or "").strip().rpartition(":")[2]


def codes(sheet: Sheet) -> Iterator[Finding]:
    """An error or escalation that is thrown has a code; one that is caught has a code or catches all."""
    known: Known = {}
    for _, event in sheet.elements(*EVENTS):
        for drawn in definitions(event):
            word = kind(drawn).removesuffix("EventDefinition")
            if word not in ("error", "escalation"):
                continue
            reference, throws = drawn.get(f"{word}Ref"), kind(event) in ("endEvent", "intermediateThrowEvent")
            found = sheet.declared(word).get(_local(reference))
            code = None if found is None else found.get(f"{word}Code")
            if not code and (reference is not None or throws):
                zh = "错误" if word == "error" else "升级"
                yield sheet.found(word, event, Text(
                    f"没有选择{zh}，或{zh}没有代码", f"no {word} is chosen, or it has no code",
                    f"选择一个带代码的{zh}", "choose one that has a code"))
            elif word == "error" and throws and not _caught(sheet, event, str(code), known):
                yield sheet.found("error", event, Text(
                    f"错误 {code} 没有被捕获：会结束整个流程", f"error {code} is not caught: it ends the whole process",
                    "在子流程上加错误边界事件", "attach an error boundary event to the sub-process"),
                    severity="warning")


def _caught(sheet: Sheet, event: Element, code: str, known: Known) -> bool:
    """Whether some scope around the event catches this error, by a boundary event or an event sub-process."""
    node = event.getparent()
    while node is not None and node in sheet.space_of:
        above = None if (parent := node.getparent()) is None else sheet.space_of.get(parent)
        if node not in known:
            known[node] = _catching(sheet, sheet.space_of[node], above)
        if code in known[node] or None in known[node]:
            return True
        if above is None:
            return node.get("id") in sheet.around.called
        node = parent
    return False


Known: TypeAlias = dict[Element, set[str | None]]
"""The codes that are caught in a scope or at its border, by its node; None catches all."""


def _catching(sheet: Sheet, space: Space, above: Space | None) -> set[str | None]:
    inside = [start for each in space.elements if by_event(each) for start in children(each, BPMN, "startEvent")]
    attached = [] if above is None else above.boundary.get(space.node.get("id", ""), [])
    declared, found = sheet.declared("error"), set[str | None]()
    for drawn in (drawn for catcher in (*inside, *attached) for drawn in definitions(catcher)):
        if kind(drawn) == "errorEventDefinition":
            error = declared.get(_local(drawn.get("errorRef")))
            if drawn.get("errorRef") is None:
                found.add(None)
            elif error is not None and error.get("errorCode"):
                found.add(str(error.get("errorCode")))
    return found


def compensations(sheet: Sheet) -> Iterator[Finding]:
    """A compensation that names an activity names one that is there, and that something undoes."""
    for space, event in sheet.elements("endEvent", "intermediateThrowEvent"):
        for drawn in definitions(event):
            wanted = _local(drawn.get("activityRef"))
            if kind(drawn) != "compensateEventDefinition" or not wanted:
                continue
            where = next((space for space in sheet.spaces if wanted in space.by_id), None)
            if where is None:
                yield sheet.found("compensation", event, Text(
                    f"没有活动“{wanted}”", f"there is no activity {wanted!r}", "重新选择要补偿的活动",
                    "choose the activity again"))
            elif where is space and kind(where.by_id[wanted]) not in CONTAINERS and not any(
                    "compensate" in triggers(attached) for attached in where.boundary.get(wanted, [])):
                yield sheet.found("compensation", event, Text(
                    f"活动“{wanted}”没有补偿活动，这里什么也不会发生",
                    f"nothing undoes {wanted!r}: nothing happens here",
                    "在它上面加补偿边界事件和补偿活动", "attach a compensation event with a handler to it"),
                    severity="warning")


def steps(sheet: Sheet) -> Iterator[Finding]:
    """A service task names a registered step."""
    for space, task in sheet.elements("serviceTask", "sendTask"):
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
            yield sheet.found("form", task, Text(
                f"没有表单“{form}”", f"there is no form {form!r}", "选择已有的表单", "choose a form that exists"))


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
            yield sheet.found("call", call, Text(
                "流程调用了自己", "the process calls itself", "用回路代替", "draw a loop instead"))


RULES = (messages, codes, compensations, steps, decisions, forms, calls)
