"""What the check before a release would say of the files that were brought in, with the lines of the originals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from lxml import etree

from engine.drawing import Element, children
from engine.findings import Finding
from engine.vocabulary import BPMN
from ledger.errors import BadDiagram
from workflows.studio.foreign.report import BLOCKING, Item, of_finding

SET = ("在属性面板把流程设为可执行", "make the process executable in the properties panel")


def executable(root: Element) -> bytes | None:
    """The drawing with every process set to run, to be checked as if; None when one of them is."""
    processes = list(children(root, BPMN, "process"))
    if not processes or any(one.get("isExecutable") == "true" for one in processes):
        return None
    before = [one.get("isExecutable") for one in processes]
    for one in processes:
        one.set("isExecutable", "true")
    body = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    for one, said in zip(processes, before, strict=True):
        if said is None:
            del one.attrib["isExecutable"]
        else:
            one.set("isExecutable", said)
    return bytes(body)


def judged(file: str, found: list[Finding], own: list[Item], lines: Mapping[str, int]) -> list[Item]:
    """The findings of one file as items; what our own items say already is not said twice."""
    said = {(item.element, item.word.partition("=")[0]) for item in own}
    items = []
    for finding in found:
        if finding.file != file or finding.rule in ("foreign", "not-executable", "too-large", "too-many-nodes"):
            continue
        if finding.rule in ("extension", "attribute") and any(
                element == finding.element and word and word in finding.zh for element, word in said):
            continue
        if finding.rule in ("language", "feel") and any(
                item.element == finding.element and item.severity == BLOCKING and "FEEL" in item.zh for item in own):
            continue
        items.append(of_finding(replace(finding, line=lines.get(finding.element, 0))))
    return items


def unreadable(file: str, error: BadDiagram) -> list[Item]:
    """Why a file cannot be opened at all."""
    return [of_finding(replace(finding, file=file)) for finding in error.findings]
