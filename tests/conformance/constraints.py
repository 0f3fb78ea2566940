"""Files that violate one constraint of the standard each, and reference files that violate none.

The runner gives a drawing what only our engine asks for (a form of task, a name for a message), so that a file is
refused because of its own violation. Used by `python -m tests.conformance.betsy DIR`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine import catalog
from engine.findings import Finding
from ledger.errors import BadDiagram
from tests.conformance.course import files_of
from tests.conformance.translated import NOTHING, translate


@dataclass(frozen=True)
class Verdict:
    """What the lint says of one file: right when a bad file is refused and a reference file accepted."""

    file: str
    bad: bool
    refused: bool
    rules: list[str] = field(default_factory=list)
    sentence: str = ""
    fault: str = ""

    @property
    def right(self) -> bool:
        return self.bad == self.refused and not self.fault


def findings(data: bytes, imported: Mapping[str, bytes] | None = None) -> list[Finding]:
    """What the lint says of a drawing in our words: the errors only."""
    try:
        drawn = translate(data, whole=True)
    except BadDiagram as error:
        return error.findings
    files = files_of(drawn)
    for each in drawn.processes:
        catalog.provide(each, steps={token: lambda step: None for token in (*drawn.tokens, NOTHING)})
    try:
        return [found for found in catalog.check(files) if found.severity == "error"]
    finally:
        for each in drawn.processes:
            catalog.STEPS.pop(each, None)


def verdict(path: Path, folder: Path) -> Verdict:
    """Check one file. No exception escapes."""
    name, bad = str(path.relative_to(folder)), not path.name.startswith("REF")
    try:
        found = findings(path.read_bytes())
    except Exception as error:
        return Verdict(name, bad, refused=False, fault=f"{type(error).__name__}: {error}"[:300])
    sentence = f"{found[0].element}: {found[0].text('en')}" if found else ""
    return Verdict(name, bad, bool(found), sorted({one.rule for one in found}), sentence)


def listed(folder: Path) -> Iterator[Path]:
    """The constraint files below a folder, by name."""
    for path in sorted(folder.rglob("*.bpmn")):
        if "bpmn_constraints" in path.parts and (path.name.startswith("REF") or "fail" in path.name.lower()):
            yield path


def verdicts(folder: Path) -> list[Verdict]:
    """What the lint says of every constraint file."""
    return [verdict(path, folder) for path in listed(folder)]


def report(found: list[Verdict]) -> None:
    """Which rule refused each, what was accepted wrongly, and the sum."""
    for one in found:
        if one.fault:
            print(f"constraint {one.file}: {one.fault}")
        elif one.refused:
            print(f"constraint {one.file}: refused by {', '.join(one.rules)}: {one.sentence}")
        elif one.bad:
            print(f"constraint {one.file}: accepted, though it violates the standard")
    bad, fine = [one for one in found if one.bad], [one for one in found if not one.bad]
    if found:
        print(f"constraints: {sum(one.right for one in bad)} of {len(bad)} refused, "
              f"{sum(one.right for one in fine)} of {len(fine)} reference files accepted")
