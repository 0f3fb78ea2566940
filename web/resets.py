"""忘记密码: a link by e-mail, or by hand from an administrator; it works once, for half an hour."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ledger.errors import BadAnswer, Problem
from registry.access import resets, throttle
from registry.access.profiles import profile
from web.errors import field_problems
from web.guard import public
from web.limits import VERIFY, limiter
from web.login import counted
from web.session import db

bp = Blueprint("resets", __name__, url_prefix="/password")


@bp.get("/forgotten")
@public
def forgotten() -> str:
    """Which account."""
    return render_template("password_forgotten.html", done=False)


@bp.post("/forgotten")
@public
@limiter.limit(VERIFY)
def ask() -> str:
    """The same answer, after the same work, for every name; who asks too often is answered alike, and nothing more."""
    login = request.form.get("login", "")
    by = counted(f"reset|{login}")
    if throttle.begin(db.session(), by):
        throttle.failed(db.session(), by)
        resets.ask(db.session(), login)
    return render_template("password_forgotten.html", done=True)


@bp.get("/new/<token>")
@public
@limiter.limit(VERIFY)
def new(token: str) -> str:
    """Looking at it uses nothing up: mail programs look before people do. Raises LinkOver."""
    return _page(resets.with_token(db.session(), token), {})


def _page(link: resets.ResetLink, problems: dict[str, list[str]]) -> str:
    return render_template("password_new.html", problems=problems, rules=profile(), login=link.account.login,
                           token_of_link=link.token)


@bp.post("/new/<token>")
@public
@limiter.limit(VERIFY)
def use(token: str) -> ResponseReturnValue:
    """Set it; every sign-in of the account ends, and one signs in anew, with every factor one has."""
    new, again = request.form.get("new", ""), request.form.get("again", "")
    try:
        if new != again:
            raise BadAnswer({"again": [Problem("两次输入的新密码不一样。")]})
        resets.use(db.session(), token, new)
    except BadAnswer as error:
        problems = field_problems(error)
        db.session.rollback()
        return _page(resets.with_token(db.session(), token), problems), 400
    flash(_("新密码已设好，请用它登录。"), "ok")
    return redirect(url_for("login.form"), 303)


def address_of(link: resets.ResetLink) -> str:
    """The link as it is handed over: on the site's own address, never on one that a request named (A49)."""
    base = current_app.extensions["licet_config"].url
    path = url_for("resets.new", token=link.token)
    return f"{base}{path}" if base else path
