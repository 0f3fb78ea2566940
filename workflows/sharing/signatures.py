"""A signature by hand under a decision, bound to what was decided."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from ledger.db import Base, BigId, Instant


class TaskSignature(Base):
    """The picture of a signature and the SHA-256 of the answers it stands under; `how` is drawn, stored or typed."""

    __tablename__ = "task_signature"

    task_id: Mapped[int] = mapped_column(BigId, ForeignKey("task.id"), primary_key=True)
    group_id: Mapped[int] = mapped_column(BigId)
    request_id: Mapped[int] = mapped_column(BigId, ForeignKey("request.id"), index=True)
    file_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("file.id"))
    how: Mapped[str] = mapped_column(String(8))
    digest: Mapped[str] = mapped_column(String(64))
    at: Mapped[dt.datetime] = mapped_column(Instant)
    by_id: Mapped[int | None] = mapped_column(BigId)
