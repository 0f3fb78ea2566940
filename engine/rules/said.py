"""What activities and expressions say: BPMN 2.0.2, 8.4 (expressions), 10.3 (activities, loops)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.drawing import Element, children
from engine.findings import Finding
from engine.rules.sheet import Sheet, kind
from engine.rules.whole import ACTIVITIES, CHOREOGRAPHY, error, says, warning, whole
from engine.vocabulary import BPMN, XSI

FORMAL = {
    "adHocSubProcess": ("completionCondition",),
    "complexGateway": ("activationCondition",),
    "multiInstanceLoopCharacteristics": ("loopCardinality", "completionCondition"),
    "standardLoopCharacteristics": ("loopCondition",),
    "timerEventDefinition": ("timeDate", "timeCycle", "timeDuration"),
    "conditionalEventDefinition": ("condition",),
    "assignment": ("from", "to"),
}
ALWAYS_FORMAL = ("messagePath", "dataPath", "transformation", "formalExpression")
WHOLE_NUMBER = re.compile(r"-?\d+")
URI = re.compile(r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|[^\x00-\x7f]|%[0-9A-Fa-f]{2})*")
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
ADDRESSES = {
    "definitions": ("expressionLanguage", "typeLanguage"),
    "import": ("namespace", "importType"),
    "transaction": ("method",),
    **dict.fromkeys({"formalExpression", "conditionExpression", *sum(FORMAL.values(), ())}, ("language",)),
}


def formal_expressions(sheet: Sheet) -> Iterator[Finding]:
    """In an executable process an expression is formal (xsi:type tFormalExpression), not plain language (8.4)."""
    index = whole(sheet)
    for owner, names in FORMAL.items():
        for node in index.of(owner):
            for child in children(node, BPMN, *names):
                if not _formal(child) and _text(child):
                    yield error(sheet, "formal", child, f"{kind(child)} 是自然语言，不能执行",
                                f"{kind(child)} is plain language, not a formal expression",
                                '写上 xsi:type="tFormalExpression"', 'say xsi:type="tFormalExpression"')
    for flow in index.of("sequenceFlow"):
        for child in children(flow, BPMN, "conditionExpression"):
            if not _formal(child):
                yield warning(sheet, "formal", child, "条件没有标明是可执行的表达式，按 FEEL 处理",
                              "the condition is not marked as formal; it is read as FEEL",
                              '写上 xsi:type="tFormalExpression"', 'say xsi:type="tFormalExpression"')


def expression_bodies(sheet: Sheet) -> Iterator[Finding]:
    """A formal expression has a body (FormalExpression, 8.4)."""
    index = whole(sheet)
    typed = [child for names in FORMAL.values() for name in names for child in index.of(name)]
    paths = [node for name in ALWAYS_FORMAL for node in index.everywhere(name)]
    for node in dict.fromkeys((*typed, *index.of("conditionExpression"), *paths)):
        if not _text(node):
            yield error(sheet, "empty-expression", node, f"{kind(node)} 是空的", f"{kind(node)} is empty",
                        "写出表达式或删除它", "write the expression or remove it")


def _formal(node: Element) -> bool:
    return node.get(f"{{{XSI}}}type", "").rpartition(":")[2] == "tFormalExpression"


def _text(node: Element) -> str:
    return "".join(str(part) for part in node.itertext()).strip()


def addresses(sheet: Sheet) -> Iterator[Finding]:
    """Attributes of type anyURI hold one (8.2, 8.4, 10.3.5); a transaction's method may be ##Compensate etc."""
    index = whole(sheet)
    for owner, names in ADDRESSES.items():
        for node in index.everywhere(owner):
            for name in names:
                text = node.get(name, "")
                plain = text.startswith("##") and text[2:].isalpha()
                method = owner == "transaction" and text and not plain and not SCHEME.match(text)
                if text and not plain and (method or not URI.fullmatch(text)):
                    yield error(sheet, "uri", node, f"{name} 的“{text}”不是地址 (URI)", f"{name}={text!r} is not a URI",
                                "写合法的 URI", "write a valid URI")


def quantities(sheet: Sheet) -> Iterator[Finding]:
    """startQuantity and completionQuantity are 1 or more (10.3)."""
    for node in whole(sheet).of(*ACTIVITIES):
        for name in ("startQuantity", "completionQuantity"):
            text = node.get(name, "1")
            if not WHOLE_NUMBER.fullmatch(text) or int(text[:9]) < 1:
                yield error(sheet, "quantity", node, f"{name} 须是不小于 1 的整数", f"{name} must be 1 or more",
                            "改为 1 或更大", "make it 1 or more")


