"""Findings alike, thousands at once: settled by the worker, a few hundred in each transaction."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from ledger.db import Bell, unit
from ledger.errors import BadAnswer, Conflict
from ledger.failpoints import fp
from registry.intake.batch.group_lock import unhurried
from registry.intake.batch.models import Batch, Flaw
from registry.intake.batch.progress import Teller
from registry.intake.batch.whose import allowed_for
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
                teller.total = session.scalar(select(func.count()).where(*_alike(batch, batch.errands[0], 0))) or 0
            count, after = _some(session, batch, batch.errands[0], after)
            if not count:
                batch.errands = batch.errands[1:]
            fp("intake.errand.before_commit")
        fp("intake.errand.after_commit")
        if not count:
            return
        done += count
        teller.step(done)


def _alike(batch: Batch, errand: dict[str, Any], after: int) -> list[Any]:
    case = errand["case"]
    return [Flaw.batch_id == batch.id, Flaw.kind == errand["kind"], Flaw.state == "open", Flaw.id > after,
            *([Flaw.case == case] if case is not None else [])]


def _some(session: Session, batch: Batch, errand: dict[str, Any], after: int) -> tuple[int, int]:
    """(how many were looked at, the last of them)."""
    by = allowed_for(session, batch, errand["by"][0], "steward.settle")
    some = session.scalars(select(Flaw).where(*_alike(batch, errand, after)).order_by(Flaw.id).limit(SLICE)).all()
    last = some[-1].id if some else after
    for flaw in some:
        session.refresh(flaw)
        if flaw.state != "open":
            continue
        try:
            with session.begin_nested():
                settling.DO[errand["do"]](session, flaw, by=by)
        except (Conflict, BadAnswer):
            session.expire_all()
    return len(some), last
