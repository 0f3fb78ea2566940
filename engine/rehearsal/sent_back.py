"""The returns of finished instances as their rows tell them: of which task they came, when, and to which tasks."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict, deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.returns.returning import ReturnCase
from ledger.facts import Fact, FactAbout

AGAIN, ENDED = "correction.reopened", "instance.terminated"
HELD = ("returned", "corrected")
"""The kinds of returns that come of a task which somebody has; the others come of one that is done, by its doer."""
WORDS = {"returned": ("退回", "was given back"), "withdrawn": ("撤回", "was withdrawn"),
         "taken_back": ("取回", "was taken back"), "corrected": ("补正后重新征求意见", "was asked for again"),
         "reopened": ("结束后重新开启", "was reopened after its end")}


@dataclass(frozen=True)
class Spot:
    """A user task: its token (None: by another drawing it has another one), its element, and how many there had been at
    this element."""

    token: int | None
    element_id: str
    nth: int


@dataclass(frozen=True)
class Back:
    """The instance went back to completed user tasks: `kind` as in ReturnCase, the moment, the tasks."""

    kind: str
    at: dt.datetime
    to: tuple[Spot, ...]

    @property
    def held(self) -> bool:
        """Whether it came of a task that was open."""
        return self.kind in HELD


@dataclass
class Went:
    """The returns of one instance: `back` by the token of the task that each came of; those that reopened it, and the
    moments at which somebody had ended it before; `drawn`: the tasks whose answer was a return that the diagram itself
    draws; `whole`: all of them can be told."""

    back: dict[int, list[Back]] = field(default_factory=dict)
    reopened: list[Back] = field(default_factory=list)
    ended: list[dt.datetime] = field(default_factory=list)
    drawn: list[int] = field(default_factory=list)
    whole: bool = True

    def add(self, kind: str, at: dt.datetime, source: Spot | None, to: Sequence[Spot | None]) -> None:
        """One more, after those so far."""
        known = tuple(spot for spot in to if spot is not None)
        if len(known) < len(to) or (source is None and kind != "reopened"):
            self.whole = False
        elif kind == "reopened":
            self.reopened.append(Back(kind, at, known))
        else:
            self.back.setdefault(source.token or 0 if source else 0, []).append(Back(kind, at, known))


def returns(session: Session, ids: Sequence[int], tasks: Mapping[int, Spot]) -> dict[int, Went]:
    """The returns of those instances that had any. `tasks` by id."""
    cases = session.execute(select(
        ReturnCase.instance_id, ReturnCase.kind, ReturnCase.from_task_id, ReturnCase.to_task_id, ReturnCase.at,
    ).where(ReturnCase.instance_id.in_(ids)).order_by(ReturnCase.id)).all()
    found: dict[int, Went] = defaultdict(Went)
    asked: dict[int, deque[Mapping[str, Any]]] = defaultdict(deque)
    for fact in _facts(session, {case.instance_id for case in cases if case.kind in ("corrected", "reopened")}):
        if fact.kind == ENDED:
            found[fact.subject_id].ended.append(fact.at)
        else:
            asked[fact.subject_id].append(fact.after or {})
    for case in cases:
        source, targets = case.from_task_id if case.kind == "returned" else case.to_task_id, [case.to_task_id]
        if case.kind == "corrected":
            told = asked[case.instance_id].popleft() if asked[case.instance_id] else {}
            source, targets = told.get("task"), told.get("again", [None])
        if case.kind == "returned" and case.to_task_id is None:
            found[case.instance_id].drawn += [spot.token or 0 for spot in [tasks.get(source)] if spot is not None]
        else:
            found[case.instance_id].add(case.kind, case.at, tasks.get(source), [tasks.get(one) for one in targets])
    return found


def _facts(session: Session, ids: Collection[int]) -> Sequence[Any]:
    """What acts said that asked for approvals again after a correction - where, and which - or ended the whole."""
    told = select(FactAbout.subject_id, Fact.kind, Fact.after, Fact.at).join(Fact, Fact.id == FactAbout.fact_id).where(
        FactAbout.kind == "instance", FactAbout.subject_id.in_(ids), Fact.kind.in_((AGAIN, ENDED)))
    return session.execute(told.order_by(Fact.id)).all() if ids else ()


__all__ = ["WORDS", "Back", "Spot", "Went", "returns"]
