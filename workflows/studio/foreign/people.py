"""User tasks of other engines: who does them, with which form, until when."""

from __future__ import annotations

import re

from engine.drawing import Element, children
from engine.rules.sheet import kind
from engine.vocabulary import BPMN, ZEEBE, read_extensions
from workflows.studio.foreign.formdata import form_of
from workflows.studio.foreign.juel import is_juel
from workflows.studio.foreign.translation import Translation, foreign

OWNERS = ("potentialOwner", "humanPerformer", "performer")
NAMED = re.compile(r"(user|group)\s*\(\s*([^()]*)\s*\)")
ACCOUNT = ("是另一个系统里的账号，这里没有这个人", "is an account of another system: nobody here has that name")


def user_task(work: Translation, task: Element) -> None:
    """Say of a user task in our words what its engine was told."""
    _groups(work, task)
    _persons(work, task)
    _performers(work, task)
    _form(work, task)
    for word, ours in (("dueDate", "taskSchedule"), ("priority", "priorityDefinition")):
        text = foreign(task, word)
        value = work.value(task, word, text) if text else None
        if value:
            work.say(task, ours, **{word: value})


def _groups(work: Translation, task: Element) -> None:
    text = foreign(task, "candidateGroups")
    value = work.value(task, "candidateGroups", text) if text else None
    if value:
        work.say(task, "assignmentDefinition", candidateGroups=value)


def _persons(work: Translation, task: Element) -> None:
    for word in ("assignee", "candidateUsers"):
        text = foreign(task, word)
        if not text:
            continue
        if not is_juel(text):
            work.because(task, word, *ACCOUNT)
        elif text.strip()[2:-1].strip() in _starters(work):
            work.say(task, "assignmentDefinition", **{word: "=applicant_id"})
        elif value := work.value(task, word, text):
            work.say(task, "assignmentDefinition", **{word: value})


def _starters(work: Translation) -> set[str]:
    """The variables that hold whoever started the process: our applicant_id."""
    return {name for start in work.root.iter(f"{{{BPMN}}}startEvent") if (name := foreign(start, "initiator"))}


def _performers(work: Translation, task: Element) -> None:
    """BPMN's own way of naming people, as Activiti and Camunda read it: user(a), group(b)."""
    if read_extensions(task).assignee or read_extensions(task).groups:
        return
    groups: list[str] = []
    for owner in children(task, BPMN, *OWNERS):
        text = " ".join("".join(map(str, owner.itertext())).split())
        named = NAMED.findall(text)
        groups += [name.strip() for sort, name in named if sort == "group" and not is_juel(name)]
        if text and not named and not is_juel(text) and kind(owner) == "potentialOwner":
            groups += [part.strip() for part in text.split(",")]
        if not groups:
            work.because(task, kind(owner), *(ACCOUNT if text else (
                "只引用了资源，没有说明是谁", "it refers to a resource and does not say who")))
    if groups:
        work.say(task, "assignmentDefinition", candidateGroups=",".join(dict.fromkeys(filter(None, groups))))


def _form(work: Translation, task: Element) -> None:
    text = foreign(task, "formKey") or foreign(task, "formRef") or _older(task)
    if text:
        value = work.value(task, "formKey", text)
        if value:
            work.say(task, "formDefinition", formId=value if value.startswith("=") else plain_key(value))
        return
    made = form_of(work, task)
    if made:
        work.say(task, "formDefinition", formId=made)


def _older(task: Element) -> str | None:
    """The formKey of Camunda 8 before formId."""
    for holder in children(task, BPMN, "extensionElements"):
        for word in children(holder, ZEEBE, "formDefinition"):
            return word.get("formKey")
    return None


def plain_key(text: str) -> str:
    """ "embedded:app:forms/review.html" -> "review": the key under which a form of ours would be looked for."""
    last = re.split(r"[/:\\]", text.strip())[-1]
    return re.sub(r"\.(html?|form|jsf|xhtml|jsp)$", "", last)[:120] or text.strip()[:120]
