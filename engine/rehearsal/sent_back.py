"""The returns of finished instances as their rows tell them: of which task they came, when, and to which tasks."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.returns.returning import ReturnCase
from ledger.facts import Fact, FactAbout

HELD = ("returned", "corrected")
"""The kinds of returns that come of a task which somebody has; the others come of one that is done, by its doer."""
WORDS = {"returned": ("退回", "was given back"), "withdrawn": ("撤回", "was withdrawn"),
         "taken_back": ("取回", "was taken back"), "corrected": ("补正后重新征求意见", "was asked for again")}


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


def returns(session: Session, ids: Sequence[int], tasks: Mapping[int, Spot]) -> dict[int, dict[int, list[Back]] | None]:
    """By instance, the returns by the token of the task that each came of; None where one cannot be told.

    What the diagram itself drew (to no task) is an answer like any other, and left out. `tasks` by id.
    """
    cases = session.execute(select(
        ReturnCase.instance_id, ReturnCase.kind, ReturnCase.from_task_id, ReturnCase.to_task_id, ReturnCase.at,
    ).where(ReturnCase.instance_id.in_(ids)).order_by(ReturnCase.id)).all()
    asked = _asked_again(session, {case.instance_id for case in cases if case.kind == "corrected"})
    found: dict[int, dict[int, list[Back]] | None] = {}
    for case in cases:
        source, targets = case.from_task_id if case.kind == "returned" else case.to_task_id, [case.to_task_id]
        if case.kind == "corrected":
            told = asked[case.instance_id].popleft() if asked[case.instance_id] else {}
            source, targets = told.get("task"), told.get("again", [None])
        elif case.kind == "returned" and case.to_task_id is None:
            continue
        here = found.setdefault(case.instance_id, {})
        to = [tasks.get(target) for target in targets]
        if here is None or source not in tasks or None in to:
            found[case.instance_id] = None
        else:
            back = Back(case.kind, case.at, tuple(spot for spot in to if spot is not None))
            here.setdefault(tasks[source].token or 0, []).append(back)
    return found


def _asked_again(session: Session, ids: Iterable[int]) -> dict[int, deque[Mapping[str, Any]]]:
    """What each act said that asked for approvals again after a correction: where, and which."""
    found: dict[int, deque[Mapping[str, Any]]] = defaultdict(deque)
    told = select(FactAbout.subject_id, Fact.after).join(Fact, Fact.id == FactAbout.fact_id).where(
        FactAbout.kind == "instance", FactAbout.subject_id.in_(ids), Fact.kind == "correction.reopened")
    for number, after in session.execute(told.order_by(Fact.id)) if ids else ():
        found[number].append(after or {})
    return found


__all__ = ["WORDS", "Back", "Spot", "returns"]
