"""Copies of a request: who is to know of it, since when, and when they read it."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ledger.db import Base, BigId, Id, Instant


class RequestCopy(Base):
    """A request copied to somebody: `why` is asked, drawn, mentioned or handover; `read_at` is the receipt."""

    __tablename__ = "request_copy"
    __table_args__ = (
        UniqueConstraint("request_id", "person_id"),
        Index("ix_request_copy_person_id", "person_id", "read_at", "id"),
    )

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId)
    request_id: Mapped[int] = mapped_column(BigId, ForeignKey("request.id"), index=True)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    why: Mapped[str] = mapped_column(String(12))
    by_id: Mapped[int | None] = mapped_column(BigId)
    by_name: Mapped[str] = mapped_column(String(80))
    element_id: Mapped[str] = mapped_column(String(120), default="")
    at: Mapped[dt.datetime] = mapped_column(Instant)
    read_at: Mapped[dt.datetime | None] = mapped_column(Instant)
