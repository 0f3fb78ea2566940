"""What a project builds, and what a company is qualified to build, as far as rules of staffing ask for it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, String, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger import clock
from ledger.actor import Actor
from ledger.db import Base, BigId, Id
from ledger.errors import BadAnswer, Problem
from ledger.facts import record
from registry.people.spells import Spell, alone, checked, correct
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


def restate(session: Session, project: Unit, *, from_on: dt.date, by: Actor, **about: Any) -> Works:
    """What a project builds from a day on, in place of what was entered for those days; before it nothing changes.

    The project's own row (for lists and forms) follows where the works hold today.
    """
    require_works(about)
    alone(session, project)
    before = select(Works).where(Works.unit_id == project.id, Works.known_until.is_(None),
                                 or_(Works.to_on.is_(None), Works.to_on >= from_on))
    for row in session.scalars(before).all():
        if row.from_on < from_on:
            correct(session, row, to_on=from_on - dt.timedelta(days=1))
        else:
            row.known_until = clock.now()
    made = contracted(session, project, from_on=from_on, by=by, **about)
    if project.project is not None and from_on <= clock.today():
        project.project.work = made.work
        project.project.started_on = made.started_on
        if made.amount is not None:
            project.project.amount_wan = made.amount
    session.flush()
    return made


def require_works(about: Mapping[str, Any]) -> None:
    """BadAnswer where days contradict each other: started before the contract, accepted or stopped before the start."""
    problems: dict[str, list[Problem]] = {}
    started, stopped, accepted = (about.get(key) for key in ("started_on", "stopped_on", "accepted_on"))
    for key, day in (("stopped_on", stopped), ("accepted_on", accepted)):
        if day and (started is None or day < started):
            problems[key] = [Problem("不能早于开工日期；没有开工日期的请先填写开工日期。")]
    for key in ("area", "amount", "workers"):
        if about.get(key) is not None and about[key] < 0:
            problems[key] = [Problem("不能是负数。")]
    if problems:
        raise BadAnswer(problems)


def qualified(
    session: Session, company: Unit, *, work: str, grade: str, from_on: dt.date, by: Actor,
    contracting: str = "general", to_on: dt.date | None = None,
) -> Qualification:
    """Enter one line of a company's qualification; BadAnswer when that line is entered for those days already."""
    checked(from_on, to_on)
    alone(session, company)
    _refuse_twice(session, company.id, work, contracting, from_on, to_on)
    row = Qualification(company_id=company.id, work=work, contracting=contracting, grade=grade, from_on=from_on,
                        to_on=to_on)
    session.add(row)
    session.flush()
    record(session, "qualification.entered", ("unit", company.id), by=by, group_id=company.group_id,
           after={"work": work, "grade": grade, "contracting": contracting, "from": from_on.isoformat()})
    return row


def regraded(
    session: Session, company: Unit, *, work: str, grade: str, from_on: dt.date, by: Actor, contracting: str,
    to_on: dt.date | None, reason: str,
) -> Qualification:
    """增项 or 升级: a line from a day on; what the company had for the same works ends the day before.

    BadAnswer where such a line was entered from that day on, or later, already.
    """
    before = session.scalars(select(Qualification).where(
        Qualification.company_id == company.id, Qualification.work == work, Qualification.contracting == contracting,
        Qualification.known_until.is_(None), Qualification.from_on < from_on,
        or_(Qualification.to_on.is_(None), Qualification.to_on >= from_on))).all()
    for row in before:
        end_qualification(session, row, on=from_on - dt.timedelta(days=1), reason=reason, by=by)
    return qualified(session, company, work=work, grade=grade, from_on=from_on, to_on=to_on, by=by,
                     contracting=contracting)


def end_qualification(session: Session, row: Qualification, *, on: dt.date, reason: str, by: Actor) -> Qualification:
    """The last day of one line of a company's qualification: given up, lowered, revoked."""
    if not reason.strip():
        raise BadAnswer({"reason": [Problem("请说明终止的原因。")]})
    made: Qualification = correct(session, row, to_on=on)
    company = session.get_one(Unit, row.company_id)
    record(session, "qualification.ended", ("unit", row.company_id), by=by, group_id=company.group_id,
           after={"work": row.work, "grade": row.grade, "contracting": row.contracting, "to": on.isoformat(),
                  "reason": reason.strip()[:200]})
    return made


def _refuse_twice(
    session: Session, company: int, work: str, contracting: str, from_on: dt.date, to_on: dt.date | None
) -> None:
    query = select(Qualification.from_on).where(
        Qualification.company_id == company, Qualification.work == work, Qualification.contracting == contracting,
        Qualification.known_until.is_(None), or_(Qualification.to_on.is_(None), Qualification.to_on >= from_on))
    if to_on is not None:
        query = query.where(Qualification.from_on <= to_on)
    if (other := session.scalar(query.limit(1))) is not None:
        raise BadAnswer({"from_on": [
            Problem("同一类别和承包方式的资质自 {day} 起已登记，请先终止原来的一项。", {"day": other})]})
