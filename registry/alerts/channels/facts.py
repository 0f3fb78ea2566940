"""What is known of the providers, from facts.toml: limits, and what a code means."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from ledger.errors import Problem
from registry.alerts.channels.outcomes import NotSent, Refused, TooFast, Unreachable, told

FILE = Path(__file__).with_name("facts.toml")
REASONS: dict[str, str] = {
    "account": "账号或密钥不对，请核对{channel}的设置。",
    "address": "{channel}的地址不在公共网络上，或不是 https，系统不向那里发送。",
    "busy": "{channel}一方暂时繁忙，稍后会再试。",
    "clock": "{channel}认为时间不对：请核对本机时钟，或重新核对签名密钥。",
    "connect": "连不上{channel}，稍后会再试。",
    "garbage": "{channel}的回答看不懂，稍后会再试。",
    "http": "{channel}不接受请求，请核对地址与设置。",
    "long": "消息太长，{channel}不接受。",
    "mail": "邮件服务器不接受这封邮件，请核对发件人设置。",
    "message": "{channel}不接受消息的内容或参数，请核对模板与参数。",
    "params": "短信模板缺少参数，或参数含有网址、证件号码等不能发送的内容。",
    "permission": "{channel}没有权限或余额，请到服务商后台核对应用、套餐和白名单。",
    "rate": "{channel}发送过于频繁，稍后会再试。",
    "recipient": "{channel}不认识这个收件人，请核对联系方式。",
    "redirect": "{channel}的地址转到了别处，请核对地址。",
    "robot": "机器人地址无效或已停用，请到群里重新复制{channel}的密钥。",
    "security": "不符合机器人的安全设置（关键词或来源地址），请核对{channel}在群里的设置。",
    "settings": "{channel}还没有设置完整。",
    "signature": "签名不对，请核对{channel}的签名密钥与本机时钟。",
    "template": "短信签名或模板未通过审核，或没有为这类消息设置模板。",
    "timeout": "等不到{channel}的回答，稍后会再试。",
    "tls": "{channel}的证书不对或连接没有加密，系统没有发送。",
    "token": "{channel}不接受刚取得的凭证，请核对应用的密钥。",
    "unknown": "{channel}没有接受，原因不明，稍后会再试。",
}
"""Why a message did not leave."""
NAMES: dict[str, str] = {
    "aliyun_sms": "阿里云短信", "dingtalk_robot": "钉钉群机器人", "email": "邮件", "feishu_robot": "飞书群机器人",
    "tencent_sms": "腾讯云短信", "webhook": "通用网络回调", "wecom_app": "企业微信应用",
    "wecom_robot": "企业微信群机器人",
}
"""What people call the channels."""
OUTCOMES: dict[str, type[NotSent]] = {"refused": Refused, "too_fast": TooFast, "unreachable": Unreachable}


class Limit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much a provider takes; what is counted stands beside it in the file."""

    channel: str
    what: str
    value: int
    source: str
    verified: bool = False


class Code(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What some codes of a provider mean. `after` is in seconds."""

    channel: str
    codes: tuple[str, ...]
    outcome: Literal["refused", "too_fast", "unreachable"]
    means: str
    source: str
    contains: str = ""
    after: int = 60
    verified: bool = False

    def fits(self, channel: str, code: str, text: str) -> int:
        """How closely this stands for a code: 0 not at all, more for more characters said."""
        if not _stands_for(self.channel, channel) or self.contains not in text:
            return 0
        closest = max((len(one) for one in self.codes if _stands_for(one, code)), default=0)
        return closest and closest + 100 * bool(self.contains)


class Facts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of the file."""

    limit: tuple[Limit, ...]
    code: tuple[Code, ...]


@cache
def facts() -> Facts:
    """What facts.toml says."""
    return msgspec.convert(tomllib.loads(FILE.read_text("utf-8")), Facts)


def limit(channel: str, what: str) -> int:
    """One limit of a channel; KeyError for one that is not in the file."""
    for each in facts().limit:
        if (each.channel, each.what) == (channel, what):
            return each.value
    raise KeyError(f"{channel} {what}")


def known(channel: str, code: str, text: str = "") -> Code | None:
    """What a provider's code (and the text beside it) means, None if nobody has told us."""
    closest = max(facts().code, key=lambda each: each.fits(channel, code, text))
    return closest if closest.fits(channel, code, text) else None


def failure(channel: str, code: object, text: str = "") -> NotSent:
    """The outcome for a provider's code. One that nobody has told us of is tried again: it may be for a while."""
    found = known(channel, str(code), text)
    if found is None:
        return Unreachable(channel, code, reason("unknown", channel))
    if found.outcome == "too_fast":
        return TooFast(channel, code, reason(found.means, channel), after=found.after)
    return OUTCOMES[found.outcome](channel, code, reason(found.means, channel))


def reason(means: str, channel: str) -> Problem:
    """One of the sentences above, with the channel's name in it."""
    return Problem(REASONS[means], {"channel": Problem(NAMES[channel])})


def refusal(channel: str, means: str) -> Refused:
    """We ourselves do not send this, and the code says why."""
    return Refused(channel, told(means), reason(means, channel))


def _stands_for(pattern: str, code: str) -> bool:
    """`*` in a pattern is any text."""
    first, star, last = pattern.partition("*")
    if not star:
        return pattern == code
    return len(code) >= len(first) + len(last) and code.startswith(first) and code.endswith(last)
