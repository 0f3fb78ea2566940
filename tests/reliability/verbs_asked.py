"""Deeds of asking for corrections: a task's holder asks somebody, who answers (verbs.py), or it is wanted no more."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import catalog, run
from engine.model import OPEN, Instance, Task
from engine.operations import moves
from engine.operations.moves import BackTo
from engine.returns import asking_again, giving_back
from engine.returns.backwards import Backwards
from engine.time import clocks
from engine.usertasks import correcting
from ledger.actor import Actor
from ledger.errors import Conflict
from tests.reliability.scene import Deed, Scene


def _correct(session: Session, scene: Scene, task: Task, by: Actor) -> dict[str, int]:
    child = correcting.ask(session, task.id, scene.other(by), by=by, form_key="fill", count=1)
    return {"correction.asked": 1, "clock.paused": int(bool((child.inputs or {})[correcting.STOPPED]))}


def _drop(session: Session, scene: Scene, task: Task, by: Actor) -> dict[str, int] | None:
    child = session.scalars(select(Task).where(
        Task.instance_id == scene.it, Task.role == "correction", Task.state == OPEN).order_by(Task.id)).first()
    if child is None:
        return None
    resumed = resumes(session, child)
    host = correcting.host_of(session, child)
    correcting.drop(session, child.id, by=by if scene.random.random() < 0.3 else scene.actor(host.assignee_id or 0))
    return {"correction.dropped": 1, "clock.resumed": int(resumed)}


def resumes(session: Session, child: Task) -> bool:
    """Whether the end of a question lets the clock of its host go on."""
    host = correcting.host_of(session, child)
    found = clocks.running_clock(session, host) if host.state == OPEN else None
    stopped = found is not None and found.state == clocks.PAUSED and clocks.paused_in(session, found)
    return bool(stopped) and (child.inputs or {}).get(correcting.STOPPED) == stopped


def all_are_asked(session: Session, it: int) -> None:
    """After an answer no approval counts that rests on another one, and could be made again."""
    instance = session.get_one(Instance, it)
    plan, back = catalog.plan(session, instance.definition_id), Backwards.of(session, it)
    for old, keys in asking_again.outdated(session, instance):
        try:
            giving_back.look(plan, back, old, moves.decide(run.read_only(session, instance), [BackTo(old.id)], back))
        except Conflict:
            continue
        raise AssertionError(f"task {old.id} ({old.element_id}) rests on another {keys} and is not asked for again")


DEEDS: dict[str, Deed] = {"correct": _correct, "uncorrect": _drop}
