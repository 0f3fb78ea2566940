"""The ledger of alerts: what was warned of, when, who was told, who opened it, who acted, and why it fell silent."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ledger import clock
from ledger.db import Base, BigId, Id, Instant, Json
from ledger.facts import Subject
from registry.people.scope import Path, Visible
from registry.people.units import Unit

_STANDING = text("silent_at IS NULL AND acted_at IS NULL AND escalate_at IS NOT NULL")
END, REVIEW, LOAN, TASK = "end", "review", "loan", "task"
"""What rules are about: a certificate's end, the review that comes before it, the return of an original, the deadline
of a task. The first three are causes of alerts; what is told of a task stands with its request."""
TERM = (END, REVIEW)
"""The causes that are the term of a certificate."""


class Alert(Base):
    """One stage of one cause: raised once, for everybody it concerns.

    `term` is the day that comes (the end of the certificate, its review, the return of the loan `matter_id`), `stage`
    its stage's name (rules.py), `due_on` the day on which that was reached. `level` is how often it climbed. `about`
    holds what was known of the matter when it was raised: the request that is under way, where it stood, how many days
    too late. `silent_why` is "renewed", "over", "returned", "moved", "under_way" (raised for the record only: the
    renewal comes in time). `acted_how` is "taken" or "request".
    """

    __tablename__ = "alert"
    __table_args__ = (
        UniqueConstraint("certificate_id", "cause", "matter_id", "term", "stage"),
        Index("ix_alert_escalate", "escalate_at", sqlite_where=_STANDING, postgresql_where=_STANDING),
        Index("ix_alert_unit_path", "unit_path", "id"),
    )
    __visible__ = Visible(action="certificate.read", family="family", type="type_code", owner="holder_person_id")

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId)
    unit_path: Mapped[str] = mapped_column(Path)
    family: Mapped[str] = mapped_column(String(1))
    type_code: Mapped[str] = mapped_column(String(8))
    certificate_id: Mapped[int] = mapped_column(BigId, ForeignKey("certificate.id"))
    holder_person_id: Mapped[int | None] = mapped_column(BigId)
    holder_name: Mapped[str] = mapped_column(String(120))
    cause: Mapped[str] = mapped_column(String(12), default=END)
    matter_id: Mapped[int] = mapped_column(BigId, default=0, server_default="0")
    term: Mapped[dt.date]
    stage: Mapped[str] = mapped_column(String(12))
    due_on: Mapped[dt.date]
    raised_at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)
    about: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    level: Mapped[int] = mapped_column(default=0)
    escalate_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    silent_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    silent_why: Mapped[str] = mapped_column(String(12), default="")
    acted_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    acted_by: Mapped[int | None] = mapped_column(BigId)
    acted_by_name: Mapped[str] = mapped_column(String(80), default="")
    acted_how: Mapped[str] = mapped_column(String(12), default="")
    told: Mapped[list[AlertPerson]] = relationship(back_populates="alert", order_by="AlertPerson.level")

    @property
    def standing(self) -> bool:
        """Somebody still has to do something about it."""
        return self.silent_at is None and self.acted_at is None

    @property
    def subject(self) -> Subject:
        """What it opens."""
        return (LOAN, self.matter_id) if self.cause == LOAN else ("certificate", self.certificate_id)


class AlertPerson(Base):
    """Somebody who was told of an alert, on which rung, at which level; `reach` says how: "inapp" (and by letter, where
    they can be), "letter" alone, or "none" where the person has no way to be told - they stand in the list of those who
    could not be reached."""

    __tablename__ = "alert_person"
    __table_args__ = (
        Index("ix_alert_person", "person_id", "alert_id"),
        Index("ix_alert_person_unreached", "alert_id", sqlite_where=text("reach = 'none'"),
              postgresql_where=text("reach = 'none'")),
    )

    alert_id: Mapped[int] = mapped_column(BigId, ForeignKey("alert.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), primary_key=True)
    rung: Mapped[str] = mapped_column(String(12))
    level: Mapped[int] = mapped_column(default=0)
    reach: Mapped[str] = mapped_column(String(8))
    told_at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)
    opened_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    alert: Mapped[Alert] = relationship(back_populates="told")


class AlertDay(Base):
    """How far the days are planned: `day` wholly; of the next all up to the certificate (`ends_on`, `after`).

    `spans` are, for each stage of working days, the ends that it reaches on the day being planned: after the first, up
    to the second. They stay as they are until that day is done, whatever happens to the calendar.
    """

    __tablename__ = "alert_day"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[dt.date]
    ends_on: Mapped[dt.date | None]
    after: Mapped[int] = mapped_column(BigId, default=0)
    begun_on: Mapped[dt.date]
    spans: Mapped[dict[str, Any]] = mapped_column(Json, default=dict, server_default="{}")


class AlertRule(Base):
    """What holds at and below a unit for certificates of a type ("": every type), by the cause of the alert.

    `stages` are [before, "calendar" or "work"], `ladder` [within days, [rungs]]; what they mean says rules.Rule.
    `since` is the last day that was planned before it changed. One that was removed stays as a row, because that too
    says since when something else holds. Its history are its facts.
    """

    __tablename__ = "alert_rule"
    __table_args__ = (UniqueConstraint("unit_id", "type_code", "cause"),)
    __visible__ = Visible(action="type.read")

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId, index=True)
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))
    unit_path: Mapped[str] = mapped_column(Path)
    type_code: Mapped[str] = mapped_column(String(8), default="")
    cause: Mapped[str] = mapped_column(String(12))
    stages: Mapped[list[Any]] = mapped_column(Json)
    ladder: Mapped[list[Any]] = mapped_column(Json)
    patience: Mapped[int]
    climbs_within: Mapped[int]
    quiet_from: Mapped[str] = mapped_column(String(5))
    quiet_until: Mapped[str] = mapped_column(String(5))
    since: Mapped[dt.date]
    changed_at: Mapped[dt.datetime] = mapped_column(Instant)
    changed_by: Mapped[int | None] = mapped_column(BigId)
    changed_by_name: Mapped[str] = mapped_column(String(80))
    removed_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    revision: Mapped[int] = mapped_column(default=1)
    unit: Mapped[Unit] = relationship()

    __mapper_args__ = {"version_id_col": revision}


__all__ = ["END", "LOAN", "REVIEW", "TASK", "TERM", "Alert", "AlertDay", "AlertPerson", "AlertRule"]
