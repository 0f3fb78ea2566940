"""Taking back what was done to an instance by hand: only what nothing has followed from."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.model import Instance
from engine.operations import interventions
from engine.operations.interventions import Intervention
from ledger.actor import Actor
from ledger.errors import Conflict, NotFound
from workflows.applying.opening import lock_holder
from workflows.handling.reopening import free_again
from workflows.requests import Request


class Followed(Conflict):
    """上级流程已按它的终止继续办理，不能撤销。"""


def undo(session: Session, number: int, *, by: Actor, reason: str) -> Instance:
    """Take an intervention back. Raises NotFound, WentOn, Followed (a process above was told of the end), Another."""
    made = session.get(Intervention, number)
    if made is None:
        raise NotFound
    request = session.scalar(select(Request).where(Request.instance_id == made.instance_id))
    if request is not None and session.get_one(Instance, made.instance_id).ended_at is not None:
        if request.parent_id is not None:
            raise Followed
        lock_holder(session, request)
        free_again(session, request)
    return interventions.undo(session, number, by=by, reason=reason)


def undo_last(session: Session, instance: Instance, *, by: Actor, reason: str) -> Instance:
    """The same for what was done last; WentOn where there is nothing to take back."""
    made = interventions.last(session, instance)
    if made is None:
        raise interventions.WentOn
    return undo(session, made.id, by=by, reason=reason)


__all__ = ["Followed", "undo", "undo_last"]
