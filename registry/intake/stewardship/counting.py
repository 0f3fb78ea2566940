"""What the score counts, kept for each unit and type: counted anew every night and after each ledger, in a second.

To look at the required fields of every certificate takes longer than a page may; open findings are counted as the page
is asked for, so that settling one is seen at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, and_, case, delete, func, insert, or_, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger import clock
from ledger.actor import Actor
from ledger.db import Base, BigId, Id, Instant, reading, unit
from registry.access.rules import visible
from registry.certificates import codes
from registry.certificates.catalogue import types
from registry.certificates.models import Certificate, Version
from registry.intake.batch.models import Batch
from registry.intake.stewardship.lacking import last_version, live, scanned, wanted
from registry.people.scope import Path, Visible, subtree
from registry.people.units import Unit


class QualityCount(Base):
    """Live certificates of one type at one unit, as counted at `at`; see quality.Counts for what the columns mean.

    `company_id` is the nearest company at or above the unit, None for the group's own.
    """

    __tablename__ = "intake_quality"
    __table_args__ = (UniqueConstraint("unit_id", "type_code"), Index("ix_intake_quality_unit_path", "unit_path"))
    __visible__ = Visible(action="steward.read", family="family", type="type_code")

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId)
    unit_id: Mapped[int] = mapped_column(BigId, ForeignKey("unit.id"))
    unit_path: Mapped[str] = mapped_column(Path)
    company_id: Mapped[int | None] = mapped_column(BigId)
    family: Mapped[str] = mapped_column(String(1))
    type_code: Mapped[str] = mapped_column(String(8))
    live: Mapped[int]
    wanted: Mapped[int]
    filled: Mapped[int]
    undated: Mapped[int]
    scanned: Mapped[int]
    expired: Mapped[int]
    at: Mapped[dt.datetime] = mapped_column(Instant)


def recount(session: Session, top: Unit) -> int:
    """Count a unit with everything below it anew; how many rows that makes."""
    found = list(_counted(session, top))
    replace(session, top, found)
    return len(found)


def replace(session: Session, top: Unit, rows: list[dict[str, Any]]) -> None:
    """Put these counts in the place of those there were."""
    low, high = subtree(top.path)
    session.execute(delete(QualityCount).where(QualityCount.unit_path >= low, QualityCount.unit_path < high))
    if rows:
        session.execute(insert(QualityCount), rows)


def _counted(session: Session, top: Unit) -> Iterator[dict[str, Any]]:
    low, high = subtree(top.path)
    units = select(Unit.id, Unit.kind, Unit.path).where(Unit.group_id == top.group_id)
    known = {row.id: row for row in session.execute(units)}
    companies = {number for number, row in known.items() if row.kind == "company"}
    at, today = clock.now(), clock.today()
    expired = func.count().filter(Certificate.ends_on < today)
    for code, kind in types().items():
        asked = list(wanted(kind).values())
        missing: Any = sum((case((condition, 1), else_=0) for condition in asked[1:]), case((asked[0], 1), else_=0))
        query = select(
            Certificate.unit_id, func.count(), func.coalesce(func.sum(missing), 0),
            func.count().filter(Certificate.term == codes.UNKNOWN), func.count().filter(scanned()), expired,
        ).select_from(Certificate).join(Version, last_version())
        query = query.where(Certificate.type_code == code, live(), Certificate.unit_path >= low,
                            Certificate.unit_path < high).group_by(Certificate.unit_id)
        for unit_id, number, lacking, undated, with_scan, over in session.execute(query):
            yield {
                "group_id": top.group_id, "unit_id": unit_id, "unit_path": known[unit_id].path,
                "company_id": nearest(known[unit_id].path, companies), "family": kind.family, "type_code": code,
                "live": number, "wanted": number * len(asked), "filled": number * len(asked) - int(lacking),
                "undated": undated, "scanned": with_scan, "expired": over, "at": at,
            }


def incomplete(session: Session, actor: Actor, unit: Unit | None = None) -> set[str]:
    """The types of which some certificate that the actor sees was not complete when they were counted."""
    query = visible(select(QualityCount.type_code), actor, model=QualityCount)
    query = query.where(QualityCount.filled < QualityCount.wanted)
    if unit is not None:
        low, high = subtree(unit.path)
        query = query.where(QualityCount.unit_path >= low, QualityCount.unit_path < high)
    return set(session.scalars(query.distinct()))


def nearest(path: str, companies: set[int]) -> int | None:
    """The lowest company on a unit's path, or None: what lies with the group itself."""
    return next((int(part) for part in reversed(path.strip("/").split("/")) if int(part) in companies), None)


def sweep(database: Engine) -> int:
    """Count every group anew whose counts are of yesterday, or older than a ledger that came in or was undone since."""
    with reading(database) as session:
        stale = [group for group in session.scalars(select(Unit).where(Unit.kind == "group")) if _stale(session, group)]
        counted = [(group.id, list(_counted(session, group))) for group in stale]
    for group_id, rows in counted:
        with unit(database) as session:
            replace(session, session.get_one(Unit, group_id), rows)
    return len(counted)


def _stale(session: Session, group: Unit) -> bool:
    low, high = subtree(group.path)
    at = session.scalar(select(func.min(QualityCount.at)).where(
        QualityCount.unit_path >= low, QualityCount.unit_path < high))
    if at is None:
        first = select(Certificate.id).where(Certificate.unit_path >= low, Certificate.unit_path < high, live())
        return session.scalar(first.limit(1)) is not None
    if clock.day_of(at) < clock.today():
        return True
    later = and_(Batch.group_id == group.group_id, or_(Batch.committed_at > at, Batch.undone_at > at))
    return session.scalar(select(Batch.id).where(later).limit(1)) is not None
