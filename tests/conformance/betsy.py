"""Runs a folder in the layout of the BPMN test set: `python -m tests.conformance.betsy DIR [--json FILE]`.

`expectations.json` names the files and the traces they must leave. A case passes, fails, or is refused at deployment
by a rule of the lint; a case that must not be deployable passes when it is refused. Files below a folder
`bpmn_constraints` are only checked: those that violate the standard must be refused, those named REF_* accepted.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from engine.findings import Finding
from ledger.errors import BadDiagram
from tests.conformance import constraints
from tests.conformance.course import Ground
from tests.conformance.translated import translate

UNDEPLOYABLE = {"ERROR", "ERROR_generic", "ERROR_deployment"}
ANY_ERROR = {"ERROR", "ERROR_generic", "ERROR_processAborted"}


@dataclass(frozen=True)
class Outcome:
    """What became of one case: passed, failed (with expected and got) or refused (with the rules and a sentence)."""

    file: str
    case: str
    how: str
    expected: list[str]
    got: list[str] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)
    sentence: str = ""

    def line(self) -> str:
        if self.how == "refused":
            return f"refused {self.file} {self.case}: {', '.join(self.rules)}: {self.sentence}"
        return f"{self.how} {self.file} {self.case}: expected {self.expected}, got {self.got} {self.sentence}".rstrip()


def agree(expected: list[str], got: list[str]) -> bool:
    """As multisets; a case that expects some error agrees with any error of the run, whatever else was logged."""
    if set(expected) & ANY_ERROR:
        return any(token.startswith("ERROR") for token in got)
    return Counter(expected) == Counter(got)


def judged(file: str, label: str, expected: list[str], got: list[str]) -> Outcome:
    return Outcome(file, label, "passed" if agree(expected, got) else "failed", expected, got)


def refusal(file: str, label: str, expected: list[str], findings: list[Finding]) -> Outcome:
    """A refused case passes only when it had to be refused."""
    rules = sorted({found.rule for found in findings})
    how = "passed" if set(expected) & UNDEPLOYABLE else "refused"
    return Outcome(file, label, how, expected, rules=rules, sentence=findings[0].text("en") if findings else "")


def outcome(ground: Ground, folder: Path, test: dict[str, Any], case: dict[str, Any]) -> Outcome:
    """Run one case. No exception escapes: one that is not ours fails the case."""
    file, expected = str(test.get("file")), list(case.get("expect", []))
    label = " ".join(f"{key}={value}" for key, value in case.items() if key != "expect") or "-"
    try:
        drawn = translate((folder / file).read_bytes(), whole=True)
        got = ground.run(drawn, str(test.get("process") or Path(file).stem), case)
    except BadDiagram as error:
        return refusal(file, label, expected, error.findings)
    except Exception as error:
        return Outcome(file, label, "failed", expected, sentence=f"{type(error).__name__}: {error}"[:300])
    return judged(file, label, expected, got)


def outcomes(folder: Path, only: str = "") -> Iterator[Outcome]:
    """Every case of the folder's expectations.json, of files whose name contains `only`."""
    listed = folder / "expectations.json"
    tests = json.loads(listed.read_text(encoding="utf-8"))["tests"] if listed.is_file() else []
    with tempfile.TemporaryDirectory() as place:
        ground = Ground(Path(place))
        for test in [each for each in tests if only in str(each.get("file"))]:
            for case in test.get("cases", []):
                yield outcome(ground, folder, test, case)


def main(arguments: list[str] | None = None) -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--json", type=Path)
    asked.add_argument("--only", default="", help="run only files whose name contains this")
    given = asked.parse_args(arguments)
    found = []
    for one in outcomes(given.folder, given.only):
        found.append(one)
        if one.how != "passed":
            print(one.line(), flush=True)
    checked = [one for one in constraints.verdicts(given.folder) if given.only in one.file]
    constraints.report(checked)
    counts = Counter(one.how for one in found)
    if given.json:
        report = {"passed": counts["passed"], "failed": counts["failed"], "refused": counts["refused"],
                  "cases": [asdict(one) for one in found], "constraints": [asdict(one) for one in checked]}
        given.json.write_text(json.dumps(report, ensure_ascii=False, indent=1), encoding="utf-8")
    print(f"refused: {counts['refused']}")
    print(f"{counts['passed']} passed, {counts['failed']} failed")
    return 1 if counts["failed"] or not all(one.right for one in checked) else 0


if __name__ == "__main__":
    sys.exit(main())
