"""What a completed task rested on: when that is unchanged after a return, the approval stands."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from ledger.db import Base, BigId, Json


class TaskBasis(Base):
    """The digests of what a completed task was decided on, {part: 32 hex digits}, and the digest of all of them."""

    __tablename__ = "task_basis"

    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), type_=BigId, primary_key=True)
    parts: Mapped[dict[str, str]] = mapped_column(Json)
    digest: Mapped[str] = mapped_column(String(64))
