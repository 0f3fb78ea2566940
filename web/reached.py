"""我的收件方式: where one is reached outside the house, and whether one wants one letter a day."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from registry.alerts.letters import contacts
from web.entry import Ask, Entry, answered, drawn
from web.freshness import sensitive
from web.guard import actor
from web.session import db

bp = Blueprint("reached", __name__)


@bp.get("/account/letters")
def show() -> str:
    """The form."""
    return drawn(_entry())


@bp.post("/account/letters")
@sensitive
def keep() -> ResponseReturnValue:
    """One's own addresses and wishes."""

    def act(given: dict[str, Any]) -> str:
        for reaches in contacts.OWN:
            if given.get(f"no_{reaches}"):
                contacts.keep(db.session(), actor(), reaches, "")
            elif given[reaches]:
                contacts.keep(db.session(), actor(), reaches, given[reaches])
        contacts.wish(db.session(), actor(), digest=given["digest"],
                      without=[] if given["mobile"] else [contacts.MOBILE])
        flash(_("已保存。"), "success")
        return url_for("account.mine")

    return answered(_entry(), act)


def _entry() -> Entry:
    known, wish = contacts.own(db.session(), actor())
    labels = {"mailbox": _("电子邮箱"), "person": _("企业微信成员编号")}
    asks: list[Ask] = []
    for reaches, label in labels.items():
        kept = known.get(reaches, "")
        hint = _("现在是 %(address)s，不改就不用填。", address=kept) if kept else ""
        asks.append(Ask(reaches, label, most=254, hint=hint))
        if kept:
            asks.append(Ask(f"no_{reaches}", _("不再用它收消息"), "tick"))
    texts = contacts.MOBILE not in wish.without
    asks.append(Ask("mobile", _("用登记的手机号收短信"), "tick", value=texts))
    asks.append(Ask("digest", _("每天早上 8 点只收一条汇总"), "tick", value=wish.digest,
                    hint=_("不勾选就逐条发送；21 点到次日 8 点不打扰。")))
    trail = [(url_for("account.mine"), _("我的账号"))]
    return Entry(_("我的收件方式"), _("保存"), url_for("reached.keep"), trail, asks,
                 lead=_("到期提醒总会出现在系统的通知里；单位开通了相应渠道的，也发到这里。"))
