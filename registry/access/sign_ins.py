"""Sign-ins are rows: ending the row, or shutting its account, ends the sign-in with its next request."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Sequence

from sqlalchemy import ForeignKey, LargeBinary, String, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger import clock
from ledger.db import Base, BigId, Id, Instant
from registry.access.profiles import Profile, profile
from registry.people import sealing

TOUCH_AFTER = dt.timedelta(minutes=1)
KEPT = dt.timedelta(days=90)
"""How long an ended sign-in is remembered; the account's next sign-in sweeps older ones away."""
ADDRESS = "web_session.address"


class WebSession(Base):
    """One sign-in of one browser. Only the hash of its token is kept; it ends once, for good. `how` it was begun:
    "password", "password+totp", "passkey", "oidc"; `confirmed_at`: when somebody last showed that it is them."""

    __tablename__ = "web_session"

    id: Mapped[Id]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[int] = mapped_column(BigId, ForeignKey("account.id"), index=True)
    created_at: Mapped[dt.datetime] = mapped_column(Instant)
    seen_at: Mapped[dt.datetime] = mapped_column(Instant)
    expires_at: Mapped[dt.datetime] = mapped_column(Instant, index=True)
    ended_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    confirmed_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    how: Mapped[str] = mapped_column(String(20), default="password")
    agent: Mapped[str] = mapped_column(String(200), default="")
    address_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)

    def alive(self, now: dt.datetime, rules: Profile) -> bool:
        """Neither ended, nor past its last hour, nor unused for longer than the profile allows."""
        return self.ended_at is None and now < self.expires_at and now - self.seen_at <= rules.idle

    @property
    def address(self) -> str:
        """Where it was begun from, for its owner."""
        return sealing.unseal(self.address_sealed, ADDRESS) if self.address_sealed else ""


def digest(token: str) -> str:
    """What the table keeps of a token: who reads the table cannot sign in with it."""
    return hashlib.sha256(token.encode()).hexdigest()


def begin(session: Session, account_id: int, *, how: str, agent: str, address: str) -> tuple[WebSession, str]:
    """Open a sign-in; the row, and the token that goes into the cookie. Those long over are forgotten."""
    token, now = secrets.token_urlsafe(32), clock.now()
    row = WebSession(
        token_hash=digest(token), account_id=account_id, created_at=now, seen_at=now, confirmed_at=now, how=how,
        expires_at=now + profile().absolute, agent=agent[:200],
        address_sealed=sealing.seal(address[:60], ADDRESS) if address else None,
    )
    session.add(row)
    session.execute(delete(WebSession).where(WebSession.account_id == account_id, WebSession.expires_at < now - KEPT))
    session.flush()
    return row, token


def living(session: Session, account_id: int) -> Sequence[WebSession]:
    """The account's sign-ins that still work, the one used last first."""
    now = clock.now()
    return session.scalars(
        select(WebSession).order_by(WebSession.seen_at.desc(), WebSession.id.desc()).where(
            WebSession.account_id == account_id, WebSession.ended_at.is_(None), WebSession.expires_at > now,
            WebSession.seen_at >= now - profile().idle)).all()


def end_all(session: Session, account_id: int, *, but: int | None = None) -> None:
    """End the account's sign-ins, all or all but one."""
    session.execute(update(WebSession).where(
        WebSession.account_id == account_id, WebSession.ended_at.is_(None), WebSession.id != (but or 0),
    ).values(ended_at=clock.now()).execution_options(synchronize_session="fetch"))
