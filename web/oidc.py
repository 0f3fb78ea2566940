"""单位登录: signing in at a provider, and linking one's account with it. Passwords work whether it answers or not."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from typing import Any

from flask import Blueprint, current_app, flash, redirect, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from ledger.errors import Refused
from registry.access import challenges, outside
from web.errors import sentence
from web.freshness import sensitive
from web.guard import actor, public, reads, returning
from web.limits import VERIFY, limiter
from web.login import let_in
from web.provider import Away, NotProven, Provider
from web.session import db, write

log = logging.getLogger("licet.web")
bp = Blueprint("oidc", __name__)
KIND = "oidc"


@bp.app_template_global()
def provider_of_sign_ins() -> Provider | None:
    """The provider of this site, if it has one."""
    found: Provider | None = current_app.extensions["licet_provider"]
    return found


def _back() -> str:
    base = current_app.extensions["licet_config"].url
    return f"{base}{url_for('oidc.come_back')}" if base else url_for("oidc.come_back", _external=True)


@bp.post("/login/oidc")
@public
@reads
@limiter.limit(VERIFY)
def go() -> ResponseReturnValue:
    """To the provider, to sign in."""
    return _sent({"next": request.form.get("next", "")}, "login.form")


@bp.post("/account/factors/outside")
@sensitive
def go_and_link() -> ResponseReturnValue:
    """To the provider, to be known here as who one is there."""
    return _sent({"link": current_user.account.id}, "factors.show")


def _sent(kept: dict[str, Any], otherwise: str) -> ResponseReturnValue:
    """Nothing is locked while the provider is asked where its door is."""
    provider, nonce, verifier = provider_of_sign_ins(), secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    if provider is None:
        return redirect(url_for(otherwise), 303)
    try:
        provider.metadata()
        write()
        state = challenges.give(db.session(), KIND, {**kept, "nonce": nonce, "verifier": verifier})
        address = provider.way(_back(), state=state, nonce=nonce, verifier=verifier)
    except Away:
        return _again(_("单位登录暂时不可用，请用账号和密码登录。"), otherwise)
    cookie[KIND] = state
    return redirect(address, 303)


def _again(words: str, to: str = "login.form") -> ResponseReturnValue:
    flash(words, "bad")
    return redirect(url_for(to), 303)


@bp.get("/login/oidc/return")
@public
@returning
@limiter.limit(VERIFY)
def come_back() -> ResponseReturnValue:
    """Back from the provider. Only the browser that we sent there can come back, once; all else reads the same."""
    state, provider = request.args.get("state", ""), provider_of_sign_ins()
    kept = challenges.look(db.session(), KIND, state) if state and state == cookie.get(KIND) else None
    if provider is None or kept is None:
        return _again(_("没有登录成功，请再试一次。"))
    linking = kept.get("link")
    home = "factors.show" if linking else "login.form"
    try:
        if request.args.get("iss", provider.issuer) != provider.issuer:
            raise NotProven
        who = provider.subject(request.args.get("code", ""), _back(), nonce=kept["nonce"], verifier=kept["verifier"])
    except NotProven as error:
        log.info("sign-in by the provider refused: %s", type(error.__cause__ or error).__name__)
        return _again(_("没有登录成功，请再试一次。"), home)
    except Away:
        return _again(_("单位登录暂时不可用，请用账号和密码登录。"), home)
    write()
    cookie.pop(KIND, None)
    if challenges.take(db.session(), KIND, state) is None:
        return _again(_("没有登录成功，请再试一次。"), home)
    return _linked(linking, provider, who) if linking else _in(provider, who, kept["next"])


def _in(provider: Provider, who: str, target: str) -> ResponseReturnValue:
    account = outside.account_by(db.session(), provider.issuer, who)
    if account is None:
        return _again(_("这个身份还没有绑定账号。请先用账号和密码登录，在“登录保护”里绑定。"))
    return let_in(account, "oidc", target)


def _linked(account_id: int, provider: Provider, who: str) -> ResponseReturnValue:
    """Only for whoever is still signed in as who they were when they left."""
    if not current_user.is_authenticated or current_user.account.id != account_id:
        return _again(_("没有登录成功，请再试一次。"))
    return _done(lambda: outside.link(db.session(), current_user.account, provider.issuer, who, by=actor()),
                 _("已绑定，以后可以用单位登录。"))


@bp.post("/account/factors/outside/<int:identity_id>/removal")
@sensitive
def unlink(identity_id: int) -> ResponseReturnValue:
    """No more."""
    return _done(lambda: outside.unlink(db.session(), current_user.account, identity_id, by=actor()),
                 _("已解除绑定。"))


def _done(act: Callable[[], None], words: str) -> ResponseReturnValue:
    try:
        act()
    except Refused as error:
        flash(sentence(error), "bad")
    else:
        flash(words, "ok")
    return redirect(url_for("factors.show"), 303)
