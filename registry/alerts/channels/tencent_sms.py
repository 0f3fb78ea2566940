"""腾讯云短信 (sms 2021-01-11, SendSms), signed with TC3-HMAC-SHA256."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import urlsplit

from ledger import clock
from ledger.errors import Problem
from registry.alerts.channels.facts import failure
from registry.alerts.channels.fields import Checking, Findings, secret
from registry.alerts.channels.message import Message, Receipt
from registry.alerts.channels.outgoing import Outgoing
from registry.alerts.channels.posting import encoded, nonsense, object_in, posted, ready
from registry.alerts.channels.sms import Template, check_address, check_templates, filled, mobile

NAME = "tencent_sms"
ACTION, VERSION, SERVICE = "SendSms", "2021-01-11", "sms"
ALGORITHM = "TC3-HMAC-SHA256"
CONTENT = "application/json; charset=utf-8"


@dataclass(frozen=True)
class Settings:
    """A secret id and key that may send SMS, the application's number, the approved signature and templates."""

    secret_id: str = ""
    secret_key: str = secret()
    app_id: str = ""
    sign_name: str = ""
    templates: tuple[Template, ...] = ()
    region: str = "ap-guangzhou"
    base_url: str = "https://sms.tencentcloudapi.com"


def check(settings: Settings, *, local: bool = False) -> Findings:
    """What is wrong with the settings, field by field."""
    checking = Checking(settings, local=local)
    checking.text("secret_id", longest=64, ascii_only=True)
    checking.text("secret_key", ascii_only=True)
    app = checking.text("app_id", longest=20, ascii_only=True)
    if app.strip() and not (app.isascii() and app.isdigit()):
        checking.wrong("app_id", Problem("短信应用编号（SdkAppId）是一串数字。"))
    checking.text("sign_name", longest=20)
    checking.text("region", longest=40, ascii_only=True)
    check_templates(checking, settings.templates)
    checking.url("base_url")
    return checking.findings


def parts(settings: Settings, message: Message) -> list[str]:
    """Always one: a template does not grow."""
    return [message.kind]


def send(settings: Settings, address: str, message: Message, http: Outgoing, *, after: int = 0) -> Receipt:
    """To one mainland mobile number."""
    ready(NAME, check(settings, local=http.allow_local), check_address(address))
    number = "+86" + mobile(address)
    template, values = filled(NAME, settings.templates, message)
    body = encoded({"PhoneNumberSet": [number], "SmsSdkAppId": settings.app_id, "SignName": settings.sign_name,
                    "TemplateId": template.code, "TemplateParamSet": list(values.values()),
                    "SessionContext": message.key})
    host, now = urlsplit(settings.base_url).netloc, clock.now()
    headers = {
        "Host": host, "Content-Type": CONTENT, "X-TC-Action": ACTION, "X-TC-Version": VERSION,
        "X-TC-Region": settings.region, "X-TC-Timestamp": str(int(now.timestamp())),
        "Authorization": authorization(settings.secret_id, settings.secret_key, host=host, service=SERVICE, body=body,
                                       at=now)}
    answer = posted(NAME, http, f"{settings.base_url.rstrip('/')}/", body, headers)
    response = object_in(NAME, answer).get("Response")
    outcome = response.get("Error") or (response.get("SendStatusSet") or [None])[0] if isinstance(
        response, dict) else None
    if not isinstance(outcome, dict) or not isinstance(outcome.get("Code"), str):
        raise nonsense(NAME, answer)
    if outcome["Code"] != "Ok":
        raise failure(NAME, outcome["Code"], str(outcome.get("Message", "")))
    return Receipt(NAME, str(outcome.get("SerialNo", ""))[:100])


def authorization(secret_id: str, secret_key: str, *, host: str, service: str, body: bytes, at: dt.datetime) -> str:
    """The header of a POST to "/" with this body."""
    day, names = at.astimezone(dt.UTC).strftime("%Y-%m-%d"), "content-type;host"
    request = "\n".join(["POST", "/", "", f"content-type:{CONTENT}", f"host:{host}", "", names,
                         hashlib.sha256(body).hexdigest()])
    scope = f"{day}/{service}/tc3_request"
    text = "\n".join([ALGORITHM, str(int(at.timestamp())), scope, hashlib.sha256(request.encode()).hexdigest()])
    key = f"TC3{secret_key}".encode()
    for step in (day, service, "tc3_request"):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return f"{ALGORITHM} Credential={secret_id}/{scope}, SignedHeaders={names}, Signature={signature}"
