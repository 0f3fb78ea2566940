"""The tables of a migration: what an instance was before, to undo it, and what its elements were called."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from ledger.db import Base, BigId, Id, Instant, Json


class Migration(Base):
    """An instance was moved to another definition; `state` and `rows` are what it was before, to undo it."""

    __tablename__ = "migration"

    id: Mapped[Id]
    instance_id: Mapped[int] = mapped_column(ForeignKey("instance.id"), type_=BigId, index=True)
    from_id: Mapped[int] = mapped_column(ForeignKey("definition.id"), type_=BigId)
    to_id: Mapped[int] = mapped_column(ForeignKey("definition.id"), type_=BigId)
    mapping: Mapped[dict[str, str]] = mapped_column(Json)
    reason: Mapped[str] = mapped_column(String(500))
    at: Mapped[dt.datetime] = mapped_column(Instant)
    by_id: Mapped[int | None] = mapped_column(BigId)
    by_name: Mapped[str] = mapped_column(String(80))
    serial: Mapped[int]  # tokens up to this number entered their element under the old definition
    version: Mapped[int]  # the instance's version after it: any other one means that something happened since
    moved: Mapped[bool] = mapped_column(default=False)  # tokens went on at once: cannot be undone
    state: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    rows: Mapped[dict[str, Any]] = mapped_column(Json, deferred=True)
    undone_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    undone_by: Mapped[str | None] = mapped_column(String(80))


class Renaming(Base):
    """An element's former id in one instance, so that who did it then is still known (four eyes, history)."""

    __tablename__ = "renaming"

    instance_id: Mapped[int] = mapped_column(ForeignKey("instance.id"), type_=BigId, primary_key=True)
    was: Mapped[str] = mapped_column(String(120), primary_key=True)
    now: Mapped[str] = mapped_column(String(120))
