"""What is to be told, in the form that every channel can take; and what comes back when it has left."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LINK = re.compile(r"https?://[!-~]{1,990}")
# Control characters, the marks that turn the direction of writing, and halves of characters no encoding can carry.
_UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_HALVES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Message:
    """One message to one address.

    `key` is the same at every try, so that a receiver can drop repeats. `lines` are sentences as people read them, in
    `language`. `link` is where to see all of it. `kind` chooses the template of a short message and `params` fill it:
    names, dates and counts, never ID numbers; nothing else of the message goes by SMS.
    ValueError: a key or link that is none (these are ours, nobody types them).
    """

    key: str
    title: str = field(repr=False)
    lines: tuple[str, ...] = field(default=(), repr=False)
    link: str = field(default="", repr=False)
    kind: str = ""
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    language: str = "zh"

    def __post_init__(self) -> None:
        if not KEY.fullmatch(self.key):
            raise ValueError("the key of a message has 1 to 64 letters, figures, dots, dashes or underscores")
        if self.link and not _LINK.fullmatch(self.link):
            raise ValueError("the link of a message is an http or https address of at most 1,000 characters")
        put = object.__setattr__
        put(self, "title", one_line(self.title))
        put(self, "lines", tuple(each for line in self.lines for each in tidy(line).split("\n")))
        put(self, "params", {name: one_line(value) for name, value in self.params.items()})


@dataclass(frozen=True)
class Receipt:
    """The provider has taken it: in how many parts, and under which number of its own (of the last part)."""

    channel: str
    reference: str = ""
    parts: int = 1


def tidy(text: str) -> str:
    """A text that any provider can carry: line ends are \\n, unseen characters blanks, half characters marked."""
    return _HALVES.sub("\ufffd", _UNSEEN.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n")))


def one_line(text: str) -> str:
    """The same on one line, as a subject needs it."""
    return tidy(text).replace("\n", " ").strip()
