"""A reason that stands against a request: what, by which rule, whether it stops the request, and the way out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger.errors import Problem, problem_of
from registry.certificates.catalogue import type_of, types
from registry.people.works import GRADES
from registry.rules.lines import Line
from registry.rules.words import CURES, LACKS

BLOCK, WARN = "block", "warn"


@dataclass(frozen=True)
class Fault:
    """`field` is the form's ("" for the whole); a `severity` "warn" is shown and does not stop the request.

    `basis` is what the rule rests on, and `verified` whether that was read.
    """

    field: str
    problem: Problem
    cure: Problem | None = None
    severity: str = BLOCK
    rule: str = ""
    basis: str = ""
    verified: bool = True

    @property
    def whole(self) -> Problem:
        """What is wrong and what to do, in one."""
        if self.cure is None:
            return self.problem
        return Problem("{what} {cure}", {"what": self.problem, "cure": self.cure})

    def as_json(self) -> dict[str, Any]:
        """The form in which a request keeps it."""
        return {
            "field": self.field, "severity": self.severity, "rule": self.rule, "basis": self.basis,
            "verified": self.verified, **self.problem.plain(), "cure": self.cure.plain() if self.cure else None,
        }


def fault_of(kept: Mapping[str, Any]) -> Fault:
    """What a request keeps, as a fault again; one from before there were cures and severities blocks."""
    cure = kept.get("cure")
    return Fault(kept["field"], problem_of(kept), problem_of(cure) if cure else None, kept.get("severity", BLOCK),
                 kept.get("rule", ""), kept.get("basis", ""), kept.get("verified", True))


def told(row: Mapping[str, Any], rule: str, lack: str = "", **params: Any) -> Fault:
    """The row that a table of the rules took, as a fault; `params` fill its sentence."""
    return _fault(lack or row["lack"], row["severity"], rule, row["basis"], row["verified"], params)


def of_line(line: Line) -> Fault:
    """A line of what is lacking, as a fault."""
    return _fault(line.lack, line.severity, line.rule, line.basis, line.verified, line.params)


def _fault(lack: str, severity: str, rule: str, basis: str, verified: bool, params: Mapping[str, Any]) -> Fault:
    """Unknown is no reason to stop anybody."""
    what = lack_of(lack, params)
    cure = Problem("办法：{what}。", {"what": Problem(CURES[lack])}) if lack in CURES else None
    return Fault("", Problem("{what}。", {"what": what}), cure, BLOCK if severity == BLOCK else WARN, rule, basis,
                 verified)


def lack_of(lack: str, params: Mapping[str, Any]) -> Problem:
    """What is lacking, without a full stop."""
    return Problem(LACKS.get(lack, lack), {key: _word(key, one) for key, one in params.items()})


def _word(key: str, value: Any) -> Any:
    """Names for codes, in Chinese: whoever shows them puts them into the reader's language."""
    if key == "type" and value in types():
        return type_of(value).name
    if key == "trade":
        options = (option for field in type_of("P02").fields if field.key == "trade" for option in field.options)
        return next((option.label for option in options if option.value == value), value)
    return GRADES.get(value, value) if key == "grade" else value if isinstance(value, int) else str(value)
