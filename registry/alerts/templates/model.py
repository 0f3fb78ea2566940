"""The rows: every text that a group has put in place of a shipped one, from when to when."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from ledger import clock
from ledger.db import Base, BigId, Id, Instant, Json

_IN_FORCE = text("ended_at IS NULL")


class AlertTemplate(Base):
    """What a group says in a situation (values.SITUATIONS), by a channel ("" by every one, "inapp" in the application),
    in a language. Never changed: another text is another row, and this one ends.

    `subject` is one line, `body` what stands below it. Of an SMS `subject` is the code of the template that the
    provider knows, `body` a line `name=text` for each of its parameters. `failed_at` says that it could not be filled
    in; what left instead was the shipped text.
    """

    __tablename__ = "alert_template"
    __table_args__ = (
        Index("uq_alert_template_in_force", "group_id", "situation", "channel", "language", unique=True,
              sqlite_where=_IN_FORCE, postgresql_where=_IN_FORCE),
        Index("ix_alert_template_group", "group_id", "situation", "id"),
    )

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId)
    situation: Mapped[str] = mapped_column(String(16))
    channel: Mapped[str] = mapped_column(String(20), default="")
    language: Mapped[str] = mapped_column(String(2))
    subject: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(String(4000), default="")
    made_at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)
    made_by: Mapped[int | None] = mapped_column(BigId)
    made_by_name: Mapped[str] = mapped_column(String(80))
    ended_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    ended_by_name: Mapped[str] = mapped_column(String(80), default="")
    failed_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    failed_why: Mapped[dict[str, Any] | None] = mapped_column(Json)


__all__ = ["AlertTemplate"]
