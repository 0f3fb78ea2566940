"""Accounts sign people in. What a person may do hangs on the person's role grants, not on the account."""

from __future__ import annotations

import datetime as dt
import logging

from sqlalchemy import ForeignKey, String, func, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from ledger import clock
from ledger.actor import Actor
from ledger.db import Base, BigId, Id, Instant
from ledger.errors import BadAnswer, NotAllowed, Problem
from ledger.facts import record
from registry.access import passwords, sign_ins, throttle
from registry.access.grants import grants_of
from registry.access.profiles import profile
from registry.access.substitutions import standing_in
from registry.access.throttle import Counted
from registry.people.persons import Person

log = logging.getLogger("licet.access")


class Account(Base):
    """A person's way in."""

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
    person: Mapped[Person] = relationship()

    @property
    def usable(self) -> bool:
        """Not disabled, and its person still works here."""
        return self.disabled_at is None and self.person.employed(clock.today())

    @property
    def password_due(self) -> bool:
        """Whether the profile wants a new password before anything else."""
        return profile().too_old(self.password_changed_at, clock.now())


class FormerPassword(Base):
    """A password the account had, where the profile says that it may not come again."""

    __tablename__ = "former_password"

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(BigId, ForeignKey("account.id"), index=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    ended_at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)


def create_account(
    session: Session, person: Person, *, login: str, password: str, by: Actor, locale: str = "zh"
) -> Account:
    """Give a person a login (kept in lower case). BadAnswer when the login is taken or the password too weak."""
    login = login.strip().casefold()
    if not login or session.scalar(select(Account.id).where(Account.login == login)):
        raise BadAnswer({"login": [Problem("登录名为空或已被使用。")]})
    passwords.check(password, login=login)
    account = Account(person=person, group_id=person.group_id, login=login, locale=locale,
                      password_hash=passwords.hashed(password))
    session.add(account)
    session.flush()
    _note(session, "account.created", account, by)
    return account


def authenticate(session: Session, login: str, password: str, by: Counted | None = None) -> Account | None:
    """The account, if the password fits and it may be used now; None otherwise, whatever the reason was.

    An unknown login or a disabled account costs the same work and the same statements as a wrong password, and waits
    like it. The count of wrong tries is written in this session: commit it also when None comes back.
    """
    by = by or throttle.counted(login)
    if not throttle.begin(session, by):
        return None
    account = with_login(session, login)
    if passwords.fits(account.password_hash if account else None, password) and account and account.usable:
        throttle.forgive(session, by)
        if passwords.outdated(account.password_hash):
            account.password_hash = passwords.hashed(password)
        return account
    throttle.failed(session, by)
    return None


def with_login(session: Session, login: str) -> Account | None:
    """The account of this name, whatever the case of its letters."""
    return session.scalar(
        select(Account).options(joinedload(Account.person)).where(Account.login == login.strip().casefold())
        .execution_options(populate_existing=True))


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


def set_password(session: Session, account: Account, password: str, *, by: Actor, here: int | None = None) -> None:
    """Replace the password; every sign-in of the account but `here` ends. BadAnswer where the profile is against it."""
    passwords.check(password, login=account.login)
    _check_history(session, account, password)
    if profile().history:
        session.add(FormerPassword(account_id=account.id, password_hash=account.password_hash))
    account.password_hash = passwords.hashed(password)
    account.password_changed_at = clock.now()
    sign_ins.end_all(session, account.id, but=here)
    throttle.forgive(session, throttle.counted(account.login))
    _note(session, "account.password_changed", account, by)


def _check_history(session: Session, account: Account, password: str) -> None:
    """BadAnswer for the present password and, where the profile asks for it, for one of the last with it."""
    former = select(FormerPassword.password_hash).where(FormerPassword.account_id == account.id)
    newest = former.order_by(FormerPassword.id.desc()).limit(max(profile().history - 1, 0))
    if any(passwords.fits(one, password) for one in (account.password_hash, *session.scalars(newest))):
        raise BadAnswer({"password": [Problem("新密码不能和现在的、最近用过的一样。")]})


def disable(session: Session, account: Account, *, by: Actor, reason: str = "") -> None:
    """Shut the account now, with every sign-in."""
    account.disabled_at = account.disabled_at or clock.now()
    sign_ins.end_all(session, account.id)
    _note(session, "account.disabled", account, by, reason)


def enable(session: Session, account: Account, *, by: Actor) -> None:
    """Open it again."""
    account.disabled_at = None
    _note(session, "account.enabled", account, by)


def count(session: Session) -> int:
    """How many accounts there are; none means the first administrator is still to be made."""
    return session.scalar(select(func.count()).select_from(Account)) or 0


def _note(session: Session, kind: str, account: Account, by: Actor, reason: str = "") -> None:
    record(session, kind, ("account", account.id), by=by, group_id=account.group_id,
           about=[("person", account.person_id)], after={"reason": reason} if reason else None)
