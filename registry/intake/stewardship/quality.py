"""How good the register is: a score from 0 to 100 that says where each lost point went. Pure: counts in, score out."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).with_name("quality.toml")
STOPPED = 2
"""A quarantined row counts as so many certificates with a doubt."""


@dataclass(frozen=True)
class Rule:
    """A part of the score as quality.toml states it: `label` and `text` are Chinese sentences (msgids)."""

    key: str
    weight: int
    label: str
    text: str


@dataclass(frozen=True)
class Rules:
    """The whole of quality.toml: the parts in order; `elsewhere` are fields no register holds by itself; `numbers` and
    `unique` the kinds of findings (intake.findings.KINDS) that speak of a number or of a repetition."""

    source: str
    parts: tuple[Rule, ...]
    elsewhere: frozenset[str]
    numbers: frozenset[str]
    unique: frozenset[str]


@cache
def rules() -> Rules:
    """Read once."""
    said: dict[str, Any] = tomllib.loads(SOURCE.read_text(encoding="utf-8"))
    parts = tuple(Rule(key, one["weight"], one["label"], one["text"]) for key, one in said["parts"].items())
    kinds = said["kinds"]
    return Rules(said["source"], parts, frozenset(said["complete"]["elsewhere"]), frozenset(kinds["numbers"]),
                 frozenset(kinds["unique"]))


@dataclass(frozen=True)
class Counts:
    """What is counted of live certificates (states 01, 02, 06). `wanted` and `filled` are fields, `numbers`, `unique`
    and `doubted` certificates with an open finding of that sort, `stopped` quarantined rows; the rest certificates."""

    live: int = 0
    wanted: int = 0
    filled: int = 0
    undated: int = 0
    scanned: int = 0
    expired: int = 0
    numbers: int = 0
    unique: int = 0
    doubted: int = 0
    stopped: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, name) + getattr(other, name) for name in NAMES))


NAMES = tuple(field.name for field in fields(Counts))


def total(counts: Iterable[Counts]) -> Counts:
    """All of them together."""
    return sum(counts, Counts())


@dataclass(frozen=True)
class Part:
    """`good` of `of`; `share` is the weight in points once what cannot be asked is left out; `lost` of those."""

    rule: Rule
    good: int
    of: int
    share: float
    lost: float

    @property
    def bad(self) -> int:
        """How many lack it."""
        return self.of - self.good


@dataclass(frozen=True)
class Score:
    """0 to 100, rounded down so that 100 means that nothing is lacking; None where no certificate is live."""

    points: int | None
    parts: tuple[Part, ...]
    counts: Counts

    @property
    def grade(self) -> str:
        """The state colour it is shown in."""
        if self.points is None:
            return "closed"
        return "good" if self.points >= 90 else "due" if self.points >= 70 else "bad"


def score(counts: Counts, known: Rules | None = None) -> Score:
    """The score of these counts; the parts' lost points add up to what is missing to 100."""
    known = known or rules()
    measured = [(rule, *_measured(rule.key, counts)) for rule in known.parts]
    whole = sum(rule.weight for rule, _, of in measured if of)
    parts = []
    for rule, good, of in measured:
        share = 100 * rule.weight / whole if of else 0.0
        parts.append(Part(rule, good, of, share, share * (of - good) / of if of else 0.0))
    if not counts.live:
        return Score(None, tuple(parts), counts)
    lost = sum(part.lost for part in parts)
    return Score(100 if lost == 0 else max(0, min(99, int(100 - lost))), tuple(parts), counts)


def _measured(key: str, counts: Counts) -> tuple[int, int]:
    """How many hold, and of how many."""
    live, weighed = counts.live, counts.live + STOPPED * counts.stopped
    return {
        "complete": (counts.filled, counts.wanted),
        "numbers": (max(0, live - counts.numbers), live),
        "terms": (live - counts.undated, live),
        "scans": (counts.scanned, live),
        "settled": (max(0, live - counts.doubted), weighed),
        "current": (live - counts.expired, live),
        "unique": (max(0, live - counts.unique), live),
    }[key]
