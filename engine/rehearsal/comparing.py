"""What would have been different: a finished instance played by the drawing it had and by another, side by side."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from engine.catalog import Plan
from engine.dialect.tasks import UserTask
from engine.findings import Finding
from engine.rehearsal.playing import Played, play
from engine.rehearsal.recording import Record, Untold
from engine.rehearsal.scripts import Exactly, Pace, Paced, ids
from engine.time.worktime import WorkTime
from ledger import clock
from ledger.workdays import Calendar

Kind = Literal["same", "time", "path", "outcome", "unknown"]
SAME_TIME = 0.5
"""Working days by which an end may move and still count as the same time."""


@dataclass(frozen=True)
class Assumed:
    """How a task would have been done that nobody was ever asked: after so many working days (None: its deadline, or
    one day), with these answers."""

    days: float | None = None
    answers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Compared:
    """One finished instance. `kind`: the gravest difference. `days`: working days later (earlier: negative).

    `at`: the element after which the two part; `was` and `now` the elements that only one of them passes, in order;
    `added` the new drawing's own elements that are passed; `assumed`, `late` and `late_before` as in Played; `why`
    where it cannot be told. `before` and `after` are the two paths.
    """

    instance_id: int
    kind: Kind
    outcome_was: str | None = None
    outcome: str | None = None
    days: float = 0.0
    at: str | None = None
    was: tuple[str, ...] = ()
    now: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    late_before: tuple[str, ...] = ()
    why: Finding | None = None
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass
class Bench:
    """What all instances of one rehearsal share: the new drawing, the old ones by definition id, the calendar, and what
    is assumed of tasks that are new (by element id; else `verdict` of the form, as the house would approve)."""

    new: Plan
    old: Callable[[int], Plan]
    calendar: Calendar
    assumptions: Mapping[str, Assumed] = field(default_factory=dict)
    verdict: Callable[[str], str | None] = lambda _form: None

    @cached_property
    def worked(self) -> WorkTime:
        """Counts working time."""
        return WorkTime(self.calendar)

    @cached_property
    def new_ids(self) -> frozenset[str]:
        """The elements of the new drawing."""
        return ids(self.new)

    @cached_property
    def _old_ids(self) -> dict[int, frozenset[str]]:
        return {}

    def old_ids(self, definition_id: int) -> frozenset[str]:
        """The elements of the drawing of a definition."""
        if definition_id not in self._old_ids:
            self._old_ids[definition_id] = ids(self.old(definition_id))
        return self._old_ids[definition_id]

    @cached_property
    def _paces(self) -> dict[int, Pace]:
        return {}

    def pace(self, definition_id: int) -> Pace:
        """How instances of a definition are played by the new drawing."""
        if definition_id not in self._paces:
            self._paces[definition_id] = Pace(self.worked, self.assume, self.old(definition_id), self.new)
        return self._paces[definition_id]

    def assume(self, element_id: str, form: str | None, due: dt.datetime | None,
               ) -> tuple[dt.datetime, dict[str, Any]]:
        """When and how a task would have been done that nobody was ever asked."""
        said = self.assumptions.get(element_id, Assumed())
        verdict = self.verdict(form) if form is not None else None
        answers = dict(said.answers) or ({} if verdict is None else {"verdict": verdict})
        if said.days is None and due is not None and due > clock.now():
            return due, answers
        return self.worked.after(clock.now(), 1.0 if said.days is None else said.days), answers


def compare(record: Record | Untold, bench: Bench) -> Compared:
    """Play a record twice and say what is different."""
    if isinstance(record, Untold):
        return Compared(record.instance_id, "unknown", why=record.why)
    old = bench.old(record.definition_id)
    exactly: list[Exactly] = []

    def script(one: Record) -> Exactly:
        exactly.append(Exactly(one))
        return exactly[0]

    before = play(record, old, bench.calendar, script)
    if not faithful(record, before):
        return Compared(record.instance_id, "unknown", record.outcome, why=UNFAITHFUL)
    paced = Paced(exactly[0].log, bench.pace(record.definition_id))
    after = play(record, bench.new, bench.calendar, lambda _one: paced)
    return _different(record, before, after, bench)


UNFAITHFUL = Finding(
    "unfaithful", "按当时的版本重演，走出来的与实际不一致（例如日历后来改过），不能据此比较",
    "played by its own version it does not come out as it did (the calendar may have changed since)")


def faithful(record: Record, played: Played) -> bool:
    """Whether playing an instance by its own drawing gives exactly what happened."""
    if played.ended_at != record.ended_at or (played.outcome, played.state) != (record.outcome, record.state):
        return False
    return len(played.passed) == len(record.passed) and all(
        one == was for one, was in zip(played.passed, record.passed, strict=True))


def _different(record: Record, before: Played, after: Played, bench: Bench) -> Compared:
    old, new = bench.old_ids(record.definition_id), bench.new_ids
    paths = tuple(one for one in before.path if one in new), tuple(one for one in after.path if one in old)
    more, less = Counter(paths[1]) - Counter(paths[0]), Counter(paths[0]) - Counter(paths[1])
    common: dict[str, Any] = {
        "outcome_was": before.outcome, "outcome": after.outcome, "before": before.path, "after": after.path,
        "added": tuple(dict.fromkeys(one for one in after.path if one not in old)), "assumed": after.assumed,
        "late": after.late, "late_before": before.late,
        "at": parting(*paths) if more or less else None,
        "was": tuple(dict.fromkeys(one for one in paths[0] if one in less)),
        "now": tuple(dict.fromkeys(one for one in paths[1] if one in more)),
    }
    if after.ended_at is None:
        return Compared(record.instance_id, "unknown", why=after.stuck, **common)
    days = _days(bench.worked, before.ended_at, after.ended_at)
    kind: Kind = "same"
    if (before.outcome, before.state) != (after.outcome, after.state):
        kind = "outcome"
    elif more or less:
        kind = "path"
    elif abs(days) >= SAME_TIME:
        kind = "time"
    return Compared(record.instance_id, kind, days=days, **common)


def _days(worked: WorkTime, was: dt.datetime | None, now: dt.datetime) -> float:
    if was is None:
        return 0.0
    return round(worked.between(was, now) - worked.between(now, was), 2)


def parting(one: tuple[str, ...], other: tuple[str, ...]) -> str | None:
    """The last element that both pass before they part; None where they differ from the beginning."""
    shared = None
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        shared = left
    return shared


def user_tasks(plan: Plan) -> dict[str, UserTask]:
    """The user tasks of a drawing by id, called processes included."""
    specs = (plan.blueprint.spec, *plan.blueprint.inner.values())
    return {node.bpmn_id: node for spec in specs for node in spec.task_specs.values() if isinstance(node, UserTask)}


__all__ = ["Assumed", "Bench", "Compared", "compare", "faithful", "parting", "user_tasks"]
