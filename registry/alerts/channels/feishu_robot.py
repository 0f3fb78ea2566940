"""飞书 group robot with a signature in the body. Its texts know tags; a post holds what somebody wrote as it stands."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ledger import clock
from registry.alerts.channels.facts import limit
from registry.alerts.channels.fields import Checking, Findings, secret
from registry.alerts.channels.message import Message, Receipt
from registry.alerts.channels.outgoing import Outgoing
from registry.alerts.channels.posting import encoded, in_turn, judged, posted, ready
from registry.alerts.channels.posting import one_person_or_nobody as check_address
from registry.alerts.channels.splitting import in_parts, octets_in_json

NAME = "feishu_robot"


@dataclass(frozen=True)
class Settings:
    """The last part of the robot's address, and the secret of its 签名校验."""

    token: str = secret()
    secret: str = secret()
    base_url: str = "https://open.feishu.cn"


def check(settings: Settings, *, local: bool = False) -> Findings:
    """What is wrong with the settings, field by field."""
    checking = Checking(settings, local=local)
    checking.text("token", ascii_only=True)
    checking.text("secret", ascii_only=True)
    checking.url("base_url")
    return checking.findings


def signature(secret: str, seconds: int) -> str:
    """Base64 of the HMAC-SHA256 of nothing, with time and secret as its key."""
    return base64.b64encode(hmac.new(f"{seconds}\n{secret}".encode(), b"", hashlib.sha256).digest()).decode()


def parts(settings: Settings, message: Message) -> list[str]:
    """The texts that a message becomes, without the link, which is a tag of its own in the last."""
    around = len(written("", "x" * 200, message, settings, last=True))
    return in_parts(message, limit(NAME, "body") - around, size=octets_in_json, link=False)


def send(settings: Settings, address: str, message: Message, http: Outgoing, *, after: int = 0) -> Receipt:
    """To the robot's group; `address` is the open id of somebody to call by name in the last part, or empty."""
    ready(NAME, check(settings, local=http.allow_local), check_address(address))
    url = f"{settings.base_url.rstrip('/')}/open-apis/bot/v2/hook/{quote(settings.token, safe='')}"
    texts = parts(settings, message)

    def post(number: int) -> str:
        last = number == len(texts) - 1
        body = written(texts[number], address if last else "", message, settings, last=last)
        judged(NAME, posted(NAME, http, url, body), "code", "msg")
        return ""

    return in_turn(NAME, range(len(texts)), after, post)


def written(text: str, user: str, message: Message, settings: Settings, *, last: bool) -> bytes:
    rows: list[list[dict[str, Any]]] = [[{"tag": "text", "text": text}]]
    if message.link and last:
        rows.append([{"tag": "a", "text": "Open" if message.language == "en" else "查看", "href": message.link}])
    if user:
        rows.append([{"tag": "at", "user_id": user}])
    now = int(clock.now().timestamp())
    return encoded({"timestamp": str(now), "sign": signature(settings.secret, now), "msg_type": "post",
                    "content": {"post": {"zh_cn": {"title": "", "content": rows}}}})
