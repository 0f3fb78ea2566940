"""Each channel over HTTP with its provider, ready to send."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from registry.alerts.channels import (
    CHANNELS,
    Message,
    Outgoing,
    Receipt,
    aliyun_sms,
    dingtalk_robot,
    feishu_robot,
    tencent_sms,
    webhook,
    wecom_app,
    wecom_robot,
)
from registry.alerts.channels.sms import Template
from tests.registry.alerts import providers as strict
from tests.registry.alerts.serving import Provider, served

NAMES = ("name", "day")
TRUST = ssl.create_default_context()


def message(**change: Any) -> Message:
    """An alert as it is sent: to be changed where a test wants another."""
    said: dict[str, Any] = {
        "key": "fact-77.person-5", "title": "证件到期提醒", "kind": "expiry", "link": "https://licet.example.cn/c/7",
        "lines": ("安全生产许可证 LC-E03-000001 将于 2027-01-15 到期", "请在 2026-12-15 前提交延期"),
        "params": {"name": "安全生产许可证", "day": "2027-01-15"}}
    return Message(**{**said, **change})


@dataclass
class Way:
    """A channel, its provider listening, settings that fit and an address that it knows."""

    name: str
    provider: Any
    settings: Any
    address: str
    http: Outgoing = field(default_factory=lambda: Outgoing(allow_local=True, trust=TRUST))

    def impatient(self) -> Outgoing:
        """The same, for a provider that does not answer in time."""
        return replace(self.http, read=0.4, total=1.0)

    def send(
        self, told: Message | None = None, *, address: str | None = None, settings: Any = None, after: int = 0,
        http: Outgoing | None = None,
    ) -> Receipt:
        given = self.address if address is None else address
        return CHANNELS[self.name].send(
            settings or self.settings, given, told or message(), http or self.http, after=after)


def _aliyun(url: str, at: strict.AliyunSms) -> tuple[Any, str]:
    return aliyun_sms.Settings(*at.key, at.sign_name, (Template("expiry", at.templates[0], NAMES),), url), "13800001234"


def _tencent(url: str, at: strict.TencentSms) -> tuple[Any, str]:
    templates = (Template("expiry", at.templates[0], NAMES),)
    return tencent_sms.Settings(*at.key, at.app, "某某建工", templates,
                                base_url=url), "13800001234"


WAYS: dict[str, tuple[type[Provider], Callable[[str, Any], tuple[Any, str]]]] = {
    "wecom_robot": (strict.WecomRobot, lambda url, at: (wecom_robot.Settings(at.key, base_url=url), "")),
    "wecom_app": (strict.WecomApp, lambda url, at: (
        wecom_app.Settings(at.corp[0], str(at.agent), at.corp[1], url), "zhangsan")),
    "dingtalk_robot": (strict.DingtalkRobot, lambda url, at: (
        dingtalk_robot.Settings(at.token, at.secret, url), "")),
    "feishu_robot": (strict.FeishuRobot, lambda url, at: (feishu_robot.Settings(at.token, at.secret, url), "")),
    "aliyun_sms": (strict.AliyunSms, _aliyun),
    "tencent_sms": (strict.TencentSms, _tencent),
    "webhook": (strict.Receiver, lambda url, at: (
        webhook.Settings(f"{url}/hooks/licet?team=5", at.secret), "")),
}


@contextmanager
def way_of(name: str) -> Iterator[Way]:
    """One channel with its provider listening."""
    kind, settings_for = WAYS[name]
    provider = kind()
    with served(provider) as url:
        yield Way(name, provider, *settings_for(url, provider))
