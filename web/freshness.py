"""Whether whoever sits at the browser has shown a moment ago that it is them: by the password, or by signing in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Response, after_this_request, jsonify, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import update

from ledger import clock
from ledger.db import unit
from ledger.errors import NotAllowed
from registry.access import passwords, throttle
from registry.access.profiles import profile
from registry.access.sign_ins import WebSession
from web.errors import wants_json
from web.session import db, keep

View = TypeVar("View", bound=Callable[..., Any])
SAID = "confirmation"
"""The field of a form that carries the password."""


class PasswordNeeded(NotAllowed):
    """请输入登录密码，确认是您本人。"""


class PasswordWrong(NotAllowed):
    """密码不对，请重新输入。"""


def note() -> None:
    """It was them just now. The row of the sign-in says so, whatever comes of the request: no cookie of an earlier
    minute can say it again."""
    sign_in_id, at = current_user.sign_in.id, clock.now()

    @after_this_request
    def noted(response: Response) -> Response:
        db.session.rollback()  # SQLite has one write lock, and a page that was drawn may hold it
        with unit(db.engine) as session:
            session.execute(update(WebSession).where(WebSession.id == sign_in_id).values(confirmed_at=at))
        return response


def fresh() -> bool:
    """Whether that was no longer ago than the profile allows."""
    at = current_user.sign_in.confirmed_at
    return at is not None and dt.timedelta() <= clock.now() - at <= profile().confirm


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


def sensitive(view: View) -> View:
    """What this view does is done only by whoever has shown a moment ago that it is them (ASVS 7.5.3): others are asked
    for their password, and what they sent goes with it."""

    @wraps(view)
    def asked(*args: Any, **kwargs: Any) -> Any:
        return ask_again() or view(*args, **kwargs)

    asked.is_sensitive = True  # type: ignore[attr-defined]
    return cast(View, asked)


def ask_again() -> Response | None:
    """None if it is them: seen a moment ago, or by the password that came with the form. Else the page that asks."""
    if fresh():
        return None
    said = request.form.get(SAID, "")
    if not said:
        return _question("")
    by = throttle.counted(f"confirm|{current_user.account.id}")
    if not throttle.begin(db.session(), by):
        seconds = int(throttle.waits(db.session(), by).total_seconds()) + 1
        return _question(_("不对的次数太多了，为了安全，请 %(seconds)s 秒后再试。", seconds=seconds))
    if not passwords.fits(current_user.account.password_hash, said):
        throttle.failed(db.session(), by)
        keep()
        return _question(_("密码不对，请重新输入。"))
    throttle.forgive(db.session(), by)
    note()
    return None


def _question(wrong: str) -> Response:
    if request.headers.get("HX-Request") or wants_json():
        address = url_for("account.mine")
        return make_response(jsonify(error=_("请先确认是您本人，再继续。"), status=403, login=address), 403)
    sent = [(name, value) for name, value in request.form.items(multi=True) if name not in {SAID, "csrf_token"}]
    return make_response(render_template("confirm.html", sent=sent, wrong=wrong, field_name=SAID), 403)
