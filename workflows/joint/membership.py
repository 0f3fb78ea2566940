"""Who may change the members of a countersign that is running, and how it stands for whoever looks at the request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import Task
from engine.usertasks import members
from ledger.actor import Actor
from ledger.errors import BadAnswer, NotAllowed, NotFound, Problem
from registry.access.rules import can
from workflows.joint import people, reading
from workflows.requests import Request

MOST_WEIGHT, LONGEST = 100, 500


@dataclass(frozen=True)
class Member:
    """Somebody who votes: `said` is yes, no, abstain, left, or None while they have said nothing; then `task_id` is
    their open task."""

    person_id: int
    name: str
    weight: Decimal
    veto: bool
    said: str | None
    task_id: int | None


@dataclass(frozen=True)
class Poll:
    """A countersign that is being voted on."""

    element_id: str
    name: str
    members: list[Member]


def poll_of(session: Session, request: Request) -> Poll | None:
    """The countersign that runs in a request now; None where none does."""
    if request.instance.ended_at is not None:
        return None
    open_tasks = session.scalars(select(Task).where(
        Task.instance_id == request.instance_id, Task.state == "open", Task.parent_id.is_(None),
        Task.round.is_not(None))).all()
    if not open_tasks:
        return None
    elements = members.running(session, request.instance)
    found = [task for task in open_tasks if task.element_id in elements]
    if not found:
        return None
    voting = members.members(session, request.instance, found[0].element_id)
    named = people.names(session, [one[members.PERSON] for one in voting])
    by_round = {task.round: task.id for task in found if task.element_id == found[0].element_id}
    return Poll(found[0].element_id, found[0].name, [
        Member(one[members.PERSON], named.get(one[members.PERSON], ""), one["weight"], one["veto"], one["said"],
               by_round.get(place) if one["said"] is None else None)
        for place, one in enumerate(voting)])


def may_change(actor: Actor, request: Request) -> bool:
    """Whoever asked, and whoever may reassign tasks here."""
    return request.process_id == "joint" and (
        actor.id == request.applicant_id or can(actor, "task.reassign", request))


def change(session: Session, actor: Actor, request: Request, verb: str, said: Mapping[str, Any]) -> None:
    """Add somebody ("join": to, weight, veto), take somebody out ("leave": task) or put somebody in their place
    ("replace": task, to); always with a reason.

    Raises NotFound, NotAllowed, BadAnswer, Conflict (LastMember, MemberAlready, CannotRead, or the vote is over).
    """
    poll = poll_of(session, request)
    if not may_change(actor, request):
        raise NotAllowed
    if poll is None:
        raise members.NoVote
    reason = str(said.get("reason") or "").strip()
    if not reason or len(reason) > LONGEST:
        raise BadAnswer({"reason": [Problem("请写明原因，不超过 {most} 字。", {"most": LONGEST})]})
    tasks = {one.task_id for one in poll.members if one.task_id is not None}
    task_id = said.get("task") if verb != "join" else min(tasks)
    if task_id not in tasks:
        raise NotFound
    if verb == "leave":
        members.leave(session, task_id, by=actor, reason=reason)
        return
    to = people.require(session, request, said.get("to"))
    if to.id == actor.id:  # whoever leads here arranges who votes; not that they do
        raise BadAnswer({"to": [Problem("不能把自己加进会签或换成自己，请由发起人安排。")]})
    reading.admit(session, actor, request, to.id)
    if verb == "replace":
        members.replace(session, task_id, to, by=actor, reason=reason)
        return
    weight = said.get("weight") or 1
    if not 1 <= weight <= MOST_WEIGHT:
        raise BadAnswer({"weight": [Problem("权重须在 1 到 {most} 之间。", {"most": MOST_WEIGHT})]})
    members.join(session, task_id, to, by=actor, reason=reason, weight=weight, veto=bool(said.get("veto")))
