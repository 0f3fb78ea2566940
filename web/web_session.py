"""The table of sign-ins."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from ledger.db import Base, BigId, Id, Instant

TOUCH_AFTER = dt.timedelta(minutes=1)
KEPT = dt.timedelta(days=90)
"""How long an ended sign-in is remembered; the account's next sign-in sweeps older ones away."""


class WebSession(Base):
    """One sign-in of one browser. Only the hash of its token is kept; it ends once, for good."""

    __tablename__ = "web_session"

    id: Mapped[Id]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[int] = mapped_column(BigId, ForeignKey("account.id"), index=True)
    created_at: Mapped[dt.datetime] = mapped_column(Instant)
    seen_at: Mapped[dt.datetime] = mapped_column(Instant)
    expires_at: Mapped[dt.datetime] = mapped_column(Instant, index=True)
    ended_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    agent: Mapped[str] = mapped_column(String(200), default="")

    def alive(self, now: dt.datetime, idle: dt.timedelta) -> bool:
        """Neither ended, nor past its last hour, nor unused for longer than `idle`."""
        return self.ended_at is None and now < self.expires_at and now - self.seen_at <= idle
