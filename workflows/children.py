"""Requests that a request has begun: the parent waits until they are over.

A drawing counts them by the service task `count_children` and waits for the message "child.ended" while some are open.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import run
from engine.catalog import Step
from engine.messaging import messages
from engine.model import Instance
from ledger.actor import SYSTEM
from ledger.facts import Fact
from workflows.requests import Request, of_instance

ENDED = "child.ended"


def of(session: Session, request: Request) -> list[Request]:
    """What this request has begun, oldest first."""
    return list(session.scalars(select(Request).where(Request.parent_id == request.id).order_by(Request.id)))


def count_children(step: Step) -> dict[str, Any]:
    """How many requests begun by this one are open, and how those ended that are not: {outcome: number}."""
    request = of_instance(step.session, step.instance.id)
    rows = step.session.execute(
        select(Instance.ended_at, Instance.outcome).join(Request, Request.instance_id == Instance.id)
        .where(Request.parent_id == request.id)).all()
    ended = [str(outcome) for at, outcome in rows if at is not None]
    return {"children_open": len(rows) - len(ended), "children_ended": {one: ended.count(one) for one in set(ended)}}


def wake_parent(session: Session, fact: Fact) -> None:
    """A request has ended: whatever began it looks again, if it waits for that. Called twice it does no harm."""
    child = session.scalar(select(Request).where(Request.instance_id == fact.subject_id))
    parent = session.get(Request, child.parent_id) if child and child.parent_id else None
    if child is None or parent is None or parent.instance_id is None:
        return
    run.lock(session, parent.instance_id)
    if ENDED in messages.waiting(session, parent.instance_id):
        messages.send(session, parent.instance_id, ENDED, {"child": child.id}, by=SYSTEM)


STEPS = {"count_children": count_children}
