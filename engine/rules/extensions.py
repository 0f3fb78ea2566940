"""The words on an element: only those the engine follows, in the places where it follows them."""

from __future__ import annotations

from collections.abc import Iterator

from engine.drawing import Element, children, split_tag
from engine.findings import Finding
from engine.rules import foreign
from engine.rules.sheet import ACTIVITIES, Sheet, Text, kind
from engine.vocabulary import BPMN, PROPERTIES, SHOW_NAMES, ZEEBE, read_extensions

MAPPED = frozenset({"ioMapping", "properties"})
WORDS: dict[str, frozenset[str]] = {
    "userTask": MAPPED | {"userTask", "formDefinition", "assignmentDefinition", "taskSchedule", "priorityDefinition"},
    "serviceTask": MAPPED | {"taskDefinition"},
    "scriptTask": MAPPED | {"script"},
    "businessRuleTask": MAPPED | {"calledDecision"},
    "callActivity": MAPPED | {"calledElement"},
    "subProcess": MAPPED,
    "adHocSubProcess": MAPPED,
    "transaction": MAPPED,
    "sendTask": MAPPED | {"taskDefinition", "publishMessage"},
    "receiveTask": MAPPED,
    "startEvent": MAPPED,
    "intermediateCatchEvent": MAPPED,
    "intermediateThrowEvent": MAPPED | {"publishMessage"},
    "endEvent": MAPPED | {"publishMessage"},
    "boundaryEvent": MAPPED,
    "message": frozenset({"subscription"}),
    "multiInstanceLoopCharacteristics": frozenset({"loopCharacteristics"}),
}
PLAIN = frozenset({"properties"})
SAID: dict[str, frozenset[str]] = {
    "userTask": frozenset(),
    "formDefinition": frozenset({"formId"}),
    "assignmentDefinition": frozenset({"assignee", "candidateGroups", "candidateUsers"}),
    "taskSchedule": frozenset({"dueDate"}),
    "priorityDefinition": frozenset({"priority"}),
    "taskDefinition": frozenset({"type", "retries"}),
    "publishMessage": frozenset({"correlationKey"}),
    "script": frozenset({"expression", "resultVariable"}),
    "calledDecision": frozenset({"decisionId", "resultVariable"}),
    "calledElement": frozenset({"processId", "propagateAllChildVariables", "propagateAllParentVariables"}),
    "ioMapping": frozenset(),
    "input": frozenset({"source", "target"}),
    "output": frozenset({"source", "target"}),
    "properties": frozenset(),
    "property": frozenset({"name", "value"}),
    "subscription": frozenset({"correlationKey"}),
    "loopCharacteristics": frozenset({"inputCollection", "inputElement", "outputCollection", "outputElement"}),
}
INSIDE = {"ioMapping": frozenset({"input", "output"}), "properties": frozenset({"property"})}
NEEDED = {
    "serviceTask": ("taskDefinition", "type", "服务任务没有写步骤类型", "the service task names no step type"),
    "scriptTask": ("script", "expression", "脚本任务没有 FEEL 表达式", "the script task has no FEEL expression"),
    "businessRuleTask": (
        "calledDecision",
        "decisionId",
        "业务规则任务没有写决策",
        "the business rule task names no decision",
    ),
}
USER_ONLY = PROPERTIES - {"licet:stage", "licet:outcome", "licet:final", "licet:promise", "licet:clockStops",
                          "licet:copyTo"}


def holders(sheet: Sheet) -> Iterator[tuple[Element, Element]]:
    """Every (element, its extension elements)."""
    owners = [node for space in sheet.spaces for node in (*space.elements, *space.flows)]
    owners += sheet.processes + list(sheet.declared("message").values())
    loops = ("multiInstanceLoopCharacteristics", "standardLoopCharacteristics")
    owners += [loop for owner in list(owners) for loop in children(owner, BPMN, *loops)]
    for owner in owners:
        for holder in children(owner, BPMN, "extensionElements"):
            yield owner, holder


def unknown_words(sheet: Sheet) -> Iterator[Finding]:
    """An extension that the engine does not know would be ignored: it is refused."""
    for owner, holder in holders(sheet):
        allowed, seen = WORDS.get(kind(owner), PLAIN), set()
        for word in holder.iterchildren():
            namespace, name = split_tag(word)
            if namespace != ZEEBE or name not in allowed:
                yield from _foreign(sheet, owner, word)
                continue
            if name in seen:
                yield sheet.found("extension", word, Text(
                    f"{name} 写了两次", f"{name} is written twice", "只留一个", "keep one"))
            seen.add(name)
            yield from _said(sheet, word, name)


