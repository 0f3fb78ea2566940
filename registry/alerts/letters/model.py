"""The rows: lines that a group has set up, what people can be reached at, every letter, and what came of each try."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ledger import clock
from ledger.db import Base, BigId, Id, Instant, Json
from registry.alerts.model import Alert
from registry.people.scope import Path

_PLANNED = text("state = 'planned'")
PLANNED, SENT, DEAD, DROPPED = "planned", "sent", "dead", "dropped"
"""A letter waits, has left, will not leave until somebody sends it again, or is wanted no more."""


class Line(Base):
    """One way out that a group has set up: `channel` names which (channels.CHANNELS), `settings` are sealed, `shown`
    are those that are no secret. What reaches a room of people or a system tells of everything at or below `unit_path`;
    `taken` are the moments at which it used up its provider's rate (channels.Bucket).
    """

    __tablename__ = "alert_line"
    __table_args__ = (Index("ix_alert_line_group", "group_id", "id"),)

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId)
    unit_path: Mapped[str] = mapped_column(Path)
    channel: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(60))
    settings: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    shown: Mapped[dict[str, Any]] = mapped_column(Json)
    address: Mapped[str] = mapped_column(String(120), default="")
    stopped_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    taken: Mapped[list[str]] = mapped_column(Json, default=list)
    changed_at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)
    changed_by_name: Mapped[str] = mapped_column(String(80), default="")
    revision: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": revision}


class Contact(Base):
    """Where somebody can be reached by a channel that reaches persons: an e-mail address, a user id at the provider.
    Sealed; `shown` is masked. A mobile number is the person's own (people.persons)."""

    __tablename__ = "alert_contact"

    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), primary_key=True)
    reaches: Mapped[str] = mapped_column(String(12), primary_key=True)
    address: Mapped[bytes] = mapped_column(LargeBinary)
    shown: Mapped[str] = mapped_column(String(120))
    changed_at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)


class Wish(Base):
    """How somebody wants their letters: one a day (`digest`), and by which kinds of address; without a row: each at
    once, by every way there is."""

    __tablename__ = "alert_wish"

    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), primary_key=True)
    digest: Mapped[bool] = mapped_column(default=False)
    without: Mapped[list[str]] = mapped_column(Json, default=list)


class Letter(Base):
    """One message by one line, to one person (None: to the room or system of the line).

    `key` is the same at every try and makes it unique. `due_at` is after the quiet hours; `parts_sent` are the parts
    that left at an earlier try. `why` is the sentence for people, {"text": msgid, "params": {...}}, `code` the
    provider's own word.
    """

    __tablename__ = "alert_letter"
    __table_args__ = (
        Index("ix_alert_letter_due", "next_try_at", "id", sqlite_where=_PLANNED, postgresql_where=_PLANNED),
        Index("ix_alert_letter_group", "group_id", "state", "id"),
        Index("ix_alert_letter_person", "person_id", "id"),
    )

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId)
    line_id: Mapped[int] = mapped_column(BigId, ForeignKey("alert_line.id"))
    person_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(String(8))
    key: Mapped[str] = mapped_column(String(64), unique=True)
    state: Mapped[str] = mapped_column(String(8), default=PLANNED)
    made_at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)
    due_at: Mapped[dt.datetime] = mapped_column(Instant)
    next_try_at: Mapped[dt.datetime] = mapped_column(Instant)
    tries: Mapped[int] = mapped_column(default=0)
    parts_sent: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    reference: Mapped[str] = mapped_column(String(120), default="")
    code: Mapped[str] = mapped_column(String(80), default="")
    why: Mapped[dict[str, Any] | None] = mapped_column(Json)
    line: Mapped[Line] = relationship()
    told: Mapped[list[LetterAlert]] = relationship(back_populates="letter", order_by="LetterAlert.alert_id")
    handed: Mapped[list[LetterTry]] = relationship(order_by="LetterTry.id")


class LetterTry(Base):
    """A letter was handed to its provider, in the words of `said`: {"title", "lines", "link", "language", "alerts" (the
    ids of those told one by one, in their order), "first" (the line of the first of them)} and, of a short message,
    {"template", "values"}.

    `outcome` is "sent", "refused", "too_fast" or "unreachable"; "" while it is on its way, and for good where we were
    killed before we knew.
    """

    __tablename__ = "alert_letter_try"
    __table_args__ = (Index("ix_alert_letter_try_letter", "letter_id", "id"),)

    id: Mapped[Id]
    letter_id: Mapped[int] = mapped_column(BigId, ForeignKey("alert_letter.id"))
    at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)
    over_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    outcome: Mapped[str] = mapped_column(String(12), default="")
    parts: Mapped[int] = mapped_column(default=0)
    reference: Mapped[str] = mapped_column(String(120), default="")
    code: Mapped[str] = mapped_column(String(80), default="")
    why: Mapped[dict[str, Any] | None] = mapped_column(Json)
    said: Mapped[dict[str, Any]] = mapped_column(Json)


class LetterAlert(Base):
    """An alert that a letter tells of, in these words (a msgid and its values)."""

    __tablename__ = "alert_letter_alert"
    __table_args__ = (Index("ix_alert_letter_alert", "alert_id"),)

    letter_id: Mapped[int] = mapped_column(BigId, ForeignKey("alert_letter.id"), primary_key=True)
    alert_id: Mapped[int] = mapped_column(BigId, ForeignKey("alert.id"), primary_key=True)
    text: Mapped[str] = mapped_column(String(300))
    params: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    letter: Mapped[Letter] = relationship(back_populates="told")
    alert: Mapped[Alert] = relationship()


__all__ = ["DEAD", "DROPPED", "PLANNED", "SENT", "Contact", "Letter", "LetterAlert", "LetterTry", "Line", "Wish"]
