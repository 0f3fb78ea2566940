"""The organisation: a tree of group, companies, departments and projects. A unit's path names all units above it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import CheckConstraint, ForeignKey, Numeric, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from ledger import clock
from ledger.actor import Actor
from ledger.db import Base, BigId, Id, Instant
from ledger.errors import BadAnswer, NotFound, Problem
from ledger.facts import record
from registry.people.identity import check_uscc
from registry.people.scope import Path, Visible, subtree

UnitKind = Literal["group", "company", "department", "project"]
KIND_NAMES: dict[str, str] = {"group": "集团", "company": "公司", "department": "部门", "project": "项目"}
PARENTS: dict[str, frozenset[str]] = {
    "group": frozenset(), "company": frozenset({"group", "company"}),
    "department": frozenset({"group", "company", "department"}), "project": frozenset({"company"}),
}
WORKS = ("房建", "市政", "公路")


class Unit(Base):
    """A place in the organisation. `path` is "/1/3/12/", from the group down to here; `group_id` the first of it."""

    __tablename__ = "unit"
    __table_args__ = (
        UniqueConstraint("group_id", "code"),
        CheckConstraint("kind in ('group', 'company', 'department', 'project')", name="kind"),
    )
    __visible__ = Visible(action="unit.read", path="path")

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId)
    parent_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("unit.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    path: Mapped[str] = mapped_column(Path, unique=True)
    code: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(160), default="")
    uscc: Mapped[str | None] = mapped_column(String(18), index=True)
    region: Mapped[str] = mapped_column(String(6), default="")
    province: Mapped[str] = mapped_column(String(1), default="")
    created_at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)
    closed_on: Mapped[dt.date | None]
    parent: Mapped[Unit | None] = relationship(remote_side="Unit.id")
    project: Mapped[Project | None] = relationship(back_populates="unit", uselist=False)

    @property
    def company_id(self) -> int | None:
        """The nearest company at or above this unit; None for the group and its own departments."""
        if self.kind == "company":
            return self.id
        return self.parent.company_id if self.parent else None


class Project(Base):
    """What a project unit builds. The amount is in 万元 (10,000 yuan)."""

    __tablename__ = "project"

    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"), primary_key=True, autoincrement=False)
    work: Mapped[str] = mapped_column(String(8))
    amount_wan: Mapped[Decimal] = mapped_column(Numeric(14, 2), default=Decimal(0))
    address: Mapped[str] = mapped_column(String(200), default="")
    manager_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"), index=True)
    started_on: Mapped[dt.date | None]
    ends_on: Mapped[dt.date | None]
    unit: Mapped[Unit] = relationship(back_populates="project")


def create_unit(
    session: Session, *, kind: UnitKind, name: str, code: str, by: Actor, parent: Unit | None = None,
    name_en: str = "", uscc: str | None = None, region: str = "", province: str = "",
    project: Mapping[str, Any] | None = None,
) -> Unit:
    """Add a unit below `parent` (None only for a group). `project` holds the columns of Project for a project.

    BadAnswer when the parent is of a kind that cannot hold it, the code is taken, or the credit code is wrong.
    """
    uscc = _checked(session, kind, code, parent, uscc)
    unit = Unit(
        kind=kind, name=name.strip(), name_en=name_en, code=code, parent=parent, uscc=uscc, path=f"?{uuid.uuid4().hex}",
        group_id=parent.group_id if parent else 0, region=region or (parent.region if parent else ""),
        province=province or (parent.province if parent else ""),
    )
    session.add(unit)
    session.flush()
    unit.path = f"{parent.path if parent else '/'}{unit.id}/"
    unit.group_id = unit.group_id or unit.id
    if kind == "project":
        unit.project = Project(**{"work": WORKS[0], **(project or {})})
    session.flush()
    record(session, "unit.created", ("unit", unit.id), by=by, group_id=unit.group_id,
           after={"kind": kind, "code": code, "parent": parent.id if parent else None})
    return unit


def _checked(session: Session, kind: str, code: str, parent: Unit | None, uscc: str | None) -> str | None:
    problems: dict[str, list[Problem]] = {}
    if (parent.kind if parent else None) not in PARENTS[kind] and (parent or kind != "group"):
        problems["parent"] = [Problem("该上级下不能设立{kind}。", {"kind": KIND_NAMES[kind]})]
    if parent and session.scalar(select(Unit.id).where(Unit.group_id == parent.group_id, Unit.code == code)):
        problems["code"] = [Problem("编码 {code} 已被使用。", {"code": code})]
    if uscc:
        verdict = check_uscc(uscc)
        if verdict.problem:
            problems["uscc"] = [verdict.problem]
        uscc = verdict.value
    if problems:
        raise BadAnswer(problems)
    return uscc or None


def unit_of(session: Session, unit_id: int) -> Unit:
    """The unit with this id, or NotFound."""
    unit = session.get(Unit, unit_id)
    if unit is None:
        raise NotFound
    return unit


def places(unit: Unit) -> list[int]:
    """The ids from this unit up to the root: where a request made here looks for its reviewers, nearest first."""
    return [int(part) for part in reversed(unit.path.strip("/").split("/"))]


def below(session: Session, unit: Unit, kind: UnitKind | None = None) -> list[Unit]:
    """The unit and everything under it, in tree order; of one kind if asked."""
    low, high = subtree(unit.path)
    query = select(Unit).where(Unit.path >= low, Unit.path < high)
    if kind:
        query = query.where(Unit.kind == kind)
    return list(session.scalars(query.order_by(Unit.path)))


def figured(session: Session, ids: Collection[int]) -> list[int]:
    """Which of these units figures are kept for: companies and groups with all that is below them, and projects."""
    return list(session.scalars(select(Unit.id).where(
        Unit.id.in_(ids), Unit.kind.in_(("company", "group", "project")))))