def _foreign(sheet: Sheet, owner: Element, word: Element) -> Iterator[Finding]:
    """A word of another tool: refused, unless there is a reason why it may stay (rules/foreign.py)."""
    shown, why = foreign.word_shown(word), foreign.standing(owner, *split_tag(word))
    if why is None:
        yield sheet.found("extension", word, Text(
            f"扩展 {shown} 在这里不会被执行", f"extension {shown} would be ignored here",
            "删除它，或改用 Zeebe 词汇", "remove it or use Zeebe's vocabulary"))
    elif why != "note":
        yield sheet.found("foreign", word, foreign.accepted(why, shown), severity="warning")


def _said(sheet: Sheet, word: Element, name: str) -> Iterator[Finding]:
    for attribute in map(str, word.attrib):
        if attribute not in SAID[name] and (why := foreign.standing(word, ZEEBE, attribute)) is not None:
            yield sheet.found("foreign", word, foreign.accepted(why, attribute), severity="warning")
        elif attribute not in SAID[name]:
            yield sheet.found(
                "extension",
                word,
                Text(
                    f"{name} 的 {attribute} 不会被执行",
                    f"{attribute} of {name} would be ignored",
                    "删除它",
                    "remove it",
                ),
            )
    for child in word.iterchildren():
        namespace, inner = split_tag(child)
        if namespace != ZEEBE or inner not in INSIDE.get(name, frozenset()):
            yield sheet.found(
                "extension", child, Text(
                    f"{name} 里不认识 {inner}", f"{inner} in {name} would be ignored", "删除它", "remove it")
            )
        else:
            yield from _said(sheet, child, inner)


def needed_words(sheet: Sheet) -> Iterator[Finding]:
    """A task says what it does."""
    for _, task in sheet.elements("sendTask"):
        if not task.get("messageRef") and not read_extensions(task).step:
            yield sheet.found("incomplete", task, Text(
                "发送任务没有选择消息，也没有写步骤", "the send task names neither a message nor a step",
                "选择一个消息", "choose a message"))
    for _, task in sheet.elements(*NEEDED):
        word, attribute, zh, en = NEEDED[kind(task)]
        holder = next(children(task, BPMN, "extensionElements"), None)
        said = None if holder is None else next(children(holder, ZEEBE, word), None)
        if said is None or not said.get(attribute, "").strip():
            yield sheet.found(
                "incomplete", task, Text(zh, en, f"填写 zeebe:{word} {attribute}", f"fill in zeebe:{word} {attribute}")
            )
        elif attribute in ("type", "decisionId") and said.get(attribute, "").startswith("="):
            yield sheet.found(
                "incomplete", task, Text(
                    f"{attribute} 不能是表达式", f"{attribute} cannot be an expression",
                    "直接写名称", "write the name itself")
            )


def people(sheet: Sheet) -> Iterator[Finding]:
    """A user task is offered to somebody, and has a form."""
    for _, task in sheet.elements("userTask"):
        words = read_extensions(task)
        if not (words.assignee or words.groups or words.users):
            yield sheet.found(
                "assignment",
                task,
                Text(
                    "没有办理人：谁也看不到这个任务",
                    "nobody is offered this task",
                    "填写候选角色 candidateGroups 或办理人 assignee",
                    "fill in candidateGroups or assignee",
                ),
            )
        if not words.form_id:
            yield sheet.found("form", task, Text(
                "没有表单", "it has no form", "填写表单编号", "name a form"), severity="warning")


def licet_properties(sheet: Sheet) -> Iterator[Finding]:
    """licet:* properties are spelt right, in the right place, with a value that means something."""
    for owner, holder in holders(sheet):
        for group in children(holder, ZEEBE, "properties"):
            for line in children(group, ZEEBE, "property"):
                yield from _property(sheet, owner, line)


def _property(sheet: Sheet, owner: Element, line: Element) -> Iterator[Finding]:
    name, value = line.get("name", ""), line.get("value", "").strip()
    if not name.startswith("licet:"):
        yield sheet.found(
            "property", line, Text(
                f"属性 {name} 不会被使用", f"property {name} is not used", "删除它", "remove it"), severity="warning"
        )
    elif name == SHOW_NAMES:
        yield from _show_names(sheet, owner, line, value)
    elif name not in PROPERTIES:
        known = "、".join(sorted({*PROPERTIES, SHOW_NAMES}))
        yield sheet.found(
            "property",
            line,
            Text(f"没有属性 {name}", f"there is no property {name}", f"可用：{known}", f"known: {known}"),
        )
    elif ((name in USER_ONLY and kind(owner) != "userTask") or (name == "licet:outcome" and kind(owner) != "endEvent")
          or (name == "licet:promise" and kind(owner) != "startEvent")
          or (name == "licet:copyTo" and kind(owner) not in ("userTask", "endEvent"))):
        yield sheet.found("property", line, Text(
            f"{name} 不能写在这里", f"{name} does not belong here",
            "写到用户任务（outcome 写到结束事件，promise 写到开始事件）上",
            "write it on a user task (outcome on an end event, promise on a start event)"))
    else:
        yield from _meaning(sheet, owner, line, name, value)


