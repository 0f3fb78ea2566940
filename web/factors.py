"""登录保护: the second factors of one's own account."""

from __future__ import annotations

from typing import Any

import segno
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from ledger.errors import BadAnswer, NotFound
from registry.access import factors, outside, sign_ins, totp
from registry.access.profiles import profile
from web.errors import field_problems
from web.freshness import sensitive
from web.guard import actor
from web.session import db

bp = Blueprint("factors", __name__, url_prefix="/account/factors")


@bp.get("")
def show() -> str:
    """What there is, and what can be added."""
    return _page()


def _page(**more: Any) -> str:
    account = current_user.account
    found = {
        "program": factors.totp_of(db.session(), account.id), "left": factors.codes_left(db.session(), account.id),
        "passkeys": factors.passkeys_of(db.session(), account.id),
        "identities": outside.of(db.session(), account.id), "codes": (),
        "owed": profile().two and current_user.sign_in.how == "password",
    }
    return render_template("factors.html", **{**found, **more})


@bp.post("/totp")
@sensitive
def begin() -> ResponseReturnValue:
    """A new secret, to be shown to the phone."""
    factors.begin_totp(db.session(), current_user.account)
    return redirect(url_for("factors.scan"), 303)


@bp.get("/totp")
def scan() -> str:
    """The square, once more until the first code; never afterwards."""
    return _scan({})


def _scan(problems: dict[str, list[str]]) -> str:
    row = factors.begun(db.session(), current_user.account.id)
    if row is None:
        raise NotFound
    square = segno.make(totp.address(row.secret, current_user.account.login), error="m")
    return render_template("factor_totp.html", problems=problems, secret=totp.spelled(row.secret),
                           picture=square.svg_data_uri(border=2, scale=5))


@bp.post("/totp/confirmation")
def confirm() -> ResponseReturnValue:
    """The first code. Other sign-ins of the account end; the codes for paper are shown this once."""
    try:
        codes = factors.confirm_totp(db.session(), current_user.account, request.form.get("code", "")[:40], by=actor())
    except BadAnswer as error:
        problems = field_problems(error)
        db.session.rollback()
        return _scan(problems), 400
    _alone("password+totp")
    return _page(codes=codes, owed=False)


@bp.post("/totp/removal")
@sensitive
def remove() -> ResponseReturnValue:
    """No code is asked for any more."""
    factors.remove_totp(db.session(), current_user.account, by=actor())
    _alone("password")
    flash(_("验证器已解绑，登录时不再要验证码。"), "ok")
    return redirect(url_for("factors.show"), 303)


@bp.post("/codes")
@sensitive
def codes() -> ResponseReturnValue:
    """New codes for paper; those before end."""
    if factors.totp_of(db.session(), current_user.account.id) is None:
        raise NotFound
    return _page(codes=factors.new_codes(db.session(), current_user.account, by=actor()))


def _alone(how: str) -> None:
    """Factors have changed: this sign-in stays, as one of this kind; the others end (ASVS 7.4.3)."""
    sign_ins.end_all(db.session(), current_user.account.id, but=current_user.sign_in.id)
    current_user.sign_in.how = how
