"""我的: who I am here, my language, my password, and where I am signed in."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from ledger import clock
from ledger.errors import BadAnswer, NotFound, Problem
from registry.access import passwords, sign_ins
from registry.access.accounts import set_password
from registry.access.profiles import Profile, profile
from registry.access.roles import roles
from registry.access.sign_ins import WebSession
from registry.people.units import Unit
from web import specimens
from web.errors import field_problems
from web.freshness import sensitive
from web.guard import actor, public
from web.i18n import LANGUAGES, speak
from web.limits import SIGN_IN, limiter
from web.login import local_path
from web.session import db

bp = Blueprint("account", __name__)


@bp.get("/account")
def mine() -> str:
    """Roles and their places, language, appearance, password, sign-ins."""
    return page({})


def page(problems: dict[str, list[str]]) -> str:
    """The page, with what is wrong with what was sent."""
    units = {grant.unit_id for grant in actor().grants}
    names = {unit.id: unit.name for unit in db.session.scalars(select(Unit).where(Unit.id.in_(units)))}
    return render_template(
        "account.html", names=names, roles=roles(), problems=problems, signature=specimens.mine(),
        signed_in=sign_ins.living(db.session(), current_user.account.id), rules=profile(),
    )


@bp.app_template_global()
def browser_of(agent: str) -> str:
    """A browser and a machine in two words, as far as the browser says."""
    browsers = {
        "Edg": "Edge",
        "MicroMessenger": "微信",
        "DingTalk": "钉钉",
        "Firefox": "Firefox",
        "Chrome": "Chrome",
        "Safari": "Safari",
    }
    machines = {"iPhone": "iPhone", "Android": "Android", "Windows": "Windows", "Mac OS": "Mac", "Linux": "Linux"}
    known = (next((name for mark, name in names.items() if mark in agent), "") for names in (browsers, machines))
    return " · ".join(filter(None, known)) or _("未知")


@bp.app_template_global()
def password_hint(rules: Profile) -> str:
    """What a new password must be."""
    if rules.kinds:
        return _("至少 %(least)s 个字符，大写字母、小写字母、数字、符号里至少 %(kinds)s 种；"
                 "不能和最近 %(history)s 次的一样。", least=rules.shortest, kinds=rules.kinds, history=rules.history)
    return _("至少 %(least)s 个字符，一句容易记的话比一串符号好。", least=rules.shortest)


@bp.post("/account/password")
@limiter.limit(SIGN_IN, key_func=lambda: str(current_user.account.id))
def password() -> Response | tuple[str, int]:
    """Change the password; every other sign-in of the account ends."""
    due = current_user.account.password_due
    try:
        _change_password(request.form.get("old", ""), request.form.get("new", ""), request.form.get("again", ""))
    except BadAnswer as error:
        db.session.rollback()
        return (_due_page if due else page)(field_problems(error)), 400
    flash(_("密码已修改，其他设备上的登录都已结束。"), "ok")
    return redirect(url_for("account.mine"), 303)


@bp.get("/account/password/due")
def due() -> str:
    """The password is older than the profile allows: nothing else before a new one."""
    return _due_page({})


def _due_page(problems: dict[str, list[str]]) -> str:
    return render_template("password_due.html", problems=problems, rules=profile())


@bp.post("/account/sign-ins/end")
@sensitive
def end_others() -> Response:
    """End every sign-in of mine but this one."""
    sign_ins.end_all(db.session(), current_user.account.id, but=current_user.sign_in.id)
    flash(_("其他设备上的登录都已结束。"), "ok")
    return redirect(url_for("account.mine"), 303)


@bp.post("/account/sign-ins/<int:sign_in_id>/end")
@sensitive
def end_sign_in(sign_in_id: int) -> Response:
    """End one of my sign-ins, on whatever device."""
    row = db.session.get(WebSession, sign_in_id)
    if row is None or row.account_id != current_user.account.id:
        raise NotFound
    row.ended_at = row.ended_at or clock.now()
    return redirect(url_for("account.mine"), 303)


def _change_password(old: str, new: str, again: str) -> None:
    account = current_user.account
    if not passwords.fits(account.password_hash, old):
        raise BadAnswer({"old": [Problem("现在的密码不对。")]})
    if new != again:
        raise BadAnswer({"again": [Problem("两次输入的新密码不一样。")]})
    set_password(db.session(), account, new, by=actor(), here=current_user.sign_in.id)


@bp.post("/language")
@public
def language() -> Response:
    """Speak another language from now on; kept with the account of whoever is signed in."""
    chosen = request.form.get("language", "")
    speak(chosen)
    if current_user.is_authenticated and chosen in LANGUAGES:
        current_user.account.locale = chosen
    return redirect(local_path(request.form.get("next")), 303)
