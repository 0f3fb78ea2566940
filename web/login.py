"""Signing in and out. A sign-in is a row: ending the row, or disabling the account, ends it on the next request."""

from __future__ import annotations

import logging
from contextlib import suppress
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response as AnyResponse

from ledger import clock
from ledger.actor import Actor
from ledger.db import HURRIED, unit
from registry.access import accounts, factors, sign_ins, throttle
from registry.access.accounts import Account, actor_of, authenticate
from registry.access.profiles import profile
from registry.access.sign_ins import TOUCH_AFTER, WebSession, digest
from registry.access.throttle import Counted
from registry.people.persons import Person
from web.config import Config
from web.guard import public
from web.i18n import speak
from web.limits import limiter
from web.session import SAFE, db, keep, only_reads

log = logging.getLogger("licet.web")
bp = Blueprint("login", __name__)


class User(UserMixin):
    """Whoever is signed in: the account, the actor made of it, and the sign-in itself."""

    def __init__(self, account: Account, actor: Actor, sign_in: WebSession, token: str) -> None:
        self.account, self.actor, self.sign_in, self.token = account, actor, sign_in, token
        self.name = actor.name

    def get_id(self) -> str:
        return self.token


def living_user(token: str) -> User | None:
    """The user behind a cookie's token; None when the sign-in has ended, expired, or its account is disabled."""
    person = joinedload(Account.person)
    query = (
        select(WebSession, Account)
        .join(Account, Account.id == WebSession.account_id)
        .options(person.joinedload(Person.company), person.joinedload(Person.unit))
        .where(WebSession.token_hash == digest(token))
    )
    row = db.session.execute(query).one_or_none()
    if row is None:
        return None
    sign_in, account = row
    if not sign_in.alive(clock.now(), profile()) or not account.usable:
        return None
    user = User(account, actor_of(db.session(), account), sign_in, token)
    view = current_app.view_functions.get(request.endpoint or "")
    if clock.now() - sign_in.seen_at > TOUCH_AFTER and not getattr(view, "is_background", False):
        _touch(sign_in.id)
    return user


def _touch(sign_in_id: int) -> None:
    """Note that the sign-in is in use. Where the page only reads, in a small transaction of its own, which does not
    wait for another on SQLite: the next page notes it then."""
    if not only_reads():
        db.session.execute(update(WebSession).where(WebSession.id == sign_in_id).values(seen_at=clock.now()))
        return
    with suppress(OperationalError), unit(db.engine) as session:
        session.connection(execution_options={HURRIED: True})
        session.execute(update(WebSession).where(WebSession.id == sign_in_id).values(seen_at=clock.now()))


@bp.get("/login")
@public
def form() -> AnyResponse | str:
    """The sign-in page."""
    if current_user.is_authenticated:
        return redirect(local_path(request.args.get("next")))
    return _page()


def _page(wrong: bool = False, wait: int = 0) -> str:
    return render_template("login.html", wrong=wrong, wait=wait, demo=demo_accounts(),
                           deserted=not accounts.count(db.session()))


@bp.post("/login")
@public
@limiter.limit("60 per minute", deduct_when=lambda response: response.status_code != 303)
def sign_in() -> ResponseReturnValue:
    """Check name and password. After some that were wrong the next is not looked at for a while: the page says so, in
    the same words for an account that there is and one that there is not."""
    login = request.form.get("login", "")
    by = counted(login)
    if not throttle.begin(db.session(), by):
        seconds = int(throttle.waits(db.session(), by).total_seconds()) + 1
        return _page(wait=seconds), 429, {"Retry-After": str(seconds)}
    account = authenticate(db.session(), login, request.form.get("password", ""), by)
    if account is None:
        log.info("sign-in refused from %s", request.remote_addr)
        keep()
        return _page(wrong=True), 401
    target = request.form.get("next")
    if factors.totp_of(db.session(), account.id) is not None:
        from web import second

        return second.ask(account, target)
    return let_in(account, "password", target)


def counted(what: str) -> Counted:
    """The counts of a try by this browser."""
    return throttle.counted(what, request.remote_addr or "", request.cookies.get(_known(), ""))


