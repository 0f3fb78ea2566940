"""The words of other tools: accepted where one of ours beside them says the same, or where they never mattered here.

A drawing that was brought in keeps what its tool wrote. Nothing of that is executed, so it may only stay in a release
when the engine does what it asked for anyway: a Zeebe word beside it (`BESIDE`), or a matter of another engine's
machinery that this one settles by itself (`IDLE`). Drawing tools' own notes (`NOTES`: colours, rulers, ids) are for
readers, like everything else that is only drawn. The rest is refused, as an unknown word of our own would be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Literal

from engine.drawing import Element, split_tag
from engine.findings import Finding
from engine.rules.sheet import Sheet, Text, kind
from engine.vocabulary import BPMN, XSI, ZEEBE, Extensions, read_extensions

Standing = Literal["beside", "idle", "note"]
CAMUNDA = "http://camunda.org/schema/1.0/bpmn"
FLOWABLE, ACTIVITI = "http://flowable.org/bpmn", "http://activiti.org/bpmn"
FOX = "http://www.camunda.com/fox"
ENGINES = {CAMUNDA: "Camunda 7", FLOWABLE: "Flowable", ACTIVITI: "Activiti", FOX: "camunda fox"}
"""The engines whose words are translated (workflows/studio/foreign)."""
IMPORTED = "urn:licet:imported"
"""Our own notes on what an import translated: `text` and `language` as they were."""
NOTES = (
    IMPORTED, XSI, "http://www.w3.org/", "http://www.omg.org/spec/BPMN/non-normative/", "http://bpmn.io/schema/",
    "http://camunda.org/schema/modeler/", "http://www.signavio.com", "http://www.bizagi.com/", "http://www.igrafx.com/",
    "http://www.boc-group.com", "http://www.itp-commerce.com/", "http://www.trisotech.com/", "http://www.w4.eu/",
    "http://www.omninet.de/", "http://bpmn.sourceforge.net", "http://open-bpmn.org/", "http://www.ibm.com/",
    "http://www.sparxsystems.com/", "http://www.modelio.org", "http://www.yaoqiang.org", "http://www.bonitasoft.",
    "http://www.aeneis.", "http://www.visual-paradigm.com", "http://adonis",
)  # fmt: skip
"""Beginnings of the namespaces in which tools keep how a drawing looks and what they call its parts."""


def _assigned(words: Extensions) -> bool:
    return bool(words.assignee or words.groups or words.users)


def _mapped(words: Extensions) -> bool:
    return bool(words.takes or words.gives)


BESIDE: dict[str, Callable[[Extensions], object]] = {
    "assignee": _assigned, "candidateGroups": _assigned, "candidateUsers": _assigned,
    "performer": _assigned, "humanPerformer": _assigned, "potentialOwner": _assigned,
    "formKey": lambda words: words.form_id, "formRef": lambda words: words.form_id,
    "formData": lambda words: words.form_id, "formProperty": lambda words: words.form_id,
    "dueDate": lambda words: words.due or words.properties.get("licet:sla"),
    "priority": lambda words: words.priority,
    "class": lambda words: words.step, "delegateExpression": lambda words: words.step,
    "expression": lambda words: words.step, "topic": lambda words: words.step, "type": lambda words: words.step,
    "connector": lambda words: words.step,
    "decisionRef": lambda words: words.decision, "mapDecisionResult": lambda words: words.decision,
    "resultVariable": lambda words: words.result,
    "collection": lambda words: words.loop and words.loop.collection,
    "elementVariable": lambda words: words.loop and words.loop.element,
    "loopDataInputRef": lambda words: words.loop and words.loop.collection,
    "inputDataItem": lambda words: words.loop and words.loop.element,
    "inputOutput": _mapped, "in": lambda words: words.takes or words.pass_all_in,
    "out": lambda words: words.gives or words.pass_all_out,
    "formType": lambda words: words.form_id,
}  # fmt: skip
"""A foreign word -> what of ours says the same on that element."""
IDLE = frozenset({
    "async", "asyncBefore", "asyncAfter", "exclusive", "jobPriority", "taskPriority", "failedJobRetryTimeCycle",
    "historyTimeToLive", "isStartableInTasklist", "versionTag", "initiator", "modelerTemplate",
    "modelerTemplateVersion", "modelerTemplateIcon", "diagramRelationId", "properties", "property",
    "calledElementBinding", "calledElementVersion", "calledElementVersionTag", "decisionRefBinding", "triggerable",
    "calledElementTenantId", "decisionRefVersion", "decisionRefTenantId", "formFieldValidation", "localScope",
    "bindingType", "formRefBinding", "formRefVersion", "inheritVariables", "sameDeployment", "fallbackToDefaultTenant",
    "completeAsync", "inheritBusinessKey", "businessKey", "isStartableinTasklist",
})  # fmt: skip
"""Words of other engines' machinery - transactions, retries, keeping of history - that change nothing here."""


