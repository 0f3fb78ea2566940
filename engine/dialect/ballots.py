"""Counting the votes of a countersign: pure arithmetic on ballots, whatever the order in which they were cast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Said = Literal["yes", "no", "abstain", "left"]


@dataclass(frozen=True)
class Ballot:
    """What one member said so far (None: nothing yet); whoever left counts neither above nor below the line."""

    index: int
    weight: Decimal
    veto: bool
    said: Said | None = None


@dataclass(frozen=True)
class Rule:
    """When a vote has passed.

    all: every member says yes (whoever abstains has not agreed). any: one yes is enough. percent: the yes votes weigh
    at least `percent` of all members' weights, those who abstain among them. A no of somebody with a veto is always
    the end. `early`: it is over as soon as nothing that is still to come could change the result.
    """

    kind: Literal["all", "any", "percent"]
    percent: Decimal = Decimal(100)
    early: bool = True


@dataclass(frozen=True)
class Tally:
    """Where a vote stands: heads that said yes, no, abstained, left; the weight of the yes votes and of all members."""

    state: Literal["open", "passed", "failed"]
    yes: int
    no: int
    abstain: int
    left: int
    weight_yes: Decimal
    weight_all: Decimal
    vetoed: bool


def tally(rule: Rule, ballots: Sequence[Ballot]) -> Tally:
    """Count. A vote of which every member has left has failed."""
    here = [one for one in ballots if one.said != "left"]
    heads = {said: sum(one.said == said for one in ballots) for said in ("yes", "no", "abstain", "left")}
    vetoed = any(one.veto and one.said == "no" for one in here)
    return Tally(_state(rule, here, vetoed), **heads, vetoed=vetoed,
                 weight_yes=_weight(here, "yes"), weight_all=sum((one.weight for one in here), Decimal(0)))


def _state(rule: Rule, here: Sequence[Ballot], vetoed: bool) -> Literal["open", "passed", "failed"]:
    silent = [one for one in here if one.said is None]
    if silent and not rule.early:
        return "open"
    if vetoed or not _enough(rule, here, ("yes", None)):
        return "failed"
    if _enough(rule, here, ("yes",)) and not any(one.veto for one in silent):
        return "passed"
    return "open"


def _enough(rule: Rule, here: Sequence[Ballot], counted: Sequence[Said | None]) -> bool:
    """Whether it has passed when everybody who said one of these is taken for a yes."""
    agreed = [one for one in here if one.said in counted]
    if rule.kind == "all":
        return bool(here) and len(agreed) == len(here)
    if rule.kind == "any":
        return bool(agreed)
    whole = sum((one.weight for one in here), Decimal(0))
    return whole > 0 and sum((one.weight for one in agreed), Decimal(0)) * 100 >= rule.percent * whole


def _weight(here: Sequence[Ballot], said: Said) -> Decimal:
    return sum((one.weight for one in here if one.said == said), Decimal(0))


__all__ = ["Ballot", "Rule", "Said", "Tally", "tally"]
