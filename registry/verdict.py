"""What a check of a number answers: whether it holds, how it is normally written, what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ledger.errors import Problem


@dataclass(frozen=True)
class Verdict:
    """The answer of one check.

    `value` is the normal form (for comparing and storing beside the raw text), also when the check failed;
    `problem` is set exactly when `ok` is False; `warnings` never refuse; `parts` are the named pieces of a good number.
    """

    ok: bool
    value: str
    problem: Problem | None = None
    warnings: tuple[Problem, ...] = ()
    parts: Mapping[str, str] = field(default_factory=dict)


def holds(value: str, *warnings: Problem, parts: Mapping[str, str] | None = None) -> Verdict:
    """The number may be used, perhaps with something to look at."""
    return Verdict(True, value, warnings=warnings, parts=parts or {})


def fails(value: str, text: str, /, **params: object) -> Verdict:
    """The number may not be used; `text` is a gettext msgid that says what to do, `params` its named values."""
    return Verdict(False, value, Problem(text, params))
