"""Texts for 企业微信, in which nothing that somebody entered becomes a link, a call by name or a heading."""

from __future__ import annotations

from dataclasses import replace

from registry.alerts.channels.message import Message

_IN_TEXT = str.maketrans({"<": "＜"})
_IN_MARKUP = str.maketrans({"<": "＜", ">": "＞", "[": "［", "]": "］", "*": "＊", "`": "｀", "#": "＃"})


def literal(message: Message) -> Message:
    """`<a href=…>` and `<@name>` are read in plain texts too; nothing escapes them, so the sign becomes a wide one."""
    return _through(message, _IN_TEXT)


def literal_in_markup(message: Message) -> Message:
    """The same for markdown."""
    return _through(message, _IN_MARKUP)


def _through(message: Message, table: dict[int, str]) -> Message:
    return replace(message, title=message.title.translate(table),
                   lines=tuple(line.translate(table) for line in message.lines))
