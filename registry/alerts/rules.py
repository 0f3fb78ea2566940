"""What a rule of alerts says: stages before and after a day, a ladder of rungs, patience. Pure; defaults.toml ships.

A stage has a name that stays the same whatever the calendar does: "d30" is 30 days before, "d0" the last day, "d-7" a
week after it, "w5" five working days before; "opens", "hand_in", "target", "closes" and "lapsed" are the days that
have timers.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from ledger.workdays import ONE_DAY, Calendar
from registry.alerts.model import END, LOAN, REVIEW, TASK
from registry.certificates.kinds import CertificateType

SOURCE = Path(__file__).with_name("defaults.toml")
WINDOW = {"certificate.window_opened": "opens", "certificate.hand_in_reached": "hand_in",
          "certificate.target_reached": "target", "certificate.closed": "closes", "certificate.lapsed": "lapsed"}
"""The stage of each fact of a certificate's timers."""
Days = Literal["calendar", "work"]
LETTERS: dict[Days, str] = {"calendar": "d", "work": "w"}
ALWAYS = dt.date.min
NIGHT = (dt.time(21), dt.time(8))
"""Nobody is disturbed between these, unless a rule says otherwise."""


@dataclass(frozen=True)
class Rung:
    """A step of the ladder: the roles that stand on it, by the certificate's family; empty for a person that the matter
    itself names. `causes` are those it is for; `borrower` looks for the roles where the borrower works."""

    key: str
    name: str
    name_en: str
    roles: Mapping[str, tuple[str, ...]]
    causes: tuple[str, ...]
    borrower: bool = False


@dataclass(frozen=True)
class Stage:
    """So many calendar or working days before the day that comes (negative: after it)."""

    before: int
    days: Days = "calendar"

    @property
    def key(self) -> str:
        """Its name in the ledger."""
        return f"{LETTERS[self.days]}{self.before}"

    @property
    def far(self) -> float:
        """About how many days before, to put stages in order."""
        return self.before * (1.4 if self.days == "work" else 1)

    def day(self, ends_on: dt.date, cal: Calendar) -> dt.date:
        """The day on which it is reached. In working days it is the N-th before (after) that day, which itself is not
        counted; none before: that day, or the working day before it."""
        return ends_on - dt.timedelta(days=self.before) if self.days == "calendar" else cal.before(ends_on, self.before)

    def covers(self, day: dt.date, cal: Calendar) -> dt.date:
        """The furthest end whose stage has come by a day: `day(end)` never falls while ends rise."""
        if self.days == "calendar":
            return day + dt.timedelta(days=self.before)
        if self.before > 0:
            return cal.after(day, self.before)
        return (cal.before(day + ONE_DAY, -self.before) if self.before else cal.after(day, 1)) - ONE_DAY


class Reached(NamedTuple):
    """A stage that was reached, by its name, and the day of it."""

    key: str
    on: dt.date


@dataclass(frozen=True)
class Rule:
    """Stages, furthest first, and the ladder: (within days, rungs), furthest first.

    `patience` are the working days after which a stage that nobody acted on goes one rung up (0: never); while the day
    is further than `climbs_within` days it does not. Letters wait from the first time of `quiet` to the second.
    `since` is the last day that was planned before it changed: no stage of that day or before is raised by it.
    """

    stages: tuple[Stage, ...]
    ladder: tuple[tuple[int, tuple[str, ...]], ...]
    patience: int
    climbs_within: int
    quiet: tuple[dt.time, dt.time] = NIGHT
    since: dt.date = ALWAYS

    def rungs(self, left: int) -> tuple[str, ...]:
        """Who is told with so many days left, lowest first."""
        return tuple(key for within, keys in self.ladder if left <= within for key in keys)

    def above(self, told: frozenset[str]) -> str | None:
        """The lowest rung that is not told yet."""
        return next((key for _, keys in self.ladder for key in keys if key not in told), None)

    def days(self, ends_on: dt.date, cal: Calendar) -> list[Reached]:
        """Every stage with its day, the earliest first."""
        return sorted((Reached(stage.key, stage.day(ends_on, cal)) for stage in self.stages), key=lambda each: each.on)

    def reached(self, ends_on: dt.date, known: dt.date, today: dt.date, cal: Calendar) -> list[Reached]:
        """The stages to be raised by `today` of an end that was learnt of on the day `known`: those reached on later
        days, and of those that were past when we learnt of it the nearest one; what was past when the rule changed is
        not raised by it."""
        days = self.days(ends_on, cal)
        past = [each for each in days if each.on <= known] if known >= self.since else []
        later = [each for each in days if max(known, self.since) < each.on <= today]
        return [*past[-1:], *later]


def in_order(stages: set[Stage]) -> tuple[Stage, ...]:
    """Stages, furthest first."""
    return tuple(sorted(stages, key=lambda each: (-each.far, each.days)))


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(SOURCE.read_text(encoding="utf-8"))


@cache
def rungs() -> dict[str, Rung]:
    """The rungs by key, lowest first."""
    return {key: Rung(key, each["name"], each["name_en"],
                      {family: tuple(roles) for family, roles in each.get("roles", {}).items()},
                      tuple(each.get("causes", (END, REVIEW, LOAN, TASK))), each.get("borrower", False))
            for key, each in _data()["rungs"].items()}


def shipped(cause: str, kind: CertificateType | None) -> Rule:
    """The rule that holds where nobody set one: of an end and a review by the reminders of the type. Of a loan and a
    task nothing but its ladder: their processes remind of them."""
    return _shipped(cause, kind.reminders if kind is not None else ())


def rule_of(kind: CertificateType) -> Rule:
    """The shipped rule for the end of certificates of a type."""
    return shipped(END, kind)


@cache
def _shipped(cause: str, reminders: tuple[int, ...]) -> Rule:
    data = _data()
    own = data["causes"].get(cause, {})
    days = () if own.get("process") else {*reminders, *data["after"]}
    ladder = tuple((each["within"], tuple(each["rungs"])) for each in own.get("ladder", data["ladder"]))
    return Rule(in_order({Stage(before) for before in days}), ladder, data["escalation"]["workdays"],
                data["escalation"]["within"])


__all__ = ["ALWAYS", "NIGHT", "WINDOW", "Days", "Reached", "Rule", "Rung", "Stage", "in_order", "rule_of", "rungs",
           "shipped"]
