"""Accounts sign people in. What a person may do hangs on the person's role grants, not on the account."""

from __future__ import annotations

import datetime as dt
import logging

from sqlalchemy import ForeignKey, String, func, select, update
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from ledger import clock
from ledger.actor import Actor
from ledger.db import Base, BigId, Id, Instant
from ledger.errors import BadAnswer, NotAllowed, Problem
from ledger.facts import record
from registry.access import passwords
from registry.access.grants import grants_of
from registry.access.substitutions import standing_in
from registry.people.persons import Person

log = logging.getLogger("licet.access")
FREE_TRIES = 5
FIRST_WAIT, LONGEST_WAIT = dt.timedelta(seconds=15), dt.timedelta(minutes=15)


class Account(Base):
    """A person's way in. After five wrong passwords each further one doubles the wait, at most 15 minutes."""

    __tablename__ = "account"

    id: Mapped[Id]
    group_id: Mapped[int] = mapped_column(BigId, index=True)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), unique=True)
    login: Mapped[str] = mapped_column(String(60), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    locale: Mapped[str] = mapped_column(String(8), default="zh")
    created_at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)
    password_changed_at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)
    disabled_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    failed: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[dt.datetime | None] = mapped_column(Instant)
    person: Mapped[Person] = relationship()

    @property
    def usable(self) -> bool:
        """Not disabled, and its person still works here."""
        return self.disabled_at is None and self.person.employed(clock.today())


def create_account(
    session: Session, person: Person, *, login: str, password: str, by: Actor, locale: str = "zh"
) -> Account:
    """Give a person a login (kept in lower case). BadAnswer when the login is taken or the password too weak."""
    login = login.strip().casefold()
    if not login or session.scalar(select(Account.id).where(Account.login == login)):
        raise BadAnswer({"login": [Problem("登录名为空或已被使用。")]})
    account = Account(person=person, group_id=person.group_id, login=login, locale=locale,
                      password_hash=passwords.hashed(password))
    session.add(account)
    session.flush()
    _note(session, "account.created", account, by)
    return account


def authenticate(session: Session, login: str, password: str) -> Account | None:
    """The account, if the password fits and it may be used now; None otherwise, whatever the reason was.

    An unknown login, a locked or a disabled account cost the same work and the same statements as a wrong password.
    The count of wrong tries is written in this session: commit it also when None comes back.
    """
    account = session.scalar(
        select(Account).options(joinedload(Account.person)).where(Account.login == login.strip().casefold())
        .execution_options(populate_existing=True))
    fits = passwords.fits(account.password_hash if account else None, password)
    now = clock.now()
    locked = account is not None and account.locked_until is not None and account.locked_until > now
    if account and fits and not locked and account.usable:
        account.failed, account.locked_until = 0, None
        if passwords.outdated(account.password_hash):
            account.password_hash = passwords.hashed(password)
        return account
    _count_failure(session, 0 if account is None or locked else account.id, now)
    return None


def _count_failure(session: Session, account_id: int, now: dt.datetime) -> None:
    """One statement counts, so that tries in parallel are all counted; id 0 is nobody."""
    failed = session.scalar(
        update(Account).where(Account.id == account_id).values(failed=Account.failed + 1)
        .returning(Account.failed).execution_options(synchronize_session=False))
    if failed is None or failed < FREE_TRIES:
        return
    wait = min(FIRST_WAIT * 2 ** min(failed - FREE_TRIES, 10), LONGEST_WAIT)
    session.execute(update(Account).where(Account.id == account_id).values(locked_until=now + wait)
                    .execution_options(synchronize_session=False))
    log.warning("account %s waits %s s after %s wrong passwords", account_id, wait.total_seconds(), failed)


def account_of(session: Session, account_id: int) -> Account | None:
    """The account behind a session; None when it was disabled or its person left, so that sign-in ends at once."""
    account = session.get(Account, account_id, options=[joinedload(Account.person)])
    return account if account and account.usable else None


def actor_of(session: Session, account: Account) -> Actor:
    """Who acts, with the roles held today. NotAllowed for an account that may not be used."""
    if not account.usable:
        raise NotAllowed
    return actor_for(session, account.person)


def actor_for(session: Session, person: Person) -> Actor:
    """The actor a person is, without signing in: for previews ("what may they see"), samples and tests."""
    grants = grants_of(session, person)
    away = standing_in(session, person.id, roles=frozenset(grant.role for grant in grants))
    return Actor(id=person.id, name=person.name, group_id=person.group_id, grants=grants, stands_for=away)


def set_password(session: Session, account: Account, password: str, *, by: Actor) -> None:
    """Replace the password and forget wrong tries; the caller ends other sessions (see password_changed_at)."""
    account.password_hash = passwords.hashed(password)
    account.password_changed_at, account.failed, account.locked_until = clock.now(), 0, None
    _note(session, "account.password_changed", account, by)


def disable(session: Session, account: Account, *, by: Actor, reason: str = "") -> None:
    """Shut the account now; open sessions end with their next request."""
    account.disabled_at = account.disabled_at or clock.now()
    _note(session, "account.disabled", account, by, reason)


def enable(session: Session, account: Account, *, by: Actor) -> None:
    """Open it again and forget wrong tries."""
    account.disabled_at, account.failed, account.locked_until = None, 0, None
    _note(session, "account.enabled", account, by)


def count(session: Session) -> int:
    """How many accounts there are; none means the first administrator is still to be made."""
    return session.scalar(select(func.count()).select_from(Account)) or 0


def _note(session: Session, kind: str, account: Account, by: Actor, reason: str = "") -> None:
    record(session, kind, ("account", account.id), by=by, group_id=account.group_id,
           about=[("person", account.person_id)], after={"reason": reason} if reason else None)
