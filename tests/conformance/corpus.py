"""Loads every drawing and decision table below a folder: `python -m tests.conformance.corpus DIR`.

Each file is checked as it is, and once more in our words (see translated.py). What may be deployed is also assembled,
as a deployment would. No exception may escape: the exit code is 1 when one does.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine import catalog
from ledger.errors import BadDiagram
from tests.conformance.course import files_of
from tests.conformance.translated import NOTHING, Drawing, translate

KINDS = {".bpmn": "bpmn", ".dmn": "dmn", ".xml": "bpmn"}
BESIDE = {"beside.bpmn": b"""<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="beside">
<process id="beside_tables" isExecutable="true"><startEvent id="s"/><endEvent id="e"/>
<sequenceFlow id="f" sourceRef="s" targetRef="e"/></process></definitions>"""}
"""The drawing that a decision table is deployed with."""


@dataclass
class Tally:
    """What became of a folder's files."""

    deployable: int = 0
    refused: int = 0
    translated: int = 0
    rules: Counter[str] = field(default_factory=Counter)

    def line(self, folder: str) -> str:
        top = ", ".join(f"{rule} {count}" for rule, count in self.rules.most_common(6))
        return (f"{folder}: {self.deployable} deployable, {self.refused} refused"
                f" ({self.translated} deployable in our words); rules: {top or '-'}")


def files(folder: Path) -> Iterator[Path]:
    """The BPMN, DMN and XML files below a folder, by name."""
    yield from (path for path in sorted(folder.rglob("*")) if path.suffix.lower() in KINDS and path.is_file())


def refusals(given: Mapping[str, bytes]) -> list[str]:
    """The rules that refuse a deployment; what none refuses must be assembled without an exception."""
    wrong = [found.rule for found in catalog.check(given) if found.severity == "error"]
    if not wrong:
        package = catalog.unpack(given)
        for process_id in package.process_ids():
            catalog.assemble(package, process_id)
    return wrong


def in_our_words(data: bytes) -> Drawing | None:
    """The drawing in our words; None when it is no XML at all."""
    try:
        return translate(data, whole=True)
    except BadDiagram:
        return None


def again(data: bytes) -> bool:
    """Whether the drawing could be deployed in our words."""
    drawn = in_our_words(data)
    if drawn is None:
        return False
    for each in drawn.processes:
        catalog.provide(each, steps={token: lambda step: None for token in (*drawn.tokens, NOTHING)})
    try:
        return not refusals(files_of(drawn))
    finally:
        for each in drawn.processes:
            catalog.STEPS.pop(each, None)


def load(path: Path, tally: Tally) -> None:
    """Check one file and count it."""
    data, kind = path.read_bytes(), KINDS[path.suffix.lower()]
    wrong = refusals({f"{path.stem}.{kind}": data, **(BESIDE if kind == "dmn" else {})})
    tally.rules.update(set(wrong))
    tally.refused += bool(wrong)
    tally.deployable += not wrong
    tally.translated += kind == "bpmn" and again(data)


def walk(folder: Path) -> tuple[dict[str, Tally], list[str]]:
    """The tallies by folder, and the exceptions that escaped."""
    tallies: dict[str, Tally] = {}
    escaped = []
    for path in files(folder):
        parts = path.relative_to(folder).parts
        tally = tallies.setdefault("/".join(parts[:2] if len(parts) > 2 else parts[:-1]) or ".", Tally())
        try:
            load(path, tally)
        except Exception as error:
            escaped.append(f"{path.relative_to(folder)}: {type(error).__name__}: {error}"[:300])
    return tallies, escaped


def main(arguments: list[str] | None = None) -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path)
    tallies, escaped = walk(asked.parse_args(arguments).folder)
    for folder, tally in tallies.items():
        print(tally.line(folder))
    for line in escaped:
        print(f"ESCAPED {line}")
    known = sum(tally.deployable + tally.refused for tally in tallies.values())
    print(f"{known} files loaded, {len(escaped)} exceptions escaped")
    return 1 if escaped else 0


if __name__ == "__main__":
    sys.exit(main())
