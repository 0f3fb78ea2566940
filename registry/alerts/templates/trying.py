"""A text tried out: with a certificate of one's choice or with examples, as it would leave by each channel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import clock
from ledger.actor import Actor
from registry.alerts import progress
from registry.alerts.channels import CHANNELS, Message
from registry.alerts.channels.leaving import Part, leaving
from registry.alerts.letters.lines import settings_of
from registry.alerts.letters.model import Line
from registry.alerts.templates import saying, values
from registry.alerts.templates.values import DIGEST, INAPP
from registry.alerts.wording import SAID, WINDOW_NEWS, under_way
from registry.alerts.wording import values as values_of
from registry.certificates.models import Certificate

Say = Callable[[str, Mapping[str, Any], str], str]
USUAL = ("email", "wecom_robot")
"""The channels that are shown where a group has set up none."""
MANY = (3, 20, 50)
"""How many certificates a sum may be tried with."""


@dataclass(frozen=True)
class Trial:
    """What would be said by one channel."""

    channel: str
    parts: tuple[Part, ...]


def shipped(situation: str) -> str:
    """The sentence that is said where a group has none of its own, a msgid with values like {type}."""
    if situation == DIGEST:
        return "{n} 张证件临近到期或已过期"
    return SAID.get(situation) or WINDOW_NEWS[situation]


def told_of(session: Session, situation: str, certificate: Certificate | None, person: str) -> dict[str, Any]:
    """The values of a situation: of a certificate as it stands today, and examples for what it has none of."""
    told = {each.name: _plain(value) for each in values.of(situation)
            if (value := values.examples(situation)[each.name]) is not None}
    if certificate is not None and situation != DIGEST:
        term = certificate.ends_on or clock.today() + dt.timedelta(days=30)
        told |= values_of(certificate, term, situation, (term - clock.today()).days)
        matter = progress.of(session, certificate.id)
        if matter is not None and "number" in told:
            told |= under_way(matter, term)
    return {**told, saying.SITUATION: situation, "person": person}


def trials(session: Session, actor: Actor, situation: str, channel: str, language: str, subject: str, body: str,
           told: Mapping[str, Any], say: Say, *, link: str, count: int = MANY[0]) -> list[Trial]:
    """By each channel what would leave of a text that is not kept. Raises Unfit."""
    lines = {line.channel: line for line in session.scalars(select(Line).where(
        Line.group_id == actor.group_id, Line.stopped_at.is_(None)).order_by(Line.id.desc()))}
    out = [name for name in CHANNELS if name in lines and not values.is_sms(name)] or USUAL
    ways = [channel] if channel else [*out] if situation == DIGEST else [INAPP, *out]
    return [Trial(way, _tried(way, lines.get(way), situation, language, subject, body, told, say, link, count))
            for way in ways]


def _tried(way: str, line: Line | None, situation: str, language: str, subject: str, body: str,
           told: Mapping[str, Any], say: Say, link: str, count: int) -> tuple[Part, ...]:
    spoken = {name: say("{value}", {"value": value}, language) if name in ("type", "step") else value
              for name, value in told.items()}
    if situation == DIGEST:
        spoken["n"] = count
    if way in CHANNELS and CHANNELS[way].reaches in ("group", "system"):
        spoken["person"] = ""
    filled = values.named(situation, spoken)
    if values.is_sms(way):
        template, params = saying.parameters_of(subject, body, filled)
        settings = CHANNELS[way].settings(templates=(template,))
        return tuple(leaving(way, settings, Message("preview", "", (), "", template.kind, params, language)))
    words = saying.rendered(subject, body, filled)
    if way == INAPP:
        return (Part(words.subject),)
    rows = words.lines
    if situation == DIGEST:
        rows = (*rows, *(say(SAID["before"], _example(number), language) for number in range(count)))
    settings = settings_of(line) if line is not None else CHANNELS[way].settings()
    kind = "digest" if situation == DIGEST else "alert"
    return tuple(leaving(way, settings, Message("preview", words.subject, rows, link, kind, _texts(told), language)))


def _example(number: int) -> dict[str, Any]:
    day = clock.today() + dt.timedelta(days=15 + number)
    return {"type": "安全生产许可证", "holder": "江海一建", "day": day.isoformat(), "left": 15 + number}


def _texts(told: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in told.items()}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value


__all__ = ["MANY", "Trial", "shipped", "told_of", "trials"]
