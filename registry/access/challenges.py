"""What we have asked somebody's browser, until it answers: half a sign-in, a passkey's challenge, a way to a provider.

Only the hash of a question's token is kept; an answer takes the row away, so that none is taken twice.
"""

from __future__ import annotations

import datetime as dt
import json
import secrets
from typing import Any

from sqlalchemy import LargeBinary, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger import clock
from ledger.db import Base, Instant
from registry.access.sign_ins import digest
from registry.people import sealing

LIVES = dt.timedelta(minutes=5)
KEPT = "challenge.kept"


class Challenge(Base):
    """A question that waits for its answer; `kept` is sealed."""

    __tablename__ = "challenge"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    kept: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[dt.datetime] = mapped_column(Instant, index=True)


def give(session: Session, kind: str, kept: dict[str, Any]) -> str:
    """A token for a new question; those that nobody answered in time are swept away."""
    token, now = secrets.token_urlsafe(32), clock.now()
    session.execute(delete(Challenge).where(Challenge.expires_at < now))
    session.add(Challenge(token_hash=digest(token), kind=kind, expires_at=now + LIVES,
                          kept=sealing.seal(json.dumps(kept), KEPT)))
    session.flush()
    return token


def look(session: Session, kind: str, token: str) -> dict[str, Any] | None:
    """What was kept with a question that still waits."""
    row = session.scalar(select(Challenge.kept).where(
        Challenge.token_hash == digest(token), Challenge.kind == kind, Challenge.expires_at > clock.now()))
    return _told(row)


def take(session: Session, kind: str, token: str) -> dict[str, Any] | None:
    """The same, once: of two answers at the same moment one finds it."""
    row = session.execute(delete(Challenge).where(
        Challenge.token_hash == digest(token), Challenge.kind == kind, Challenge.expires_at > clock.now(),
    ).returning(Challenge.kept).execution_options(synchronize_session=False)).scalar()
    return _told(row)


def _told(row: bytes | None) -> dict[str, Any] | None:
    found: dict[str, Any] | None = json.loads(sealing.unseal(row, KEPT)) if row is not None else None
    return found
