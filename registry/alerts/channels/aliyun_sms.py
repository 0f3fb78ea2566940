"""阿里云短信 (Dysmsapi 2017-05-25, SendSms), signed with ACS3-HMAC-SHA256 (V3)."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from ledger import clock
from registry.alerts.channels.facts import failure
from registry.alerts.channels.fields import Checking, Findings, secret
from registry.alerts.channels.message import Message, Receipt
from registry.alerts.channels.outgoing import Outgoing
from registry.alerts.channels.posting import encoded, nonsense, object_in, posted, ready
from registry.alerts.channels.sms import Template, check_address, check_templates, filled, mobile

NAME = "aliyun_sms"
ACTION, VERSION = "SendSms", "2017-05-25"
ALGORITHM = "ACS3-HMAC-SHA256"


@dataclass(frozen=True)
class Settings:
    """An access key that may send SMS, the approved signature, and the approved templates."""

    key_id: str = ""
    key_secret: str = secret()
    sign_name: str = ""
    templates: tuple[Template, ...] = ()
    base_url: str = "https://dysmsapi.aliyuncs.com"


def check(settings: Settings, *, local: bool = False) -> Findings:
    """What is wrong with the settings, field by field."""
    checking = Checking(settings, local=local)
    checking.text("key_id", longest=64, ascii_only=True)
    checking.text("key_secret", ascii_only=True)
    checking.text("sign_name", longest=20)
    check_templates(checking, settings.templates)
    checking.url("base_url")
    return checking.findings


def parts(settings: Settings, message: Message) -> list[str]:
    """Always one: a template does not grow."""
    return [message.kind]


def send(settings: Settings, address: str, message: Message, http: Outgoing, *, after: int = 0) -> Receipt:
    """To one mainland mobile number."""
    ready(NAME, check(settings, local=http.allow_local), check_address(address))
    number = mobile(address)
    template, values = filled(NAME, settings.templates, message)
    asked = {"PhoneNumbers": number, "SignName": settings.sign_name, "TemplateCode": template.code,
             "OutId": message.key, **({"TemplateParam": encoded(values).decode()} if values else {})}
    query = canonical(asked)
    headers = signed(settings.key_id, settings.key_secret, host=urlsplit(settings.base_url).netloc, query=query,
                     action=ACTION, version=VERSION, at=clock.now(), nonce=secrets.token_hex(16))
    answer = posted(NAME, http, f"{settings.base_url.rstrip('/')}/?{query}", b"", headers)
    said = object_in(NAME, answer)
    code = said.get("Code")
    if not isinstance(code, str):
        raise nonsense(NAME, answer)
    if code != "OK":
        raise failure(NAME, code, str(said.get("Message", "")))
    return Receipt(NAME, str(said.get("BizId", ""))[:100])


def canonical(asked: Mapping[str, str]) -> str:
    """A query in the order and spelling in which it is signed."""
    return "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in sorted(asked.items()))


def signed(
    key_id: str, key_secret: str, *, host: str, query: str, action: str, version: str, at: dt.datetime, nonce: str
) -> dict[str, str]:
    """The headers of a POST without a body."""
    nothing = hashlib.sha256(b"").hexdigest()
    headers = {"host": host, "x-acs-action": action, "x-acs-content-sha256": nothing,
               "x-acs-date": at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "x-acs-signature-nonce": nonce,
               "x-acs-version": version}
    names = ";".join(headers)
    lines = (f"{name}:{value}" for name, value in headers.items())
    request = "\n".join(["POST", "/", query, *lines, "", names, nothing])
    text = f"{ALGORITHM}\n{hashlib.sha256(request.encode()).hexdigest()}"
    signature = hmac.new(key_secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    return {**headers, "Authorization": f"{ALGORITHM} Credential={key_id},SignedHeaders={names},Signature={signature}"}