def _known() -> str:
    """The name of the cookie by which a browser shows that it has signed in to an account before."""
    return f"{current_app.config['SESSION_COOKIE_NAME']}-known"


def let_in(account: Account, how: str, target: str | None) -> AnyResponse:
    """Open a sign-in, put its token into the cookie, and lead on. It gets a new id: nothing set before counts. An old
    one of this browser ends."""
    chosen = cookie.get("language")
    if current_user.is_authenticated:
        current_user.sign_in.ended_at = clock.now()
    cookie.clear()
    begin(account, how)
    speak(chosen or account.locale)
    log.info("account %s signed in by %s", account.id, how)
    answer = make_response(redirect(local_path(target), 303))
    answer.set_cookie(_known(), throttle.new_device(account.login), max_age=180 * 86400, httponly=True, samesite="Lax",
                      secure=current_app.config["SESSION_COOKIE_SECURE"], path="/")
    return answer


def begin(account: Account, how: str) -> None:
    """The row of a sign-in, and its token in the cookie."""
    row, token = sign_ins.begin(db.session(), account.id, how=how, agent=request.user_agent.string,
                                address=request.remote_addr or "")
    login_user(User(account, actor_of(db.session(), account), row, token))


@bp.post("/logout")
def sign_out() -> AnyResponse:
    """End this sign-in, here and in the table; and with the provider, if it was begun there."""
    current_user.sign_in.ended_at, how = clock.now(), current_user.sign_in.how
    logout_user()
    chosen = cookie.get("language")
    cookie.clear()
    speak(chosen)
    provider = current_app.extensions["licet_provider"] if how == "oidc" else None
    there = provider.farewell(url_for("login.form", _external=True)) if provider else ""
    return redirect(there or url_for("login.form"), 303)


def ask_to_sign_in() -> Response:
    """The answer to somebody not signed in: the sign-in page, and afterwards back to what was wanted."""
    from web.errors import wants_json

    wanted = request.full_path.rstrip("?") if request.method in SAFE else _path_of(request.referrer)
    address = url_for("login.form", next=wanted) if wanted not in {"", "/"} else url_for("login.form")
    if request.headers.get("HX-Request"):
        return make_response("", 401, {"HX-Redirect": url_for("login.form", next=_path_of(request.referrer))})
    if wants_json():
        return make_response(jsonify(error=_("登录已结束，请重新登录。"), status=401, login=address), 401)
    return make_response(redirect(address, 302 if request.method in SAFE else 303))


def lead_to(endpoint: str) -> Response:
    """The answer to somebody who has to do something else first."""
    from web.errors import wants_json

    address = url_for(endpoint)
    if request.headers.get("HX-Request"):
        return make_response("", 403, {"HX-Redirect": address})
    if wants_json():
        return make_response(jsonify(error=_("请先按页面提示完成，再继续。"), status=403, login=address), 403)
    return make_response(redirect(address, 302 if request.method in SAFE else 303))


def local_path(target: str | None) -> str:
    """Where to go next: `target` if it is a path of this site, else the desk. Never another site (CWE-601)."""
    target = target or ""
    odd = "\\" in target or any(ord(c) < 33 for c in target)
    parts = urlsplit(target)
    if odd or not target.startswith("/") or target.startswith("//") or parts.scheme or parts.netloc:
        return url_for("home.desk")
    return target


def _path_of(address: str | None) -> str:
    parts = urlsplit(address or "")
    return (
        local_path(f"{parts.path}?{parts.query}" if parts.query else parts.path) if parts.netloc == request.host else ""
    )


def demo_accounts() -> list[dict[str, str]]:
    """One account for each role, shown on the sign-in page of a demonstration only."""
    config: Config = current_app.extensions["licet_config"]
    if not config.demo:
        return []
    from registry.sample import demo_accounts as listed

    return listed(db.session())


def open_login(app: Flask) -> None:
    """Connect Flask-Login."""
    manager = LoginManager(app)
    manager.session_protection = None  # a phone changes its address; the row in the table is the protection
    manager.user_loader(living_user)
