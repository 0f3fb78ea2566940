"""What a project builds, and what a company is qualified to build, as far as rules of staffing ask for it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger.actor import Actor
from ledger.db import Base, BigId, Id
from ledger.facts import record
from registry.people.spells import Spell, checked
from registry.people.units import Unit

CONTRACTING: dict[str, str] = {"general": "施工总承包", "professional": "专业承包", "labour": "劳务分包"}
SCALES: dict[str, str] = {"large": "大型", "medium": "中型", "small": "小型"}
GRADES: dict[str, str] = {"special": "特级", "first": "一级", "second": "二级", "third": "三级", "none": "不分等级"}


class Works(Spell, Base):
    """A project's contract as it stands from a day on. Area in square metres, amount in 万元, workers as heads on site.

    `phase_of` is one word for all lots of one work. A None was not told to us: a rule that needs it says so.
    `stopped_by_contractor` and `owner_agreed` belong to a stop (`stopped_on`).
    """

    __tablename__ = "works"
    __table_args__ = (
        CheckConstraint("contracting in ('general', 'professional', 'labour')", name="contracting"),
        Index("ix_works_unit", "unit_id"),
    )

    id: Mapped[Id]
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))
    work: Mapped[str] = mapped_column(String(8))
    contracting: Mapped[str] = mapped_column(String(12))
    scale: Mapped[str | None] = mapped_column(String(8))
    area: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    amount: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    workers: Mapped[int | None]
    phase_of: Mapped[str] = mapped_column(String(40), default="")
    planning: Mapped[bool] = mapped_column(default=True)
    special_fire: Mapped[bool] = mapped_column(default=False)
    contract_on: Mapped[dt.date | None]
    started_on: Mapped[dt.date | None]
    accepted_on: Mapped[dt.date | None]
    stopped_on: Mapped[dt.date | None]
    stopped_by_contractor: Mapped[bool] = mapped_column(default=True)
    owner_agreed: Mapped[bool] = mapped_column(default=False)


class Qualification(Spell, Base):
    """One line of a contractor's 资质: what kind of works (房建, 市政, 公路), as which contractor, of which grade."""

    __tablename__ = "qualification"
    __table_args__ = (Index("ix_qualification_company", "company_id"),)

    id: Mapped[Id]
    company_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))
    work: Mapped[str] = mapped_column(String(8))
    contracting: Mapped[str] = mapped_column(String(12))
    grade: Mapped[str] = mapped_column(String(8))


def contracted(session: Session, project: Unit, *, from_on: dt.date, by: Actor, **about: Any) -> Works:
    """Enter what a project builds from a day on; `about` holds the columns of Works."""
    checked(from_on, about.get("to_on"))
    row = Works(unit_id=project.id, from_on=from_on, **about)
    session.add(row)
    session.flush()
    record(session, "works.entered", ("unit", project.id), by=by, group_id=project.group_id,
           after={"work": row.work, "contracting": row.contracting, "from": from_on.isoformat()})
    return row


def qualified(
    session: Session, company: Unit, *, work: str, grade: str, from_on: dt.date, by: Actor,
    contracting: str = "general", to_on: dt.date | None = None,
) -> Qualification:
    """Enter one line of a company's qualification."""
    checked(from_on, to_on)
    row = Qualification(company_id=company.id, work=work, contracting=contracting, grade=grade, from_on=from_on,
                        to_on=to_on)
    session.add(row)
    session.flush()
    record(session, "qualification.entered", ("unit", company.id), by=by, group_id=company.group_id,
           after={"work": work, "grade": grade, "contracting": contracting, "from": from_on.isoformat()})
    return row
