"""A batch: one ledger on its way into the register, its rows, what is wrong with them, and what was learned from it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ledger import clock
from ledger.db import Base, BigId, Id, Instant, Json
from ledger.files import File
from registry.people.scope import Path, Visible
from registry.people.units import Unit

STATES: dict[str, str] = {
    "received": "等待读取", "reading": "正在读取", "mapping": "等待确认各列含义", "judging": "正在检查",
    "ready": "可以入库", "committing": "正在入库", "committed": "已入库", "undoing": "正在撤销", "undone": "已撤销",
    "cancelled": "已取消", "refused": "不能读取",
}
WORKING = ("received", "reading", "judging", "committing", "undoing")
"""The states in which a worker has something to do; the others wait for a person or are over."""
OUTCOMES: dict[str, str] = {
    "new": "新入册", "changed": "更新在册证件", "same": "与在册一致", "repeated": "表内重复", "stopped": "隔离待处理",
    "left_out": "不导入",
}
FLAW_STATES: dict[str, str] = {
    "open": "待处理", "accepted": "已采纳建议", "corrected": "已改正", "dismissed": "确认无误", "moot": "不再需要",
}
LONGEST_WORDS = 800
"""What is longer than this is not learned: the index of a database ends somewhere."""
_OPEN, _SETTLED = text("state = 'open'"), text("state <> 'open' AND weight <> 'tidied'")
QUEUED = ("batch_id", "kind", "case", "weight", "unit_path", "family", "type_code", "taken_by", "since", "id", "state")
"""What gathers open findings into cases: all of it stands in one index, so that no finding itself is read for it
(SQLite needs the state there too, though it is the same throughout)."""
PLACED = ("unit_path", "type_code", "certificate_id", "kind", "weight", "family", "batch_id", "row_id", "state")
"""The same for what the score counts of each unit and type."""
_ENTERED, _VERSION = text("certificate_id IS NOT NULL"), text("version_id IS NOT NULL")


class Batch(Base):
    """One file brought in. `mappings` holds one mapping.Mapping for each table, as plain JSON; `told` what the pages
    show of the layout (see telling.py) and `by`, who said what the columns mean; `counts` rows by outcome and findings
    by kind. `errands` are what a person asked for that only the worker can do in good time (settling thousands of
    findings alike), in order; `confirmed`: a person has said what the columns mean.

    Personal values lie only in the rows' sealed content and in the file itself. `problem` is the sentence of a refusal.
    """

    __tablename__ = "intake_batch"
    __table_args__ = (Index("ix_intake_batch_unit_path", "unit_path", "id"),)
    __visible__ = Visible(action="import.read")

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId, index=True)
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))
    unit_path: Mapped[str] = mapped_column(Path)
    file_id: Mapped[int] = mapped_column(BigId, ForeignKey("file.id"))
    name: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(12), default="received", index=True)
    mappings: Mapped[list[Any]] = mapped_column(Json, default=list, deferred=True)
    told: Mapped[dict[str, Any]] = mapped_column(Json, default=dict, deferred=True)
    counts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    errands: Mapped[list[Any]] = mapped_column(Json, default=list)
    confirmed: Mapped[bool] = mapped_column(default=False)
    rows_total: Mapped[int] = mapped_column(default=0)
    rows_done: Mapped[int] = mapped_column(default=0)
    problem: Mapped[dict[str, Any] | None] = mapped_column(Json)
    at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)
    by_id: Mapped[int | None] = mapped_column(BigId)
    by_name: Mapped[str] = mapped_column(String(80), default="")
    committed_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    committed_by: Mapped[int | None] = mapped_column(BigId)
    undone_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    undone_by: Mapped[int | None] = mapped_column(BigId)
    revision: Mapped[int] = mapped_column(default=1)
    unit: Mapped[Unit] = relationship()
    file: Mapped[File] = relationship()

    __mapper_args__ = {"version_id_col": revision}


class Row(Base):
    """One judged row of a batch: kept for good, as the provenance of what it became.

    `content` is the judged.Judged as msgpack, sealed. `shown` is what a list shows of it (type, number masked,
    holder's name, days). `changes` says field by field what a changed certificate had and gets. `number_key` is the
    certificate's comparing key.
    """

    __tablename__ = "intake_row"
    __table_args__ = (
        UniqueConstraint("batch_id", "ordinal"),
        Index("ix_intake_row_outcome", "batch_id", "outcome", "ordinal", "certificate_id"),
        Index("ix_intake_row_certificate", "certificate_id", sqlite_where=_ENTERED, postgresql_where=_ENTERED),
        Index("ix_intake_row_version", "version_id", sqlite_where=_VERSION, postgresql_where=_VERSION),
    )

    id: Mapped[Id]
    batch_id: Mapped[int] = mapped_column(BigId, ForeignKey("intake_batch.id"))
    ordinal: Mapped[int]
    table_no: Mapped[int]
    sheet_no: Mapped[int]
    row_no: Mapped[int]
    part: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[str] = mapped_column(String(10))
    type_code: Mapped[str] = mapped_column(String(8), default="")
    number_key: Mapped[str] = mapped_column(String(100), default="")
    shown: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    changes: Mapped[dict[str, Any] | None] = mapped_column(Json)
    certificate_id: Mapped[int | None] = mapped_column(BigId)
    version_id: Mapped[int | None] = mapped_column(BigId)
    edited: Mapped[bool] = mapped_column(default=False)


class Flaw(Base):
    """One finding of a row, and what became of it: what the preview marks, and after the commit the steward's queue.

    `field` is a key of mapping.FIELDS. `content` is (raw, proposed) as msgpack, sealed. `case` gathers what is decided
    alike. `taken_by` is the steward who has it.
    """

    __tablename__ = "intake_flaw"
    __table_args__ = (
        Index("ix_intake_flaw_open", *QUEUED, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_intake_flaw_place", *PLACED, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_intake_flaw_settled", "batch_id", "kind", "state", "weight", sqlite_where=_SETTLED,
              postgresql_where=_SETTLED),
        Index("ix_intake_flaw_batch", "batch_id", "kind", "state", "id", "row_id"),
        Index("ix_intake_flaw_certificate", "certificate_id", sqlite_where=_ENTERED, postgresql_where=_ENTERED),
    )
    __visible__ = Visible(action="steward.read", family="family", type="type_code")

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId)
    unit_path: Mapped[str] = mapped_column(Path)
    family: Mapped[str] = mapped_column(String(1), default="")
    type_code: Mapped[str] = mapped_column(String(8), default="")
    batch_id: Mapped[int] = mapped_column(BigId, ForeignKey("intake_batch.id"))
    row_id: Mapped[int] = mapped_column(BigId, ForeignKey("intake_row.id"), index=True)
    certificate_id: Mapped[int | None] = mapped_column(BigId)
    kind: Mapped[str] = mapped_column(String(20))
    weight: Mapped[str] = mapped_column(String(6))
    field: Mapped[str] = mapped_column(String(20), default="")
    column_no: Mapped[int | None]
    case: Mapped[str] = mapped_column(String(120), default="")
    text: Mapped[str] = mapped_column(String(200), default="")
    params: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    sure: Mapped[float] = mapped_column(default=1.0)
    state: Mapped[str] = mapped_column(String(10), default="open")
    since: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)
    taken_by: Mapped[int | None] = mapped_column(BigId)
    settled_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    settled_by: Mapped[int | None] = mapped_column(BigId)
    row: Mapped[Row] = relationship()
    batch: Mapped[Batch] = relationship()


class Made(Base):
    """Something that a batch made beside certificates, so that undoing finds it again: `kind` is person, machine, unit,
    original, loan, or version (one that a later correction of its row has followed)."""

    __tablename__ = "intake_made"
    __table_args__ = (Index("ix_intake_made_subject", "kind", "subject_id"),)

    batch_id: Mapped[int] = mapped_column(BigId, ForeignKey("intake_batch.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    subject_id: Mapped[int] = mapped_column(BigId, primary_key=True)


class Learning(Base):
    """What a person has told us once and need not tell again: what a heading, a type's or a unit's name means, or how
    a whole table is mapped. `kind` is column, type, unit or table; `words` folded."""

    __tablename__ = "intake_learning"
    __table_args__ = (UniqueConstraint("group_id", "kind", "words"),)

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId)
    kind: Mapped[str] = mapped_column(String(8))
    words: Mapped[str] = mapped_column(String(LONGEST_WORDS))
    meaning: Mapped[str] = mapped_column(String(20_000))
    at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)
    by_id: Mapped[int | None] = mapped_column(BigId)
