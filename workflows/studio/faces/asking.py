"""What a task asks, written on it: who, how many must agree, by when, with which form, who gets a copy."""

from __future__ import annotations

import json
from collections.abc import Iterator

from engine.drawing import Element, children
from engine.vocabulary import BPMN, ZEEBE, read_extensions
from workflows.studio.faces import conditions
from workflows.studio.faces.conditions import Row
from workflows.studio.faces.describing import EACH, work_of
from workflows.studio.faces.edits import ALL, ANY, ONE, PERCENT, Asked, CannotEdit
from workflows.studio.faces.listing import Work
from workflows.studio.faces.paper import (
    child_of,
    extension,
    formal,
    new,
    put,
    put_inside,
    remove,
    say,
    say_property,
    unsay,
)

AGREE = ("approve", "agree", "pass")
"""The verdicts that count as a yes in a vote, as engine.dialect.voting takes them."""
LISTS = {"copy_to": "licet:copyTo", "not_by": "licet:notBy"}
TEXTS = {"sla": "licet:sla", "escalate_after": "licet:escalateAfter", "escalate_to": "licet:escalateTo"}
VOTES = ("licet:vote", "licet:votePercent", "licet:voteResult")


class OtherRounds(CannotEdit):
    """这一步按名单逐个办理，名单由流程算出，办理人请在流程图上修改。"""


def mode_of(work: Work) -> str:
    """How many must agree; "" where the drawing says it in a way of its own."""
    if work.each is None:
        return ONE
    return work.vote if work.by_roles and work.vote in (ALL, ANY, PERCENT) else ""


def ask(node: Element, asked: Asked) -> None:
    """Write the words on a user task (or a name and copies on another element). Raises OtherRounds."""
    if asked.name is not None:
        node.set("name", asked.name)
    for key, word in LISTS.items():
        listed = getattr(asked, key)
        if listed is not None:
            say_property(node, word, ",".join(listed) or None)
    for key, word in TEXTS.items():
        text = getattr(asked, key)
        if text is not None:
            say_property(node, word, text or None)
    if asked.not_applicant is not None:
        say_property(node, "licet:notApplicant", "true" if asked.not_applicant else None)
    if asked.form is not None:
        say(node, "formDefinition", {"formId": asked.form or None})
    if asked.assignee is not None:
        say(node, "assignmentDefinition", {"assignee": asked.assignee or None})
    if asked.groups is not None or asked.mode is not None:
        _who(node, asked)


def _who(node: Element, asked: Asked) -> None:
    work = work_of(node)
    before = mode_of(work)
    groups = asked.groups if asked.groups is not None else work.groups
    mode = asked.mode or before
    if not before or groups is None:
        raise OtherRounds
    if mode == ONE:
        _one(node, groups, before != ONE, work)
    else:
        _several(node, groups, mode, asked.percent or work.vote_percent, work)


def _one(node: Element, groups: tuple[str, ...], voted: bool, work: Work) -> None:
    """One person of the roles does it."""
    say(node, "assignmentDefinition", {"candidateGroups": ",".join(groups) or None})
    if not voted:
        return
    for loop in list(children(node, BPMN, "multiInstanceLoopCharacteristics")):
        remove(loop)
    for name in VOTES:
        say_property(node, name, None)
    verdict = f"{node.get('id')}_verdict"
    put_inside(node, "ioMapping", new(node, ZEEBE, "output", {"source": "=verdict", "target": verdict}))
    for flow in _flows(node):
        _reword(flow, lambda row: _as_verdict(row, work.vote_result, verdict))


def _several(node: Element, groups: tuple[str, ...], mode: str, percent: str, work: Work) -> None:
    """One person of each role does it, and the votes are counted."""
    listed = "=" + json.dumps(list(groups), ensure_ascii=False)
    loop = child_of(node, BPMN, "multiInstanceLoopCharacteristics")
    if loop is None:
        loop = new(node, BPMN, "multiInstanceLoopCharacteristics", {})
        put(node, loop)
    say(loop, "loopCharacteristics", {"inputCollection": listed, "inputElement": EACH})
    say(node, "assignmentDefinition", {"candidateGroups": f"={EACH}"})
    result = work.vote_result or f"{node.get('id')}_vote"
    say_property(node, "licet:vote", mode)
    say_property(node, "licet:votePercent", (percent or "51") if mode == PERCENT else None)
    say_property(node, "licet:voteResult", result)
    verdicts = [name for name, source in work.gives.items() if source.strip() == "=verdict"]
    mapping = extension(node, "ioMapping")
    for line in list(children(mapping, ZEEBE, "output")) if mapping is not None else ():
        if line.get("target") in verdicts:
            remove(line)
    if mapping is not None and len(mapping) == 0:
        unsay(mapping)
    for flow in _flows(node):
        _reword(flow, lambda row: _as_vote(row, verdicts, result))


def _flows(node: Element) -> Iterator[Element]:
    process = next((each for each in node.iterancestors() if each.tag == f"{{{BPMN}}}process"), None)
    return iter(()) if process is None else process.iter(f"{{{BPMN}}}sequenceFlow")


def _reword(flow: Element, turned: object) -> None:
    """Let a condition of one row that looks at the task look at what the task gives now."""
    said = child_of(flow, BPMN, "conditionExpression")
    if said is None or not callable(turned):
        return
    found = conditions.read(said.text or "")
    text = turned(found.rows[0]) if len(found.rows) == 1 else None
    if text:
        said.text = f"={text}"


def _as_vote(row: Row, verdicts: list[str], result: str) -> str | None:
    if row.variable not in verdicts or row.operator not in ("=", "!=", "in"):
        return None
    agreed = all(value in AGREE for value in row.values) == (row.operator != "!=")
    return conditions.write((Row(f"{result}.passed", "true" if agreed else "false"),))


def _as_verdict(row: Row, result: str, verdict: str) -> str | None:
    if row.variable != f"{result}.passed" or row.operator not in ("true", "false"):
        return None
    agreed = conditions.write((Row(verdict, "in", AGREE),))
    return agreed if row.operator == "true" else f"not({agreed})"


def condition(flow: Element, text: str | None) -> None:
    """Set a flow's condition (FEEL without "="), or take it away."""
    said = child_of(flow, BPMN, "conditionExpression")
    if text is None:
        if said is not None:
            remove(said)
    elif said is None:
        put(flow, formal(flow, "conditionExpression", f"={text}"))
    else:
        said.text = f"={text}"


def condition_of(flow: Element) -> str:
    """A flow's condition without "="; "" where it has none."""
    said = child_of(flow, BPMN, "conditionExpression")
    return "" if said is None else (said.text or "").strip().removeprefix("=").strip()


def given_by(node: Element) -> tuple[str, ...]:
    """The variables that a task's verdict or vote is known by."""
    words = read_extensions(node)
    result = words.properties.get("licet:voteResult", "")
    return (*(line.target for line in words.gives), *((f"{result}.passed",) if result else ()))
