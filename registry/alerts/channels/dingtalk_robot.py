"""钉钉 group robot with a signature in the address."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import urlencode

from ledger import clock
from registry.alerts.channels.facts import limit
from registry.alerts.channels.fields import Checking, Findings, secret
from registry.alerts.channels.message import Message, Receipt
from registry.alerts.channels.outgoing import Outgoing
from registry.alerts.channels.posting import encoded, in_turn, judged, posted, ready
from registry.alerts.channels.posting import one_person_or_nobody as check_address
from registry.alerts.channels.splitting import in_parts, octets_in_json

NAME = "dingtalk_robot"


@dataclass(frozen=True)
class Settings:
    """The access_token of the robot's address, and the secret of its 加签."""

    token: str = secret()
    secret: str = secret()
    base_url: str = "https://oapi.dingtalk.com"


def check(settings: Settings, *, local: bool = False) -> Findings:
    """What is wrong with the settings, field by field."""
    checking = Checking(settings, local=local)
    checking.text("token", ascii_only=True)
    checking.text("secret", ascii_only=True)
    checking.url("base_url")
    return checking.findings


def signature(secret: str, milliseconds: int) -> str:
    """Base64 of HMAC-SHA256 over time and secret; not yet encoded for an address."""
    text = f"{milliseconds}\n{secret}"
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()).decode()


def parts(settings: Settings, message: Message) -> list[str]:
    """The texts that a message becomes; what stands around a text counts too."""
    around = len(written("", "x" * 200))
    return in_parts(message, limit(NAME, "body") - around, size=octets_in_json)


def send(settings: Settings, address: str, message: Message, http: Outgoing, *, after: int = 0) -> Receipt:
    """To the robot's group; `address` is the user id of somebody to call by name in the last part, or empty."""
    ready(NAME, check(settings, local=http.allow_local), check_address(address))
    texts = parts(settings, message)

    def post(number: int) -> str:
        body = written(texts[number], address if number == len(texts) - 1 else "")
        now = int(clock.now().timestamp() * 1000)
        asked = urlencode({"access_token": settings.token, "timestamp": now, "sign": signature(settings.secret, now)})
        url = f"{settings.base_url.rstrip('/')}/robot/send?{asked}"
        judged(NAME, posted(NAME, http, url, body), "errcode", "errmsg")
        return ""

    return in_turn(NAME, range(len(texts)), after, post)


def written(text: str, user: str) -> bytes:
    return encoded({"msgtype": "text", "text": {"content": f"{text}\n@{user}" if user else text},
                    "at": {"atUserIds": [user] if user else [], "isAtAll": False}})
