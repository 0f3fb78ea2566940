"""A question to an expert outside: one link, which ends with the answer, a revocation, or its time."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from ledger.db import Base, BigId, Id, Instant, Json


class Consultation(Base):
    """What is asked of whom; `fields` and `files` are all that the link shows. Of its token the SHA-256 is kept."""

    __tablename__ = "consultation"

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId)
    request_id: Mapped[int] = mapped_column(BigId, ForeignKey("request.id"), index=True)
    task_id: Mapped[int] = mapped_column(BigId, ForeignKey("task.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    expert_name: Mapped[str] = mapped_column(String(60))
    expert_org: Mapped[str] = mapped_column(String(120), default="")
    question: Mapped[str] = mapped_column(String(2000))
    fields: Mapped[list[str]] = mapped_column(Json)
    files: Mapped[list[int]] = mapped_column(Json)
    by_id: Mapped[int | None] = mapped_column(BigId)
    by_name: Mapped[str] = mapped_column(String(80))
    at: Mapped[dt.datetime] = mapped_column(Instant)
    expires_at: Mapped[dt.datetime] = mapped_column(Instant)
    opened_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    answered_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    answer: Mapped[str] = mapped_column(String(4000), default="")
    verdict: Mapped[str] = mapped_column(String(12), default="")


class ConsultationView(Base):
    """The link was opened; the address it came from is kept as a keyed hash only."""

    __tablename__ = "consultation_view"

    id: Mapped[Id]
    consultation_id: Mapped[int] = mapped_column(BigId, ForeignKey("consultation.id"), index=True)
    at: Mapped[dt.datetime] = mapped_column(Instant)
    agent: Mapped[str] = mapped_column(String(200), default="")
    address_hash: Mapped[str] = mapped_column(String(32))
