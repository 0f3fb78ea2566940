"""Whether whoever sits at the browser has shown a moment ago that it is them: by the password, or by signing in."""

from __future__ import annotations

from flask import session as cookie
from flask_login import current_user

from ledger import clock
from ledger.errors import NotAllowed
from registry.access import passwords

MINUTES = 10
NAME = "confirmed"


class PasswordNeeded(NotAllowed):
    """请输入登录密码，确认是您本人。"""


class PasswordWrong(NotAllowed):
    """密码不对，请重新输入。"""


def note() -> None:
    """It was them just now. The cookie is signed, and emptied whenever somebody signs in or out."""
    cookie[NAME] = int(clock.now().timestamp())


def fresh() -> bool:
    """Whether that was no longer than MINUTES ago."""
    at = cookie.get(NAME)
    return isinstance(at, int) and 0 <= clock.now().timestamp() - at <= MINUTES * 60


def confirm(password: str, *, always: bool = False) -> None:
    """Let them go on who gave the password, or (unless `always`) did so a moment ago.

    Raises PasswordNeeded, PasswordWrong.
    """
    if not password and not always and fresh():
        return
    if not password:
        raise PasswordNeeded
    if not passwords.fits(current_user.account.password_hash, password):
        raise PasswordWrong
    note()
