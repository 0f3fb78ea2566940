"""Who somebody is at a provider of sign-ins: by issuer and subject (OIDC Core 5.7), never by an e-mail address."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from ledger import clock
from ledger.actor import Actor
from ledger.db import Base, BigId, Id, Instant
from ledger.errors import Conflict
from ledger.facts import record
from registry.access.accounts import Account


class AlreadyLinked(Conflict):
    """这个外部身份已经绑定了账号，要换一个请先解绑。"""


class OutsideIdentity(Base):
    """An account, as a provider knows its owner."""

    __tablename__ = "outside_identity"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(BigId, ForeignKey("account.id"), index=True)
    issuer: Mapped[str] = mapped_column(String(255))
    subject: Mapped[str] = mapped_column(String(255))
    linked_at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)
    account: Mapped[Account] = relationship()


def account_by(session: Session, issuer: str, subject: str) -> Account | None:
    """The account that was linked with this identity, if it may be used."""
    row = _row(session, issuer, subject)
    return row.account if row is not None and row.account.usable else None


def _row(session: Session, issuer: str, subject: str) -> OutsideIdentity | None:
    return session.scalar(
        select(OutsideIdentity).options(joinedload(OutsideIdentity.account).joinedload(Account.person))
        .where(OutsideIdentity.issuer == issuer, OutsideIdentity.subject == subject))


def link(session: Session, account: Account, issuer: str, subject: str, *, by: Actor) -> None:
    """From now on who signs in there as this one is signed in here. Raises AlreadyLinked."""
    if _row(session, issuer, subject) is not None:
        raise AlreadyLinked
    session.add(OutsideIdentity(account_id=account.id, issuer=issuer, subject=subject))
    _note(session, "account.linked", account, issuer, by)


def unlink(session: Session, account: Account, identity_id: int, *, by: Actor) -> None:
    """No more."""
    row = session.get(OutsideIdentity, identity_id)
    if row is not None and row.account_id == account.id:
        session.delete(row)
        _note(session, "account.unlinked", account, row.issuer, by)


def of(session: Session, account_id: int) -> Sequence[OutsideIdentity]:
    """The identities of an account."""
    mine = select(OutsideIdentity).where(OutsideIdentity.account_id == account_id).order_by(OutsideIdentity.id)
    return session.scalars(mine).all()


def _note(session: Session, kind: str, account: Account, issuer: str, by: Actor) -> None:
    record(session, kind, ("account", account.id), by=by, group_id=account.group_id,
           about=[("person", account.person_id)], after={"issuer": issuer})
