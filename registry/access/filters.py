"""Filters of the register that a person has named, kept as the arguments of the address: "within 60 days" moves on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from sqlalchemy import ForeignKey, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger import clock
from ledger.actor import Actor
from ledger.db import Base, BigId, Id, Instant, Json
from ledger.errors import BadAnswer, NotAllowed, NotFound, Problem

MOST = 30
LONGEST = 40  # characters of a name


class SavedFilter(Base):
    """`arguments` are those of the list's address. It is its person's alone: nobody else sees it."""

    __tablename__ = "saved_filter"
    __table_args__ = (UniqueConstraint("person_id", "name"),)

    id: Mapped[Id]
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    name: Mapped[str] = mapped_column(String(LONGEST))
    arguments: Mapped[dict[str, str]] = mapped_column(Json)
    at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)


class NotSaved(BadAnswer):
    """筛选没有保存，请看提示。"""


def saved_filters(session: Session, actor: Actor) -> Sequence[SavedFilter]:
    """The person's own, by name."""
    return session.scalars(
        select(SavedFilter).where(SavedFilter.person_id == actor.id).order_by(SavedFilter.name)).all()


def save_filter(session: Session, actor: Actor, name: str, arguments: Mapping[str, str]) -> SavedFilter:
    """Keep a filter under a name; the same name again replaces it. NotSaved: no or too long a name, or too many."""
    if actor.id is None:
        raise NotAllowed
    name = " ".join("".join(each for each in name if each.isprintable() or each.isspace()).split())
    if not name or len(name) > LONGEST:
        raise NotSaved({"name": [Problem("请填写名称，不超过 {most} 个字。", {"most": LONGEST})]})
    kept = session.scalar(select(SavedFilter).where(SavedFilter.person_id == actor.id, SavedFilter.name == name))
    if kept is None:
        own = select(func.count()).select_from(SavedFilter).where(SavedFilter.person_id == actor.id)
        if (session.scalar(own) or 0) >= MOST:
            raise NotSaved({"name": [Problem("最多保存 {most} 个筛选，请先删去不用的。", {"most": MOST})]})
        kept = SavedFilter(person_id=actor.id, name=name)
        session.add(kept)
    kept.arguments, kept.at = dict(arguments), clock.now()
    session.flush()
    return kept


def drop_filter(session: Session, actor: Actor, filter_id: int) -> None:
    """Forget one's own filter; NotFound for anybody else's."""
    kept = session.get(SavedFilter, filter_id)
    if kept is None or actor.id is None or kept.person_id != actor.id:
        raise NotFound
    session.delete(kept)
    session.flush()
