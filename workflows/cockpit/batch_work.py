"""A batch at work (ledger/jobs.py): ten instances in a transaction, each with its row; refusals are told apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from engine import instances, run
from engine.model import Incident, Instance
from engine.operations import interventions, many, migration, modification, repair
from ledger import clock
from ledger.actor import SYSTEM, Actor
from ledger.db import reading, unit
from ledger.errors import Conflict, NotAllowed
from ledger.failpoints import fp
from ledger.jobs import Turn
from registry.access.accounts import actor_for
from registry.people.persons import person_of
from workflows.cockpit import batches, reach, taking_back
from workflows.cockpit.batches import DONE, WAITING, BatchRow, InstanceBatch

AT_ONCE = 50
"""Instances between two looks at whether somebody wants the job to stop."""


class NoTrouble(Conflict):
    """该流程没有等待处理的异常。"""


class NotThere(Conflict):
    """它不停在选定的环节。"""


class GoneOn(Conflict):
    """之后又有人动过它，没有撤销。"""


def work(engine: Engine, turn: Turn) -> None:
    """Do the batch of a job, from where it stands."""
    batch_id = int(turn.args["batch"])
    with reading(engine) as session:
        batch = session.get_one(InstanceBatch, batch_id)
        actor = SYSTEM if batch.by_id is None else actor_for(session, person_of(session, batch.by_id))
        session.expunge(batch)
    while numbers := _next(engine, turn, batch_id):
        outcomes = many.each(engine, numbers, partial(_one, batch, actor))
        refused = {one.instance_id: batches.told(one.refused, one.error) for one in outcomes if not one.done}
        with unit(engine) as session:
            batches.refuse(session, batch_id, refused)
            fp("cockpit.batch.refused")


def _next(engine: Engine, turn: Turn, batch_id: int) -> Sequence[int]:
    """Say how far it is, and which come next."""
    with unit(engine) as session:
        counted = batches.counts(session, batch_id)
        further = counted if counted != turn.cursor else None  # else it may be what kills the worker
        turn.told(session, done=counted[DONE] + counted[batches.REFUSED], cursor=further, result=counted)
        wanted = select(BatchRow.instance_id).where(BatchRow.batch_id == batch_id, BatchRow.state == WAITING)
        return session.scalars(wanted.order_by(BatchRow.instance_id).limit(AT_ONCE)).all()


def _one(batch: InstanceBatch, actor: Actor, session: Session, number: int) -> None:
    """Do it to one instance and mark its row, in one transaction."""
    instance = run.lock(session, number)
    row = session.get_one(BatchRow, (batch.id, number), populate_existing=True)
    if row.state != WAITING:
        return
    if not reach.may(actor, reach.ACT, instance):
        raise NotAllowed
    row.migration_id = DO[batch.verb](session, batch, row, instance, actor) or row.migration_id
    session.refresh(instance, ["version"])
    row.state, row.version, row.at = DONE, instance.version, clock.now()
    session.flush()
    fp("cockpit.batch.one")


Verb = Callable[[Session, InstanceBatch, BatchRow, Instance, Actor], int | None]


def _suspend(session: Session, batch: InstanceBatch, row: BatchRow, instance: Instance, by: Actor) -> None:
    _undisturbed(batch, row, instance, "active")
    instances.suspend(session, instance.id, by=by, reason=batch.reason)


def _resume(session: Session, batch: InstanceBatch, row: BatchRow, instance: Instance, by: Actor) -> None:
    _undisturbed(batch, row, instance, "suspended")
    instances.resume(session, instance.id, by=by, reason=batch.reason)


def _undisturbed(batch: InstanceBatch, row: BatchRow, instance: Instance, state: str) -> None:
    """An undo is for what still stands as the batch left it; one that was resumed may have gone on, and is held again
    all the same."""
    if batch.undoes_id is not None and (instance.state != state or (
            state == "suspended" and instance.version != row.version)):
        raise GoneOn


def _terminate(session: Session, batch: InstanceBatch, _row: BatchRow, instance: Instance, by: Actor) -> None:
    interventions.terminate(session, instance.id, by=by, reason=batch.reason)


def _modify(session: Session, batch: InstanceBatch, _row: BatchRow, instance: Instance, by: Actor) -> None:
    wanted = modification.elsewhere(session, instance.id, batch.args["from"], batch.args["start"])
    if not wanted:
        raise NotThere
    interventions.modify(session, instance.id, wanted, by=by, reason=batch.reason)


def _by_hand(session: Session, batch: InstanceBatch, row: BatchRow, instance: Instance, by: Actor) -> None:
    """Take an end or a move back, where nothing has happened since."""
    if instance.version != row.version:
        raise GoneOn
    taking_back.undo_last(session, instance, by=by, reason=batch.reason)


def _migrate(session: Session, batch: InstanceBatch, _row: BatchRow, instance: Instance, by: Actor) -> int:
    made = migration.migrate(session, instance.id, int(batch.args["to"]), by=by, reason=batch.reason,
                             mapping=batch.args.get("mapping") or {})
    return made.id


def _unmigrate(session: Session, batch: InstanceBatch, row: BatchRow, _instance: Instance, by: Actor) -> None:
    migration.undo(session, row.migration_id or 0, by=by, reason=batch.reason)


def _incidents(settle: Callable[..., object], session: Session, batch: InstanceBatch, _row: BatchRow,
               instance: Instance, by: Actor) -> None:
    """Every open incident of the instance that the batch is about, the oldest first; one may settle another."""
    meant = select(Incident.id).where(Incident.instance_id == instance.id, Incident.resolved_at.is_(None))
    if batch.args.get("trouble"):
        meant = meant.where(Incident.element_id == batch.args["trouble"])
    if batch.args.get("cause"):
        meant = meant.where(Incident.cause.startswith(batch.args["cause"], autoescape=True))
    found = session.scalars(meant.order_by(Incident.id)).all()
    if not found:
        raise NoTrouble
    for number in found:
        if session.get_one(Incident, number, populate_existing=True).resolved_at is None:
            settle(session, number, by=by, reason=batch.reason)


DO: dict[str, Verb] = {
    "suspend": _suspend, "resume": _resume, "terminate": _terminate, "unterminate": _by_hand,
    "modify": _modify, "unmodify": _by_hand,
    "migrate": _migrate, "unmigrate": _unmigrate,
    "retry": partial(_incidents, repair.retry), "skip": partial(_incidents, repair.skip),
    "drop": partial(_incidents, repair.cancel),
}
