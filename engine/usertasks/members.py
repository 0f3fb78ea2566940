"""Who votes in a countersign that is running: somebody more, somebody less, somebody in another's place.

The count is made again at once: whoever leaves counts neither as a vote nor among those who could have voted.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import run
from engine.dialect.nodes import OVER, Token
from engine.dialect.rounds import MultiInstance
from engine.model import Instance, Task
from engine.usertasks import fates
from engine.usertasks.assigning import Addressee
from ledger.actor import Actor
from ledger.errors import Conflict
from ledger.facts import record
from ledger.failpoints import fp

PERSON = "person_id"
"""Who a member is, in the list that the rounds are made from: {"person_id": 17, "weight": 2, ...}."""


MOST = 200


class NoVote(Conflict):
    """这一步不是会签，没有会签人可以增减。"""


class LastMember(Conflict):
    """只剩这一位会签人，不能退出。请换成别人，或退回会签。"""


class TooMany(Conflict):
    """这次会签的人数或换人次数已到上限（{most}），不能再加人或换人。"""


class MemberAlready(Conflict):
    """{name} 已经是会签人。"""


def members(session: Session, instance: Instance, element_id: str) -> list[dict[str, Any]]:
    """Who votes in a running countersign, in the order of the list: {"person_id", "weight", "veto", "said"}.

    `said` is yes, no, abstain, left or None. Empty where none runs.
    """
    holder = _holder(run.read_only(session, instance).tokens(), element_id)
    return [] if holder is None else [
        {PERSON: _number(item.get(PERSON)), "weight": vote[0], "veto": vote[1], "said": vote[2]}
        for item, vote in zip(holder.internal_data["items"], holder.internal_data["votes"], strict=True)
        if isinstance(item, Mapping)]


def _number(found: Any) -> Any:
    """A person's number: what went through an expression is a Decimal."""
    return int(found) if isinstance(found, Decimal) else found


def running(session: Session, instance: Instance) -> list[str]:
    """The element ids of the countersigns that are being voted on."""
    return [token.task_spec.bpmn_id for token in run.read_only(session, instance).tokens()
            if "votes" in token.internal_data]


def _holder(tokens: Any, element_id: str) -> Token | None:
    return next((token for token in tokens if isinstance(token.task_spec, MultiInstance) and token.task_spec.votes
                 and token.task_spec.bpmn_id == element_id and "votes" in token.internal_data), None)


def join(session: Session, task_id: int, to: Addressee, *, by: Actor, reason: str, weight: int = 1,
         veto: bool = False) -> None:
    """One member more, beside the one whose open task this is. Raises MemberAlready, TooMany, NoVote, NotFound,
    Conflict."""
    task, instance = fates.drawn(session, task_id)
    with run.act(session, instance, by) as act:
        child = _member(act, task)
        _new(child.parent, to)
        _room(session, task, child.parent)
        child.parent.task_spec.join(
            child.parent, _item(child, {"weight": weight, "veto": veto}, to))
        _tell(act, "vote.joined", task, to, reason)
    fp("engine.members.before_commit")


def leave(session: Session, task_id: int, *, by: Actor, reason: str) -> None:
    """The member whose open task this is votes no more; that may decide the vote. Raises LastMember, NoVote, Conflict.

    Whoever is the last that has not left cannot leave: nobody would have decided anything.
    """
    task, instance = fates.drawn(session, task_id)
    with run.act(session, instance, by) as act:
        child = _member(act, task)
        if sum(vote[2] != "left" for vote in child.parent.internal_data["votes"]) < 2:
            raise LastMember()
        act.why_of[child.thread_id] = "vote_left"
        _tell(act, "vote.left", task, _who(child, task), reason)
        child.task_spec.body.drop(child)
    fp("engine.members.before_commit")


def replace(session: Session, task_id: int, to: Addressee, *, by: Actor, reason: str) -> None:
    """Somebody else votes in the member's place, with the same weight and veto; what was asked of them begins anew.

    Raises MemberAlready, NoVote, NotFound, Conflict.
    """
    task, instance = fates.drawn(session, task_id)
    with run.act(session, instance, by) as act:
        child = _member(act, task)
        _new(child.parent, to)
        _room(session, task, child.parent)
        act.why_of[child.thread_id] = "vote_left"
        _tell(act, "vote.left", task, _who(child, task), reason)
        child.task_spec.body.replace(child, _item(child, {}, to))
        _tell(act, "vote.joined", task, to, reason)
    fp("engine.members.before_commit")


def _member(act: run.Act, task: Task) -> Token:
    child = act.token(task.token)
    if child._state & OVER or child.task_spec.body is None or not child.task_spec.body.votes:
        raise NoVote()
    return child


def _new(holder: Token, to: Addressee) -> None:
    state = holder.internal_data
    for item, vote in zip(state["items"], state["votes"], strict=True):
        if isinstance(item, Mapping) and item.get(PERSON) == to.id and vote[2] != "left":
            raise MemberAlready(name=to.name)


def _room(session: Session, task: Task, holder: Token) -> None:
    """Raises TooMany: of those who were asked in a countersign, those who left or were replaced are counted too."""
    asked = select(func.count()).select_from(Task).where(
        Task.instance_id == task.instance_id, Task.element_id == task.element_id, Task.token > holder.thread_id)
    if max(session.scalar(asked) or 0, len(holder.internal_data["items"])) >= MOST:
        raise TooMany(most=MOST)


def _item(child: Token, more: Mapping[str, Any], to: Addressee) -> dict[str, Any]:
    """What the list holds for somebody new: as for the member whose task it is, under their own number.

    Raises NoVote where the list is not one of people.
    """
    item = child.parent.internal_data["items"][child.internal_data["round"]]
    if not isinstance(item, Mapping) or PERSON not in item:
        raise NoVote()
    return {**item, **more, PERSON: to.id}


def _who(child: Token, task: Task) -> Addressee:
    item: Any = child.parent.internal_data["items"][child.internal_data["round"]]
    number = task.assignee_id
    with suppress(KeyError, TypeError):
        number = item[PERSON]
    return Addressee(int(number or 0), "")


def _tell(act: run.Act, kind: str, task: Task, whom: Addressee, reason: str) -> None:
    record(act.session, kind, ("instance", act.instance.id), by=act.actor, group_id=act.instance.group_id,
           after={"task": task.id, "element": task.element_id, "name": task.name, "to": whom.id,
                  "reason": reason[:500]})


__all__ = ["LastMember", "MemberAlready", "NoVote", "TooMany", "join", "leave", "members", "replace", "running"]
