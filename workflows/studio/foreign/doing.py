"""What other engines do by themselves: service and send tasks, decisions, calls, data that goes in and out, rounds."""

from __future__ import annotations

from engine.drawing import Element, children
from engine.rules.foreign import ENGINES
from engine.rules.sheet import kind
from engine.vocabulary import BPMN
from workflows.studio.foreign.juel import NoFeel, feel_of, is_juel, quoted
from workflows.studio.foreign.translation import Translation, foreign, foreign_words, inside

MAPPED = frozenset({
    "userTask", "serviceTask", "scriptTask", "businessRuleTask", "callActivity", "subProcess", "adHocSubProcess",
    "transaction", "sendTask", "receiveTask", "startEvent", "intermediateCatchEvent", "intermediateThrowEvent",
    "endEvent", "boundaryEvent",
})  # fmt: skip
LIST, MAP, VALUE, ENTRY, SCRIPT = "list", "map", "value", "entry", "script"
DEEPEST = 20


def step(work: Translation, task: Element) -> None:
    """A service or send task names the step that does it: the class, bean, expression or topic that did it there."""
    topic = foreign(task, "topic") if foreign(task, "type") == "external" else None
    found = topic or foreign(task, "class") or foreign(task, "delegateExpression") or foreign(task, "expression")
    found = found or next((part.text for word in foreign_words(task, "connector")
                           for part in inside(word, "connectorId")), None)
    if not found and foreign(task, "type") not in (None, "external"):
        found = foreign(task, "type")
    name = " ".join((found or "").strip().removesuffix("}").removeprefix("${").removeprefix("#{").split())
    if name and not task.get("messageRef"):
        work.say(task, "taskDefinition", type=name.lstrip("=")[:200])


def decision(work: Translation, task: Element) -> None:
    """A business rule task names its decision."""
    found = foreign(task, "decisionRef")
    if not found:
        return
    if is_juel(found):
        work.because(task, "decisionRef", "决策由表达式选择，这里须写明", "the decision is chosen by an expression")
        return
    result = foreign(task, "resultVariable")
    work.say(task, "calledDecision", decisionId=found.strip(), **({"resultVariable": result} if result else {}))
    shape = foreign(task, "mapDecisionResult")
    if shape not in (None, "singleEntry"):
        work.advice.append((task, "mapDecisionResult", f"结果的形状可能不同（{shape}）：这里单条命中得到一个值或一行",
                            f"the shape of its result may differ ({shape}): one hit gives a value or a row here"))


def call(work: Translation, node: Element) -> None:
    """A call activity: which process, and what goes in and out."""
    target = node.get("calledElement", "")
    if is_juel(target):
        value = work.value(node, "calledElement", target)
        if value:
            work.say(node, "calledElement", processId=value)
    goes_in, comes_out = list(foreign_words(node, "in")), list(foreign_words(node, "out"))
    engine_wrote = goes_in or comes_out or _of_an_engine(node)
    if engine_wrote:
        named = {} if is_juel(target) or not target else {"processId": target}
        work.say(node, "calledElement", **named, propagateAllParentVariables=_all(goes_in),
                 propagateAllChildVariables=_all(comes_out))
    for words, way in ((goes_in, "input"), (comes_out, "output")):
        for word in words:
            _carried(work, node, word, way)


def _of_an_engine(node: Element) -> bool:
    """Whether Camunda 7, Flowable or Activiti wrote this file: without a word of them a call hands nothing over."""
    return any(uri in ENGINES for uri in node.getroottree().getroot().nsmap.values())


def _all(words: list[Element]) -> str:
    return "true" if any(word.get("variables") == "all" for word in words) else "false"


def _carried(work: Translation, node: Element, word: Element, way: str) -> None:
    target, source, written = word.get("target"), word.get("source"), word.get("sourceExpression")
    if not target or not (source or written):
        return
    value = work.value(node, "in" if way == "input" else "out", written) if written else f"={source}"
    if value:
        work.pair(node, way, value, target)


def data(work: Translation, node: Element) -> None:
    """inputOutput of Camunda 7 as an ioMapping."""
    if kind(node) not in MAPPED:
        return
    groups = list(foreign_words(node, "inputOutput"))
    groups += [group for word in foreign_words(node, "connector") for group in inside(word, "inputOutput")]
    for group in groups:
        for name, way in (("inputParameter", "input"), ("outputParameter", "output")):
            for line in inside(group, name):
                try:
                    work.pair(node, way, _source(line), line.get("name", ""))
                except NoFeel as why:
                    work.because(node, "inputOutput", f"参数 {line.get('name', '')[:80]}：{why.zh}",
                                 f"parameter {line.get('name', '')[:80]}: {why.en}")


def _source(line: Element, depth: int = 0) -> str:
    """A parameter's value: a text, an expression, a list or a map of them."""
    if depth > DEEPEST:
        raise NoFeel("嵌套太深", "nested too deeply")
    part = next((child for child in line if isinstance(child.tag, str)), None)
    text = (line.text or "").strip()
    if part is None:
        return f"={feel_of(text)}" if is_juel(text) else text
    sort = str(part.tag).rpartition("}")[2]
    if sort == LIST:
        return "=[" + ", ".join(_feel(item, depth) for item in inside(part, VALUE)) + "]"
    if sort == MAP:
        entries = (f"{quoted(item.get('key', ''))}: {_feel(item, depth)}" for item in inside(part, ENTRY))
        return "={" + ", ".join(entries) + "}"
    raise NoFeel("用脚本计算", "it is computed by a script")


def _feel(item: Element, depth: int) -> str:
    found = _source(item, depth + 1)
    return found[1:] if found.startswith("=") else quoted(found)


def rounds(work: Translation, loop: Element) -> None:
    """Over which list a multi-instance goes, and what each of it is called."""
    listed, each = foreign(loop, "collection"), foreign(loop, "elementVariable")
    standard = next(children(loop, BPMN, "loopDataInputRef"), None)
    item = next(children(loop, BPMN, "inputDataItem"), None)
    listed = listed or ((standard.text or "").strip().rpartition(":")[2] if standard is not None else None)
    each = each or (item.get("name") if item is not None else None)
    if not listed:
        return
    value = work.value(loop, "collection", listed)
    if value:
        found = value if value.startswith("=") else f"={value}"
        work.say(loop, "loopCharacteristics", inputCollection=found, **({"inputElement": each} if each else {}))
