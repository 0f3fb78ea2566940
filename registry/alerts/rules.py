"""When a certificate's end is warned of, and whom: stages of its type, a ladder of rungs. Data: defaults.toml, types.

A stage has a name that stays the same whatever the calendar does: "d30" is 30 days before, "d0" the last day, "d-7" a
week after it; "opens", "hand_in", "target", "closes" and "lapsed" are the days that have timers.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from registry.certificates.kinds import CertificateType

SOURCE = Path(__file__).with_name("defaults.toml")
WINDOW = {"certificate.window_opened": "opens", "certificate.hand_in_reached": "hand_in",
          "certificate.target_reached": "target", "certificate.closed": "closes", "certificate.lapsed": "lapsed"}
"""The stage of each fact of a certificate's timers."""


@dataclass(frozen=True)
class Rung:
    """A step of the ladder: the roles that stand on it, by the certificate's family; empty for "holder"."""

    key: str
    name: str
    name_en: str
    roles: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Stage:
    """So many calendar days before the end (negative: after it)."""

    before: int

    @property
    def key(self) -> str:
        """Its name in the ledger."""
        return f"d{self.before}"

    def day(self, ends_on: dt.date) -> dt.date:
        """The day on which it is reached."""
        return ends_on - dt.timedelta(days=self.before)


@dataclass(frozen=True)
class Rule:
    """The stages of a certificate, furthest first, and the ladder: (within days, rungs), furthest first.

    `patience` are the working days after which a stage that nobody acted on goes one rung up; while the end is further
    than `climbs_within` days it does not.
    """

    stages: tuple[Stage, ...]
    ladder: tuple[tuple[int, tuple[str, ...]], ...]
    patience: int
    climbs_within: int

    def rungs(self, left: int) -> tuple[str, ...]:
        """Who is told with so many days left, lowest first."""
        return tuple(key for within, keys in self.ladder if left <= within for key in keys)

    def above(self, told: frozenset[str]) -> str | None:
        """The lowest rung that is not told yet."""
        return next((key for _, keys in self.ladder for key in keys if key not in told), None)

    def reached(self, ends_on: dt.date, since: dt.date, today: dt.date) -> list[Stage]:
        """The stages to be raised by `today` of an end that we have known of `since`: those reached on later days, and
        of those that were past when we learnt of it the nearest one."""
        past = [stage for stage in self.stages if stage.day(ends_on) <= since]
        later = [stage for stage in self.stages if since < stage.day(ends_on) <= today]
        return [*past[-1:], *later]


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(SOURCE.read_text(encoding="utf-8"))


@cache
def rungs() -> dict[str, Rung]:
    """The rungs by key, lowest first."""
    return {key: Rung(key, each["name"], each["name_en"],
                      {family: tuple(roles) for family, roles in each.get("roles", {}).items()})
            for key, each in _data()["rungs"].items()}


def rule_of(kind: CertificateType) -> Rule:
    """The rule for certificates of a type."""
    return _rule(kind.reminders)


@cache
def _rule(reminders: tuple[int, ...]) -> Rule:
    data = _data()
    stages = tuple(Stage(before) for before in sorted({*reminders, *data["after"]}, reverse=True))
    ladder = tuple((each["within"], tuple(each["rungs"])) for each in data["ladder"])
    return Rule(stages, ladder, data["escalation"]["workdays"], data["escalation"]["within"])


__all__ = ["WINDOW", "Rule", "Rung", "Stage", "rule_of", "rungs"]
