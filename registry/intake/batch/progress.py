"""How far the work on a batch has come, and the wish to stop it: small files, not rows.

While a batch is committed, nobody else can write to SQLite, and nobody sees another's transaction: progress told
through the database would stand still just when people watch it.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.orm import object_session

from ledger.actor import Actor
from ledger.errors import Conflict, NotAllowed
from ledger.facts import record
from registry.access.rules import can
from registry.intake.batch.models import STATES, WORKING, Batch

FOLDER = "imports"
PHASES: dict[str, str] = {
    "received": "等待处理", "reading": "读取文件", "layout": "辨认表格", "judging": "检查各行", "comparing": "比对各行",
    "matching": "与在册证件核对", "storing": "保存预览", "preparing": "准备入库", "committing": "写入台账",
    "settling": "批量处理", "undoing": "撤销",
}
"""What a worker does, as shown to people."""
EVERY = 0.25  # seconds between two files, at most so often


class CannotCancel(Conflict):
    """这个导入批次已是“{state}”，不能取消。"""


class Cancelled(Exception):
    """A person has asked for the work to stop."""


class Interrupted(Exception):
    """This process is to end; whoever starts next goes on."""


@dataclass(frozen=True)
class Progress:
    """`done` of `total` rows in this phase; `seconds_left` of the phase, None while nobody can tell."""

    phase: str
    done: int = 0
    total: int = 0
    seconds_left: float | None = None

    @property
    def label(self) -> str:
        """A gettext msgid."""
        return PHASES.get(self.phase) or STATES.get(self.phase, self.phase)


def of(folder: Path, batch: Batch) -> Progress:
    """How far a batch is; `folder` is that of all files. A batch that waits for a person has its state as phase; one
    that waits for a worker is not begun, however many rows an earlier phase has done."""
    if batch.state not in WORKING and not batch.errands:
        return Progress(batch.state, batch.rows_done, batch.rows_total)
    try:
        told = json.loads(_file(folder, batch.id).read_text("utf-8"))
    except (OSError, ValueError):
        return Progress("received")
    done, total, left = told["done"], told["total"], None
    if 0 < done <= total:
        left = max(0.0, round(told["took"] * (total - done) / done, 1))
    return Progress(told["phase"], done, total, left)


class Teller:
    """What the worker tells of one batch; `step` raises Cancelled once a person has asked for that, Interrupted once
    this process is to end."""

    def __init__(self, folder: Path, batch_id: int, stopping: Callable[[], bool] = lambda: False) -> None:
        self.folder, self.batch_id, self.stopping = folder, batch_id, stopping
        self.phase_name, self.total, self.begun, self.told = "", 0, 0.0, 0.0

    def begun_before(self, state: str) -> int:
        """How often this state was begun and did not end, this time included: a process that is killed tells nobody."""
        place = _file(self.folder, self.batch_id).with_suffix(".tries")
        try:
            told = json.loads(place.read_text("utf-8"))
        except (OSError, ValueError):
            told = {}
        tries = told.get("tries", 0) + 1 if told.get("state") == state else 1
        _put(place, {"state": state, "tries": tries})
        return int(tries)

    def phase(self, name: str, total: int = 0) -> None:
        """A new phase begins."""
        self.phase_name, self.total, self.begun, self.told = name, total, time.monotonic(), 0.0
        self.step(0)

    def step(self, done: int) -> None:
        """So many rows of this phase are done."""
        if self.stopping():
            raise Interrupted
        now = time.monotonic()
        if done and done < self.total and now - self.told < EVERY:
            return
        self.told = now
        if asked_to_stop(self.folder, self.batch_id):
            raise Cancelled
        _put(_file(self.folder, self.batch_id), {
            "phase": self.phase_name, "done": done, "total": self.total, "took": round(now - self.begun, 3)})

    def over(self) -> None:
        """Nothing is being done any more."""
        _file(self.folder, self.batch_id).unlink(missing_ok=True)
        _file(self.folder, self.batch_id).with_suffix(".tries").unlink(missing_ok=True)


def cancel(folder: Path, batch: Batch, by: Actor) -> None:
    """Stop a batch: at once where it waits for a person; where a worker is at it, with the worker's next step. What was
    stored stays, and `mapping_acts.resume` goes on from there. CannotCancel once it is in the register."""
    if not can(by, "import.make", batch):
        raise NotAllowed
    if batch.state in ("committed", "undoing", "undone", "cancelled", "refused"):
        raise CannotCancel(state=STATES[batch.state])
    if batch.state in WORKING:
        _put(_wish(folder, batch.id), {"id": by.id, "state": batch.state})
        return
    session = object_session(batch)
    assert session is not None
    batch.state, batch.errands = "cancelled", []
    session.flush()
    record(session, "intake.cancelled", ("intake", batch.id), by=by, group_id=batch.group_id,
           after={"rows": batch.rows_done})


def asked_to_stop(folder: Path, batch_id: int) -> bool:
    """Whether a person has asked for the work to stop."""
    return _wish(folder, batch_id).exists()


def who_asked(folder: Path, batch_id: int) -> int | None:
    """The id of the person who did."""
    number: int | None = _wished(folder, batch_id).get("id")
    return number


def heed(folder: Path, batch_id: int, state: str) -> None:
    """A phase begins in this state: a wish to stop an earlier one came too late, and is not one to stop this."""
    said = _wished(folder, batch_id).get("state")
    if said != state and (said, state) != ("received", "judging"):
        forget_wish(folder, batch_id)


def _wished(folder: Path, batch_id: int) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads(_wish(folder, batch_id).read_text("utf-8"))
        return told
    except (OSError, ValueError):
        return {}


def forget_wish(folder: Path, batch_id: int) -> None:
    """The wish was heard, or is none any more."""
    _wish(folder, batch_id).unlink(missing_ok=True)


def _file(folder: Path, batch_id: int) -> Path:
    return folder / FOLDER / f"{batch_id}.progress"


def _wish(folder: Path, batch_id: int) -> Path:
    return folder / FOLDER / f"{batch_id}.cancel"


def _put(place: Path, told: dict[str, object]) -> None:
    put(place, json.dumps(told).encode())


def put(place: Path, content: bytes) -> None:
    """Write a file of a batch: whoever reads meanwhile sees the whole of it, old or new."""
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = place.with_name(f".{place.name}.{os.getpid()}")
    draft.write_bytes(content)
    with contextlib.suppress(FileNotFoundError):
        os.replace(draft, place)
