"""How often somebody may try: counted in the database, so that all processes count together and nothing else is needed.

Three counts (OWASP, "device cookies"). Browsers that never signed in to an account share one count for it; a browser
that did has its own, so that strangers can make the account's owner wait on a new machine only, and never on theirs.
Tries that failed from one address, whatever the account, are the third. No count ever waits longer than a quarter of an
hour, and each is forgotten a day after its last failure.
"""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass

from sqlalchemy import String, case, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger import clock
from ledger.db import Base, Instant
from registry.people import sealing

FIRST_WAIT, LONGEST_WAIT = dt.timedelta(seconds=15), dt.timedelta(minutes=15)
FORGOTTEN = dt.timedelta(days=1)
FREE_TRIES, FREE_OF_AN_ADDRESS = 5, 50
"""So many may fail before the first wait; a whole site office may come from one address."""


class SignInTry(Base):
    """Tries of one kind that failed in a row, and until when the next is not looked at. The key is a keyed hash: it
    names neither account nor address."""

    __tablename__ = "sign_in_try"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    failed: Mapped[int] = mapped_column(default=0)
    waits_until: Mapped[dt.datetime | None] = mapped_column(Instant)
    at: Mapped[dt.datetime] = mapped_column(Instant, index=True)


@dataclass(frozen=True)
class Counted:
    """What a try is counted by: `own` under a lock, so that tries in parallel take turns; the address afterwards."""

    own: str
    address: str

    @property
    def keys(self) -> list[str]:
        return [key for key in (self.own, self.address) if key]


def counted(what: str, address: str = "", device: str = "") -> Counted:
    """The counts of a try on `what` (a login, or "reset|login") from an address, by a browser that showed `device`."""
    what = what.strip().casefold()[:200]
    if device and knows(device, what):
        return Counted(_key("device", f"{what}|{device}"), "")
    return Counted(_key("account", what), _key("address", address) if address else "")


def new_device(login: str) -> str:
    """What a browser shows later to prove that it has signed in to this account before."""
    nonce = secrets.token_urlsafe(18)
    return f"{nonce}.{_key('known', f'{login.casefold()}|{nonce}')}"


def knows(device: str, login: str) -> bool:
    """Whether this is what we once gave a browser for this account."""
    nonce, _, mark = device.partition(".")
    return secrets.compare_digest(mark.encode(), _key("known", f"{login.casefold()}|{nonce}").encode())


def _key(kind: str, what: str) -> str:
    return sealing.index(what, f"sign-in.{kind}")


def waits(session: Session, by: Counted) -> dt.timedelta:
    """How long the next try has to wait; nothing if it need not."""
    now = clock.now()
    ends = session.scalars(select(SignInTry.waits_until).where(SignInTry.key.in_(by.keys))).all()
    return max((end - now for end in ends if end is not None and end > now), default=dt.timedelta())


def begin(session: Session, by: Counted) -> bool:
    """Take one's turn for a try; False if it is not to be looked at. Until this transaction ends, tries in parallel on
    the same count wait, and then see what came of this one."""
    now = clock.now()
    table = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    made = table.insert(SignInTry).values(key=by.own, failed=0, at=now)
    session.execute(made.on_conflict_do_update(index_elements=["key"], set_={"failed": SignInTry.failed}))
    return not waits(session, by)


def failed(session: Session, by: Counted) -> None:
    """A try that had its turn went wrong."""
    for key, free in ((by.own, FREE_TRIES), (by.address, FREE_OF_AN_ADDRESS)):
        if key:
            _count(session, key, free)


def _count(session: Session, key: str, free: int) -> None:
    now = clock.now()
    table = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    made = table.insert(SignInTry).values(key=key, failed=1, at=now)
    count = case((SignInTry.at < now - FORGOTTEN, 1), else_=SignInTry.failed + 1)
    row = made.on_conflict_do_update(index_elements=["key"], set_={"failed": count, "at": now})
    times = session.scalars(row.returning(SignInTry.failed)).one()
    if times >= free:
        wait = min(FIRST_WAIT * 2 ** min(times - free, 10), LONGEST_WAIT)
        waiting = session.get_one(SignInTry, key, populate_existing=True)
        waiting.waits_until = now + wait
        session.flush()


def forgive(session: Session, by: Counted) -> None:
    """It went well: its own count begins anew, the address's goes on. What is long over is swept away."""
    session.execute(delete(SignInTry).where(
        (SignInTry.key == by.own) | (SignInTry.at < clock.now() - 2 * FORGOTTEN)))
