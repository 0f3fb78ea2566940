"""A whole batch is taken back, even months later, unless something was built upon it: then it says by what."""

from __future__ import annotations

from sqlalchemy.orm import Session

from ledger.actor import Actor
from ledger.errors import Conflict, NotAllowed
from registry.access.rules import can
from registry.intake.batch.group_lock import turn
from registry.intake.batch.models import STATES, Batch
from registry.intake.withdrawal.upon import Upon, built_upon
from registry.intake.withdrawal.withdrawing import ask, withdraw

__all__ = ["BuiltUpon", "NotCommitted", "Upon", "built_upon", "undo"]
AT_ONCE = 2000
"""So many rows are undone in the request; more by the worker."""


class NotCommitted(Conflict):
    """这个导入批次现在是“{state}”，不能撤销。"""


class BuiltUpon(Conflict):
    """这批数据已被使用，不能撤销：{what}。"""

    def __init__(self, found: list[Upon]) -> None:
        self.found = found
        super().__init__(what=[each.label for each in found[:5]])


def undo(session: Session, batch: Batch, *, by: Actor) -> None:
    """Take back everything that the batch brought: versions stay in the chain, behind them one that says so. A large
    batch is undone by the worker. NotCommitted; BuiltUpon names what would lose its ground, and nothing is undone."""
    if not can(by, "import.make", batch):
        raise NotAllowed
    session.refresh(batch, with_for_update={"of": Batch})
    if batch.state != "committed":
        raise NotCommitted(state=STATES[batch.state])
    turn(session, batch.group_id)  # whoever commits at this moment relies on us, or does not find us any more
    if found := built_upon(session, batch):
        raise BuiltUpon(found)
    batch.undone_by = by.id
    if batch.rows_total > AT_ONCE:
        ask(session, batch)
    else:
        withdraw(session, batch, by=by)
