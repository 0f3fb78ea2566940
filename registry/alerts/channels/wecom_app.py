"""企业微信 application message: to one person, with a token that the application's secret fetches for two hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from ledger.errors import Problem
from registry.alerts.channels.facts import failure, limit
from registry.alerts.channels.fields import Checking, Findings, secret
from registry.alerts.channels.message import Message, Receipt
from registry.alerts.channels.outgoing import Outgoing
from registry.alerts.channels.posting import encoded, fetched, in_turn, judged, nonsense, posted, ready
from registry.alerts.channels.posting import one_person as check_address
from registry.alerts.channels.splitting import in_parts, octets
from registry.alerts.channels.wecom_text import literal

NAME = "wecom_app"
NO_LONGER_KNOWN = ("40014", "42001")
"""Codes for a token that has ended early: fetched anew, once."""
Part = dict[str, Any]


@dataclass(frozen=True)
class Settings:
    """The company, the application's number (agentid) and its secret."""

    corp_id: str = ""
    agent_id: str = ""
    corp_secret: str = secret()
    base_url: str = "https://qyapi.weixin.qq.com"

    @property
    def account(self) -> tuple[str, ...]:
        """Whom a token belongs to."""
        return NAME, self.base_url, self.corp_id, self.corp_secret


def check(settings: Settings, *, local: bool = False) -> Findings:
    """What is wrong with the settings, field by field."""
    checking = Checking(settings, local=local)
    checking.text("corp_id", longest=64, ascii_only=True)
    agent = checking.text("agent_id", longest=20, ascii_only=True)
    if agent.strip() and not (agent.isascii() and agent.isdigit()):
        checking.wrong("agent_id", Problem("应用编号（AgentId）是一串数字。"))
    checking.text("corp_secret", ascii_only=True)
    checking.url("base_url")
    return checking.findings


def parts(settings: Settings, message: Message) -> list[Part]:
    """A card with a link where the message is short enough for one, else texts."""
    plain = literal(message)
    about = "\n".join(plain.lines)
    if (plain.link and plain.title and about and octets(plain.title) <= limit(NAME, "card_title")
            and octets(about) <= limit(NAME, "card")):
        card = {"title": plain.title, "description": about, "url": plain.link,
                "btntxt": "Open" if plain.language == "en" else "查看"}
        return [{"msgtype": "textcard", "textcard": card}]
    return [{"msgtype": "text", "text": {"content": text}} for text in in_parts(plain, limit(NAME, "text"))]


def send(settings: Settings, address: str, message: Message, http: Outgoing, *, after: int = 0) -> Receipt:
    """To the person with the user id `address`. The provider drops what it had within its own time for repeats."""
    ready(NAME, check(settings, local=http.allow_local), check_address(address))

    def post(part: Part) -> str:
        told = {"touser": address, "agentid": int(settings.agent_id), **part, "enable_duplicate_check": 1,
                "duplicate_check_interval": limit(NAME, "repeats")}
        said = _told(settings, encoded(told), http, again=True)
        for wrong in ("invaliduser", "unlicenseduser"):
            if said.get(wrong):
                raise failure(NAME, wrong)
        return str(said.get("msgid", ""))[:100]

    return in_turn(NAME, parts(settings, message), after, post)


def _told(settings: Settings, body: bytes, http: Outgoing, *, again: bool) -> Mapping[str, Any]:
    token = http.tokens.get(settings.account, lambda: _token(settings, http))
    url = f"{settings.base_url.rstrip('/')}/cgi-bin/message/send?{urlencode({'access_token': token})}"
    answer = posted(NAME, http, url, body)
    if again and str((answer.mapping() or {}).get("errcode")) in NO_LONGER_KNOWN:
        http.tokens.drop(settings.account, token)
        return _told(settings, body, http, again=False)
    return judged(NAME, answer, "errcode", "errmsg")


def _token(settings: Settings, http: Outgoing) -> tuple[str, int]:
    asked = urlencode({"corpid": settings.corp_id, "corpsecret": settings.corp_secret})
    answer = fetched(NAME, http, f"{settings.base_url.rstrip('/')}/cgi-bin/gettoken?{asked}")
    said = judged(NAME, answer, "errcode", "errmsg")
    token, seconds = said.get("access_token"), said.get("expires_in")
    if not isinstance(token, str) or not token or not isinstance(seconds, int):
        raise nonsense(NAME, answer)
    return token, seconds
