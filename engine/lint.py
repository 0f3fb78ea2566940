"""What may be deployed. Everything the engine would not execute as drawn is refused, with the element and the remedy.

A rule is one function `rule(sheet) -> findings`; the folder rules/ holds them by subject. A drawing with errors can be
kept as a draft, never deployed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from engine.drawing import Element
from engine.findings import Finding
from engine.rules import (
    assignment,
    attached,
    clocks,
    data,
    elements,
    events,
    extensions,
    foreign,
    identity,
    operations,
    pools,
    references,
    said,
    sequence,
    soundness,
    structure,
    texts,
    voting,
)
from engine.rules.sheet import Sheet, Surroundings, processes
from engine.vocabulary import BPMN, read_extensions

MOST_ERRORS = 1000
RULES = (
    *elements.RULES, *structure.RULES, *attached.RULES, *assignment.RULES, *soundness.RULES, *extensions.RULES,
    *references.RULES, *texts.RULES,
    *identity.RULES, *sequence.RULES, *pools.RULES, *events.RULES, *said.RULES, *data.RULES,
    *operations.RULES, *clocks.RULES, *voting.RULES, *foreign.RULES,
)  # fmt: skip


def called(root: Element) -> set[str]:
    """The ids of processes that call activities of this file call."""
    calls = root.iter(f"{{{BPMN}}}callActivity")
    return {str(read_extensions(call).called or call.get("calledElement")) for call in calls}


def examine(drawings: Iterable[tuple[str, Element]], around: Surroundings) -> list[Finding]:
    """Every finding in the drawings of one deployment: errors first, then by file and line."""
    drawn = list(drawings)
    ids = [str(node.get("id")) for _, root in drawn for node in processes(root)]
    known = replace(around, processes=frozenset(ids), called=frozenset().union(*(called(root) for _, root in drawn)))
    found = [finding for file, root in drawn for finding in _rules(Sheet(file, root, known))]
    found += [_twice(process_id) for process_id in {each for each in ids if ids.count(each) > 1}]
    if not drawn:
        found.append(Finding("empty", "没有流程图", "there is no drawing", "上传一个 .bpmn 文件", "add a .bpmn file"))
    return sorted(dict.fromkeys(found), key=lambda one: (one.severity != "error", one.file, one.line, one.rule))


def _rules(sheet: Sheet) -> list[Finding]:
    """What the rules find: of a crowded drawing only that it is, of a hopeless one the first MOST_ERRORS errors."""
    crowded = [finding for finding in structure.ids(sheet) if finding.rule == "too-many"]
    if crowded:
        return crowded
    found, errors = [], 0
    for finding in (finding for rule in RULES for finding in rule(sheet)):
        found.append(finding)
        errors += finding.severity == "error"
        if errors >= MOST_ERRORS:
            break
    return found


def _twice(process_id: str) -> Finding:
    return Finding(
        "id", f"流程 {process_id} 出现在两个文件里", f"process {process_id} is in two files",
        "只保留一个，或改 id", "keep one, or change its id", element=process_id,
    )  # fmt: skip


__all__ = ["Finding", "Surroundings", "called", "examine", "processes"]
