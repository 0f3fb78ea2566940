"""Ended or moved by hand, and taken back: an instance exactly as it was, as long as nothing has happened since.

Beside the deed lies what the rows and the state were (snapshots.py). What has left the instance meanwhile - a step that
ran, a message - cannot be called back, and is then not pretended to be.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, String, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine import catalog, instances, run, state
from engine.model import Instance, Visit
from engine.operations import modification, snapshots
from engine.operations.moves import Move
from engine.returns import finality
from ledger import clock
from ledger.actor import Actor
from ledger.db import Base, BigId, Id, Instant, Json
from ledger.errors import Conflict, NotFound
from ledger.facts import record
from ledger.failpoints import fp

TERMINATED, MODIFIED = "terminated", "modified"
UNDONE = {TERMINATED: "instance.termination_undone", MODIFIED: "instance.modification_undone"}
"""What became of an instance -> the fact of its being taken back."""


class WentOn(Conflict):
    """流程之后有了进展，或者已经有步骤执行、消息发出，不能再撤销。"""


class Intervention(Base):
    """What somebody did to an instance by hand, with all that is needed to take it back: `version` is the instance's
    right after it, `rows` the steps back (snapshots.difference), `state` and `was` what stood in its own row.

    `lasting`: something left the instance with it. `undone_at` and by whom, once it was taken back.
    """

    __tablename__ = "intervention"

    id: Mapped[Id]
    instance_id: Mapped[int] = mapped_column(ForeignKey("instance.id"), type_=BigId, index=True)
    kind: Mapped[str] = mapped_column(String(12))
    at: Mapped[dt.datetime] = mapped_column(Instant)
    by_name: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(String(500))
    version: Mapped[int]
    state: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    was: Mapped[dict[str, Any]] = mapped_column(Json)
    rows: Mapped[dict[str, Any]] = mapped_column(Json, deferred=True)
    lasting: Mapped[bool] = mapped_column(default=False)
    undone_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    undone_by: Mapped[str | None] = mapped_column(String(80))


def terminate(session: Session, instance_id: int, *, by: Actor, reason: str) -> Instance:
    """End it (instances.terminate), so that it can be taken back. Raises NotRunning."""
    instance = run.lock(session, instance_id)
    with _kept(session, instance, TERMINATED, by, reason):
        instances.terminate(session, instance_id, by=by, reason=reason)
    return instance


def modify(session: Session, instance_id: int, wanted: Sequence[Move], *, by: Actor, reason: str,
           version: int | None = None) -> modification.Preview:
    """Put tokens elsewhere (modification.apply), so that it can be taken back."""
    instance = run.lock(session, instance_id)
    with _kept(session, instance, MODIFIED, by, reason):
        return modification.apply(session, instance_id, wanted, by=by, reason=reason, version=version)


@contextmanager
def _kept(session: Session, instance: Instance, kind: str, by: Actor, reason: str) -> Iterator[None]:
    before, newest = snapshots.image(session, instance.id), _newest(session, instance.id)
    blob = session.connection().execute(run.READ, {"of_id": instance.id}).scalar_one()
    ended = instance.ended_at
    was = {"state": instance.state, "stage": instance.stage, "outcome": instance.outcome,
           "ended_at": ended.isoformat() if ended else None}
    yield
    after = snapshots.image(session, instance.id, before)
    session.add(Intervention(
        instance_id=instance.id, kind=kind, at=clock.now(), by_name=by.name, reason=reason[:500],
        version=instance.version, state=blob, was=was, rows=snapshots.difference(before, after),
        lasting=_left(session, instance, newest)))
    session.flush()


def _newest(session: Session, instance_id: int) -> int:
    return session.scalar(select(func.max(Visit.id)).where(Visit.instance_id == instance_id)) or 0


def _left(session: Session, instance: Instance, after: int) -> bool:
    """Whether anything has been passed since that nobody goes back past (returns/finality.py)."""
    passed = session.scalars(select(Visit.element_id).where(
        Visit.instance_id == instance.id, Visit.id > after, Visit.left_how == "completed")).all()
    plan = catalog.plan(session, instance.definition_id)
    nodes = (finality.node_of(plan, element_id) for element_id in passed)
    return any(node is not None and finality.final(plan, node) for node in nodes)


def last(session: Session, instance: Instance) -> Intervention | None:
    """The intervention that could be taken back now, if there is one."""
    return session.scalar(select(Intervention).where(
        Intervention.instance_id == instance.id, Intervention.version == instance.version,
        Intervention.undone_at.is_(None), Intervention.lasting.is_(False)).order_by(Intervention.id.desc()).limit(1))


def undo(session: Session, number: int, *, by: Actor, reason: str) -> Instance:
    """Put the instance back to where it was. Raises WentOn where something has happened since, NotFound."""
    made = session.get(Intervention, number)
    if made is None:
        raise NotFound
    instance = run.lock(session, made.instance_id)
    session.refresh(made)
    if made.undone_at is not None or made.lasting or instance.version != made.version:
        raise WentOn
    try:
        with session.begin_nested():
            snapshots.restore(session, made.rows)
    except IntegrityError:
        raise WentOn from None
    ended = made.was["ended_at"]
    session.execute(update(Instance).where(Instance.id == instance.id).values(blob=made.state))
    instance.state, instance.stage, instance.outcome = made.was["state"], made.was["stage"], made.was["outcome"]
    instance.ended_at = dt.datetime.fromisoformat(ended) if ended else None
    instance.version = made.version + 1
    made.undone_at, made.undone_by = clock.now(), by.name
    state.in_hand(session).pop(instance.id, None)
    record(session, UNDONE[made.kind], ("instance", instance.id), by=by, group_id=instance.group_id,
           after={"intervention": made.id, "reason": reason[:500]})
    session.flush()
    fp("engine.intervention_undo.before_commit")
    return instance


__all__ = ["MODIFIED", "TERMINATED", "UNDONE", "Intervention", "WentOn", "last", "modify", "terminate", "undo"]
