"""Who does a task and until when: roles that exist, lanes that hold something, deadlines."""

from __future__ import annotations

from collections.abc import Iterator

from engine.drawing import children
from engine.findings import Finding
from engine.rules.sheet import SUB_PROCESSES, Sheet, Text, kind
from engine.vocabulary import BPMN, read_extensions

FURTHER = ("licet:escalateTo", "licet:handTo", "licet:signers", "licet:copyTo")
"""The words of a user task that name roles beside those it is offered to."""


def roles(sheet: Sheet) -> Iterator[Finding]:
    """A role that a task is offered, escalated or copied to is one that somebody can have."""
    known = sheet.around.role_known
    if known is None:
        return
    for _, task in sheet.elements("userTask", "endEvent"):
        words = read_extensions(task)
        further = [words.properties.get(name, "") for name in FURTHER]
        written = (words.groups or "", *further)
        named = [word.strip() for text in written if not text.startswith("=") for word in text.split(",")]
        for role in dict.fromkeys(name.partition("@")[0] for name in named if name):
            if not known(role):
                yield sheet.found("role", task, Text(
                    f"没有角色“{role}”，没有人会收到这个任务", f"there is no role {role!r}: nobody would be offered it",
                    "改为已有的角色", "choose a role that exists"))


SIGNED_BY = ("drawn", "stored", "typed")


def signatures(sheet: Sheet) -> Iterator[Finding]:
    """A verdict that wants a signature is one of the task's form: of a misspelt one nobody would ever be asked to sign.
    Of a form that is not known here nothing is said."""
    verdicts_of = sheet.around.verdicts_of
    for _, task in sheet.elements("userTask"):
        words = read_extensions(task)
        wanted = words.words("licet:signature")
        for way in words.words("licet:signatureBy"):
            if way not in SIGNED_BY:
                yield sheet.found("signature", task, Text(
                    f"没有签名办法“{way}”", f"there is no way to sign called {way!r}",
                    f"可用：{'、'.join(SIGNED_BY)}", f"known: {', '.join(SIGNED_BY)}"))
        if not wanted or verdicts_of is None or words.form_id is None or words.form_id.startswith("="):
            continue
        known = verdicts_of(words.form_id)
        for verdict in wanted if known is not None else ():
            if verdict not in (known or ()):
                there, listed = "、".join(sorted(known or ())), ", ".join(sorted(known or ()))
                yield sheet.found("signature", task, Text(
                    f"表单“{words.form_id}”没有结论“{verdict}”，永远不会要求签名",
                    f"the form {words.form_id!r} has no verdict {verdict!r}: nobody would be asked to sign",
                    f"可用：{there}", f"known: {listed}"))


def lanes(sheet: Sheet) -> Iterator[Finding]:
    """A lane holds something. (Where sub-processes are drawn, one may span lanes that name nothing of their own.)"""
    for process in sheet.processes:
        if any(kind(node) in SUB_PROCESSES for node in process.iterchildren()):
            continue
        for lane in process.iter(f"{{{BPMN}}}lane"):
            if not list(children(lane, BPMN, "flowNodeRef", "childLaneSet")):
                yield sheet.found("lane", lane, Text(
                    "泳道里什么也没有", "nothing lies in this lane", "把任务放进去，或删除泳道",
                    "put a task into it or remove it"), severity="warning")


def deadlines(sheet: Sheet) -> Iterator[Finding]:
    """A task that somebody else waits for has a deadline; an applicant's own form needs none."""
    for _, task in sheet.elements("userTask"):
        words = read_extensions(task)
        own = words.assignee is not None and not words.groups
        if not (own or words.due or "licet:sla" in words.properties):
            yield sheet.found("deadline", task, Text(
                "没有办理期限：逾期不会提醒", "it has no deadline: nobody is told when it is late",
                "填写 licet:sla（工作日）或到期日", "fill in licet:sla (working days) or a due date"),
                severity="warning")


RULES = (roles, signatures, lanes, deadlines)
