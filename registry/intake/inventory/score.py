"""How good the ledgers are, from 0 to 100, and how that comes about: five or six shares, each with its weight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PARTS: dict[str, tuple[str, int]] = {
    "readable": ("文件能读", 10),
    "understood": ("看得出种类、编号和持有人", 25),
    "clean": ("写法没有问题", 20),
    "single": ("没有重复登记", 15),
    "current": ("在用的都在有效期内、按期复审", 15),
    "scanned": ("在用的都有扫描件", 15),
}
"""What is counted, and its weight. The weights are ours (D): what an importer stumbles over weighs most."""


@dataclass(frozen=True, slots=True)
class Part:
    """`good` of `total`, and the weight it has here: where a part has nothing to count, the others share its weight."""

    key: str
    good: int
    total: int
    weight: float

    @property
    def label(self) -> str:
        """A msgid."""
        return PARTS[self.key][0]

    @property
    def points(self) -> float:
        return self.weight * self.good / self.total


@dataclass(frozen=True, slots=True)
class Score:
    """The parts that count; no parts where there is nothing to judge."""

    parts: tuple[Part, ...] = ()

    @property
    def points(self) -> int | None:
        return round(sum(part.points for part in self.parts)) if self.parts else None


def score(counted: Mapping[str, tuple[int, int]]) -> Score:
    """From the (good, total) of each of PARTS."""
    there = {key: pair for key, pair in counted.items() if pair[1]}
    whole = sum(PARTS[key][1] for key in there)
    return Score(tuple(Part(key, good, total, 100 * PARTS[key][1] / whole) for key, (good, total) in there.items()))
