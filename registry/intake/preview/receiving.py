"""A ledger is received: kept as it came, recognised when it comes a second time, or back with corrections."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import files
from ledger.actor import Actor
from ledger.db import ring_after_commit
from ledger.errors import Conflict, NotAllowed, WrongKind
from ledger.facts import record
from ledger.files import File
from registry.access.rules import Thing, can
from registry.intake.batch.models import Batch
from registry.people.units import Unit

MOST_BYTES = 50 * 1024 * 1024
KINDS = {".xlsx": "application/xlsx", ".xls": "application/xls", ".csv": "text/csv"}
OVER = ("cancelled", "undone", "refused")
"""The states of batches whose file may be brought in anew."""
BELL = "imports"


class NotASheet(WrongKind):
    """不支持这种文件，请上传 xlsx、xls 或 csv 格式的表格。"""


class SameFile(Conflict):
    """这个文件已于 {at} 由 {by} 上传，请打开原来的导入批次。"""

    def __init__(self, batch: Batch) -> None:
        self.batch_id = batch.id
        super().__init__(at=batch.at, by=batch.by_name, batch=batch.id)


class SameFileElsewhere(Conflict):
    """这个文件已由集团内其他单位导入，不能重复导入；如需更正请联系集团的证照管理员。"""


class NotReplaced(Conflict):
    """这个导入批次现在是“{state}”，不能换文件。"""


def receive(session: Session, folder: Path, stream: BinaryIO, name: str, *, unit: Unit, by: Actor) -> Batch:
    """Keep a ledger (at most 50 MB) as a new batch of a unit, for the worker to read; `folder` is that of all files.

    NotAllowed outside the actor's reach; NotASheet, TooLarge or EmptyFile; SameFile (with the earlier batch's id) when
    the same content is in a batch of this group that is neither cancelled, undone nor refused, SameFileElsewhere (which
    tells nothing of it) when that is out of the actor's sight.
    """
    _require_reach(by, unit)
    file = _kept(session, folder, stream, name, unit.group_id, by)
    batch = Batch(group_id=unit.group_id, unit=unit, unit_path=unit.path, file=file, name=file.name[:120],
                  by_id=by.id, by_name=by.name)
    session.add(batch)
    session.flush()
    _note(session, batch, by)
    return batch


def again(session: Session, folder: Path, batch: Batch, stream: BinaryIO, name: str, *, by: Actor) -> None:
    """The file comes back, corrected: it takes the place of the one before in the same batch, and is read anew. What
    was said of its columns stays true where the headings are the same, and what was decided about rows that are as they
    were (batch.decided). NotReplaced once it was committed."""
    _require_reach(by, batch.unit)
    session.refresh(batch, with_for_update={"of": Batch})
    if batch.state not in ("mapping", "ready", "refused", "cancelled"):
        raise NotReplaced(state=batch.state)
    batch.file = _kept(session, folder, stream, name, batch.group_id, by, but=batch.id)
    batch.name, batch.state, batch.problem, batch.confirmed = batch.file.name[:120], "received", None, False
    batch.rows_done = batch.rows_total = 0
    batch.told = batch.told | {"by": by.id}
    batch.errands = []
    session.flush()
    _note(session, batch, by)


def sheet_kind(_head: bytes, name: str) -> str:
    """The media type of a spreadsheet by its name's ending; what is in it, reading finds out. NotASheet."""
    kind = KINDS.get(Path(name.lower()).suffix)
    if kind is None:
        raise NotASheet
    return kind


def same_file(session: Session, group_id: int, sha256: str, *, but: int = 0) -> Batch | None:
    """The batch of a group that has this content and still counts."""
    return session.scalar(
        select(Batch).join(File, File.id == Batch.file_id)
        .where(Batch.group_id == group_id, File.sha256 == sha256, Batch.state.not_in(OVER), Batch.id != but)
        .order_by(Batch.id).limit(1))


def _kept(
    session: Session, folder: Path, stream: BinaryIO, name: str, group_id: int, by: Actor, *, but: int = 0
) -> File:
    file = files.keep(session, folder, stream, name, by=by, limit=MOST_BYTES, kind=sheet_kind)
    file.group_id = group_id
    if (other := same_file(session, group_id, file.sha256, but=but)) is not None:
        raise SameFile(other) if can(by, "import.read", other) else SameFileElsewhere
    return file


def _require_reach(by: Actor, unit: Unit) -> None:
    if not can(by, "import.make", Thing(unit.path)):
        raise NotAllowed


def _note(session: Session, batch: Batch, by: Actor) -> None:
    record(session, "intake.received", ("intake", batch.id), by=by, group_id=batch.group_id,
           about=[("unit", batch.unit_id)], after={"file": batch.file_id, "bytes": batch.file.size})
    ring_after_commit(session, BELL)
