"""A signed call of somebody's own address. What a receiver checks:

- `Licet-Timestamp`: seconds since 1970 in UTC; refuse what is more than five minutes away.
- `Licet-Signature`: `v1=` and the hexadecimal HMAC-SHA256, with the secret, of the timestamp, a full stop and the body.
- `Idempotency-Key`: the same at every try; drop what came before.

The body is JSON in UTF-8: key, kind, language, title, lines, link, params. Any 2xx takes it. 429
waits as long as Retry-After says; 408, 425 and 5xx are tried again; anything else, a redirect too, is a refusal.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from ledger import clock
from ledger.errors import Problem
from registry.alerts.channels.facts import reason
from registry.alerts.channels.fields import Checking, Findings, secret
from registry.alerts.channels.message import Message, Receipt
from registry.alerts.channels.outcomes import Refused
from registry.alerts.channels.outgoing import Outgoing
from registry.alerts.channels.posting import JSON, encoded, in_turn, posted, ready

NAME = "webhook"
TIMESTAMP, SIGNATURE, IDEMPOTENCY = "Licet-Timestamp", "Licet-Signature", "Idempotency-Key"


@dataclass(frozen=True)
class Settings:
    """The whole address that is called, and the secret that signs."""

    base_url: str = ""
    secret: str = secret()


def check(settings: Settings, *, local: bool = False) -> Findings:
    """What is wrong with the settings, field by field."""
    checking = Checking(settings, local=local)
    checking.url("base_url", path=True)
    if 0 < len(checking.text("secret", ascii_only=True)) < 16:
        checking.wrong("secret", Problem("密钥至少 {least} 个字符。", {"least": 16}))
    return checking.findings


def check_address(address: str) -> bool:
    """The settings say where it goes; there is nobody else to address."""
    return not address


def signature(secret: str, seconds: int, body: bytes) -> str:
    """As the header says it."""
    return "v1=" + hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()


def parts(settings: Settings, message: Message) -> list[bytes]:
    """One call, however long the message is."""
    return [encoded({
        "key": message.key, "kind": message.kind, "language": message.language, "title": message.title,
        "lines": message.lines, "link": message.link, "params": dict(message.params)})]


def send(settings: Settings, address: str, message: Message, http: Outgoing, *, after: int = 0) -> Receipt:
    """To the address of the settings; `address` is empty."""
    ready(NAME, check(settings, local=http.allow_local), check_address(address))

    def post(body: bytes) -> str:
        now = int(clock.now().timestamp())
        answer = posted(NAME, http, settings.base_url, body, {
            **JSON, TIMESTAMP: str(now), SIGNATURE: signature(settings.secret, now, body), IDEMPOTENCY: message.key})
        if not 200 <= answer.status < 300:
            raise Refused(NAME, answer.status, reason("http", NAME))
        return ""

    return in_turn(NAME, parts(settings, message), after, post)
