"""One line of the answer: what is lacking, by which rule, on what basis, from which data, and what would cure it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from registry.rules.book import Paper
from registry.rules.tables import TITLES
from registry.rules.words import CURES, LACKS


@dataclass(frozen=True)
class About:
    """Whom or what a line is about, and where that belongs (for rights). `person` is set where it is a person."""

    kind: str
    id: int
    name: str
    path: str
    person: int | None = None


@dataclass(frozen=True)
class Line:
    """`decision` is the table that said so and `lack` its word for it; `data` is what the table was given.

    `params` fill the sentences; the values of type, trade, work and grade are keys with words of their own. `papers`
    are the certificates of whom it is about that were looked at, as they stood.
    """

    rule: str
    decision: str
    lack: str
    severity: str
    basis: str
    source: str
    verified: bool
    about: About
    unit: int
    post: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    papers: tuple[Paper, ...] = ()

    @property
    def looked_at(self) -> tuple[str, ...]:
        """The types of the holder's own certificates that decided, whether they could be relied on or not."""
        if self.decision in LOOKED:
            return LOOKED[self.decision]
        return (self.params["type"],) if self.decision in TYPED else ()

    @property
    def family(self) -> str:
        """The family of the certificates that the line tells about."""
        return self.params.get("family") or FAMILY.get(self.decision) or FAMILY[self.rule]

    @property
    def title(self) -> str:
        """The rule's name, a msgid."""
        return TITLES[self.rule]

    @property
    def text(self) -> str:
        """What is lacking: a msgid, to be filled with `params`; the table's own word where there is none for it."""
        return LACKS.get(self.lack, self.lack)

    @property
    def cure(self) -> str:
        """What would cure it: a msgid."""
        return CURES.get(self.lack, "")


FAMILY = {
    **dict.fromkeys(("R01", "R02", "R03", "R04", "R05", "R07", "R08", "R15"), "P"), "R06": "Q",
    **dict.fromkeys(("R09", "R10", "R11", "R13"), "E"), "R12": "J", "R12_scope": "E", "R12_licence": "E",
}
"""Rule or decision -> family."""


LOOKED: dict[str, tuple[str, ...]] = {
    "R01_constructor": ("P06", "P07"), "R01_b": ("P04",), "R01_employer": ("P04", "P06", "P07"), "R04_b": ("P04",),
    "R04_c": ("P05",), "R04_a": ("P03",), "R04_unit": ("P03", "P04", "P05"), "R05_worker": ("P01", "P02"),
    "R06_filing": ("Q03",), "R06_use": ("Q04",), "R06_inspection": ("Q02", "Q05"), "R13_bid": ("E02", "E03"),
}
TYPED = ("R03_employer", "R12_papers", "R15_age")


def line(
    decision: str, row: Mapping[str, Any], about: About, unit: int, *, lack: str = "", post: str = "",
    data: Mapping[str, Any] | None = None, params: Mapping[str, Any] | None = None,
) -> Line:
    """The line of a table's row; `lack` where the row itself names none (a number that is not reached)."""
    return Line(
        decision[:3], decision.partition(".")[2] or decision, lack or row["lack"], row["severity"], row["basis"],
        row["source"], row["verified"], about, unit, post, dict(data or {}), dict(params or {}))
