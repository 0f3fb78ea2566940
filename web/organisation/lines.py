"""消息渠道: the ways by which alerts leave the house, tried by the press of a button; letters that did not leave."""

from __future__ import annotations

import dataclasses
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from ledger.errors import NotFound
from registry.access.rules import can
from registry.alerts.channels import CHANNELS, Channel
from registry.alerts.channels.sms import Template
from registry.alerts.letters import lines, sending
from registry.alerts.letters.model import DEAD, Letter, Line
from registry.people.persons import Person
from registry.people.units import Unit
from web.entry import Ask, Entry, answered, drawn
from web.guard import actor, needs
from web.i18n import say
from web.session import db

bp = Blueprint("lines", __name__, url_prefix="/lines")
MOST_DEAD = 100
LABELS = {
    "host": _l("邮件服务器"), "port": _l("端口"), "security": _l("加密方式"), "username": _l("登录账号"),
    "password": _l("登录密码"), "sender": _l("发件地址"), "sender_name": _l("发件人名称"), "key_id": _l("访问密钥编号"),
    "key_secret": _l("访问密钥"), "secret_id": _l("访问密钥编号"), "secret_key": _l("访问密钥"),
    "sign_name": _l("短信签名"), "app_id": _l("短信应用编号"), "region": _l("地域"), "base_url": _l("接口地址"),
    "token": _l("机器人令牌"), "key": _l("机器人密钥"), "secret": _l("签名密钥"), "corp_id": _l("企业编号"),
    "agent_id": _l("应用编号"), "corp_secret": _l("应用密钥"), "markup": _l("用 Markdown 格式发送"),
}
TEMPLATES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "alert": (_l("单张到期提醒的短信模板"), ("type", "holder", "day")),
    "digest": (_l("每日汇总的短信模板"), ("n",)),
    "test": (_l("测试消息的短信模板"), ()),
}
"""Kinds of short messages, and the variables that a template has, in this order."""
CHOICES: dict[str, list[tuple[str, Any]]] = {
    "security": [("tls", "TLS"), ("starttls", "STARTTLS")],
}


def _local() -> bool:
    """Whether this process may call itself (tests do)."""
    return bool(current_app.extensions["licet_outgoing"].allow_local)


@bp.get("")
@needs(lines.READ)
def listed() -> str:
    """The lines of the group, what can be set up, and the letters that did not leave."""
    dead = select(Letter).where(Letter.group_id == actor().group_id, Letter.state == DEAD).options(
        joinedload(Letter.line)).order_by(Letter.id.desc()).limit(MOST_DEAD)
    letters = db.session.scalars(dead).all()
    names = dict(db.session.execute(select(Person.id, Person.name).where(
        Person.id.in_({letter.person_id for letter in letters if letter.person_id}))).tuples().all())
    last = select(Letter).where(Letter.group_id == actor().group_id, Letter.kind == "test").order_by(
        Letter.id.desc()).limit(MOST_DEAD)
    tried: dict[int, Letter] = {}
    for letter in db.session.scalars(last):
        tried.setdefault(letter.line_id, letter)
    return render_template(
        "lines.html", lines=lines.listed(db.session(), actor()), channels=CHANNELS, letters=letters, names=names,
        tried=tried, may_edit=can(actor(), lines.EDIT))


@bp.get("/new/<channel>")
@needs(lines.EDIT)
def new(channel: str) -> str:
    """The form of a new line."""
    return drawn(_entry(_channel(channel)))


@bp.post("/new/<channel>")
@needs(lines.EDIT)
def set_up(channel: str) -> ResponseReturnValue:
    """It is set up."""
    way = _channel(channel)

    def act(given: dict[str, Any]) -> str:
        group = db.session.get_one(Unit, actor().group_id)
        made = lines.set_up(db.session(), channel, group, _settings(way, given), title=given["title"],
                            address=given.get("address", ""), by=actor(), local=_local())
        flash(_("渠道“%(title)s”已添加，请先发一条测试消息。", title=made.title), "success")
        return url_for("lines.listed")

    return answered(_entry(way), act)


@bp.get("/<int:line_id>")
@needs(lines.EDIT)
def show(line_id: int) -> str:
    """The form of its settings; secrets are not shown."""
    line = lines.one(db.session(), actor(), line_id)
    return drawn(_entry(CHANNELS[line.channel], line))


