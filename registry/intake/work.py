"""What the import worker does: batches whose next step is its own are taken up, one phase after another.

A batch belongs to one worker at a time: on PostgreSQL by an advisory lock that goes with the process, on SQLite because
there is one worker (worker.py). Each transaction holds the batch's row besides, and looks again. A worker that was
killed leaves a batch in its state; whoever takes it up goes on.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, String, cast, or_, select
from sqlalchemy.orm import Session

from ledger.claims import claimed
from ledger.db import Bell, reading, unit
from ledger.errors import Problem, Refused
from ledger.facts import record
from ledger.failpoints import fp
from registry.intake.batch import progress
from registry.intake.batch.models import WORKING, Batch
from registry.intake.batch.progress import Cancelled, Interrupted, Teller
from registry.intake.batch.whose import actor_of
from registry.intake.entry import committing
from registry.intake.preview import kept_book, staging
from registry.intake.settlement import errands
from registry.intake.withdrawal import undoing_work

log = logging.getLogger("licet.imports")
CLAIMS = 71_054  # PostgreSQL's advisory locks on batches
TRIES = 3
"""So often a phase may be begun and not end (the process killed, say for its memory) before a person is told."""
Phase = Callable[..., None]
PHASES: dict[str, Phase] = {
    "received": staging.read_in, "judging": staging.judge_rows, "committing": committing.commit,
    "undoing": undoing_work.undo,
}
FAILED = {"received": "refused", "judging": "mapping", "committing": "ready", "undoing": "committed"}
"""Where a batch goes back to when a phase fails for good."""


def sweep(
    engine: Engine, folder: Path, *, stopping: Callable[[], bool] = lambda: False, bell: Bell | None = None
) -> int:
    """Take up what waits, oldest first; how many steps were done. `folder` is that of all files."""
    done = 0
    kept_book.tidy(engine, folder)
    for batch_id in _waiting(engine):
        if stopping():
            break
        with claimed(engine, CLAIMS, batch_id) as mine:
            while mine and not stopping() and _step(engine, folder, batch_id, stopping, bell):
                done += 1
    return done


def _waiting(engine: Engine) -> list[int]:
    errand = cast(Batch.errands, String) != "[]"
    with reading(engine) as session:
        return list(session.scalars(
            select(Batch.id).where(or_(Batch.state.in_(WORKING), errand & Batch.state.in_(("ready", "committed"))))
            .order_by(Batch.id)))


def _step(
    engine: Engine, folder: Path, batch_id: int, stopping: Callable[[], bool], bell: Bell | None
) -> bool:
    """One phase of a batch; False when it waits for a person, was stopped, or did not come to its end."""
    with reading(engine) as session:
        batch = session.get_one(Batch, batch_id)
        state, errand = batch.state, bool(batch.errands)
    if state not in PHASES and not errand:
        return False
    progress.heed(folder, batch_id, state)
    teller = Teller(folder, batch_id, stopping)
    try:
        if teller.begun_before(state) > TRIES:
            raise TimeoutError(f"begun {TRIES} times and never ended")
        with _steady():
            _do(state, engine, folder, batch_id, teller, bell)
    except Cancelled:
        teller.over()  # before anybody may resume it: what was told of this attempt is not true of the next
        _cancelled(engine, folder, batch_id)
        return False
    except Interrupted:
        return False
    except Exception as error:
        log.exception("batch %s could not be worked off (%s)", batch_id, state)
        _failed(engine, batch_id, state, error)
        return False
    finally:
        teller.over()
    return True


@contextmanager
def _steady() -> Iterator[None]:
    """Without the collector of cycles: among millions of live objects it finds nothing and takes much of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _do(state: str, engine: Engine, folder: Path, batch_id: int, teller: Teller, bell: Bell | None) -> None:
    if state in ("received", "judging"):
        PHASES[state](engine, folder, batch_id, teller, bell=bell)
    elif state in PHASES:
        PHASES[state](engine, batch_id, teller, bell=bell)
    else:
        errands.run(engine, batch_id, teller, bell=bell)


def _cancelled(engine: Engine, folder: Path, batch_id: int) -> None:
    """A person asked for it: what was stored stays."""
    with unit(engine) as session:
        batch = _locked(session, batch_id)
        if batch.state in WORKING and batch.state != "undoing":
            batch.state = "cancelled"
            by = actor_of(session, progress.who_asked(folder, batch_id))
            record(session, "intake.cancelled", ("intake", batch.id), by=by, group_id=batch.group_id,
                   after={"rows": batch.rows_done})
        batch.errands = []
        fp("intake.cancel.before_commit")
    fp("intake.cancel.after_commit")
    progress.forget_wish(folder, batch_id)


def _failed(engine: Engine, batch_id: int, state: str, error: Exception) -> None:
    """It waits for a person again, who reads why."""
    told = Problem(error.message, _plain(error)) if isinstance(error, Refused) else Problem(
        "处理时出错（{kind}），没有写入任何数据，请重试或联系管理员。", {"kind": type(error).__name__})
    with unit(engine) as session:
        batch = _locked(session, batch_id)
        batch.state, batch.problem, batch.errands = FAILED.get(state, batch.state), told.plain(), []
        fp("intake.failed.before_commit")
    fp("intake.failed.after_commit")


def _plain(error: Refused) -> dict[str, object]:
    return {key: value if isinstance(value, str | int | float | list) else str(value)
            for key, value in error.params.items()}


def _locked(session: Session, batch_id: int) -> Batch:
    return session.get_one(Batch, batch_id, with_for_update={"of": Batch}, populate_existing=True)
