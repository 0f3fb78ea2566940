"""Who employs whom, and who holds which post where, from when to when."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from ledger import clock
from ledger.actor import Actor
from ledger.db import Base, BigId, Id
from ledger.errors import BadAnswer, Problem
from ledger.facts import record
from registry.people.persons import LEFT, Person
from registry.people.spells import Spell, alone, believed, checked, correct
from registry.people.units import Unit

Tie = Literal["contract", "insurance"]
TIES: dict[str, str] = {"contract": "劳动合同", "insurance": "养老保险"}
POSTS: dict[str, str] = {
    "project_manager": "项目经理", "safety_officer": "专职安全员", "special_worker": "特种作业人员",
    "legal_representative": "法定代表人", "principal": "主要负责人", "safety_staff": "安全管理机构专职人员",
}
PLACES: dict[str, frozenset[str]] = {
    "project_manager": frozenset({"project"}), "safety_officer": frozenset({"project"}),
    "special_worker": frozenset({"project"}), "legal_representative": frozenset({"company", "group"}),
    "principal": frozenset({"company", "group"}), "safety_staff": frozenset({"company", "group"}),
}
"""Post -> the kinds of units at which it can be held."""


class Employment(Spell, Base):
    """A labour contract of a person with a company, or the months for which a company paid the pension insurance."""

    __tablename__ = "employment"
    __table_args__ = (
        CheckConstraint("kind in ('contract', 'insurance')", name="kind"),
        Index("ix_employment_person", "person_id"), Index("ix_employment_company", "company_id", "kind"),
    )

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    company_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))
    kind: Mapped[str] = mapped_column(String(12))


class Assignment(Spell, Base):
    """A post that a person holds at a project or company.

    `trade` says which special work: a two-digit code of 建筑施工特种作业 (P02), or the 准操项目 of P01.
    """

    __tablename__ = "assignment"
    __table_args__ = (Index("ix_assignment_person", "person_id"), Index("ix_assignment_unit", "unit_id", "post"))

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))
    post: Mapped[str] = mapped_column(String(24))
    trade: Mapped[str] = mapped_column(String(60), default="")
    person: Mapped[Person] = relationship()
    unit: Mapped[Unit] = relationship()


def employ(
    session: Session, person: Person, company: Unit, kind: Tie, *, from_on: dt.date, by: Actor,
    to_on: dt.date | None = None,
) -> Employment:
    """Enter a labour contract, or months of pension insurance, with a company."""
    checked(from_on, to_on)
    alone(session, person)
    _refuse_twice(session, Employment, from_on, to_on, person_id=person.id, company_id=company.id, kind=kind)
    row = Employment(group_id=person.group_id, person_id=person.id, company_id=company.id, kind=kind,
                     from_on=from_on, to_on=to_on)
    session.add(row)
    session.flush()
    record(session, "employment.entered", ("person", person.id), by=by, group_id=person.group_id,
           about=[("unit", company.id)], after={"tie": kind, "from": from_on.isoformat(), "to": _day(to_on)})
    return row


def assign(
    session: Session, person: Person, unit: Unit, post: str, *, from_on: dt.date, by: Actor,
    to_on: dt.date | None = None, trade: str = "",
) -> Assignment:
    """Give a person a post at a unit; BadAnswer when a unit of that kind has no such post, or a trade is missing."""
    checked(from_on, to_on)
    if unit.kind not in PLACES.get(post, frozenset()):
        raise BadAnswer({"post": [Problem("这个单位没有该岗位。")]})
    if (post == "special_worker") != bool(trade):
        raise BadAnswer({"trade": [Problem("特种作业岗位须写明工种，其他岗位不写。")]})
    alone(session, person)
    _refuse_twice(session, Assignment, from_on, to_on, person_id=person.id, unit_id=unit.id, post=post, trade=trade)
    row = Assignment(group_id=person.group_id, person=person, unit=unit, post=post, trade=trade, from_on=from_on,
                     to_on=to_on)
    session.add(row)
    session.flush()
    record(session, "assignment.made", ("person", person.id), by=by, group_id=person.group_id,
           about=[("unit", unit.id)],
           after={"post": post, "trade": trade, "from": from_on.isoformat(), "to": _day(to_on)})
    return row


def relieve(session: Session, row: Assignment, *, on: dt.date, by: Actor) -> Assignment:
    """The last day in a post; the row that said otherwise is kept as what we believed before."""
    made: Assignment = correct(session, row, to_on=on)
    record(session, "assignment.ended", ("person", row.person_id), by=by, group_id=row.group_id,
           about=[("unit", row.unit_id)], after={"post": row.post, "to": on.isoformat()})
    return made


def amend(
    session: Session, row: Employment | Assignment, *, by: Actor, from_on: dt.date, to_on: dt.date | None,
) -> Employment | Assignment:
    """Other days for a contract, months of insurance or a post that was entered wrongly; what we believed stays known.

    Superseded when it has been replaced before; BadAnswer: days reversed, or entered for those days already.
    """
    kind, place, known = _said(row)
    mine = {"person_id": row.person_id, **{column: getattr(row, column) for column in _SAME[type(row)]}}
    _refuse_twice(session, type(row), from_on, to_on, but=row.id, **mine)
    before = {"from": row.from_on.isoformat(), "to": _day(row.to_on)}
    made: Employment | Assignment = correct(session, row, from_on=from_on, to_on=to_on)
    record(session, f"{kind}.corrected", ("person", row.person_id), by=by, group_id=row.group_id,
           about=[("unit", place)], before=before,
           after={**known, "from": from_on.isoformat(), "to": _day(to_on)})
    return made


def strike(session: Session, row: Employment | Assignment, *, by: Actor, reason: str) -> None:
    """Take back an entry that was never true; that we believed it stays known. Superseded; BadAnswer: no reason."""
    believed(session, row)
    if not reason.strip():
        raise BadAnswer({"reason": [Problem("请说明撤销的原因。")]})
    kind, place, known = _said(row)
    row.known_until = clock.now()
    session.flush()
    record(session, f"{kind}.struck", ("person", row.person_id), by=by, group_id=row.group_id,
           about=[("unit", place)], before={**known, "from": row.from_on.isoformat(), "to": _day(row.to_on)},
           after={"reason": reason.strip()[:200]})


_SAME: dict[type[Any], tuple[str, ...]] = {Employment: ("company_id", "kind"), Assignment: ("unit_id", "post", "trade")}


def _said(row: Employment | Assignment) -> tuple[str, int, dict[str, Any]]:
    """The kind of its facts, the unit it is about, and what of it goes into a fact."""
    if isinstance(row, Employment):
        return "employment", row.company_id, {"tie": row.kind}
    return "assignment", row.unit_id, {"post": row.post, "trade": row.trade}


def _refuse_twice(
    session: Session, model: type[Any], from_on: dt.date, to_on: dt.date | None, but: int = 0, **same: object,
) -> None:
    """BadAnswer when the same tie or post is entered already for one of the days."""
    still = or_(model.to_on.is_(None), model.to_on >= from_on)
    query = select(model.from_on, model.to_on).filter_by(**same).where(model.known_until.is_(None), still)
    if to_on is not None:
        query = query.where(model.from_on <= to_on)
    other = session.execute(query.where(model.id != but).order_by(model.from_on).limit(1)).first()
    if other is not None:
        raise BadAnswer({"from_on": [Problem(
            "这段时间已登记过：{from_on} 至 {to_on}。" if other[1] else "这段时间已登记过：{from_on} 起。",
            {"from_on": other[0], "to_on": other[1]})]})


def _end_with(session: Session, person: Person, on: dt.date) -> None:
    """Whoever has left holds no contract and no post after the last day; what would have begun later never does."""
    session.flush()
    models: tuple[type[Employment], type[Assignment]] = (Employment, Assignment)
    for model in models:
        still = or_(model.to_on.is_(None), model.to_on > on)
        rows: list[Employment | Assignment] = list(session.scalars(
            select(model).where(model.person_id == person.id, model.known_until.is_(None), still)))
        for row in rows:
            if row.from_on > on:
                row.known_until = clock.now()
            else:
                correct(session, row, to_on=on)


LEFT.append(_end_with)


def _day(on: dt.date | None) -> str | None:
    return on.isoformat() if on else None
