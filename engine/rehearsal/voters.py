"""Somebody joined a countersign while it ran, left it, or came in another's place: read from what was told, and done
again in memory (engine/usertasks/members.py)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.dialect.nodes import OVER, Token
from engine.dialect.rounds import MultiInstance
from engine.findings import Finding
from engine.model import Task
from engine.operations.fitting import label
from engine.rehearsal.sent_back import Spot
from engine.usertasks.members import PERSON
from ledger.facts import Fact, FactAbout

JOINED, LEFT = "vote.joined", "vote.left"
Told = list[tuple[int, int, "Voter"]]
"""(instance, token of the task beside which it was done, what was done), in order."""


@dataclass(frozen=True)
class Voter:
    """A change among those who vote. `item` is what the list holds for whoever is new; `leaves`: a member goes."""

    at: dt.datetime
    leaves: bool
    item: dict[str, Any] | None


def changes(session: Session, ids: Sequence[int], tasks: Mapping[int, Spot]) -> tuple[Told, set[int]]:
    """Every change among the voters of these instances, and the instances of which not all of them can be told.

    `tasks` by id. What the list holds for somebody new is on their task; who was never asked in their turn has none.
    """
    told = select(FactAbout.subject_id, Fact.kind, Fact.after, Fact.at).join(Fact, Fact.id == FactAbout.fact_id).where(
        FactAbout.kind == "instance", FactAbout.subject_id.in_(ids), Fact.kind.in_((JOINED, LEFT)))
    facts = session.execute(told.order_by(Fact.id)).all()
    asked = _asked(session, {fact.subject_id for fact in facts if fact.kind == JOINED})
    found: Told = []
    lost: set[int] = set()
    for number, kind, after, at in facts:
        spot, item = tasks.get(after["task"]), None
        if kind == JOINED:
            items = _items(asked[number, after["element"]], at)
            item = next((one for one in items if one[PERSON] == after["to"]), None)
        if spot is None or (kind == JOINED and item is None):
            lost.add(number)
            continue
        token = spot.token or 0
        if item is not None and found and found[-1] == (number, token, Voter(at, True, None)):
            found[-1] = (number, token, Voter(at, True, item))
        else:
            found.append((number, token, Voter(at, kind == LEFT, item)))
    return found, lost


def _asked(session: Session, ids: Collection[int]) -> dict[tuple[int, str], list[Any]]:
    found = defaultdict(list)
    if ids:
        wanted = select(Task.instance_id, Task.element_id, Task.created_at, Task.inputs).where(
            Task.instance_id.in_(ids), Task.parent_id.is_(None)).order_by(Task.token)
        for row in session.execute(wanted):
            found[row.instance_id, row.element_id].append(row)
    return found


def _items(rows: list[Any], since: dt.datetime) -> list[dict[str, Any]]:
    """What the list held for those who were asked from then on."""
    return [value for row in rows if row.created_at >= since for value in (row.inputs or {}).values()
            if isinstance(value, dict) and PERSON in value]


class NoVoters(Exception):
    """This drawing counts no votes there; `finding` says so."""

    def __init__(self, token: Token) -> None:
        spec = token.task_spec
        self.finding = Finding(
            "voters", f"当时{label(spec)}的会签成员中途变过，草稿里这一步不是会签，以后怎样不能判断",
            f"the voters at {spec.bpmn_name or spec.bpmn_id} were changed; in the draft it is no vote: what would have "
            "come of it cannot be told", element=spec.bpmn_id, name=spec.bpmn_name or "")
        super().__init__(self.finding.zh)


def change(token: Token, voter: Voter) -> bool:
    """Do it again beside the member whose open round this is; False where it is over. Raises NoVoters."""
    if token._state & OVER:
        return False
    body = token.task_spec.body
    if not isinstance(body, MultiInstance) or not body.votes:
        raise NoVoters(token)
    if voter.item is None:
        body.drop(token)
    elif voter.leaves:
        body.replace(token, voter.item)
    else:
        body.join(token.parent, voter.item)
    return True


__all__ = ["NoVoters", "Voter", "change", "changes"]
