"""Addresses under which a calendar elsewhere reads what is due for somebody: a random token, kept as its hash, shown
once, one for each purpose, and revoked by its person at any time."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets
from collections.abc import Sequence

from sqlalchemy import ForeignKey, Index, String, select, text
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from ledger import clock
from ledger.actor import Actor
from ledger.db import Base, BigId, Id, Instant, Json
from ledger.errors import BadAnswer, NotAllowed, NotFound, Problem
from ledger.facts import record
from registry.access.accounts import Account
from registry.people.persons import Person

TOKEN = re.compile(r"[\w-]{32}", re.ASCII)
LONGEST, MOST = 40, 10
SHOWS = ("mine", "people", "projects")
USED_AFTER = dt.timedelta(minutes=10)
"""Calendars ask often: that one did is written down this often at most."""
_LIVING = text("revoked_at IS NULL")
SAID: dict[str, str] = {
    "end": "{type}到期（{whose}）", "review": "{type}应复审（{whose}）", "duty": "{type}开始准备期内复审（{whose}）",
    "loan": "归还原件：{type}（{whose}）", "task": "待办：{step}",
}
"""What a calendar shows of each kind."""
TITLE: dict[str, str] = {"name": "到期事项 · {purpose}", "about": "{type}，{unit}。请打开链接查看和办理。"}


class Feed(Base):
    """One address. `shows` are views (SHOWS); `named`: holders by name, else by their unit alone."""

    __tablename__ = "alert_feed"
    __table_args__ = (Index("uq_alert_feed_purpose", "person_id", "purpose", unique=True, sqlite_where=_LIVING,
                            postgresql_where=_LIVING),)

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    purpose: Mapped[str] = mapped_column(String(LONGEST))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    shows: Mapped[list[str]] = mapped_column(Json)
    named: Mapped[bool] = mapped_column(default=False)
    made_at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)
    used_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    person: Mapped[Person] = relationship()


def make(session: Session, actor: Actor, purpose: str, shows: Sequence[str], *, named: bool) -> tuple[Feed, str]:
    """A new address; with it the token, which nobody can be told a second time. Raises BadAnswer at the fields."""
    if actor.id is None:
        raise NotAllowed
    session.get_one(Person, actor.id, with_for_update=True)  # one after the other: there is one for each purpose
    purpose, chosen = " ".join(purpose.split()), [one for one in SHOWS if one in shows]
    living = [row.purpose for row in listed(session, actor)]
    problems: dict[str, list[Problem]] = {}
    if not purpose or len(purpose) > LONGEST:
        problems["purpose"] = [Problem("请填写用途，不超过 {most} 个字。", {"most": LONGEST})]
    elif purpose in living:
        problems["purpose"] = [Problem("这个用途已有订阅地址。要换新地址，请先撤销旧的。")]
    elif len(living) >= MOST:
        problems["purpose"] = [Problem("最多 {most} 个订阅地址，请先撤销不用的。", {"most": MOST})]
    if not chosen:
        problems["shows"] = [Problem("请至少选择一项。")]
    if problems:
        raise BadAnswer(problems)
    token = secrets.token_urlsafe(24)
    row = Feed(group_id=actor.group_id, person_id=actor.id, purpose=purpose, token_hash=_hash(token), shows=chosen,
               named=named)
    session.add(row)
    session.flush()
    record(session, "feed.made", ("person", actor.id), by=actor, group_id=actor.group_id,
           after={"feed": row.id, "shows": chosen, "named": named})
    return row, token


def revoke(session: Session, actor: Actor, feed_id: int) -> Feed:
    """One's own address ends now. Raises NotFound."""
    row = session.scalar(select(Feed).where(Feed.id == feed_id, Feed.person_id == actor.id, Feed.revoked_at.is_(None))
                         .with_for_update())
    if row is None:
        raise NotFound
    row.revoked_at = clock.now()
    record(session, "feed.revoked", ("person", row.person_id), by=actor, group_id=row.group_id, after={"feed": row.id})
    return row


def listed(session: Session, actor: Actor) -> Sequence[Feed]:
    """One's own addresses that are not revoked, the oldest first."""
    return session.scalars(select(Feed).where(Feed.person_id == actor.id, Feed.revoked_at.is_(None)).order_by(
        Feed.id)).all()


def living(session: Session, token: str) -> tuple[Feed, Account] | None:
    """The address of a token, and the account of its person; None where it is nobody's, revoked, or the account may
    not be used any more."""
    if not TOKEN.fullmatch(token):
        return None
    found = session.execute(
        select(Feed, Account).join(Account, Account.person_id == Feed.person_id)
        .where(Feed.token_hash == _hash(token), Feed.revoked_at.is_(None))
        .options(joinedload(Account.person).joinedload(Person.unit))).first()
    return (found[0], found[1]) if found is not None and found[1].usable else None


def used(session: Session, feed_id: int) -> None:
    """A calendar has read it."""
    row = session.get(Feed, feed_id)
    if row is not None:
        row.used_at = clock.now()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


__all__ = ["LONGEST", "SAID", "SHOWS", "TITLE", "USED_AFTER", "Feed", "listed", "living", "make", "revoke", "used"]
