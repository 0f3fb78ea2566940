"""Comments on a request, at any time; whoever is mentioned is told."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ledger.db import Base, BigId, Id, Instant


class Comment(Base):
    """A comment; struck out, never changed. Its files are `request_file` rows with what="comment:<id>"."""

    __tablename__ = "comment"

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId)
    request_id: Mapped[int] = mapped_column(BigId, ForeignKey("request.id"), index=True)
    task_id: Mapped[int | None] = mapped_column(BigId)
    by_id: Mapped[int | None] = mapped_column(BigId)
    by_name: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(String(4000))
    at: Mapped[dt.datetime] = mapped_column(Instant)
    struck_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class CommentMention(Base):
    """Somebody whom a comment mentions."""

    __tablename__ = "comment_mention"
    __table_args__ = (Index("ix_comment_mention_person_id", "person_id"),)

    comment_id: Mapped[int] = mapped_column(BigId, ForeignKey("comment.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(BigId, primary_key=True)
