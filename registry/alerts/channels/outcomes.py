"""What can come of a try to send: taken (a Receipt), or one of three ways in which it was not.

None of them ever holds a secret, an address or a word of the message: they are written to logs and shown to people.
"""

from __future__ import annotations

import re

from ledger.errors import Problem

_CODE = re.compile(r"-?(?![A-Za-z0-9._-]*[0-9]{8})[A-Za-z0-9._-]{1,80}")


class NotSent(Exception):
    """A message did not leave, or not all of it: `sent` parts did.

    `channel` names the channel, `code` is the provider's own word for it ("310000") or ours ("timeout"), `why` the
    sentence for people.
    """

    def __init__(self, channel: str, code: object, why: Problem, *, sent: int = 0) -> None:
        self.channel, self.code, self.why, self.sent = channel, told(code), why, sent
        super().__init__(channel, self.code)

    def __str__(self) -> str:
        return f"{self.channel} {self.code}: {self.why}"


class Refused(NotSent):
    """Trying again changes nothing: a setting, the address or the message itself must change."""


class TooFast(NotSent):
    """The provider wants less; try again after `after` seconds."""

    def __init__(self, channel: str, code: object, why: Problem, *, after: int, sent: int = 0) -> None:
        self.after = after
        super().__init__(channel, code, why, sent=sent)


class Unreachable(NotSent):
    """Nobody answered, or not as the provider does; it may or may not have left. Try again later."""


def told(code: object) -> str:
    """A provider's code, if it looks like one: what else it may say could hold a number of a person."""
    text = str(code)
    return text if _CODE.fullmatch(text) else "?"
