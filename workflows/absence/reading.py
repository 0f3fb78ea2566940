"""Why somebody may read a request for another: something of it waits for the one they stand in for, or who left."""

from __future__ import annotations

from sqlalchemy import Select, literal, select, union_all

from engine.model import OPEN, Instance, Task, TaskCandidate
from engine.usertasks.offers import groups_of
from ledger.actor import Absent, Actor
from registry.access.handovers import HandoverItem
from workflows import requests
from workflows.requests import Request

_open = literal(OPEN, literal_execute=True)  # written out, not bound: the indexes are partial


def by_standing_in(actor: Actor) -> Select[int]:
    """Instances in which an open task is held by somebody the actor stands in for, or offered to them."""
    parts = [part for absent in actor.stands_for for part in _left_by(absent)]
    if not parts:
        return select(Task.instance_id).where(Task.id == 0)  # none, found by key: `false` would scan the table
    return select(union_all(*parts).subquery().c.instance_id)


def _left_by(absent: Absent) -> list[Select[int]]:
    offers = select(TaskCandidate.task_id).where(TaskCandidate.candidate.in_(groups_of(absent)), TaskCandidate.open)
    parts = [
        select(Task.instance_id.label("instance_id")).where(
            Task.assignee_id == absent.id, Task.state == _open, Task.for_id.is_(None)),
        select(Task.instance_id.label("instance_id")).where(Task.id.in_(offers), Task.state == _open),
    ]
    if absent.processes is None:
        return parts
    return [part.where(Task.process_id.in_(sorted(absent.processes))) for part in parts]


def by_handover(actor: Actor) -> Select[int]:
    """Instances of requests that went over to the actor when their applicant left."""
    mine = select(HandoverItem.thing_id).where(
        HandoverItem.kind == "request", HandoverItem.how == "moved", HandoverItem.to_id == actor.id)
    return select(Instance.id).join(Request, Request.instance_id == Instance.id).where(Request.id.in_(mine))


requests.INVOLVED += [by_standing_in, by_handover]
