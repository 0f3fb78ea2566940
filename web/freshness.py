"""Whether whoever sits at the browser has shown a moment ago that it is them: by the password, or by signing in."""

from __future__ import annotations

import datetime as dt

from flask_login import current_user
from sqlalchemy import update

from ledger import clock
from ledger.errors import NotAllowed
from registry.access import passwords
from registry.access.profiles import profile
from registry.access.sign_ins import WebSession
from web.session import db


class PasswordNeeded(NotAllowed):
    """请输入登录密码，确认是您本人。"""


class PasswordWrong(NotAllowed):
    """密码不对，请重新输入。"""


def note() -> None:
    """It was them just now. The row of the sign-in says so: no cookie of an earlier minute can say it again."""
    db.session.execute(update(WebSession).where(WebSession.id == current_user.sign_in.id)
                       .values(confirmed_at=clock.now()))


def fresh() -> bool:
    """Whether that was no longer ago than the profile allows."""
    at = current_user.sign_in.confirmed_at
    within = dt.timedelta(minutes=profile().confirm_minutes)
    return at is not None and dt.timedelta() <= clock.now() - at <= within


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
