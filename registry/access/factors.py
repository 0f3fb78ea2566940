"""Second factors of an account: an authenticator program, codes on paper for the day the phone is lost, passkeys."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String, delete, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from ledger import clock
from ledger.actor import Actor
from ledger.db import Base, BigId, Id, Instant
from ledger.errors import BadAnswer, Problem
from ledger.facts import record
from registry.access import totp
from registry.access.accounts import Account
from registry.people import sealing

SECRET, CODE = "totp.secret", "recovery_code"
CODES = 10
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Of a code on paper: nothing that looks like something else. Ten of them are 49 bits."""


class Totp(Base):
    """The secret an account shares with an authenticator program, sealed. It counts from its first right code on;
    `last_step` is the time step of the last code that was taken: it and those before it are refused."""

    __tablename__ = "totp"

    account_id: Mapped[int] = mapped_column(BigId, ForeignKey("account.id"), primary_key=True)
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)
    confirmed_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)

    @property
    def secret(self) -> bytes:
        return sealing.unseal_bytes(self.secret_sealed, SECRET)


class RecoveryCode(Base):
    """A code on paper, kept as a keyed hash; it works once."""

    __tablename__ = "recovery_code"

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(BigId, ForeignKey("account.id"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class Passkey(Base):
    """A key pair in somebody's device; we keep the public half. `sign_count` is what the device counted last."""

    __tablename__ = "passkey"

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(BigId, ForeignKey("account.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    credential_hash: Mapped[str] = mapped_column(String(64), unique=True)
    credential: Mapped[bytes] = mapped_column(LargeBinary)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger, default=0)
    made_at: Mapped[dt.datetime] = mapped_column(Instant, default=clock.now)
    used_at: Mapped[dt.datetime | None] = mapped_column(Instant)


def totp_of(session: Session, account_id: int) -> Totp | None:
    """The authenticator program that counts, if there is one."""
    row = session.get(Totp, account_id)
    return row if row is not None and row.confirmed_at is not None else None


def begin_totp(session: Session, account: Account) -> None:
    """A new secret, which counts for nothing before its first code. One that counts stays until then."""
    if totp_of(session, account.id) is not None:
        raise BadAnswer({"code": [Problem("已经绑定了验证器，要换一个请先解绑。")]})
    row = session.get(Totp, account.id) or Totp(account_id=account.id)
    row.secret_sealed, row.made_at = sealing.seal_bytes(totp.new_secret(), SECRET), clock.now()
    session.add(row)


def begun(session: Session, account_id: int) -> Totp | None:
    """The program that waits for its first code."""
    row = session.get(Totp, account_id)
    return row if row is not None and row.confirmed_at is None else None


def confirm_totp(session: Session, account: Account, code: str, *, by: Actor) -> list[str]:
    """The first right code: from now on it is asked for. Returns new codes for paper, told this once. BadAnswer."""
    row = begun(session, account.id)
    if row is None or not _take_code(session, row, code):
        raise BadAnswer({"code": [Problem("验证码不对，请看手机的时间准不准，再输入新的一组。")]})
    row.confirmed_at = clock.now()
    _note(session, "account.totp_added", account, by)
    return new_codes(session, account, by=by)


def _take_code(session: Session, row: Totp, code: str) -> bool:
    """Whether the code is right now and newer than the last one taken; of two at once, one is."""
    step = totp.fitting(row.secret, "".join(code.split()), clock.now())
    if step is None:
        return False
    taken = update(Totp).where(Totp.account_id == row.account_id, Totp.last_step < step).values(last_step=step)
    return session.execute(taken.returning(Totp.account_id).execution_options(
        synchronize_session="fetch")).scalar() is not None


def check_second(session: Session, account: Account, said: str) -> str:
    """How somebody showed the second factor: "totp", "paper", or "" for neither. Each code is taken once."""
    row = totp_of(session, account.id)
    if row is not None and _take_code(session, row, said):
        return "totp"
    used = update(RecoveryCode).where(
        RecoveryCode.account_id == account.id, RecoveryCode.used_at.is_(None), RecoveryCode.code_hash == _hash(said))
    done = session.execute(used.values(used_at=clock.now()).returning(RecoveryCode.id).execution_options(
        synchronize_session="fetch")).scalar()
    return "paper" if done is not None else ""


def _hash(code: str) -> str:
    return sealing.index("".join(each for each in code.casefold() if each in LETTERS), CODE)


def new_codes(session: Session, account: Account, *, by: Actor) -> list[str]:
    """Ten codes for paper, in place of those before."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    codes = ["".join(secrets.choice(LETTERS) for _ in range(10)) for _ in range(CODES)]
    session.add_all(RecoveryCode(account_id=account.id, code_hash=_hash(code)) for code in codes)
    _note(session, "account.codes_made", account, by)
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def codes_left(session: Session, account_id: int) -> int:
    """How many codes on paper still work."""
    left = select(func.count()).where(RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None))
    return session.scalar(left) or 0


def remove_totp(session: Session, account: Account, *, by: Actor) -> None:
    """No code is asked for any more, and the codes on paper end."""
    for table in (Totp, RecoveryCode):
        session.execute(delete(table).where(table.account_id == account.id))
    _note(session, "account.totp_removed", account, by)


def passkeys_of(session: Session, account_id: int) -> Sequence[Passkey]:
    """The account's passkeys, oldest first."""
    return session.scalars(select(Passkey).where(Passkey.account_id == account_id).order_by(Passkey.id)).all()


def remove_all(session: Session, account: Account, *, by: Actor) -> None:
    """Whoever lost everything begins anew: nothing but the password is asked for."""
    remove_totp(session, account, by=by)
    session.execute(delete(Passkey).where(Passkey.account_id == account.id))
    _note(session, "account.factors_removed", account, by)


def _note(session: Session, kind: str, account: Account, by: Actor) -> None:
    record(session, kind, ("account", account.id), by=by, group_id=account.group_id,
           about=[("person", account.person_id)])
