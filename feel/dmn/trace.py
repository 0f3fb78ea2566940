"""Why a decision came out as it did."""

from __future__ import annotations

from dataclasses import dataclass, field

from feel.values import Value

TRACE = ""
"""The key under which the names in force carry the trace; no FEEL name is empty."""


@dataclass(slots=True)
class Match:
    """A rule that applied: its number from 1, its id, and what it gave."""

    rule: int
    id: str
    outputs: dict[str, Value]
    annotations: tuple[str, ...] = ()


@dataclass(slots=True)
class Visit:
    """One decision or table evaluated; `missing` are the names it reads that nothing provided (they were null).

    `refused` are the columns of a table whose value was not of their type or not an allowed one (it became null).
    """

    kind: str
    id: str
    name: str
    value: Value = None
    inputs: dict[str, Value] = field(default_factory=dict)
    matches: list[Match] = field(default_factory=list)
    missing: tuple[str, ...] = ()
    refused: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Result:
    """A decision's value, and the visits in the order they ended."""

    value: Value
    trace: list[Visit]
