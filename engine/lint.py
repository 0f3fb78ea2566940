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
    data,
    elements,
    extensions,
    identity,
    operations,
    pools,
    references,
    said,
    sequence,
    soundness,
    structure,
    texts,
    triggers,
    waiting,
)
from engine.rules.sheet import Sheet, Surroundings, processes
from engine.vocabulary import BPMN, read_extensions

RULES = (
    *elements.RULES, *structure.RULES, *soundness.RULES, *extensions.RULES, *references.RULES, *texts.RULES,
    *identity.RULES, *sequence.RULES, *pools.RULES, *triggers.RULES, *waiting.RULES, *said.RULES, *data.RULES,
    *operations.RULES,
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
        found.append(Finding("empty", "没有流程图", "there is no drawing"))
    return sorted(dict.fromkeys(found), key=lambda one: (one.severity != "error", one.file, one.line, one.rule))


def _rules(sheet: Sheet) -> list[Finding]:
    return [finding for rule in RULES for finding in rule(sheet)]


def _twice(process_id: str) -> Finding:
    return Finding(
        "id", f"流程 {process_id} 出现在两个文件里", f"process {process_id} is in two files", element=process_id
    )


__all__ = ["Finding", "Surroundings", "called", "examine", "processes"]
