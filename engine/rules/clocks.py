"""The words about time and silence: each with a number, in a place where something follows from it."""

from __future__ import annotations

from collections.abc import Iterator

from engine.drawing import Element, children
from engine.findings import Finding
from engine.rules.extensions import holders
from engine.rules.sheet import Sheet, Text, kind
from engine.vocabulary import ZEEBE, read_extensions

WAITING = frozenset({"userTask", "receiveTask", "intermediateCatchEvent", "eventBasedGateway"})
TRUTH = {"licet:clockStops": ("true", "false"), "licet:clock": ("restart",)}


def values(sheet: Sheet) -> Iterator[Finding]:
    """clockStops stands where the process can wait; the words that have a fixed set of values have one of them."""
    for owner, line in _lines(sheet):
        name, value = line.get("name", ""), line.get("value", "").strip()
        if name in TRUTH and value not in TRUTH[name]:
            allowed = " / ".join(TRUTH[name])
            yield sheet.found("clock", line, Text(
                f"{name} 只能是 {allowed}", f"{name} must be {allowed}", f"改为 {allowed}", f"write {allowed}"))
        if name == "licet:clockStops" and kind(owner) not in WAITING:
            yield sheet.found("clock", line, Text(
                f"{name} 不能写在这里：流程不会停在这一步", f"{name} does not belong here: nothing waits at it",
                "写到用户任务、等待事件或事件网关上", "write it on a user task, a catch event or an event gateway"))


def stops_without_promise(sheet: Sheet) -> Iterator[Finding]:
    """What stops the clock of the request means nothing in a process that promises nothing."""
    names = {line.get("name") for _, line in _lines(sheet)}
    if "licet:promise" in names:
        return
    for _, line in _lines(sheet):
        if line.get("name") == "licet:clockStops":
            yield sheet.found("clock", line, Text(
                "流程没有承诺办结时间，这里停不了什么", "the process promises no time: there is nothing to stop",
                "在开始事件上写 licet:promise", "write licet:promise on the start event"), severity="warning")


def silences(sheet: Sheet) -> Iterator[Finding]:
    """Silence decides only where there is a deadline, on a stated basis, and never in a second pair of eyes' place."""
    for _, task in sheet.elements("userTask"):
        words = read_extensions(task)
        said = words.properties
        if "licet:silence" not in said:
            for name in ("licet:silenceAfter", "licet:silenceBasis"):
                if name in said:
                    yield sheet.found("silence", task, Text(
                        f"写了 {name}，没有写 licet:silence", f"{name} without licet:silence",
                        "写上逾期后视为的意见，或删除", "say what silence means, or remove it"))
            continue
        if not (words.due or "licet:sla" in said):
            yield sheet.found("silence", task, Text(
                "没有期限就没有逾期", "without a deadline nobody is silent too long",
                "加上 licet:sla 或到期日", "add licet:sla or a due date"))
        if not said.get("licet:silenceBasis", "").strip():
            yield sheet.found("silence", task, Text(
                "逾期视为同意或不同意须写明依据", "what silence means needs a stated basis",
                "填写 licet:silenceBasis", "fill in licet:silenceBasis"))
        if "licet:notBy" in said:
            yield sheet.found("silence", task, Text(
                "须由另一个人复核的环节不能由逾期代替", "silence cannot stand in for a second pair of eyes",
                "删除 licet:silence 或 licet:notBy", "remove licet:silence or licet:notBy"))


def _lines(sheet: Sheet) -> Iterator[tuple[Element, Element]]:
    for owner, holder in holders(sheet):
        for group in children(holder, ZEEBE, "properties"):
            for line in children(group, ZEEBE, "property"):
                yield owner, line


RULES = (values, stops_without_promise, silences)

