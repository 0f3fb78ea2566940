"""企业微信 group robot: a key in the address is its only secret. Text counts bytes."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from registry.alerts.channels.facts import limit
from registry.alerts.channels.fields import Checking, Findings, secret
from registry.alerts.channels.message import Message, Receipt
from registry.alerts.channels.outgoing import Outgoing
from registry.alerts.channels.posting import encoded, in_turn, judged, posted, ready
from registry.alerts.channels.posting import one_person_or_nobody as check_address
from registry.alerts.channels.splitting import in_parts
from registry.alerts.channels.wecom_text import literal, literal_in_markup

NAME = "wecom_robot"


@dataclass(frozen=True)
class Settings:
    """`markup`: as markdown, which holds twice as much and names nobody."""

    key: str = secret()
    markup: bool = False
    base_url: str = "https://qyapi.weixin.qq.com"


def check(settings: Settings, *, local: bool = False) -> Findings:
    """What is wrong with the settings, field by field."""
    checking = Checking(settings, local=local)
    checking.text("key", ascii_only=True)
    checking.url("base_url")
    return checking.findings


def parts(settings: Settings, message: Message) -> list[str]:
    """The texts that a message becomes."""
    plain = literal_in_markup(message) if settings.markup else literal(message)
    return in_parts(plain, limit(NAME, "markup" if settings.markup else "text"))


def send(settings: Settings, address: str, message: Message, http: Outgoing, *, after: int = 0) -> Receipt:
    """To the robot's group; `address` is the user id of somebody to call by name in the last part, or empty."""
    ready(NAME, check(settings, local=http.allow_local), check_address(address))
    url = f"{settings.base_url.rstrip('/')}/cgi-bin/webhook/send?key={quote(settings.key, safe='')}"
    texts = parts(settings, message)

    def post(number: int) -> str:
        text, called = texts[number], [address] if address and number == len(texts) - 1 else []
        if settings.markup:
            told: dict[str, object] = {"msgtype": "markdown", "markdown": {"content": text}}
        else:
            told = {"msgtype": "text", "text": {"content": text, "mentioned_list": called}}
        judged(NAME, posted(NAME, http, url, encoded(told)), "errcode", "errmsg")
        return ""

    return in_turn(NAME, range(len(texts)), after, post)
