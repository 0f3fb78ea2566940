"""Event definitions: what an event waits for, or throws (BPMN 2.0, 10.5.5 "Event Definitions")."""

from __future__ import annotations

from dataclasses import dataclass

from engine import expressions


@dataclass(frozen=True)
class TimerTrigger:
    """A moment; `kind` is timeDate, timeDuration or timeCycle."""

    kind: str
    text: str
    moment: expressions.Evaluate

    @property
    def repeats(self) -> bool:
        """Whether it comes again after it came."""
        return self.kind == "timeCycle"


@dataclass(frozen=True)
class MessageTrigger:
    """A message by name (and correlation key, when the drawing has one)."""

    name: str
    key: expressions.Evaluate | None


@dataclass(frozen=True)
class SignalTrigger:
    """A signal by name: everybody who waits for it hears it."""

    name: str


@dataclass(frozen=True)
class ConditionTrigger:
    """A condition over the variables that becomes true."""

    text: str
    holds: expressions.Evaluate


@dataclass(frozen=True)
class ErrorTrigger:
    """An error by code; None catches every error."""

    code: str | None


@dataclass(frozen=True)
class EscalationTrigger:
    """An escalation by code; None catches every escalation."""

    code: str | None


@dataclass(frozen=True)
class CompensationTrigger:
    """The undoing of what an activity did; `activity` None means everything done in the scope."""

    activity: str | None
    waits: bool = True  # waitForCompletion: the thrower goes on when everything is undone


@dataclass(frozen=True)
class CancelTrigger:
    """The cancelling of a transaction."""


@dataclass(frozen=True)
class TerminateTrigger:
    """The end of everything in the scope."""


@dataclass(frozen=True)
class LinkTrigger:
    """The other end of a flow that is not drawn as a line: found by its name, or by reference (source, target)."""

    name: str
    own: str = ""
    others: tuple[str, ...] = ()

    def pairs(self, other: LinkTrigger) -> bool:
        """Whether the two are ends of the same link."""
        return bool(self.name and self.name == other.name) or self.own in other.others or other.own in self.others


Trigger = (
    TimerTrigger | MessageTrigger | SignalTrigger | ConditionTrigger | ErrorTrigger | EscalationTrigger
    | CompensationTrigger | CancelTrigger | TerminateTrigger | LinkTrigger
)
Awaited = TimerTrigger | MessageTrigger | SignalTrigger | ConditionTrigger
"""Triggers that come from outside a flow: a token stands waiting for them."""
AWAITED = (TimerTrigger, MessageTrigger, SignalTrigger, ConditionTrigger)


def rows_for(triggers: tuple[Trigger, ...]) -> str:
    """Which kinds of rows ("timer message condition") a token has that waits for these triggers."""
    kinds = {
        "timer" if isinstance(each, TimerTrigger) else
        "condition" if isinstance(each, ConditionTrigger) else "message"
        for each in triggers if isinstance(each, AWAITED)
    }
    return " ".join(sorted(kinds))
