"""One verb on many instances: chosen, asked for with a reason, done by the worker in small transactions, and undone.

Which instances are meant is fixed when it is asked for, a row each. What was done to one and its row's "done" are the
same transaction, so that a killed worker does nothing twice.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, String, Text, func, insert, literal, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.model import Instance
from ledger import clock, jobs
from ledger.actor import Actor
from ledger.db import Base, BigId, Id, Instant, Json
from ledger.errors import BadAnswer, Conflict, NotFound, Problem, Refused
from ledger.facts import record
from ledger.failpoints import fp
from ledger.jobs import Job
from registry.access.rules import Thing, can
from workflows.cockpit import finding, reach
from workflows.cockpit.deeds import reason_of
from workflows.cockpit.finding import Sought

KIND = "operations"
MOST = 20_000
WAITING, DONE, REFUSED = "waiting", "done", "refused"
UNDONE_BY: dict[str, str] = {"suspend": "resume", "resume": "suspend", "migrate": "unmigrate",
                             "terminate": "unterminate", "modify": "unmodify"}
"""The verbs that can be undone, and by which."""
VERBS = ("suspend", "resume", "modify", "terminate", "migrate", "retry", "skip", "drop")


class TooMany(Conflict):
    """一次最多处理 {most} 项，请缩小范围。"""


class Nothing(BadAnswer):
    """没有选中可以处理的流程。"""


class StillRunning(Conflict):
    """这批还在处理，请等它结束。"""


class UndoneAlready(Conflict):
    """{by} 已于 {at} 撤销过这一批。"""


class CannotUndoVerb(Conflict):
    """这种操作不能撤销。"""


class InstanceBatch(Base):
    """What somebody had done to many: `args` hold the version and mapping of a migration, and what the list was
    narrowed to; `undoes_id` the batch that this one takes back."""

    __tablename__ = "instance_batch"

    id: Mapped[Id]
    verb: Mapped[str] = mapped_column(String(12))
    args: Mapped[dict[str, Any]] = mapped_column(Json)
    reason: Mapped[str] = mapped_column(String(500))
    total: Mapped[int]
    group_id: Mapped[int | None] = mapped_column(BigId, index=True)
    by_id: Mapped[int | None] = mapped_column(BigId, index=True)
    by_name: Mapped[str] = mapped_column(String(80))
    asked_at: Mapped[dt.datetime] = mapped_column(Instant)
    job_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("job.id"), index=True)
    undoes_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("instance_batch.id"), unique=True)

    @property
    def undone_by(self) -> str | None:
        """The verb that takes it back, if there is one."""
        return UNDONE_BY.get(self.verb)


class BatchRow(Base):
    """One instance of a batch. `why` is a Problem as JSON, or {"zh", "en"}; `version` the instance's after it was done;
    `migration_id` what was made."""

    __tablename__ = "instance_batch_row"
    __table_args__ = (Index("ix_instance_batch_row_state", "batch_id", "state", "instance_id"),)

    batch_id: Mapped[int] = mapped_column(BigId, ForeignKey("instance_batch.id"), primary_key=True)
    instance_id: Mapped[int] = mapped_column(BigId, ForeignKey("instance.id"), primary_key=True, index=True)
    state: Mapped[str] = mapped_column(String(8), default=WAITING)
    why: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int | None]
    migration_id: Mapped[int | None] = mapped_column(BigId)
    at: Mapped[dt.datetime | None] = mapped_column(Instant)


# choosing
def chosen(session: Session, actor: Actor, sought: Sought, ids: Sequence[int] = ()) -> ColumnElement[bool]:
    """Which instances are meant: the ids, or all that the list shows; always of those that the actor may act on."""
    if ids:
        return Instance.id.in_(list(ids)[:MOST]) & reach.seen(actor, reach.ACT)
    return finding.condition(session, actor, sought, reach.ACT)


def ask(session: Session, actor: Actor, verb: str, meant: ColumnElement[bool], *, reason: str,
        args: Mapping[str, Any] | None = None) -> InstanceBatch:
    """Have it done to each of them. Raises BadAnswer at "reason", Nothing, TooMany."""
    if verb not in VERBS:
        raise NotFound
    said = reason_of(reason)
    some = select(Instance.id).where(meant).limit(MOST + 1).subquery()
    total = session.scalar(select(func.count()).select_from(some))
    if not total:
        raise Nothing({})
    if total > MOST:
        raise TooMany(most=MOST)
    batch = _batch(session, actor, verb, said, args)
    columns = ["batch_id", "instance_id", "state"]
    wanted = select(literal(batch.id), Instance.id, literal(WAITING)).where(meant)
    session.execute(insert(BatchRow).from_select(columns, wanted), execution_options={"synchronize_session": False})
    return _sent(session, actor, batch)


def undo(session: Session, actor: Actor, batch_id: int, *, reason: str) -> InstanceBatch:
    """Take back what a batch has done, where nothing has happened since. Raises BadAnswer at "reason", CannotUndoVerb,
    StillRunning, UndoneAlready, Nothing, NotFound."""
    said, batch = reason_of(reason), one(session, actor, batch_id)
    session.refresh(batch, with_for_update=True)
    if batch.undone_by is None or batch.undoes_id is not None:
        raise CannotUndoVerb
    if batch.job_id is not None and session.get_one(Job, batch.job_id).under_way:
        raise StillRunning
    before = session.scalar(select(InstanceBatch).where(InstanceBatch.undoes_id == batch.id))
    if before is not None:
        raise UndoneAlready(by=before.by_name, at=before.asked_at)
    made = _batch(session, actor, batch.undone_by, said, {}, undoes=batch.id)
    done = select(
        literal(made.id), BatchRow.instance_id, literal(WAITING), BatchRow.version, BatchRow.migration_id,
    ).where(BatchRow.batch_id == batch.id, BatchRow.state == DONE)
    session.execute(insert(BatchRow).from_select(
        ["batch_id", "instance_id", "state", "version", "migration_id"], done),
        execution_options={"synchronize_session": False})
    return _sent(session, actor, made)


def _batch(session: Session, actor: Actor, verb: str, reason: str, args: Mapping[str, Any] | None,
           undoes: int | None = None) -> InstanceBatch:
    batch = InstanceBatch(
        verb=verb, args=dict(args or {}), reason=reason, total=0, group_id=actor.group_id, by_id=actor.id,
        by_name=actor.name, asked_at=clock.now(), undoes_id=undoes)
    session.add(batch)
    session.flush()
    return batch


def _sent(session: Session, actor: Actor, batch: InstanceBatch) -> InstanceBatch:
    """Count its rows and hand it to the worker."""
    batch.total = session.scalar(select(func.count()).where(BatchRow.batch_id == batch.id)) or 0
    if not batch.total:
        raise Nothing({})
    job = jobs.ask(session, KIND, {"batch": batch.id}, by=actor, group_id=actor.group_id, total=batch.total)
    batch.job_id = job.id
    record(session, "instances.batch_asked", ("instance_batch", batch.id), by=actor, group_id=actor.group_id,
           after={"verb": batch.verb, "total": batch.total, "reason": batch.reason, "undoes": batch.undoes_id})
    session.flush()
    fp("cockpit.batch.before_commit")
    return batch


# reading
def one(session: Session, actor: Actor, batch_id: int) -> InstanceBatch:
    """The batch; NotFound for others than who asked for it and who keeps all processes of the group running."""
    found = session.get(InstanceBatch, batch_id)
    if found is None or not sees(actor, found):
        raise NotFound
    return found


def sees(actor: Actor, batch: InstanceBatch) -> bool:
    """Whether the actor may read of it."""
    mine = batch.by_id is not None and batch.by_id == actor.id
    return mine or can(actor, reach.READ, Thing(f"/{batch.group_id}/"))


def newest(session: Session, actor: Actor, *, limit: int = 50) -> list[InstanceBatch]:
    """The newest batches that the actor may read of."""
    wanted = select(InstanceBatch).where(InstanceBatch.group_id == actor.group_id)
    rows = session.scalars(wanted.order_by(InstanceBatch.id.desc()).limit(500))
    return [batch for batch in rows if sees(actor, batch)][:limit]


def of_job(session: Session, actor: Actor, job_id: int) -> InstanceBatch:
    """The batch that a job works on."""
    found = session.scalar(select(InstanceBatch.id).where(InstanceBatch.job_id == job_id))
    return one(session, actor, found or 0)


def undoing(session: Session, batch: InstanceBatch) -> InstanceBatch | None:
    """The batch that takes this one back, if somebody asked for that."""
    return session.scalar(select(InstanceBatch).where(InstanceBatch.undoes_id == batch.id))


def counts(session: Session, batch_id: int) -> dict[str, int]:
    """How many rows wait, are done, were refused."""
    counted = select(BatchRow.state, func.count()).where(BatchRow.batch_id == batch_id).group_by(BatchRow.state)
    return {WAITING: 0, DONE: 0, REFUSED: 0, **dict(session.execute(counted).all())}


def reasons(session: Session, batch_id: int, *, limit: int = 50) -> list[tuple[dict[str, Any], int]]:
    """Why rows were refused, the most frequent first, each with how many."""
    counted = select(BatchRow.why, func.count()).where(
        BatchRow.batch_id == batch_id, BatchRow.state == REFUSED).group_by(BatchRow.why)
    rows = session.execute(counted.order_by(func.count().desc()).limit(limit)).all()
    return [(json.loads(why or "{}"), number) for why, number in rows]


def rows(session: Session, actor: Actor, batch_id: int, *, state: str = "", after: int = 0, size: int = 50,
         ) -> list[tuple[BatchRow, Instance]]:
    """A page of its rows with their instances, of those that the actor may look at."""
    wanted = select(BatchRow, Instance).join(Instance, Instance.id == BatchRow.instance_id).where(
        BatchRow.batch_id == batch_id, BatchRow.instance_id > after, reach.seen(actor))
    if state:
        wanted = wanted.where(BatchRow.state == state)
    return list(session.execute(wanted.order_by(BatchRow.instance_id).limit(size)).all())


# what became of each
def told(refused: Refused | None, error: tuple[str, str] | None) -> str:
    """Why not, as a row keeps it: in both languages where the engine speaks both, else as a Problem."""
    if error is not None:
        return json.dumps({"zh": error[0], "en": error[1]}, ensure_ascii=False)
    found = list(getattr(refused, "findings", ())) or [
        one for one in [getattr(refused, "finding", None)] if one is not None]
    if found:
        both = {"zh": "；".join(one.text() for one in found), "en": "; ".join(one.text("en") for one in found)}
        return json.dumps(both, ensure_ascii=False)
    assert refused is not None
    params = {name: str(value) for name, value in refused.params.items()}
    return json.dumps(Problem(refused.message, params).plain(), ensure_ascii=False)


def refuse(session: Session, batch_id: int, numbers: Mapping[int, str]) -> None:
    """Mark rows as refused, with why; one that was done meanwhile stays done."""
    for number, why in numbers.items():
        session.execute(update(BatchRow).where(
            BatchRow.batch_id == batch_id, BatchRow.instance_id == number, BatchRow.state == WAITING,
        ).values(state=REFUSED, why=why, at=clock.now()), execution_options={"synchronize_session": False})
