"""Every expression of a drawing, compiled: FEEL errors with their line and column, Python told from FEEL."""

from __future__ import annotations

import re
from collections.abc import Iterator

import feel
from engine import expressions
from engine.drawing import Element, children, line_of, split_tag
from engine.findings import Finding
from engine.rules.extensions import holders
from engine.rules.sheet import Sheet, Text, kind
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
        told = Text(zh, en, *fix) if PYTHON.search(text) else Text(zh, en)
        shift = 1 if text.strip().startswith("=") and error.line <= 1 else 0
        line = line_of(node) + max(error.line - 1, 0)
        yield sheet.found("feel", node, told, line=line, column=error.column + shift)


def conditions(sheet: Sheet) -> Iterator[Finding]:
    """Conditions of flows and of multi-instances."""
    for space in sheet.spaces:
        loops = [
            loop for element in space.elements for loop in children(element, BPMN, "multiInstanceLoopCharacteristics")
        ]
        for owner in (*space.flows, *loops):
            for node in children(owner, BPMN, "conditionExpression", "completionCondition"):
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
                    yield sheet.found("feel", node, Text("条件是空的", "the condition is empty"))
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
                    yield sheet.found("variable", word, Text(f"“{text}”不是变量名", f"{text!r} is not a variable name"))


def timers(sheet: Sheet) -> Iterator[Finding]:
    """A timer says one moment or duration."""
    for _, event in sheet.elements("intermediateCatchEvent", "boundaryEvent"):
        for drawn in children(event, BPMN, "timerEventDefinition"):
            said = [node for node in drawn.iterchildren() if kind(node).startswith("time")]
            if [kind(node) for node in said if kind(node) in TIMERS] == [] or len(said) != 1:
                yield sheet.found(
                    "timer",
                    event,
                    Text(
                        "定时器须写一个日期或时长，不支持周期",
                        "a timer needs one date or duration; cycles are not supported",
                        "重复提醒请画成回路",
                        "draw repetition as a loop",
                    ),
                )
            else:
                yield from _moment(sheet, said[0])
    for _, task in sheet.elements("userTask"):
        for schedule in task.iter(f"{{{ZEEBE}}}taskSchedule"):
            if schedule.get("dueDate"):
                yield from _moment(sheet, schedule, schedule.get("dueDate", ""))


def _moment(sheet: Sheet, node: Element, written: str = "") -> Iterator[Finding]:
    text = (written or node.text or "").strip()
    if text.startswith("="):
        yield from _wrong(sheet, node, text)
        return
    how = "timeDuration" if kind(node) == "timeDuration" else "timeDate"
    try:
        found = expressions.instant(expressions.moment(how, text)({}), clock.now())
    except (feel.FeelError, ValueError, OverflowError):
        found = None
    if found is None:
        yield sheet.found(
            "timer",
            node,
            Text(
                f"“{text}”不是日期、时间或时长",
                f"{text!r} is not a date, time or duration",
                "例如 2027-03-15、P5D、=working days after(today(), 5)",
                "e.g. 2027-03-15, P5D, =working days after(today(), 5)",
            ),
        )


RULES = (conditions, extension_texts, timers)
