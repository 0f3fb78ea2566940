"""Findings alike, thousands at once: settled by the worker, a few hundred in each transaction."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, Select, func
from sqlalchemy.orm import Session

from ledger.actor import Actor
from ledger.db import Bell, unit
from ledger.failpoints import fp
from registry.intake.batch.group_lock import unhurried
from registry.intake.batch.models import Batch, Flaw
from registry.intake.batch.progress import Teller
from registry.intake.batch.whose import actor_of
from registry.intake.settlement import settling

SLICE = 100


def run(engine: Engine, batch_id: int, teller: Teller, *, bell: Bell | None = None) -> None:
    """The oldest errand of a batch, to its end. What cannot be settled (a proposal that is missing, or that the
    register refuses) stays open for a person."""
    done, after = 0, 0
    teller.phase("settling")
    while True:
        with unit(engine, bell) as session:
            unhurried(session)
            batch = session.get_one(Batch, batch_id, with_for_update={"of": Batch}, populate_existing=True)
            if not batch.errands:
                return
            if not done:
                query = _alike(session, batch, batch.errands[0], 0)[0]
                teller.total = session.scalar(
                    query.with_only_columns(func.count(), maintain_column_froms=True)) or 0
            count, after = _some(session, batch, batch.errands[0], after)
            if not count:
                batch.errands = batch.errands[1:]
            fp("intake.errand.before_commit")
        fp("intake.errand.after_commit")
        if not count:
            return
        done += count
        teller.step(done)


def _alike(session: Session, batch: Batch, errand: dict[str, Any], after: int) -> tuple[Select[Flaw], Actor]:
    """What the errand is still about, and who asked, with the rights they have now. NotAllowed: none are left."""
    by = actor_of(session, errand["by"][0])
    return settling.alike(batch, errand["kind"], errand["case"], by).where(Flaw.id > after), by


def _some(session: Session, batch: Batch, errand: dict[str, Any], after: int) -> tuple[int, int]:
    """(how many were looked at, the last of them)."""
    query, by = _alike(session, batch, errand, after)
    some = session.scalars(query.order_by(Flaw.id).limit(SLICE)).all()
    last = some[-1].id if some else after
    for flaw in some:
        session.refresh(flaw)
        if flaw.state != "open":
            continue
        try:
            with session.begin_nested():
                settling.DO[errand["do"]](session, flaw, by=by)
        except settling.NOT_DONE:
            session.expire_all()
    return len(some), last
