"""The undoing of a large batch, by the worker: looked at again, then done in one transaction."""

from __future__ import annotations

from sqlalchemy import Engine

from ledger.db import Bell, unit
from ledger.failpoints import fp
from registry.intake.batch.group_lock import turn, unhurried
from registry.intake.batch.progress import Teller
from registry.intake.batch.whose import allowed_for
from registry.intake.preview import staging
from registry.intake.withdrawal import withdrawing
from registry.intake.withdrawal.undoing import BuiltUpon
from registry.intake.withdrawal.upon import built_upon


def undo(engine: Engine, batch_id: int, teller: Teller, *, bell: Bell | None = None) -> None:
    """undoing -> undone; BuiltUpon when somebody has used it since it was asked for."""
    teller.phase("undoing")
    with unit(engine, bell) as session:
        batch = staging.held(session, batch_id, "undoing")
        if batch is not None:
            unhurried(session)
            turn(session, batch.group_id)
            by = allowed_for(session, batch, batch.undone_by)
            if found := built_upon(session, batch):
                raise BuiltUpon(found)
            withdrawing.withdraw(session, batch, by=by)
        fp("intake.undo.before_commit")
    fp("intake.undo.after_commit")
