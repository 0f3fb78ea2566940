"""The second step of signing in: a code of the authenticator program, or one from paper."""

from __future__ import annotations

import logging

from flask import Blueprint, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from registry.access import challenges, factors, throttle
from registry.access.accounts import Account, account_of
from web.guard import public
from web.login import counted, let_in
from web.session import db, keep

log = logging.getLogger("licet.web")
bp = Blueprint("second", __name__)
KIND = "half"


def ask(account: Account, target: str | None) -> ResponseReturnValue:
    """Half a sign-in: what is known is kept here, and the browser gets a token for it."""
    chosen = cookie.get("language")
    cookie.clear()
    if chosen:
        cookie["language"] = chosen
    cookie[KIND] = challenges.give(db.session(), KIND, {"account": account.id, "next": target or ""})
    return redirect(url_for("second.form"), 303)


def _half() -> tuple[Account, str] | None:
    """Who has given a password here a moment ago, and where they wanted to go."""
    kept = challenges.look(db.session(), KIND, cookie.get(KIND, ""))
    account = account_of(db.session(), kept["account"]) if kept else None
    return (account, kept["next"]) if account and kept else None


@bp.get("/login/second")
@public
def form() -> ResponseReturnValue:
    """The code; who has given no password begins there."""
    return render_template("second.html", wrong=False, wait=0) if _half() else redirect(url_for("login.form"))


@bp.post("/login/second")
@public
def check() -> ResponseReturnValue:
    """A right code signs in. A wrong, used or late one is refused in the same words."""
    half = _half()
    if half is None:
        return redirect(url_for("login.form"), 303)
    account, target = half
    by = counted(f"second|{account.login}")
    if not throttle.begin(db.session(), by):
        seconds = int(throttle.waits(db.session(), by).total_seconds()) + 1
        return render_template("second.html", wrong=False, wait=seconds), 429, {"Retry-After": str(seconds)}
    shown = factors.check_second(db.session(), account, request.form.get("code", "")[:40])
    if not shown or challenges.take(db.session(), KIND, cookie.get(KIND, "")) is None:
        throttle.failed(db.session(), by)
        keep()
        log.info("second step refused for account %s", account.id)
        return render_template("second.html", wrong=True, wait=0), 401
    throttle.forgive(db.session(), by)
    return let_in(account, f"password+{shown}", target)
