"""Every expression of a drawing, compiled: FEEL errors with their line and column, Python told from FEEL."""

from __future__ import annotations

import re
from collections.abc import Iterator

import feel
from engine import expressions
from engine.drawing import Element, children, line_of, split_tag
from engine.findings import Finding
from engine.rules.extensions import holders
from engine.rules.sheet import EVENTS, Sheet, Space, Text, definitions, kind
from engine.vocabulary import BPMN, ZEEBE
from ledger import clock

PYTHON = re.compile(r"==|!=\s*None|__|\b(import|lambda|def|exec|eval|open|None|True|False)\b|\*\*|\bnot in\b")
NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
ALWAYS = {
    ("script", "expression"),
    ("loopCharacteristics", "inputCollection"),
    ("loopCharacteristics", "outputElement"),
}
MAYBE = {
    ("formDefinition", "formId"),
    ("assignmentDefinition", "assignee"),
    ("assignmentDefinition", "candidateGroups"),
    ("assignmentDefinition", "candidateUsers"),
    ("priorityDefinition", "priority"),
    ("input", "source"),
    ("output", "source"),
    ("subscription", "correlationKey"),
    ("publishMessage", "correlationKey"),
}
TARGETS = {
    ("script", "resultVariable"),
    ("calledDecision", "resultVariable"),
    ("input", "target"),
    ("output", "target"),
    ("loopCharacteristics", "inputElement"),
    ("loopCharacteristics", "outputCollection"),
}
TIMERS = ("timeDate", "timeDuration")
LOOPS = ("multiInstanceLoopCharacteristics", "standardLoopCharacteristics")


def _wrong(sheet: Sheet, node: Element, text: str) -> Iterator[Finding]:
    """The FEEL error in a text, if there is one."""
    try:
        expressions.formula(text)
    except feel.FeelError as error:
        fix = (
            "表达式是 FEEL，不是 Python：相等用 =，逻辑用 and / or / not()",
            "expressions are FEEL, not Python: = for equality",
        )
        zh, en = f"表达式有误：{error.message_zh}", f"FEEL: {error.message_en}"
        plain = ("按 FEEL 的写法改正这一处", "correct this place as FEEL is written")
        told = Text(zh, en, *(fix if PYTHON.search(text) else plain))
        shift = 1 if text.strip().startswith("=") and error.line <= 1 else 0
        line = line_of(node) + max(error.line - 1, 0)
        yield sheet.found("feel", node, told, line=line, column=error.column + shift)


WRITTEN = ("conditionExpression", "completionCondition", "loopCondition", "loopCardinality", "condition")


def conditions(sheet: Sheet) -> Iterator[Finding]:
    """Conditions of flows, loops, multi-instances, ad-hoc sub-processes and conditional events."""
    for space in sheet.spaces:
        loops = [loop for element in space.elements for loop in children(element, BPMN, *LOOPS)]
        events = [drawn for element in space.elements if kind(element) in EVENTS for drawn in definitions(element)
                  if kind(drawn) == "conditionalEventDefinition"]
        for drawn in events:
            if not list(children(drawn, BPMN, "condition")):
                yield sheet.found("feel", drawn, Text("条件是空的", "the condition is empty", "填写条件",
                                                      "write a condition"))
        own = [space.node] if kind(space.node) == "adHocSubProcess" else []
        for owner in (*own, *space.flows, *loops, *events):
            for node in children(owner, BPMN, *WRITTEN):
                language = node.get("language", "")
                if language and "feel" not in language.lower():
                    yield sheet.found(
                        "language",
                        node,
                        Text(
                            f"不支持表达式语言 {language}", f"language {language} is not run", "改为 FEEL", "use FEEL"
                        ),
                    )
                if not (node.text or "").strip():
                    yield sheet.found("feel", node, Text("条件是空的", "the condition is empty", "填写条件",
                                                         "write a condition"))
                else:
                    yield from _wrong(sheet, node, node.text or "")


def extension_texts(sheet: Sheet) -> Iterator[Finding]:
    """Expressions and variable names in extension elements."""
    for _, holder in holders(sheet):
        for word in holder.iter(f"{{{ZEEBE}}}*"):
            name = split_tag(word)[1]
            for attribute, value in word.attrib.items():
                place, text = (name, str(attribute)), str(value)
                if (place in ALWAYS and text.strip()) or (place in MAYBE and text.strip().startswith("=")):
                    yield from _wrong(sheet, word, text)
                if place in TARGETS and not NAME.fullmatch(text):
                    yield sheet.found("variable", word, Text(
                        f"“{text}”不是变量名", f"{text!r} is not a variable name", "用字母、数字、下划线和中文",
                        "use letters, digits and underscores"))


def timers(sheet: Sheet) -> Iterator[Finding]:
    """A timer says one moment or duration; one that can come more than once may say a cycle."""
    for space, event in sheet.elements(*EVENTS):
        for drawn in definitions(event):
            if kind(drawn) != "timerEventDefinition":
                continue
            said = [node for node in drawn.iterchildren() if kind(node).startswith("time")]
            if len(said) != 1 or kind(said[0]) not in (*TIMERS, "timeCycle"):
                yield sheet.found("timer", event, Text(
                    "定时器须写一个日期、时长或周期", "a timer needs one date, duration or cycle",
                    "只留一项", "keep one"))
            elif kind(said[0]) == "timeCycle" and not _comes_again(space, event):
                yield sheet.found("timer", event, Text(
                    "这里只会触发一次，不能写周期", "it comes only once here: a cycle makes no sense",
                    "改为时长，或改为非中断的事件", "write a duration, or make the event non-interrupting"))
            else:
                yield from _moment(sheet, said[0])
    for _, task in sheet.elements("userTask"):
        for schedule in task.iter(f"{{{ZEEBE}}}taskSchedule"):
            if schedule.get("dueDate"):
                yield from _moment(sheet, schedule, schedule.get("dueDate", ""))


def _comes_again(space: Space, event: Element) -> bool:
    if kind(event) == "boundaryEvent":
        return event.get("cancelActivity") == "false"
    if kind(event) != "startEvent":
        return False
    return kind(space.node) == "process" or event.get("isInterrupting") == "false"


def _moment(sheet: Sheet, node: Element, written: str = "") -> Iterator[Finding]:
    text = (written or node.text or "").strip()
    if text.startswith("="):
        yield from _wrong(sheet, node, text)
        return
    how = kind(node) if kind(node) in ("timeDuration", "timeCycle") else "timeDate"
    found: object = None
    try:
        given = expressions.moment(how, text)({})
        found = (expressions.cycle if how == "timeCycle" else expressions.instant)(given, clock.now())
    except (feel.FeelError, ValueError, OverflowError):
        found = None
    if found is None:
        yield sheet.found(
            "timer",
            node,
            Text(
                f"“{text}”不是日期、时间或时长",
                f"{text!r} is not a date, time or duration",
                "例如 2027-03-15、P5D、R3/PT1H、=working days after(today(), 5)",
                "e.g. 2027-03-15, P5D, R3/PT1H, =working days after(today(), 5)",
            ),
        )


RULES = (conditions, extension_texts, timers)
