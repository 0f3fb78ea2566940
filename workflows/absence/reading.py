"""Why a substitute may read a request: something of it waits for the one they stand in for."""

from __future__ import annotations

from sqlalchemy import Select, false, literal, select, union_all

from engine.model import OPEN, Task, TaskCandidate
from engine.offers import groups_of
from ledger.actor import Absent, Actor
from workflows import requests

_open = literal(OPEN, literal_execute=True)  # written out, not bound: the indexes are partial


def by_standing_in(actor: Actor) -> Select[int]:
    """Instances in which an open task is held by somebody the actor stands in for, or offered to them."""
    parts = [part for absent in actor.stands_for for part in _left_by(absent)]
    if not parts:
        return select(Task.instance_id).where(false())
    return select(union_all(*parts).subquery().c.instance_id)


def _left_by(absent: Absent) -> list[Select[int]]:
    offers = select(TaskCandidate.task_id).where(TaskCandidate.candidate.in_(groups_of(absent)), TaskCandidate.open)
    parts = [
        select(Task.instance_id.label("instance_id")).where(Task.assignee_id == absent.id, Task.state == _open),
        select(Task.instance_id.label("instance_id")).where(Task.id.in_(offers), Task.state == _open),
    ]
    if absent.processes is None:
        return parts
    return [part.where(Task.process_id.in_(sorted(absent.processes))) for part in parts]


requests.INVOLVED.append(by_standing_in)
