"""What a letter says: the sentence of its alert, or of many one each, in the language of whoever reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.access.accounts import Account
from registry.alerts.channels import CHANNELS, Message, Refused
from registry.alerts.channels.sms import filled
from registry.alerts.letters import resetting
from registry.alerts.letters.model import Letter, LetterAlert
from registry.alerts.templates import saying
from registry.alerts.templates.saying import Said
from registry.alerts.templates.values import DIGEST
from registry.people.persons import Person

SPOKEN = ("type", "step")
"""Values that are words of ours: each in the reader's language."""
SHOWN = 50
"""Alerts that a letter tells of one by one; the others are counted."""
Say = Callable[[str, Mapping[str, Any], str], str]
"""A msgid with its values in a language ("zh", "en"): whoever knows the translations says it."""


@dataclass(frozen=True)
class Composed:
    """A message, the settings it leaves with, and the alerts that it tells of one by one, in their order: from which
    line on."""

    message: Message
    settings: Any
    alerts: tuple[int, ...] = ()
    first: int = 0

    def said(self, channel: str) -> dict[str, Any]:
        """Its words as they are kept (LetterTry.said); a link by which anybody may set a password is not."""
        message = self.message
        kept: dict[str, Any] = {
            "title": message.title, "lines": list(message.lines),
            "link": "" if message.kind == resetting.KIND else message.link, "language": message.language,
            "alerts": list(self.alerts), "first": self.first}
        if CHANNELS[channel].reaches == "mobile":
            try:
                template, values = filled(channel, self.settings.templates, message)
            except Refused:
                return kept  # nothing leaves, and the try will say why
            kept |= {"template": template.code, "values": values}
        return kept


def compose(session: Session, letter: Letter, standing: Sequence[LetterAlert], settings: Any, say: Say,
            url: str) -> Composed:
    """The message of a letter about the alerts that still stand."""
    account = session.scalar(select(Account).where(Account.person_id == letter.person_id)) if letter.person_id else None
    language = account.locale if account is not None else "zh"
    if letter.kind == "test":
        title = say("这是一条测试消息：{line} 可以送达。", {"line": letter.line.title}, language)
        return Composed(Message(letter.key, title, (), _link(url, "/alerts"), "test", {}, language), settings)
    if (reset := resetting.link_of(session, letter)) is not None:
        told = (say("有人为您的账号申请了设置新密码的链接，30 分钟内有效，只能用一次。", {}, language),
                say("不是您申请的，不用理会；密码没有改变。", {}, language))
        link = _link(url, f"/password/new/{reset.token}")
        return Composed(Message(letter.key, say("设置新密码", {}, language), told, link, resetting.KIND, {}, language),
                        settings)
    name = session.scalar(select(Person.name).where(Person.id == letter.person_id)) if letter.person_id else None
    ordered = sorted(standing, key=lambda each: (each.alert.term, each.alert_id))
    write = _Writing(session, letter, settings, say, language, name or "")
    if len(ordered) == 1:
        return write.one(ordered[0], _link(url, f"/alerts/{ordered[0].alert_id}"))
    return write.many(ordered, _link(url, "/alerts"))


@dataclass(frozen=True)
class _Writing:
    """One letter being written, to somebody of this name, in their language."""

    session: Session
    letter: Letter
    settings: Any
    say: Say
    language: str
    name: str

    def one(self, row: LetterAlert, link: str) -> Composed:
        """About one alert."""
        told = self._told(row.params)
        own = self._own(told)
        words = own or Said(self.say(row.text, row.params, self.language))
        return self._short(told, Composed(Message(
            self.letter.key, words.subject, words.lines, link, "alert",
            {name: str(value) for name, value in row.params.items()}, self.language), self.settings, (row.alert_id,)))

    def many(self, rows: Sequence[LetterAlert], link: str) -> Composed:
        """About many, a line each; of those that are too many, how many they are."""
        count, first = len(rows), rows[0].alert.term.isoformat()
        told = {"n": count, "first": first, saying.SITUATION: DIGEST}
        own = self._own(told) or Said(self.say("{n} 张证件临近到期或已过期", {"n": count}, self.language))
        lines = [self._line(row) for row in rows[:SHOWN]]
        if count > SHOWN:
            lines.append(self.say("另有 {n} 张，请点开查看。", {"n": count - SHOWN}, self.language))
        alerts = tuple(row.alert_id for row in rows[:SHOWN])
        return self._short(told, Composed(Message(
            self.letter.key, own.subject, (*own.lines, *lines), link, "digest", {"n": str(count), "first": first},
            self.language), self.settings, alerts, len(own.lines)))

    def _line(self, row: LetterAlert) -> str:
        own = self._own(self._told(row.params))
        return own.subject if own else self.say(row.text, row.params, self.language)

    def _own(self, told: Mapping[str, Any]) -> Said | None:
        return saying.said(self.session, self.letter.group_id, told, self.letter.line.channel, self.language, self.name)

    def _told(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The values in the reader's language; days and numbers stay what they are."""
        return {name: self.say("{value}", {"value": value}, self.language) if name in SPOKEN else value
                for name, value in params.items()}

    def _short(self, told: Mapping[str, Any], made: Composed) -> Composed:
        """Of an SMS the template of the provider that the group has chosen, in place of the line's own."""
        channel = self.letter.line.channel
        if CHANNELS[channel].reaches != "mobile":
            return made
        own = saying.short(self.session, self.letter.group_id, told, channel, self.language, self.name)
        if own is None:
            return made
        template, params = own
        return replace(made, message=replace(made.message, params=params, kind=template.kind),
                       settings=replace(made.settings, templates=(template,)))


def _link(url: str, path: str) -> str:
    """Where to see all of it; nothing where the house does not know its own address."""
    return url + path if url else ""


__all__ = ["SHOWN", "Composed", "Say", "compose"]
