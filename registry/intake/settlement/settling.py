"""Findings are settled, one by one or all alike: before the commit in the batch, after it in the register too."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import Actor
from ledger.db import ring_after_commit
from ledger.errors import BadAnswer, Conflict, NotAllowed
from ledger.facts import record
from registry.access.rules import can, visible
from registry.intake.batch.cells import cell_of, kept_of
from registry.intake.batch.models import FLAW_STATES, STATES, Batch, Flaw, Row
from registry.intake.judged import Judged
from registry.intake.preview.receiving import BELL
from registry.intake.settlement import judging_again

AT_ONCE = 50
"""So many findings alike are settled in the request, a second or two; more are an errand of the worker."""


class Settled(Conflict):
    """这条问题已处理为“{state}”，请刷新。"""


class NotNow(Conflict):
    """这个导入批次现在是“{state}”，不能修改。"""


class NoProposal(Conflict):
    """这条问题没有建议值，请直接改正单元格。"""


class StillStopped(Conflict):
    """这一行还不能入库：原因没有变。请改正单元格，或者不导入这一行。"""


def read(row: Row) -> Judged:
    """What a row says, in clear; show it to whoever may read the batch, and ID numbers to nobody without cause."""
    return kept_of(row).judged


def accept(session: Session, flaw: Flaw, *, by: Actor) -> None:
    """What we proposed is right: it is written in the row, and in the register if it is there. NoProposal, Settled."""
    batch = _open(session, flaw, by)
    raw, proposed = cell_of(flaw)
    if flaw.column_no is not None and not proposed:
        raise NoProposal
    if flaw.column_no is not None and proposed != raw:
        judging_again.write(session, batch, flaw.row, flaw.column_no, proposed, by=by)
    _settle(session, flaw, "accepted", by)
    _settle_row(session, batch, flaw, by)


def dismiss(session: Session, flaw: Flaw, *, by: Actor) -> None:
    """The row is right as it stands, whatever we found. A row in quarantine comes free with its last open finding."""
    batch = _open(session, flaw, by)
    _settle(session, flaw, "dismissed", by)
    _settle_row(session, batch, flaw, by)


def correct(session: Session, row: Row, column: int, text: str, *, by: Actor) -> None:
    """Another text in a cell (a column of the row's table): the row is judged anew, and all that came from the same
    line of the file. After the commit the register follows. BadAnswer where the register refuses it."""
    batch = _changeable(session, row, by)
    judging_again.write(session, batch, row, column, text.strip(), by=by)
    judging_again.settle_row(session, batch, row, by=by)


def leave_out(session: Session, row: Row, *, by: Actor) -> None:
    """The row is not brought in. NotNow once it is in the register."""
    batch = _changeable(session, row, by)
    if row.certificate_id is not None:
        raise NotNow(state=STATES[batch.state])
    judging_again.set_outcome(session, batch, row, "left_out")
    judging_again.close(session, row, "moot", by=by)
    _note(session, batch, row, "left_out", by)


def take_in(session: Session, row: Row, *, by: Actor) -> None:
    """A row that was left out is brought in after all."""
    batch = _changeable(session, row, by)
    if row.outcome != "left_out":
        return
    judging_again.set_outcome(session, batch, row, "stopped")
    judging_again.again(session, batch, row, by=by)
    judging_again.settle_row(session, batch, row, by=by)
    _note(session, batch, row, "taken_in", by)


def accept_case(session: Session, batch: Batch, kind: str, case: str | None, *, by: Actor) -> int:
    """Accept all open findings of a kind (`case`: of one case) of a batch, as far as `by` may; how many. More than
    AT_ONCE are done by the worker: progress.of tells how far it is."""
    return _alike(session, batch, "accept", kind, case, by)


def dismiss_case(session: Session, batch: Batch, kind: str, case: str | None, *, by: Actor) -> int:
    """The same for rows that are right as they stand."""
    return _alike(session, batch, "dismiss", kind, case, by)


DO: dict[str, Callable[..., None]] = {"accept": accept, "dismiss": dismiss}
NOT_DONE = (BadAnswer, Conflict, NotAllowed)
"""Of many alike, one without a proposal, one that the register refuses, or one whose row has a finding elsewhere stays
open for a person."""


def alike(batch: Batch, kind: str, case: str | None, by: Actor) -> Select[Flaw]:
    """The open findings of a kind (`case`: of one case) that somebody may settle: of their own ledger all, of a ledger
    that came in above them those that lie where they keep the certificates. NotAllowed for who settles nothing."""
    found = select(Flaw).where(Flaw.batch_id == batch.id, Flaw.kind == kind, Flaw.state == "open")
    if case is not None:
        found = found.where(Flaw.case == case)
    if _whole(batch, by):
        return found
    if batch.state != "committed" or not can(by, "steward.settle"):
        raise NotAllowed
    reached: Select[Flaw] = visible(found, by, model=Flaw, action="steward.settle")
    return reached


def _alike(session: Session, batch: Batch, verb: str, kind: str, case: str | None, by: Actor) -> int:
    query = alike(batch, kind, case, by)
    _hold(session, batch)
    count = session.scalar(query.with_only_columns(func.count(), maintain_column_froms=True)) or 0
    if count > AT_ONCE:
        batch.errands = [*batch.errands, {"do": verb, "kind": kind, "case": case, "by": [by.id, by.name]}]
        session.flush()
        ring_after_commit(session, BELL)
        return count
    done = 0
    for flaw in session.scalars(query.order_by(Flaw.id)).all():
        session.refresh(flaw)
        if flaw.state != "open":  # another's correction has made it pointless
            continue
        try:
            with session.begin_nested():
                DO[verb](session, flaw, by=by)
            done += 1
        except NOT_DONE:
            session.expire_all()
    return done


def _settle_row(session: Session, batch: Batch, flaw: Flaw, by: Actor) -> None:
    """What becomes of the row. StillStopped where the register itself stands in the way: no word of a person helps."""
    judging_again.settle_row(session, batch, flaw.row, by=by)
    if flaw.weight == "stop" and judging_again.stopped_by(session, flaw.row, flaw.kind, flaw.column_no):
        raise StillStopped


def _open(session: Session, flaw: Flaw, by: Actor) -> Batch:
    batch = _changeable(session, flaw.row, by)
    session.refresh(flaw, with_for_update={"of": Flaw})
    if flaw.state != "open":
        raise Settled(state=FLAW_STATES[flaw.state])
    return batch


def _changeable(session: Session, row: Row, by: Actor) -> Batch:
    batch = session.get_one(Batch, row.batch_id)
    _require(session, batch, by, row)
    session.refresh(row, with_for_update={"of": Row})
    return batch


def _require(session: Session, batch: Batch, by: Actor, row: Row | None = None) -> None:
    """Whoever may settle the whole ledger; after the commit also who keeps the unit that the row's findings lie in."""
    if not (_whole(batch, by) or (row is not None and batch.state == "committed" and _near(session, row, by))):
        raise NotAllowed
    _hold(session, batch)


def _whole(batch: Batch, by: Actor) -> bool:
    return can(by, "steward.settle", batch) or can(by, "import.make", batch)


def _hold(session: Session, batch: Batch) -> None:
    session.refresh(batch, with_for_update={"of": Batch})  # its counts follow: two who share it would wait for ever
    if batch.state not in ("ready", "committed"):
        raise NotNow(state=STATES[batch.state])


def _near(session: Session, row: Row, by: Actor) -> bool:
    found = session.scalars(select(Flaw).where(Flaw.row_id == row.id, Flaw.state == "open")).all()
    return bool(found) and all(can(by, "steward.settle", flaw) for flaw in found)


def _settle(session: Session, flaw: Flaw, state: str, by: Actor) -> None:
    flaw.state, flaw.settled_at, flaw.settled_by = state, clock.now(), by.id
    session.flush()
    about = [("certificate", flaw.certificate_id)] if flaw.certificate_id else []
    record(session, "intake.settled", ("intake", flaw.batch_id), by=by, group_id=flaw.group_id, about=about,
           after={"flaw": flaw.id, "row": flaw.row_id, "kind": flaw.kind, "state": state})


def _note(session: Session, batch: Batch, row: Row, what: str, by: Actor) -> None:
    record(session, "intake.settled", ("intake", batch.id), by=by, group_id=batch.group_id,
           after={"row": row.id, "state": what})
