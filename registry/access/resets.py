"""Single-use links by which somebody sets a new password.

Whoever asks for one on the sign-in page leaves a row, whatever they typed; a worker looks later whether there is such
an account. So the page answers alike, in the same time, for every name (ASVS 6.3.8). Only the hash of a link's token is
kept; the token itself can be told again, for the letter, by whoever has the key of personal data and nobody else.
"""

from __future__ import annotations

import datetime as dt
import secrets

from sqlalchemy import ForeignKey, LargeBinary, String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from ledger import clock
from ledger.actor import Actor
from ledger.db import Base, BigId, Id, Instant, ring_after_commit
from ledger.errors import NotFound
from ledger.facts import record
from registry.access.accounts import Account, actor_for, set_password
from registry.access.sign_ins import digest
from registry.people import sealing

LIVES = dt.timedelta(minutes=30)
LOGIN = "reset_ask.login"


class LinkOver(NotFound):
    """这个链接不能用了：可能已经用过、过期，或者被更新的链接代替。请重新申请。"""


class ResetAsk(Base):
    """Somebody asked for a link, for the account of this name if there is one."""

    __tablename__ = "reset_ask"

    id: Mapped[Id]
    login_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)


class ResetLink(Base):
    """A link of an account. It ends once: used, replaced by a newer one, or when the account's password or the
    address it was sent to changes."""

    __tablename__ = "reset_link"

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(BigId, ForeignKey("account.id"), index=True)
    salt: Mapped[str] = mapped_column(String(32))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)
    expires_at: Mapped[dt.datetime] = mapped_column(Instant)
    ended_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    account: Mapped[Account] = relationship()

    @property
    def token(self) -> str:
        """What stands in the link: 256 bits that nobody without the key can tell from the row."""
        return _token(self.account_id, self.salt)

    @property
    def alive(self) -> bool:
        account, now = self.account, clock.now()
        return (self.ended_at is None and account.password_changed_at <= self.made_at and now < self.expires_at
                and account.usable)


def _token(account_id: int, salt: str) -> str:
    return sealing.index(f"{account_id}|{salt}", "reset_link.token")


def ask(session: Session, login: str) -> None:
    """Note that somebody asked; the same for every name."""
    session.add(ResetAsk(login_sealed=sealing.seal(f"{login.strip().casefold()[:60]:60}", LOGIN)))
    ring_after_commit(session, "letters")


def asked(row: ResetAsk) -> str:
    """The name that was typed."""
    return sealing.unseal(row.login_sealed, LOGIN).strip()


def make(session: Session, account: Account, *, by: Actor) -> ResetLink:
    """A new link for the account; those before it end."""
    end(session, account.id)
    salt = secrets.token_urlsafe(18)
    link = ResetLink(account=account, account_id=account.id, salt=salt, expires_at=clock.now() + LIVES,
                     token_hash=digest(_token(account.id, salt)))
    session.add(link)
    session.flush()
    record(session, "account.reset_link_made", ("account", account.id), by=by, group_id=account.group_id,
           about=[("person", account.person_id)])
    return link


def end(session: Session, account_id: int) -> None:
    """No link of the account works any more."""
    session.execute(update(ResetLink).where(ResetLink.account_id == account_id, ResetLink.ended_at.is_(None))
                    .values(ended_at=clock.now()).execution_options(synchronize_session="fetch"))


def with_token(session: Session, token: str) -> ResetLink:
    """The link, if it works. Raises LinkOver, whatever is wrong with it."""
    link = session.scalar(select(ResetLink).where(ResetLink.token_hash == digest(token)))
    if link is None or not link.alive:
        raise LinkOver
    return link


def use(session: Session, token: str, password: str) -> Account:
    """Set the password and end the link and every sign-in; of two at once, one. Raises LinkOver, BadAnswer."""
    link = with_token(session, token)
    account = link.account
    taken = update(ResetLink).where(ResetLink.id == link.id, ResetLink.ended_at.is_(None)).values(ended_at=clock.now())
    done = session.execute(taken.returning(ResetLink.id).execution_options(synchronize_session=False)).scalar()
    if done is None:
        raise LinkOver
    set_password(session, account, password, by=actor_for(session, account.person))
    return account