def standing(owner: Element, namespace: str, name: str) -> Standing | None:
    """Why a foreign word on an element (its attribute, or an element in it) may stay; None when nothing says so."""
    if any(namespace.startswith(each) for each in NOTES):
        return "note"
    if namespace not in ENGINES and namespace not in (ZEEBE, BPMN, ""):
        return None
    if name in IDLE and namespace not in (BPMN, ""):
        return "idle"
    told = BESIDE.get(name)
    if told is None or (namespace == ZEEBE and not _older_zeebe(name)):
        return None
    return "beside" if told(_words(_speaker(owner))) else None


@lru_cache(maxsize=2)
def _words(speaker: Element) -> Extensions:
    """What an element says; of the last that was asked about, for its words come one after the other."""
    return read_extensions(speaker)


def _older_zeebe(name: str) -> bool:
    return name in ("formKey", "formType")


def _speaker(owner: Element) -> Element:
    """The activity whose words say what a part of it (a loop, the elements of an extension) means."""
    above: Element | None = owner
    while above is not None and kind(above) in ("", "extensionElements", "multiInstanceLoopCharacteristics"):
        above = above.getparent()
    return owner if above is None else above


def named(node: Element, name: str) -> tuple[str, str, str]:
    """(namespace, local name, how it is written in the file) of an attribute."""
    namespace, _, local = name.rpartition("}")
    prefix = next((short for short, long in node.nsmap.items() if long == namespace[1:] and short), None)
    return namespace[1:], local, f"{prefix}:{local}" if prefix and namespace else local


def accepted(why: Standing, shown: str) -> Text:
    """The sentence for a foreign word that may stay."""
    if why == "beside":
        return Text(f"{shown} 是别的引擎的写法，按旁边的 Zeebe 写法执行",
                    f"{shown} is another engine's word; the Zeebe word beside it is what runs",
                    "两处不一致时以 Zeebe 写法为准", "where they differ Zeebe's counts")
    return Text(f"{shown} 在这里没有作用，保留不执行", f"{shown} means nothing here: kept, not executed",
                "不需要时可以删除", "remove it when nobody needs it")


def attributes(sheet: Sheet) -> Iterator[Finding]:
    """An attribute of another tool inside a process: accepted with a warning, or refused."""
    for process in sheet.processes:
        for node in process.iter(f"{{{BPMN}}}*"):
            for name in map(str, node.attrib):
                if name[:1] == "{":
                    yield from _attribute(sheet, node, name)


def _attribute(sheet: Sheet, node: Element, name: str) -> Iterator[Finding]:
    namespace, local, shown = named(node, name)
    why = standing(node, namespace, local)
    if why is None:
        yield sheet.found("attribute", node, Text(
            f'属性 {shown}="{node.get(name)}" 引擎不会执行', f'attribute {shown}="{node.get(name)}" would be ignored',
            "删除该属性，或在旁边用 Zeebe 写法写明", "remove it, or say it in Zeebe's words beside it"))
    elif why != "note":
        yield sheet.found("foreign", node, accepted(why, shown), severity="warning")


def word_shown(word: Element) -> str:
    """How an extension element is written in the file."""
    name = split_tag(word)[1]
    return f"{word.prefix}:{name}" if word.prefix else name


RULES = (attributes,)