def loop_maxima(sheet: Sheet) -> Iterator[Finding]:
    """loopMaximum is a whole number of 1 or more (10.3.8)."""
    for loop in whole(sheet).of("standardLoopCharacteristics"):
        text = loop.get("loopMaximum", "1")
        if not WHOLE_NUMBER.fullmatch(text) or int(text[:9]) < 1:
            yield error(sheet, "loop-maximum", loop, "loopMaximum 须是不小于 1 的整数", "loopMaximum must be 1 or more",
                        "改为 1 或更大", "make it 1 or more")


def one_loop(sheet: Sheet) -> Iterator[Finding]:
    """An activity carries one loop marker (10.3.8: loop or multi-instance, not both)."""
    for node in whole(sheet).of(*ACTIVITIES):
        if len(list(children(node, BPMN, "standardLoopCharacteristics", "multiInstanceLoopCharacteristics"))) > 1:
            yield error(sheet, "two-loops", node, "循环和多实例不能同时使用", "both a loop and a multi-instance marker",
                        "只留一种", "keep one of them")


def behaviors(sheet: Sheet) -> Iterator[Finding]:
    """behavior One and None name the event they throw, Complex its conditions (10.3.8)."""
    needed = {"One": "oneBehaviorEventRef", "None": "noneBehaviorEventRef"}
    for loop in whole(sheet).of("multiInstanceLoopCharacteristics"):
        said = loop.get("behavior", "All")
        if said in needed and not loop.get(needed[said]):
            yield error(sheet, "behavior", loop, f"behavior={said} 没有写 {needed[said]}",
                        f"behavior is {said}, but {needed[said]} is missing",
                        "写明抛出的事件", "name the event that is thrown")
        if said == "Complex" and next(children(loop, BPMN, "complexBehaviorDefinition"), None) is None:
            yield error(sheet, "behavior", loop, "behavior=Complex 没有写 complexBehaviorDefinition",
                        "behavior is Complex without a complexBehaviorDefinition",
                        "写明条件和事件", "say the condition and the event")


def scripts(sheet: Sheet) -> Iterator[Finding]:
    """A script says its language (10.3.3, scriptFormat)."""
    for task in whole(sheet).of("scriptTask"):
        if next(children(task, BPMN, "script"), None) is not None and not task.get("scriptFormat"):
            yield error(sheet, "script-format", task, "脚本没有写明语言 scriptFormat",
                        "the script names no scriptFormat",
                        "脚本改写成 zeebe:script 的 FEEL 表达式", "write it as a FEEL expression in zeebe:script")


def ad_hoc(sheet: Sheet) -> Iterator[Finding]:
    """An ad-hoc sub-process holds activities, no start or end event, no conversation or choreography (10.3.5)."""
    for node in whole(sheet).of("adHocSubProcess"):
        inside = [kind(child) for child in node]
        if not set(inside) & set(ACTIVITIES):
            yield error(sheet, "ad-hoc", node, "临时子流程里没有任务", "an ad-hoc sub-process without an activity",
                        "至少画一个任务", "draw at least one task")
        if set(inside) & {"startEvent", "endEvent", "conversation", "conversationLink", *CHOREOGRAPHY}:
            yield error(sheet, "ad-hoc", node, "临时子流程里不能有开始或结束事件、会话和编排",
                        "an ad-hoc sub-process holds no start or end event, conversation or choreography",
                        "删除它们", "remove them")


def resource_roles(sheet: Sheet) -> Iterator[Finding]:
    """Who does it is said by a resource or by an expression, not by both (10.3.1, ResourceRole)."""
    for name in ("resourceRole", "performer", "humanPerformer", "potentialOwner"):
        for node in whole(sheet).of(name):
            said = {kind(child) for child in node}
            if "resourceAssignmentExpression" in said and said & {"resourceRef", "resourceParameterBinding"}:
                yield error(sheet, "resource", node, "资源和分配表达式只能写一种",
                            "a resource and an assignment expression together", "只留一种", "keep one of them")
            if "resourceParameterBinding" in said and "resourceRef" not in said:
                yield error(sheet, "resource", node, "有资源参数，却没有写资源",
                            "resource parameters without a resource",
                            "写明 resourceRef", "name the resourceRef")


def unspoken_tasks(sheet: Sheet) -> Iterator[Finding]:
    """A send or receive task says which message (10.3.3), or for a send task which step."""
    for task in whole(sheet).of("sendTask", "receiveTask"):
        step = kind(task) == "sendTask" and says(task, "taskDefinition")
        if not task.get("messageRef") and not step:
            yield error(sheet, "message-task", task, "没有选择消息", "no message is chosen",
                        "选择消息" + ("，或写步骤类型" if kind(task) == "sendTask" else ""),
                        "choose a message" + (" or name a step type" if kind(task) == "sendTask" else ""))


RULES = (
    formal_expressions, expression_bodies, addresses, quantities, loop_maxima, one_loop, behaviors, scripts, ad_hoc,
    resource_roles, unspoken_tasks,
)  # fmt: skip