@bp.post("/<int:line_id>")
@needs(lines.EDIT)
def change(line_id: int) -> ResponseReturnValue:
    """Other settings."""
    line = lines.one(db.session(), actor(), line_id)
    way = CHANNELS[line.channel]

    def act(given: dict[str, Any]) -> str:
        lines.change(db.session(), line, _settings(way, given), title=given["title"],
                     address=given.get("address", ""), by=actor(), local=_local())
        flash(_("已保存。"), "success")
        return url_for("lines.listed")

    return answered(_entry(way, line), act)


@bp.post("/<int:line_id>/trial")
@needs(lines.EDIT)
def try_out(line_id: int) -> Response:
    """A test message by it."""
    sending.try_out(db.session(), lines.one(db.session(), actor(), line_id), by=actor())
    flash(_("测试消息已排入发送，结果会显示在这里。"), "success")
    return redirect(url_for("lines.listed"), 303)


@bp.post("/<int:line_id>/stop")
@needs(lines.EDIT)
def stop(line_id: int) -> Response:
    """Nothing leaves by it any more."""
    lines.stop(db.session(), lines.one(db.session(), actor(), line_id), by=actor())
    return redirect(url_for("lines.listed"), 303)


@bp.post("/<int:line_id>/use")
@needs(lines.EDIT)
def take_up(line_id: int) -> Response:
    """It is used again."""
    lines.take_up(db.session(), lines.one(db.session(), actor(), line_id), by=actor())
    return redirect(url_for("lines.listed"), 303)


@bp.post("/letters/<int:letter_id>/again")
@needs(lines.EDIT)
def again(letter_id: int) -> Response:
    """A letter that did not leave is sent again."""
    sending.again(db.session(), actor(), letter_id)
    flash(_("已重新排入发送。"), "success")
    return redirect(url_for("lines.listed"), 303)


@bp.app_template_global()
def said(why: dict[str, Any] | None) -> str:
    """A reason as a row keeps it, in the reader's language."""
    if not why:
        return ""
    values = {name: say(value["text"]) if isinstance(value, dict) else value for name, value in why["params"].items()}
    return say(why["text"], values)


def _channel(name: str) -> Channel:
    if name not in CHANNELS:
        raise NotFound
    return CHANNELS[name]


def _entry(way: Channel, line: Line | None = None) -> Entry:
    shown = line.shown if line is not None else {}
    asks = [Ask("title", _("名称"), required=True, most=60, value=line.title if line else say(way.title))]
    for each in dataclasses.fields(way.settings):
        if each.name == "templates":
            kept = {one["kind"]: one["code"] for one in shown.get("templates", ())}
            asks += [Ask(f"template_{kind}", label, most=40, value=kept.get(kind, ""),
                         hint=_("变量依次为：%(names)s", names="、".join(names)) if names else "")
                     for kind, (label, names) in TEMPLATES.items()]
        else:
            asks.append(_ask(each, way, shown.get(each.name, _default(each)), line is not None))
    if way.reaches == "group":
        asks.append(Ask("address", _("要点名的成员编号（可不填）"), most=60, value=line.address if line else ""))
    address = url_for("lines.show", line_id=line.id) if line else url_for("lines.new", channel=way.name)
    return Entry(line.title if line else _("添加%(channel)s", channel=say(way.title)), _("保存"), address,
                 [(url_for("lines.listed"), _("消息渠道"))], asks)


def _default(each: dataclasses.Field[Any]) -> Any:
    return each.default if each.default is not dataclasses.MISSING else ""


def _ask(each: dataclasses.Field[Any], way: Channel, value: Any, kept: bool) -> Ask:
    label = LABELS[each.name]
    if each.name in way.secrets:
        return Ask(each.name, label, "secret", most=200, hint=_("已保存，不改就不用填。") if kept else "")
    if each.name in CHOICES:
        options = [(key, str(words)) for key, words in CHOICES[each.name]]
        return Ask(each.name, label, "choice", required=True, options=options, value=value)
    if each.type in (bool, "bool"):
        return Ask(each.name, label, "tick", value=bool(value))
    if each.name == "port":
        return Ask(each.name, label, "whole", required=True, value=value)
    return Ask(each.name, label, most=1000 if each.name == "base_url" else 253, value=value)


def _settings(way: Channel, given: dict[str, Any]) -> dict[str, Any]:
    """The answers as the channel's settings."""
    names = {each.name for each in dataclasses.fields(way.settings)}
    found = {name: value for name, value in given.items() if name in names}
    if "templates" in names:
        found["templates"] = tuple(Template(kind, given[f"template_{kind}"], variables)
                                   for kind, (_label, variables) in TEMPLATES.items() if given[f"template_{kind}"])
    return found


