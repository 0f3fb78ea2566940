"""A message as it will leave by a channel: part by part, each against what the provider takes; to be looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ledger.errors import Problem
from registry.alerts.channels import CHANNELS, Message, Refused, dingtalk_robot, feishu_robot
from registry.alerts.channels.facts import limit
from registry.alerts.channels.sms import filled
from registry.alerts.channels.splitting import octets


@dataclass(frozen=True)
class Part:
    """What somebody will read, its size and the most there may be, in bytes (of an SMS: the longest value, in
    characters); `most` is 0 where there is no limit. `why`: this is not sent."""

    text: str
    size: int = 0
    most: int = 0
    why: Problem | None = None


def leaving(channel: str, settings: Any, message: Message) -> list[Part]:
    """The parts, in the order in which they leave."""
    if CHANNELS[channel].reaches == "mobile":
        return [_short(channel, settings, message)]
    if channel in ("email", "webhook"):
        return [Part("\n".join(each for each in (message.title, *message.lines, message.link) if each))]
    parts = CHANNELS[channel].parts(settings, message)
    if channel == "wecom_app":
        return [_card(part) for part in parts]
    if channel == "wecom_robot":
        most = limit(channel, "markup" if settings.markup else "text")
        return [Part(part, octets(part), most) for part in parts]
    most = limit(channel, "body")
    sizes = [len(dingtalk_robot.written(part, "")) if channel == "dingtalk_robot"
             else len(feishu_robot.written(part, "", message, settings, last=number == len(parts)))
             for number, part in enumerate(parts, 1)]
    return [Part(part, size, most) for part, size in zip(parts, sizes, strict=True)]


def _short(channel: str, settings: Any, message: Message) -> Part:
    most = limit(channel, "variable")
    try:
        template, told = filled(channel, settings.templates, message)
    except Refused as refused:
        return Part("", why=refused.why)
    longest = max((len(message.params.get(name, "")) for name in template.names), default=0)
    return Part("\n".join([template.code, *(f"{name}={value}" for name, value in told.items())]), longest, most)


def _card(part: dict[str, Any]) -> Part:
    if part["msgtype"] == "textcard":
        card = part["textcard"]
        return Part(f"{card['title']}\n{card['description']}\n{card['url']}", octets(card["description"]),
                    limit("wecom_app", "card"))
    text = part["text"]["content"]
    return Part(text, octets(text), limit("wecom_app", "text"))


__all__ = ["Part", "leaving"]
