"""The inbox as somebody arranged it: filters kept under a name."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ledger.db import Base, BigId, Id, Json


class InboxView(Base):
    """One saved view of a person's inbox: its filter as the address carries it, and its place among the others."""

    __tablename__ = "inbox_view"
    __table_args__ = (UniqueConstraint("person_id", "name"),)

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    name: Mapped[str] = mapped_column(String(60))
    filter: Mapped[dict[str, Any]] = mapped_column(Json)
    place: Mapped[int] = mapped_column(default=0)
