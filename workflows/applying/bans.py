"""Times in which nobody may apply again, after false papers (1 year) or fraud (3 years): 行政许可法 78, 79."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger.db import Base, BigId, Id
from workflows.requests import Request

YEARS = {"false_papers": 1, "fraud": 3}
BASIS = {"false_papers": "行政许可法第78条", "fraud": "行政许可法第79条"}


class Ban(Base):
    """Until which day (inclusive) a holder may not apply for a type, and by which article."""

    __tablename__ = "ban"
    __table_args__ = (Index("ix_ban_holder", "type_code", "holder_kind", "holder_id"),)

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId)
    type_code: Mapped[str] = mapped_column(String(8))
    holder_kind: Mapped[str] = mapped_column(String(8))
    holder_id: Mapped[int] = mapped_column(BigId)
    until: Mapped[dt.date]
    basis: Mapped[str] = mapped_column(String(60))
    request_id: Mapped[int] = mapped_column(BigId, ForeignKey("request.id"))


def impose(session: Session, request: Request, ground: str, on: dt.date) -> Ban | None:
    """Note the ban that a refusal (不予受理, 不予许可) on this ground carries; None for an ordinary ground."""
    if ground not in YEARS:
        return None
    ban = Ban(
        group_id=request.group_id, type_code=request.type_code, holder_kind=request.holder_kind,
        holder_id=request.holder_id, until=_years_later(on, YEARS[ground]), basis=BASIS[ground], request_id=request.id,
    )
    session.add(ban)
    return ban


def ban_on(session: Session, request: Request, day: dt.date) -> Ban | None:
    """The ban that stands against this request on a day, the longest if several."""
    return session.scalar(
        select(Ban).where(
            Ban.group_id == request.group_id, Ban.type_code == request.type_code, Ban.until >= day,
            Ban.holder_kind == request.holder_kind, Ban.holder_id == request.holder_id,
        ).order_by(Ban.until.desc()).limit(1)
    )


def _years_later(day: dt.date, years: int) -> dt.date:
    """The same-numbered day, or the month's end (民法典 202)."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