def _show_names(sheet: Sheet, owner: Element, line: Element, value: str) -> Iterator[Finding]:
    if kind(owner) != "process" or value not in ("true", "false"):
        yield sheet.found("property", line, Text(
            f"{SHOW_NAMES} 写在流程上，只能是 true 或 false", f"{SHOW_NAMES} belongs on the process, true or false",
            "写到流程的属性里，值为 true 或 false", "write it on the process, true or false"))


def _meaning(sheet: Sheet, owner: Element, line: Element, name: str, value: str) -> Iterator[Finding]:
    words = read_extensions(owner)
    if name in ("licet:sla", "licet:escalateAfter", "licet:promise", "licet:silenceAfter") and not (
            value.isascii() and value.isdigit() and int(value) <= 1000):
        yield sheet.found("property", line, Text(
            f"{name} 须是工作日数", f"{name} must be a number of working days", "例如 3", "for instance 3"))
    if name in ("licet:notApplicant", "licet:final", "licet:keep") and value not in ("true", "false"):
        yield sheet.found("property", line, Text(
            f"{name} 只能是 true 或 false", f"{name} must be true or false",
            "改为 true 或 false", "write true or false"))
    if name == "licet:escalateTo" and not (words.due or words.properties.get("licet:sla")):
        yield sheet.found(
            "property",
            line,
            Text(
                "没有期限就不会升级",
                "without a deadline nothing escalates",
                "加上 licet:sla 或 dueDate",
                "add licet:sla or a due date",
            ),
        )
    if name == "licet:escalateAfter" and not words.properties.get("licet:escalateTo"):
        yield sheet.found(
            "property",
            line,
            Text("没有写升级给谁", "it does not say to whom", "加上 licet:escalateTo", "add licet:escalateTo"),
        )
    if name == "licet:notBy":
        for missing in [word for word in words.words(name) if word not in sheet.user_tasks]:
            yield sheet.found("property", line, Text(
                f"没有用户任务 {missing}", f"there is no user task {missing}", "写用户任务的编号",
                "write the ids of user tasks"))


def rounds(sheet: Sheet) -> Iterator[Finding]:
    """A multi-instance says over which list or how often, and gathers with both words or none; a loop says how long."""
    for _, activity in sheet.elements(*ACTIVITIES):
        words = read_extensions(activity)
        loop = words.loop
        if loop is not None and words.repeat is not None:
            yield sheet.found("multi-instance", activity, Text(
                "循环和多实例不能同时用", "a loop and a multi-instance exclude each other", "留一个", "keep one"))
        if words.repeat is not None and not (words.repeat.condition or "").strip() and words.repeat.most is None:
            yield sheet.found("loop", activity, Text(
                "循环没有条件也没有次数上限", "the loop has neither a condition nor a maximum",
                "填写循环条件", "write a loop condition"))
        if loop is None:
            continue
        if not loop.collection.strip() and not (loop.cardinality or "").strip():
            yield sheet.found(
                "multi-instance", activity, Text("多实例没有写名单 inputCollection", "no inputCollection",
                                                 "填写 inputCollection", "fill in inputCollection")
            )
        if bool(loop.output_collection) != bool(loop.output_element):
            yield sheet.found(
                "multi-instance",
                activity,
                Text(
                    "outputCollection 和 outputElement 须同时填写",
                    "outputCollection and outputElement belong together",
                    "补上另一个", "fill in the other",
                ),
            )
        if loop.behavior not in ("All", "One", "None") or (loop.behavior in ("One", "None")) != bool(loop.event):
            yield sheet.found("multi-instance", activity, Text(
                f"behavior={loop.behavior} 与引用的事件不符", f"behavior={loop.behavior} and its event do not fit",
                "behavior 用 All，或给 One、None 选一个事件", "use All, or name an event for One or None"))


def retries(sheet: Sheet) -> Iterator[Finding]:
    """How often a failed step is tried is a number from 0 to 20."""
    for owner, holder in holders(sheet):
        for word in children(holder, ZEEBE, "taskDefinition"):
            value = word.get("retries", "3")
            if not (value.isascii() and value.isdigit() and int(value) <= 20):
                yield sheet.found("retries", owner, Text(
                    f"retries={value} 须是 0 到 20 的整数", f"retries={value} must be a number from 0 to 20",
                    "例如 3", "for instance 3"))


def explicit_calls(sheet: Sheet) -> Iterator[Finding]:
    """A call says what goes in and comes out."""
    for _, call in sheet.elements("callActivity"):
        words = read_extensions(call)
        if (words.pass_all_in and not words.takes) or (words.pass_all_out and not words.gives):
            yield sheet.found(
                "call",
                call,
                Text(
                    "调用会传递全部变量",
                    "the call passes all variables",
                    "用输入输出映射写明",
                    "map inputs and outputs",
                ),
                severity="warning",
            )


RULES = (unknown_words, needed_words, people, licet_properties, rounds, retries, explicit_calls)
