"""What a letter says: the sentence of its alert, or of many one each, in the language of whoever reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.access.accounts import Account
from registry.alerts.channels import CHANNELS, Message, Refused
from registry.alerts.channels.sms import filled
from registry.alerts.letters.model import Letter, LetterAlert

SHOWN = 50
"""Alerts that a letter tells of one by one; the others are counted."""
Say = Callable[[str, Mapping[str, Any], str], str]
"""A msgid with its values in a language ("zh", "en"): whoever knows the translations says it."""


@dataclass(frozen=True)
class Composed:
    """A message, and the alerts that it tells of one by one, in their order."""

    message: Message
    alerts: tuple[int, ...] = ()

    def said(self, channel: str, settings: Any) -> dict[str, Any]:
        """Its words as they are kept (LetterTry.said)."""
        message = self.message
        kept: dict[str, Any] = {"title": message.title, "lines": list(message.lines), "link": message.link,
                                "language": message.language, "alerts": list(self.alerts)}
        if CHANNELS[channel].reaches == "mobile":
            try:
                template, values = filled(channel, settings.templates, message)
            except Refused:
                return kept  # nothing leaves, and the try will say why
            kept |= {"template": template.code, "values": values}
        return kept


def compose(session: Session, letter: Letter, standing: Sequence[LetterAlert], say: Say, url: str) -> Composed:
    """The message of a letter about the alerts that still stand."""
    account = session.scalar(select(Account).where(Account.person_id == letter.person_id)) if letter.person_id else None
    language = account.locale if account is not None else "zh"
    if letter.kind == "test":
        title = say("这是一条测试消息：{line} 可以送达。", {"line": letter.line.title}, language)
        return Composed(Message(letter.key, title, (), _link(url, "/alerts"), "test", {}, language))
    ordered = sorted(standing, key=lambda each: (each.alert.term, each.alert_id))
    said = [say(each.text, each.params, language) for each in ordered[:SHOWN]]
    alerts = tuple(each.alert_id for each in ordered[:SHOWN])
    if len(ordered) == 1:
        only = ordered[0]
        params = {name: str(value) for name, value in only.params.items()}
        link = _link(url, f"/certificates/{only.alert.certificate_id}")
        return Composed(Message(letter.key, said[0], (), link, "alert", params, language), alerts)
    if len(ordered) > SHOWN:
        said.append(say("另有 {n} 张，请点开查看。", {"n": len(ordered) - SHOWN}, language))
    title = say("{n} 张证件临近到期或已过期", {"n": len(ordered)}, language)
    params = {"n": str(len(ordered))}
    return Composed(Message(letter.key, title, tuple(said), _link(url, "/alerts"), "digest", params, language), alerts)


def _link(url: str, path: str) -> str:
    """Where to see all of it; nothing where the house does not know its own address."""
    return url + path if url else ""


__all__ = ["SHOWN", "Composed", "Say", "compose"]
